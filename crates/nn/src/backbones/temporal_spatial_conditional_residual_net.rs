//! TemporalSpatialConditionalResidualNet: the residual blocks of `TemporalSpatialResidualNet`, fed with state and condition joined.
//! GenerativeRL's network for conditions as wide as states, such as the states and actions of a control problem.

use super::residual_u::ResidualU;
use super::{Backbone, Widths};
use crate::layers::{Layer, Linear};
use crate::{Activation, Context, Declare, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{GraphError, Leaves, Var};

/// Arguments of `TemporalSpatialConditionalResidualNet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporalSpatialConditionalResidualNetConfig {
    /// Widths of the blocks on the way down; the way up mirrors them.
    #[schemars(length(min = 1))]
    pub hidden_sizes: Vec<usize>,
    /// Width of the output.
    #[schemars(range(min = 1))]
    pub output_dim: usize,
    /// Width of the encoded time; 1 for a plain time.
    #[schemars(range(min = 1))]
    pub t_dim: usize,
    /// Width of the state.
    #[schemars(range(min = 1))]
    pub input_dim: usize,
    /// Width of the condition; absent or 0 for a net without condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// Width of the time inside the net; `tDim` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub t_hidden_dim: Option<usize>,
}

impl TemporalSpatialConditionalResidualNetConfig {
    /// Declares, in this order: `sort_t.0`, `sort_t.2`, `first_block`, `down_block.<i>`, `middle_block`, `up_block.<i>`, `last_block`.
    ///
    /// # Errors
    /// A width of 0.
    pub fn build(&self, declare: &mut Declare) -> Result<TemporalSpatialConditionalResidualNet, NnError> {
        check::widths("hiddenSizes", &self.hidden_sizes)?;
        let output = check::width("outputDim", self.output_dim)?;
        let t = check::width("tDim", self.t_dim)?;
        let input = check::width("inputDim", self.input_dim)?;
        let condition = self.condition_dim.map_or(Ok(0), |n| check::at_least(0, "conditionDim", n))?;
        let hidden = self.t_hidden_dim.map_or(Ok(t), |n| check::width("tHiddenDim", n))?;
        let sort = [Linear::new(declare.at("sort_t.0"), t, hidden), Linear::new(declare.at("sort_t.2"), hidden, hidden)];
        let body = ResidualU::new(declare, &self.hidden_sizes, input + condition, output + condition, hidden);
        Ok(TemporalSpatialConditionalResidualNet { t, input, output, condition, sort, body })
    }
}

/// t `[B, tDim]`, x `[B, inputDim]`, condition `[B, conditionDim]` → `[B, outputDim]`: the first outputDim numbers of the residual blocks'
/// output for [x, condition], which is conditionDim wider.
pub struct TemporalSpatialConditionalResidualNet {
    t: usize,
    input: usize,
    output: usize,
    condition: usize,
    sort: [Linear; 2],
    body: ResidualU,
}

impl TemporalSpatialConditionalResidualNet {
    /// State and condition side by side.
    fn joined<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, condition: Option<&Leaves<Var<'g>>>) -> Var<'g> {
        let name = "TemporalSpatialConditionalResidualNet";
        let fail = |message, expected: String, got: &str| ctx.builder.fail(GraphError::shape(name, message, expected, got));
        match (self.condition, condition) {
            (0, None) => x,
            (0, Some(_)) => fail("built without conditionDim", "no condition".into(), "a condition"),
            (width, None) => fail("the condition is missing", format!("a condition of width {width}"), "none"),
            (_, Some(leaves)) => join::join(ctx.builder, &[x, join::single(ctx.builder, name, "the condition", leaves)]),
        }
    }
}

impl Backbone for TemporalSpatialConditionalResidualNet {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let x = join::single(ctx.builder, "TemporalSpatialConditionalResidualNet", "the state", x);
        let joined = self.joined(ctx, x, condition);
        let hidden = Activation::Silu.apply(self.sort[0].forward(ctx, join::align(t, 2)));
        let out = self.body.forward(ctx, self.sort[1].forward(ctx, hidden), joined);
        Leaves::one(if out.is_poison() { out } else { out.narrow(out.rank() - 1, 0, self.output) })
    }

    fn widths(&self) -> Widths {
        Widths { t: Some(self.t), x: Some(self.input), condition: Some(self.condition) }
    }
}
