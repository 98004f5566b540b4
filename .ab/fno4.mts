import { IndependentConditionalFlowModel, trainStep, sgd, adam, randn, type Tensor } from "thalweg";
for (const [size,backbone] of [[[2,1,8,8],{type:"FNO2d",args:{modes1:3,modes2:3,numVars:1,width:2,numLayers:1}}],[[2,2,16],{type:"FNO1d",args:{modes1:3,numVars:2,width:2,numLayers:1}}],[[2,16],{type:"FNO1dTemporal",args:{modes1:3,inChannels:2,outChannels:2,numLayers:1}}],[[1,8,8],{type:"unet_2D",args:{inChannels:1,modelChannels:8,numResBlocks:1,channelMult:[1,2]}}],[[2],{type:"MultiLayerPerceptron",args:{hiddenSizes:[3,4],outputSize:2,activation:"silu"}}]] as any)
for (const dtype of ["f32","f64"]) for (const fit of [false,true]) {
 const make=()=>new IndependentConditionalFlowModel({ xSize: size, dtype, path:{type:"independent",sigma:0}, model:{type:"velocity_function",args:{backbone}}} as any);
 const m = make();
 const x= randn([64,...size],{seed:1,dtype} as any);
 if (fit) await m.fit({x0:x,x1:x.mul(-0.5).add(3)} as any,{steps:50,batchSize:32,optimizer:adam({lr:1e-2}),progress:false} as any);
 else { const s = trainStep(m as any, ({x}:any)=> (m as any).velocityFunction(0.5,x).sub(x.mul(-0.5).add(3)).square().mean(), adam({lr:1e-2}) as any);
 for (let i=0;i<50;i++) await s({x}); }
 const [a,b]=[m.stateDict(),make().stateDict()];
 console.log(backbone.type,dtype,fit?"fit":"trainStep",(await Promise.all(Object.keys(a).map(async k=>`${k.slice(9)} ${(await a[k].sub(b[k]).abs().max().item()).toFixed(3)}`))).join(" "));
}
