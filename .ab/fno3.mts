import { IndependentConditionalFlowModel, trainStep, adamw, adam, randn, type Tensor } from "thalweg";
const size=[2,1,8,8];
 const m = new IndependentConditionalFlowModel({ xSize: size, path:{type:"independent",sigma:0}, model:{type:"velocity_function",args:{backbone:{type:"FNO2d",args:{modes1:3,modes2:3,numVars:1,width:2,numLayers:1}}}}} as any);
 const f = (x:Tensor)=> x.mul(-0.5).add(3);
 const s = trainStep(m as any, ({x}:any)=> (m as any).velocityFunction(0.5,x).sub(f(x)).square().mean(), adam({lr:1e-2}) as any);
 let r:any; for (let i=0;i<600;i++) {r = await s({x: randn([64,...size],{seed:i}).mul(0.5)}); if(i%300==0) console.log(i,r.loss,r.gradNorm, r.learningRate);}
 const sd = m.stateDict(); for (const k of Object.keys(sd)) if (/\.w\./.test(k)) console.log(k, await sd[k].toArray());
 console.log(await sd["backbone.layers.0.conv.weights1"].narrow(3,0,1).narrow(4,0,2).toArray().then(JSON.stringify));
console.log(m.parameters().map((p:any)=>JSON.stringify(p)).join("\n"));
const fresh = new IndependentConditionalFlowModel({ xSize: size, path:{type:"independent",sigma:0}, model:{type:"velocity_function",args:{backbone:{type:"FNO2d",args:{modes1:3,modes2:3,numVars:1,width:2,numLayers:1}}}}} as any).stateDict();
for (const k of Object.keys(sd)) console.log(k, await sd[k].sub(fresh[k]).abs().max().item(), await sd[k].flatten().narrow(0,0,2).toArray());
