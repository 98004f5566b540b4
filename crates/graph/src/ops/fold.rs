//! Rules shared by all elementwise ops: types, chain rule, constant folding, algebraic identities.

use super::binary::{Binary, Wrapping};
use super::unary::Unary;
use super::{Jvp, Op, Pad, Rule, Vjp, show};
use crate::{Builder, DType, GraphError, Literal, Number, Result, Type, Values, Var};

/// Larger constants are computed by the executor, once per run, instead of living in the graph.
const LARGEST_FOLD: usize = 4096;

impl Rule for Unary {
    fn name(&self) -> &'static str {
        Unary::name(*self)
    }

    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let integer_ok = matches!(self, Unary::Neg | Unary::Abs | Unary::Sign);
        match inputs[0].dtype {
            d if d.is_float() => Ok(inputs[0].clone()),
            DType::I64 if integer_ok => Ok(inputs[0].clone()),
            _ => Err(GraphError::dtype(self.name(), "wrong element type", "a float tensor", show(inputs))),
        }
    }

    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        vec![self.derivative(ctx.inputs[0], ctx.output).map(|d| ctx.cotangent * d)]
    }

    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        let tangent = ctx.tangents[0]?;
        self.derivative(ctx.inputs[0], ctx.output).map(|d| tangent * d)
    }

    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        if matches!(self, Unary::Neg)
            && let Some((super::Op::Unary(Unary::Neg), inner)) = inputs[0].definition()
        {
            return Some(builder.var(inner[0]));
        }
        let x = inputs[0].as_literal()?;
        let eval = |n: Number| match ty.dtype {
            DType::F32 => Number::of(self.eval(n.as_f64() as f32) as f64, DType::F32),
            DType::I64 => Number::Int(match self {
                Unary::Neg => n.as_i64().wrapping_neg(),
                Unary::Abs => n.as_i64().wrapping_abs(),
                _ => n.as_i64().signum(),
            }),
            dtype => Number::of(self.eval(n.as_f64()), dtype),
        };
        fold(builder, ty, &[&x], |n| eval(n[0]))
    }
}

impl Rule for Binary {
    fn name(&self) -> &'static str {
        Binary::name(*self)
    }

    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        if inputs[0] != inputs[1] {
            return Err(GraphError::shape(self.name(), "operands differ", "two tensors of one shape and element type", show(inputs)));
        }
        if inputs[0].dtype == DType::Bool {
            return Err(GraphError::dtype(self.name(), "wrong element type", "numbers", show(inputs)));
        }
        Ok(inputs[0].clone())
    }

    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let derivatives = self.derivatives(ctx.inputs[0], ctx.inputs[1], ctx.output);
        let times = |d: Option<Var<'g>>, wanted: bool| d.filter(|_| wanted).map(|d| ctx.cotangent * d);
        vec![times(derivatives[0], ctx.wanted[0]), times(derivatives[1], ctx.wanted[1])]
    }

    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        let derivatives = self.derivatives(ctx.inputs[0], ctx.inputs[1], ctx.output);
        let terms = [0, 1].map(|i| ctx.tangents[i].zip(derivatives[i]).map(|(t, d)| t * d));
        match terms {
            [Some(a), Some(b)] => Some(a + b),
            [a, b] => a.or(b),
        }
    }

    fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        let (a, b) = (inputs[0], inputs[1]);
        let (ca, cb) = (a.as_literal(), b.as_literal());
        if let (Some(ca), Some(cb)) = (&ca, &cb) {
            let eval = |x: Number, y: Number| match ty.dtype {
                DType::F32 => Number::of(self.eval(x.as_f64() as f32, y.as_f64() as f32) as f64, DType::F32),
                DType::I64 => Number::Int(self.eval(Wrapping(x.as_i64()), Wrapping(y.as_i64())).0),
                dtype => Number::of(self.eval(x.as_f64(), y.as_f64()), dtype),
            };
            return fold(builder, ty, &[ca, cb], |n| eval(n[0], n[1]));
        }
        let is = |c: &Option<Literal>, value: f64| c.as_ref().and_then(Literal::splat_value).is_some_and(|v| v.as_f64() == value);
        let float = ty.dtype.is_float();
        match self {
            Binary::Add if is(&ca, 0.0) => Some(b),
            Binary::Add | Binary::Sub if is(&cb, 0.0) => Some(a),
            Binary::Sub if is(&ca, 0.0) && float => Some(-b),
            Binary::Mul if is(&ca, 1.0) => Some(b),
            Binary::Mul | Binary::Div | Binary::Pow if is(&cb, 1.0) => Some(a),
            Binary::Mul if is(&ca, -1.0) && float => Some(-b),
            Binary::Mul if is(&cb, -1.0) && float => Some(-a),
            Binary::Pow if is(&cb, 2.0) => Some(a * a),
            Binary::Pow if is(&cb, 0.5) && float => Some(a.sqrt()),
            Binary::Pow if is(&cb, 0.0) => Some(a.constant(1.0)),
            Binary::Add => joined(a, b).or_else(|| joined(b, a)),
            _ => None,
        }
    }
}

/// The constant `f(x…)`, if it is small enough to be kept in the graph.
pub(super) fn fold<'g>(builder: &'g Builder, ty: &Type, inputs: &[&Literal], f: impl Fn(&[Number]) -> Number) -> Option<Var<'g>> {
    let values = if inputs.iter().all(|l| matches!(l.values, Values::Splat(_))) {
        Values::Splat(f(&inputs.iter().map(|l| l.at(0)).collect::<Vec<_>>()))
    } else if ty.count() <= LARGEST_FOLD {
        let at = |i: usize| f(&inputs.iter().map(|l| l.at(i)).collect::<Vec<_>>());
        Values::Dense((0..ty.count()).map(at).collect())
    } else {
        return None;
    };
    Some(builder.literal(Literal { ty: ty.clone(), values }))
}

/// a + b where both are surrounded by zeros along one dimension, and b begins where a ends: both side by side, surrounded by what is
/// left of the zeros. That is how the derivatives of a tensor's parts make its own.
fn joined<'g>(a: Var<'g>, b: Var<'g>) -> Option<Var<'g>> {
    let (Some((Op::Pad(first), x)), Some((Op::Pad(second), y))) = (a.definition(), b.definition()) else { return None };
    let padded = |pad: &Pad| (0..pad.before.len()).filter(|&d| pad.before[d] + pad.after[d] > 0).collect::<Vec<_>>();
    let [axis] = padded(&first)[..] else { return None };
    let even = |pad: &Pad| padded(pad) == [axis] && pad.between.iter().all(|&n| n == 0);
    let size = a.shape()[axis];
    if !even(&first) || !even(&second) || size - first.after[axis] != second.before[axis] {
        return None;
    }
    let builder = a.builder();
    let both = Var::concat(&[builder.var(x[0]), builder.var(y[0])], axis);
    Some(both.pad_with_gaps(&first.before, &second.after, &first.between))
}
