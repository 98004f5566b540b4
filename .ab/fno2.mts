import { IndependentConditionalFlowModel, trainStep, sgd, randn } from "thalweg";
for (const [size,backbone] of [[[2,1,8,8],{type:"FNO2d",args:{modes1:3,modes2:3,numVars:1,width:2,numLayers:1}}],[[2,2,16],{type:"FNO1d",args:{modes1:3,numVars:2,width:2,numLayers:1}}],[[2,16],{type:"FNO1dTemporal",args:{modes1:3,inChannels:2,outChannels:2,numLayers:1}}],[[1,8,8],{type:"unet_2D",args:{inChannels:1,modelChannels:8,numResBlocks:1,channelMult:[1,2],attentionResolutions:[1]}}],[[1,8,8],{type:"DiT",args:{inputSize:8,inChannels:1,hiddenSize:16,depth:1,numHeads:2}}]] as any) for (const lr of [1e-6,1e-7]) {
const model = new IndependentConditionalFlowModel({ xSize: size, dtype:"f64", path:{type:"independent",sigma:0},
  model:{type:"velocity_function",args:{backbone}}} as any);
const x = randn([64,...size],{seed:3,dtype:"f64"}); const y = randn([64,...size],{seed:4,dtype:"f64"});
const step = trainStep(model as any, ({x,y}:any)=> (model as any).velocityFunction(0.5,x).sub(y).square().mean(), sgd({lr}) as any);
let last: any; const out=[];
for (let i=0;i<3;i++){ const r = await step({x,y}); if(last) out.push((last.loss-r.loss)/(lr*last.gradNorm**2)); last=r; }
console.log(backbone.type, lr, out.join(" "), last.loss, last.gradNorm);
}
