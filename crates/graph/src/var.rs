//! A value of a graph under construction: what formulas are written in.
//! Arithmetic broadcasts as in NumPy; an error is kept by the builder and makes every later value a placeholder.

use crate::builder::POISON;
use crate::ops::binary::Binary;
use crate::ops::composite::{Attention, Composite, Gelu, LayerNorm, LogSumExp, Softmax};
use crate::ops::unary::Unary;
use crate::ops::{self, Comparison, Connective, Op};
use crate::{Builder, DType, GraphError, Literal, NodeId, Type, broadcast};
use std::ops::{Add, Div, Mul, Neg, Not, Sub};

/// A tensor-valued node of a [`Builder`]; a cheap handle.
#[derive(Clone, Copy)]
pub struct Var<'g> {
    builder: &'g Builder,
    id: NodeId,
}

impl std::fmt::Debug for Var<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "%{}: {}", self.id.0, self.ty())
    }
}

impl<'g> Var<'g> {
    pub(crate) fn new(builder: &'g Builder, id: NodeId) -> Var<'g> {
        Var { builder, id }
    }

    /// Its node.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The graph that it belongs to.
    pub fn builder(self) -> &'g Builder {
        self.builder
    }

    /// Whether this stands for the result of an op that failed.
    pub fn is_poison(self) -> bool {
        self.id == POISON
    }

    /// Its type (of a failed op: scalar f32).
    pub fn ty(self) -> Type {
        if self.is_poison() { Type::scalar(DType::F32) } else { self.builder.node(self.id).ty.clone() }
    }

    /// Its element type.
    pub fn dtype(self) -> DType {
        self.ty().dtype
    }

    /// Its shape.
    pub fn shape(self) -> Vec<usize> {
        self.ty().shape
    }

    /// Its number of dimensions.
    pub fn rank(self) -> usize {
        self.ty().rank()
    }

    /// The op and operands that define it; none of a value that is held (see [`Builder::hold`]).
    pub fn definition(self) -> Option<(Op, Vec<NodeId>)> {
        if self.is_poison() || self.builder.is_held(self.id) {
            return None;
        }
        let node = self.builder.node(self.id);
        Some((node.op.clone(), node.inputs.clone()))
    }

    /// The constant that it is, if it is one.
    pub fn as_literal(self) -> Option<Literal> {
        if self.is_poison() {
            return None;
        }
        match &self.builder.node(self.id).op {
            Op::Constant(literal) => Some(literal.clone()),
            _ => None,
        }
    }

    fn push(self, op: Op) -> Var<'g> {
        self.builder.push(op, &[self])
    }

    /// `value`, of this tensor's type.
    pub fn constant(self, value: f64) -> Var<'g> {
        if self.is_poison() { self } else { self.builder.literal(Literal::splat(value, self.ty())) }
    }

    /// Both operands broadcast to one shape.
    fn align(self, other: Var<'g>, op: &str) -> (Var<'g>, Var<'g>) {
        if self.is_poison() || other.is_poison() {
            return (self, other);
        }
        let (a, b) = (self.ty(), other.ty());
        if a.dtype != b.dtype {
            let poison = self.builder.fail(GraphError::dtype(op, "element types differ", "one element type", ops::show(&[a, b])));
            return (poison, poison);
        }
        match broadcast(&a.shape, &b.shape) {
            Some(shape) => (self.broadcast_to(&shape), other.broadcast_to(&shape)),
            None => {
                let poison = self.builder.fail(GraphError::shape(
                    op,
                    "shapes do not broadcast",
                    "equal sizes or 1 in each dimension, aligned at the right",
                    ops::show(&[a, b]),
                ));
                (poison, poison)
            }
        }
    }

    /// Elementwise function of two tensors, broadcast to one shape.
    pub fn binary(self, op: Binary, other: Var<'g>) -> Var<'g> {
        let (a, b) = self.align(other, op.name());
        self.builder.push(Op::Binary(op), &[a, b])
    }

    /// Elementwise function.
    pub fn unary(self, op: Unary) -> Var<'g> {
        self.push(Op::Unary(op))
    }

    /// selfᵉ, elementwise; see [`ops::binary::Pow`].
    pub fn pow(self, exponent: Var<'g>) -> Var<'g> {
        self.binary(Binary::Pow, exponent)
    }

    /// The larger, elementwise.
    pub fn maximum(self, other: Var<'g>) -> Var<'g> {
        self.binary(Binary::Maximum, other)
    }

    /// The smaller, elementwise.
    pub fn minimum(self, other: Var<'g>) -> Var<'g> {
        self.binary(Binary::Minimum, other)
    }

    /// `self ⋄ other`, elementwise, as bool.
    pub fn compare(self, comparison: Comparison, other: Var<'g>) -> Var<'g> {
        let (a, b) = self.align(other, "compare");
        self.builder.push(Op::Compare(ops::Compare { comparison }), &[a, b])
    }

    /// self = other.
    pub fn eq(self, other: Var<'g>) -> Var<'g> {
        self.compare(Comparison::Eq, other)
    }

    /// self < other.
    pub fn lt(self, other: Var<'g>) -> Var<'g> {
        self.compare(Comparison::Lt, other)
    }

    /// self > other.
    pub fn gt(self, other: Var<'g>) -> Var<'g> {
        self.compare(Comparison::Gt, other)
    }

    /// self ≥ other.
    pub fn ge(self, other: Var<'g>) -> Var<'g> {
        self.compare(Comparison::Ge, other)
    }

    /// A connective of two bool tensors.
    pub fn logical(self, connective: Connective, other: Var<'g>) -> Var<'g> {
        let (a, b) = self.align(other, "logical");
        self.builder.push(Op::Logical(ops::Logical { connective }), &[a, b])
    }

    /// self ∧ other.
    pub fn and(self, other: Var<'g>) -> Var<'g> {
        self.logical(Connective::And, other)
    }

    /// Where the elements are neither infinite nor NaN.
    pub fn is_finite(self) -> Var<'g> {
        self.push(Op::IsFinite(ops::IsFinite))
    }

    /// `then` where this bool tensor is true, else `otherwise`; all broadcast to one shape.
    pub fn select(self, then: Var<'g>, otherwise: Var<'g>) -> Var<'g> {
        let (then, otherwise) = then.align(otherwise, "select");
        let shape = then.shape();
        match broadcast(&self.shape(), &shape) {
            Some(all) => self
                .builder
                .push(Op::Select(ops::Select), &[self.broadcast_to(&all), then.broadcast_to(&all), otherwise.broadcast_to(&all)]),
            None => self.builder.push(Op::Select(ops::Select), &[self, then, otherwise]),
        }
    }

    /// The same numbers as `dtype`.
    pub fn cast(self, dtype: DType) -> Var<'g> {
        self.push(Op::Cast(ops::Cast { dtype }))
    }

    /// Repeated along new or size-1 dimensions.
    pub fn broadcast_to(self, shape: &[usize]) -> Var<'g> {
        self.push(Op::Broadcast(ops::Broadcast { shape: shape.to_vec() }))
    }

    /// Summed over the dimensions that a broadcast from `shape` repeated.
    pub fn sum_to(self, shape: &[usize]) -> Var<'g> {
        let from = self.shape();
        let added = from.len().saturating_sub(shape.len());
        let axes: Vec<usize> = (0..from.len()).filter(|&d| d < added || (shape[d - added] == 1 && from[d] != 1)).collect();
        self.sum(&axes).reshape(shape)
    }

    /// The same elements under another shape.
    pub fn reshape(self, shape: &[usize]) -> Var<'g> {
        self.push(Op::Reshape(ops::Reshape { shape: shape.to_vec() }))
    }

    /// New dimensions of size 1 at these positions of the result.
    pub fn unsqueeze(self, axes: &[usize]) -> Var<'g> {
        let mut shape = self.shape();
        for &axis in axes {
            shape.insert(axis.min(shape.len()), 1);
        }
        self.reshape(&shape)
    }

    /// Dimensions in another order: dimension `i` of the result is `permutation[i]` of this.
    pub fn transpose(self, permutation: &[usize]) -> Var<'g> {
        self.push(Op::Transpose(ops::Transpose { permutation: permutation.to_vec() }))
    }

    /// The last two dimensions exchanged.
    pub fn t(self) -> Var<'g> {
        let mut permutation: Vec<usize> = (0..self.rank()).collect();
        let n = permutation.len();
        if n >= 2 {
            permutation.swap(n - 1, n - 2);
        }
        self.transpose(&permutation)
    }

    /// A rectangular part; see [`ops::Slice`].
    pub fn slice(self, starts: &[usize], stops: &[usize], steps: &[usize]) -> Var<'g> {
        self.push(Op::Slice(ops::Slice { starts: starts.to_vec(), stops: stops.to_vec(), steps: steps.to_vec() }))
    }

    /// `length` entries of dimension `axis` from `start` on.
    pub fn narrow(self, axis: usize, start: usize, length: usize) -> Var<'g> {
        let mut stops = self.shape();
        let mut starts = vec![0; stops.len()];
        if axis >= stops.len() {
            return self.builder.fail(GraphError::shape(
                "slice",
                "no such dimension",
                format!("more than {axis} dimensions"),
                self.ty().to_string(),
            ));
        }
        starts[axis] = start;
        stops[axis] = start.saturating_add(length);
        let steps = vec![1; stops.len()];
        self.slice(&starts, &stops, &steps)
    }

    /// Surrounded by zeros.
    pub fn pad(self, before: &[usize], after: &[usize]) -> Var<'g> {
        self.pad_with_gaps(before, after, &vec![0; before.len()])
    }

    /// Surrounded by and interspersed with zeros; see [`ops::Pad`].
    pub fn pad_with_gaps(self, before: &[usize], after: &[usize], between: &[usize]) -> Var<'g> {
        self.push(Op::Pad(ops::Pad { before: before.to_vec(), after: after.to_vec(), between: between.to_vec() }))
    }

    /// Tensors joined along `axis`. Panics if there are none.
    pub fn concat(parts: &[Var<'g>], axis: usize) -> Var<'g> {
        parts[0].builder.push(Op::Concat(ops::Concat { axis }), parts)
    }

    /// Dimension `axis` reversed.
    pub fn flip(self, axis: usize) -> Var<'g> {
        self.push(Op::Flip(ops::Flip { axis }))
    }

    /// Slices of dimension `axis` picked by i64 `indices`; see [`ops::Gather`].
    pub fn gather(self, axis: usize, indices: Var<'g>) -> Var<'g> {
        self.builder.push(Op::Gather(ops::Gather { axis }), &[self, indices])
    }

    /// Slices added at i64 `indices` of zeros; see [`ops::ScatterAdd`].
    pub fn scatter_add(self, indices: Var<'g>, axis: usize, size: usize) -> Var<'g> {
        self.builder.push(Op::ScatterAdd(ops::ScatterAdd { axis, size }), &[self, indices])
    }

    /// Sum over `axes` (ascending), which disappear.
    pub fn sum(self, axes: &[usize]) -> Var<'g> {
        self.push(Op::ReduceSum(ops::ReduceSum { axes: axes.to_vec() }))
    }

    /// Sum of all elements.
    pub fn sum_all(self) -> Var<'g> {
        self.sum(&(0..self.rank()).collect::<Vec<_>>())
    }

    /// Mean over `axes` (ascending), which disappear.
    pub fn mean(self, axes: &[usize]) -> Var<'g> {
        let shape = self.shape();
        let n: usize = axes.iter().filter_map(|&a| shape.get(a)).product();
        self.sum(axes) * (1.0 / n as f64)
    }

    /// Mean of all elements.
    pub fn mean_all(self) -> Var<'g> {
        self.mean(&(0..self.rank()).collect::<Vec<_>>())
    }

    /// Maximum over `axes` (ascending), which disappear.
    pub fn max(self, axes: &[usize]) -> Var<'g> {
        self.push(Op::ReduceMax(ops::ReduceMax { axes: axes.to_vec() }))
    }

    /// Index of the largest element along `axis`.
    pub fn arg_max(self, axis: usize) -> Var<'g> {
        self.push(Op::ArgMax(ops::ArgMax { axis }))
    }

    /// Running sum along `axis`.
    pub fn cum_sum(self, axis: usize, reverse: bool) -> Var<'g> {
        self.push(Op::CumSum(ops::CumSum { axis, reverse }))
    }

    /// Matrix product; leading dimensions broadcast.
    pub fn matmul(self, other: Var<'g>) -> Var<'g> {
        let (a, b) = (self.shape(), other.shape());
        if a.len() >= 2
            && b.len() >= 2
            && a[..a.len() - 2] != b[..b.len() - 2]
            && let Some(batch) = broadcast(&a[..a.len() - 2], &b[..b.len() - 2])
        {
            let left = self.broadcast_to(&[&batch, &a[a.len() - 2..]].concat());
            let right = other.broadcast_to(&[&batch, &b[b.len() - 2..]].concat());
            return self.builder.push(Op::MatMul(ops::MatMul), &[left, right]);
        }
        self.builder.push(Op::MatMul(ops::MatMul), &[self, other])
    }

    /// Convolution; see [`ops::Conv`].
    pub fn conv(self, weight: Var<'g>, window: &ops::Window) -> Var<'g> {
        self.builder.push(Op::Conv(ops::Conv { window: window.clone() }), &[self, weight])
    }

    /// Transposed convolution; see [`ops::ConvInputGrad`].
    pub fn conv_transpose(self, weight: Var<'g>, window: &ops::Window, spatial: &[usize]) -> Var<'g> {
        let op = ops::ConvInputGrad { window: window.clone(), spatial: spatial.to_vec() };
        self.builder.push(Op::ConvInputGrad(op), &[self, weight])
    }

    /// The value, treated as a constant by differentiation.
    pub fn stop_gradient(self) -> Var<'g> {
        self.push(Op::StopGradient(ops::StopGradient))
    }

    /// Softmax along `axis`.
    pub fn softmax(self, axis: usize) -> Var<'g> {
        self.push(Op::Composite(Composite::Softmax(Softmax { axis })))
    }

    /// log Σ exp along `axis`, which disappears.
    pub fn log_sum_exp(self, axis: usize) -> Var<'g> {
        self.push(Op::Composite(Composite::LogSumExp(LogSumExp { axis })))
    }

    /// softmax(self · keysᵀ · scale) · values: attention of queries `[*, n, d]` to keys `[*, m, d]` with values `[*, m, e]`; leading
    /// dimensions broadcast. `causal`: query i sees the keys 0 … i only. See [`composite::Attention`](ops::composite::Attention).
    pub fn attention(self, keys: Var<'g>, values: Var<'g>, scale: f64, causal: bool) -> Var<'g> {
        let lead = |v: &Var<'g>| v.shape()[..v.rank().saturating_sub(2)].to_vec();
        let all = [self, keys, values];
        let batch = all.iter().map(lead).try_fold(Vec::new(), |a, b| broadcast(&a, &b));
        let operands = match &batch {
            Some(batch) if all.iter().all(|v| v.rank() >= 2) => {
                all.map(|v| v.broadcast_to(&[&batch[..], &v.shape()[v.rank() - 2..]].concat()))
            }
            _ => all,
        };
        let rows = |v: &Var<'g>| v.shape().iter().rev().nth(1).copied().unwrap_or(1);
        let op = Attention::new(scale, causal, batch.iter().flatten().product(), rows(&self), rows(&keys));
        self.builder.push(Op::Composite(Composite::Attention(op)), &operands)
    }

    /// Last dimension normalised to mean 0, variance 1.
    pub fn layer_norm(self, epsilon: f64) -> Var<'g> {
        self.push(Op::Composite(Composite::LayerNorm(LayerNorm { epsilon: epsilon.to_bits() })))
    }

    /// x Φ(x).
    pub fn gelu(self) -> Var<'g> {
        self.push(Op::Composite(Composite::Gelu(Gelu)))
    }

    /// x · sigmoid(x).
    pub fn silu(self) -> Var<'g> {
        self * self.sigmoid()
    }
}

macro_rules! unary_methods {
    ($($method:ident => $op:ident, $doc:literal;)*) => {
        impl<'g> Var<'g> {
            $(#[doc = $doc] pub fn $method(self) -> Var<'g> { self.unary(Unary::$op) })*
        }
    };
}

unary_methods! {
    abs => Abs, "|x|.";
    sign => Sign, "−1, 0 or 1.";
    floor => Floor, "The largest integer ≤ x.";
    exp => Exp, "eˣ.";
    expm1 => Expm1, "eˣ − 1.";
    ln => Log, "log x.";
    log1p => Log1p, "log(1 + x).";
    sqrt => Sqrt, "√x.";
    recip => Recip, "1/x.";
    sin => Sin, "sin x.";
    cos => Cos, "cos x.";
    tan => Tan, "tan x.";
    atan => Atan, "arctan x.";
    tanh => Tanh, "tanh x.";
    sigmoid => Sigmoid, "1/(1 + e⁻ˣ).";
    erf => Erf, "The error function.";
}

macro_rules! operators {
    ($($trait:ident :: $method:ident),*) => {$(
        impl<'g> $trait for Var<'g> {
            type Output = Var<'g>;
            fn $method(self, other: Var<'g>) -> Var<'g> {
                self.binary(Binary::$trait, other)
            }
        }
        impl<'g> $trait<f64> for Var<'g> {
            type Output = Var<'g>;
            fn $method(self, other: f64) -> Var<'g> {
                self.binary(Binary::$trait, self.constant(other))
            }
        }
    )*};
}

operators! { Add::add, Sub::sub, Mul::mul, Div::div }

impl<'g> Not for Var<'g> {
    type Output = Var<'g>;
    fn not(self) -> Var<'g> {
        self.logical(Connective::Xor, self.constant(1.0))
    }
}

impl<'g> Neg for Var<'g> {
    type Output = Var<'g>;
    fn neg(self) -> Var<'g> {
        self.unary(Unary::Neg)
    }
}
