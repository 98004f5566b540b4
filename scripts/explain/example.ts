// The worked example of docs/ARCHITECTURE.md: a layer with a skip connection, its loss and the gradient of its parameters,
// for a batch that is large enough to be cut into slices.
import { randn, type Tensor, valueAndGrad } from "thalweg";

const [rows, width] = [256, 128];

const step = valueAndGrad(({ w, b }: { w: Tensor; b: Tensor }, x: Tensor) => {
  const h = x.matmul(w).add(b).silu().add(x);
  return h.sub(1).square().mean();
});

const layer = { w: randn([width, width], { seed: 1 }), b: randn([width], { seed: 2 }) };
const { value, grad } = step(layer, randn([rows, width], { seed: 3 }));
await Promise.all([value, grad.w, grad.b].map((tensor) => tensor.data()));
