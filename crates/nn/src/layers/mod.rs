//! Layers: the small parts that networks are made of, one per file.
//! A layer declares its parameters when it is made and maps one tensor to one tensor when it is traced.

mod conv;
mod dropout;
mod embedding;
mod feed_forward;
mod group_norm;
mod label_embedding;
mod layer_norm;
mod linear;
mod patch_embed;
mod self_attention;
mod sequential;

pub use conv::Conv;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use feed_forward::FeedForward;
pub use group_norm::GroupNorm;
pub use label_embedding::LabelEmbedding;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use patch_embed::{PatchEmbed, Patches};
pub use self_attention::SelfAttention;
pub use sequential::Sequential;

use crate::Context;
use thalweg_graph::Var;

/// A function of one tensor with parameters.
pub trait Layer {
    /// The layer's value at `x`. Inputs that do not fit are errors of the graph, kept by its builder.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g>;
}
