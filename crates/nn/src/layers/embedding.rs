//! Embedding: a trained vector per integer.
//! How labels and other discrete inputs enter a network.

use super::Layer;
use crate::{Context, Declare, Init, Param};
use thalweg_graph::Var;

/// Row `i` of `weight` `[count, width]`, which starts as N(0, 1).
///
/// Shapes: i64 `[…]` → `[…, width]`. An index outside 0 … count − 1 is an error of the run.
#[derive(Clone, Debug)]
pub struct Embedding {
    name: String,
    weight: Param,
}

impl Embedding {
    /// Declares `weight`.
    pub fn new(declare: Declare, count: usize, width: usize) -> Embedding {
        let weight = declare.param("weight", &[count, width], Init::Normal { mean: 0.0, std: 1.0 });
        Embedding { weight, name: declare.name().to_string() }
    }
}

impl Layer for Embedding {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, indices: Var<'g>) -> Var<'g> {
        let _scope = ctx.builder.scope(&self.name);
        ctx.param(self.weight).gather(0, indices)
    }
}
