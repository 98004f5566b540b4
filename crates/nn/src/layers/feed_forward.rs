//! FeedForward: the two dense layers of a transformer's block (Vaswani et al. 2017, section 3.3).
//! Names are those of timm's vision transformers.

use super::{Layer, Linear};
use crate::{Activation, Context, Declare, Init};
use thalweg_graph::Var;

/// fc2(act(fc1(x))).
///
/// Shapes: `[…, width]` → the same.
#[derive(Clone, Debug)]
pub struct FeedForward {
    first: Linear,
    second: Linear,
    activation: Activation,
}

impl FeedForward {
    /// Declares `fc1` and `fc2`. Weights start as `weight(inputs, outputs)`, biases as zeros.
    pub fn new(declare: &Declare, width: usize, hidden: usize, activation: Activation, weight: fn(usize, usize) -> Init) -> FeedForward {
        FeedForward {
            first: Linear::starting(declare.at("fc1"), width, hidden, weight(width, hidden), Some(Init::Zeros)),
            second: Linear::starting(declare.at("fc2"), hidden, width, weight(hidden, width), Some(Init::Zeros)),
            activation,
        }
    }
}

impl Layer for FeedForward {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        self.second.forward(ctx, self.activation.apply(self.first.forward(ctx, x)))
    }
}
