import { IndependentConditionalFlowModel, trainStep, sgd, adamw, randn, Tensor, tensor, cosine } from "thalweg";
const size=[2,1,8,8];
const model = new IndependentConditionalFlowModel({ xSize: size, path:{type:"independent",sigma:0}, solver:{type:"ODESolver",args:{method:"heun2",steps:12}},
  model:{type:"velocity_function",args:{backbone:{type:"FNO2d",args:{modes1:3,modes2:3,numVars:1,width:2,numLayers:2}}}}} as any);
const x = randn([64,...size],{seed:3}); const target = randn([64,...size],{seed:4});
const step = trainStep(model as any, ({x,y}:any)=> (model as any).velocityFunction(0.5,x).sub(y).square().mean(), sgd({lr:1e-3}) as any);
let last: any;
for (let i=0;i<3;i++){ const r = await step({x,y:target}); if(last) console.log((last.loss-r.loss)/(1e-3*last.gradNorm**2)); last=r; }
// can it learn a linear filter by regression?
for (const kind of ["scale","lowpass"]) for (const lr of [3e-3,1e-2]) {
 const m = new IndependentConditionalFlowModel({ xSize: size, path:{type:"independent",sigma:0}, model:{type:"velocity_function",args:{backbone:{type:"FNO2d",args:{modes1:3,modes2:3,numVars:1,width:2,numLayers:1}}}}} as any);
 const mean = (t:Tensor)=>t.mean([3,4],{keepDims:true});
 const f = (x:Tensor)=> (kind==="scale"? x.mul(-0.5): mean(x).sub(x).mul(0.5)).add(3);
 const s = trainStep(m as any, ({x}:any)=> (m as any).velocityFunction(0.5,x).sub(f(x)).square().mean(), adamw({lr}) as any);
 let r:any; for (let i=0;i<1500;i++) r = await s({x: randn([64,...size],{seed:i}).mul(0.5)});
 console.log(kind, lr, r.loss);
}
