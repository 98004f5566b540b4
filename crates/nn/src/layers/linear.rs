//! Linear: an affine map of the last dimension.
//! The one layer with matrix products; its weight is stored as PyTorch stores it, so that checkpoints need no conversion.

use super::Layer;
use crate::{Context, Declare, Init, Param};
use thalweg_graph::{GraphError, Var};

/// y = x·Wᵀ + b, with `weight` W `[outputs, inputs]` and `bias` b `[outputs]`, both starting as U(±1/√inputs).
///
/// Shapes: `[…, inputs]` → `[…, outputs]`, any leading dimensions.
#[derive(Clone, Debug)]
pub struct Linear {
    name: String,
    weight: Param,
    bias: Option<Param>,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    /// Declares `weight` and `bias`.
    pub fn new(declare: Declare, inputs: usize, outputs: usize) -> Linear {
        Linear::with_weight(declare, inputs, outputs, Init::fan_in(inputs))
    }

    /// As [`Linear::new`], with another initial distribution of the weight.
    pub fn with_weight(declare: Declare, inputs: usize, outputs: usize, weight: Init) -> Linear {
        Linear::starting(declare, inputs, outputs, weight, Some(Init::fan_in(inputs)))
    }

    /// As [`Linear::new`], with other initial distributions, and perhaps without a bias.
    pub fn starting(declare: Declare, inputs: usize, outputs: usize, weight: Init, bias: Option<Init>) -> Linear {
        Linear {
            weight: declare.param("weight", &[outputs, inputs], weight),
            bias: bias.map(|start| declare.undecayed("bias", &[outputs], start)),
            name: declare.name().to_string(),
            inputs,
            outputs,
        }
    }

    /// Width of the input.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Width of the output.
    pub fn outputs(&self) -> usize {
        self.outputs
    }
}

impl Layer for Linear {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let _scope = ctx.builder.scope(&self.name);
        let shape = x.shape();
        let Some((&last, leading)) = shape.split_last().filter(|(last, _)| **last == self.inputs) else {
            let expected = format!("[…, {}]", self.inputs);
            return ctx.builder.fail(GraphError::shape("linear", "wrong width of the input", expected, x.ty().to_string()));
        };
        let rows = x.reshape(&[thalweg_graph::count(leading), last]);
        // What follows has the leading dimensions, too, and joins the bias in one pass.
        let product = rows.matmul(ctx.param(self.weight).t()).reshape(&[leading, &[self.outputs]].concat());
        match self.bias {
            Some(bias) => product + ctx.param(bias),
            None => product,
        }
    }
}
