//! Layers: the small parts that networks are made of, one per file.
//! A layer declares its parameters when it is made and maps one tensor to one tensor when it is traced.

mod dropout;
mod embedding;
mod layer_norm;
mod linear;
mod sequential;

pub use dropout::Dropout;
pub use embedding::Embedding;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use sequential::Sequential;

use crate::Context;
use thalweg_graph::Var;

/// A function of one tensor with parameters.
pub trait Layer {
    /// The layer's value at `x`. Inputs that do not fit are errors of the graph, kept by its builder.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g>;
}
