//! conv: 1-D and 2-D convolution (cross-correlation, as in PyTorch).
//! Bilinear, as are its two gradients; the three are closed under differentiation.

use super::{ConvInputGrad, ConvWeightGrad, Jvp, Op, Rule, Vjp, show};
use crate::{GraphError, Result, Type, Var};

/// How a kernel moves over its input; one entry per spatial dimension (one or two).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Distance between neighbouring positions, ≥ 1.
    pub stride: Vec<usize>,
    /// Zeros in front of the input.
    pub before: Vec<usize>,
    /// Zeros behind the input.
    pub after: Vec<usize>,
    /// Distance between neighbouring kernel elements, ≥ 1.
    pub dilation: Vec<usize>,
    /// Input and output channels are split into so many groups.
    pub groups: usize,
}

impl Window {
    /// Output size of spatial dimension `d` for an input and kernel size; `None` if the kernel does not fit.
    pub fn output_size(&self, d: usize, input: usize, kernel: usize) -> Option<usize> {
        let extent = self.dilation[d].checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
        let padded = input.checked_add(self.before[d])?.checked_add(self.after[d])?;
        Some(padded.checked_sub(extent)? / self.stride[d] + 1)
    }

    /// Shape of the convolution of `x [n, c, *spatial]` with `w [o, c / groups, *kernel]`, or why there is none.
    pub fn output_shape(&self, op: &str, x: &[usize], w: &[usize]) -> Result<Vec<usize>> {
        let spatial = self.stride.len();
        let err = |message: &str, expected: String| {
            Err(GraphError::shape(op, message, expected, format!("{x:?} with kernel {w:?}, groups {}", self.groups)))
        };
        let parts = [&self.before, &self.after, &self.dilation];
        if parts.iter().any(|p| p.len() != spatial) || (x.len() == w.len() && x.len() != spatial + 2) {
            let expected = format!("stride, padding and dilation for each of {} spatial dimensions", x.len().saturating_sub(2));
            return err("the window has another number of dimensions", expected);
        }
        if !(1..=2).contains(&spatial) || x.len() != spatial + 2 || w.len() != spatial + 2 {
            return err("wrong number of dimensions", format!("input and kernel of rank {}", spatial + 2));
        }
        if self.groups == 0 || self.stride.contains(&0) || self.dilation.contains(&0) {
            return err("stride, dilation or groups is 0", "positive numbers".into());
        }
        if x[1] != w[1] * self.groups || !w[0].is_multiple_of(self.groups) {
            return err("channels differ", "kernel [out, in / groups, …], out divisible by groups".into());
        }
        let mut shape = vec![x[0], w[0]];
        for d in 0..spatial {
            match self.output_size(d, x[d + 2], w[d + 2]) {
                Some(size) => shape.push(size),
                None => return err("the kernel is larger than the padded input, or that overflows", "a smaller kernel or padding".into()),
            }
        }
        Ok(shape)
    }
}

/// `x [n, c, *spatial] ∗ w [o, c / groups, *kernel] → [n, o, *out]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Conv {
    /// How the kernel moves.
    pub window: Window,
}

impl Rule for Conv {
    fn name(&self) -> &'static str {
        "conv"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        floats("conv", inputs)?;
        Ok(inputs[0].with_shape(self.window.output_shape("conv", &inputs[0].shape, &inputs[1].shape)?))
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let (x, w, c) = (ctx.inputs[0], ctx.inputs[1], ctx.cotangent);
        vec![
            ctx.wanted[0].then(|| input_grad(&self.window, c, w, &x.shape()[2..])),
            ctx.wanted[1].then(|| weight_grad(&self.window, x, c, &w.shape()[2..])),
        ]
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        bilinear(ctx, |x, w| forward(&self.window, x, w))
    }
}

pub(super) fn floats(op: &str, inputs: &[Type]) -> Result<()> {
    if inputs[0].dtype != inputs[1].dtype || !inputs[0].dtype.is_float() {
        return Err(GraphError::dtype(op, "element types do not fit", "two float tensors of one element type", show(inputs)));
    }
    Ok(())
}

pub(super) fn forward<'g>(window: &Window, x: Var<'g>, w: Var<'g>) -> Var<'g> {
    x.builder().push(Op::Conv(Conv { window: window.clone() }), &[x, w])
}

pub(super) fn input_grad<'g>(window: &Window, g: Var<'g>, w: Var<'g>, spatial: &[usize]) -> Var<'g> {
    g.builder().push(Op::ConvInputGrad(ConvInputGrad { window: window.clone(), spatial: spatial.to_vec() }), &[g, w])
}

pub(super) fn weight_grad<'g>(window: &Window, x: Var<'g>, g: Var<'g>, kernel: &[usize]) -> Var<'g> {
    x.builder().push(Op::ConvWeightGrad(ConvWeightGrad { window: window.clone(), kernel: kernel.to_vec() }), &[x, g])
}

/// The product rule of an op that is linear in each of its two operands.
pub(super) fn bilinear<'g>(ctx: &Jvp<'_, 'g>, op: impl Fn(Var<'g>, Var<'g>) -> Var<'g>) -> Option<Var<'g>> {
    let left = ctx.tangents[0].map(|t| op(t, ctx.inputs[1]));
    let right = ctx.tangents[1].map(|t| op(ctx.inputs[0], t));
    match (left, right) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}
