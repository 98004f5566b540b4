// Types of tensors and transformations: structures go through unchanged, and operands are tensors or numbers.
import {
  compile,
  grad,
  jvp,
  type Operand,
  Tensor,
  type TypedArray,
  tensor,
  tidy,
  type ValueAndGrad,
  valueAndGrad,
} from "thalweg";
import { expectTypeOf, it } from "vitest";

it("methods take tensors or numbers and give tensors", () => {
  expectTypeOf<Tensor["add"]>().toEqualTypeOf<(other: Operand) => Tensor>();
  expectTypeOf<Operand>().toEqualTypeOf<Tensor | number>();
  expectTypeOf<Tensor["shape"]>().toEqualTypeOf<readonly number[]>();
  expectTypeOf<Tensor["data"]>().returns.resolves.toEqualTypeOf<TypedArray>();
  expectTypeOf<Tensor["item"]>().returns.resolves.toBeNumber();
  expectTypeOf(tensor).toBeCallableWith([[1, 2]], { dtype: "f64" });
  expectTypeOf(Tensor.stack).parameter(0).toEqualTypeOf<readonly Tensor[]>();
});

it("compile keeps the function's type", () => {
  const f = compile((batch: { x: Tensor; parts: [Tensor, Tensor] }, scale: Tensor) => ({ y: batch.x.mul(scale) }));
  expectTypeOf(f).parameters.toEqualTypeOf<[{ x: Tensor; parts: [Tensor, Tensor] }, Tensor]>();
  expectTypeOf(f).returns.toEqualTypeOf<{ y: Tensor }>();
});

it("gradients have the type of the first argument", () => {
  const loss = ({ w }: { w: Tensor }, x: Tensor) => w.mul(x).sum();
  expectTypeOf(grad(loss)).toEqualTypeOf<(first: { w: Tensor }, x: Tensor) => { w: Tensor }>();
  expectTypeOf(valueAndGrad(loss)).returns.toEqualTypeOf<ValueAndGrad<Tensor, { w: Tensor }>>();
  const pair = jvp((a: Tensor, b: Tensor) => [a, b]);
  expectTypeOf(pair).parameter(0).toEqualTypeOf<[a: Tensor, b: Tensor]>();
  expectTypeOf(pair).returns.toEqualTypeOf<{ readonly value: Tensor[]; readonly tangent: Tensor[] }>();
});

it("tidy keeps the result's type", () => {
  expectTypeOf(tidy(() => ({ a: tensor(1), b: "text" }))).toEqualTypeOf<{ a: Tensor; b: string }>();
});
