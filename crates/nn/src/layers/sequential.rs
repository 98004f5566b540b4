//! Sequential: layers one after the other.
//! Names are given where the layers are declared; the chain itself has none.

use super::Layer;
use crate::Context;
use thalweg_graph::Var;

/// The composition of its layers, first to last; the identity if there are none.
#[derive(Default)]
pub struct Sequential {
    layers: Vec<Box<dyn Layer + Send + Sync>>,
}

impl Sequential {
    /// An empty chain.
    pub fn new() -> Sequential {
        Sequential::default()
    }

    /// The same chain with one more layer at the end.
    pub fn then(mut self, layer: impl Layer + Send + Sync + 'static) -> Sequential {
        self.layers.push(Box::new(layer));
        self
    }
}

impl Layer for Sequential {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        self.layers.iter().fold(x, |x, layer| layer.forward(ctx, x))
    }
}
