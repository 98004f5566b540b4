//! ConcatenateLayer: time, state and condition side by side.
//! A network without parameters, for what GenerativeRL composes of it.

use super::Backbone;
use crate::{Context, Declare, NnError, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Var};

/// Arguments of `ConcatenateLayer`: none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConcatenateLayerConfig {}

impl ConcatenateLayerConfig {
    /// Declares nothing.
    ///
    /// # Errors
    /// None.
    pub fn build(&self, _declare: &mut Declare) -> Result<ConcatenateLayer, NnError> {
        Ok(ConcatenateLayer)
    }
}

/// t `[B, T]`, x `[B, D]`, condition `[B, C]` → `[B, T + D + C]`.
pub struct ConcatenateLayer;

impl Backbone for ConcatenateLayer {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let parts: Vec<Var> = [t].into_iter().chain(x.values().copied()).chain(condition.iter().flat_map(|c| c.values().copied())).collect();
        Leaves::one(join::join(ctx.builder, &parts))
    }
}
