//! TemporalSpatialResidualNet: residual blocks down to a narrow middle and up again, with skips, each block fed by the time.
//! GenerativeRL's network for data without spatial structure; here for any hidden sizes, not only ones that halve.

use super::residual_u::ResidualU;
use super::{Backbone, Widths};
use crate::layers::{Layer, Linear};
use crate::{Activation, Context, Declare, NnError, check, join};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{GraphError, Leaves, Var};

/// Arguments of `TemporalSpatialResidualNet`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemporalSpatialResidualNetConfig {
    /// Widths of the blocks on the way down; the way up mirrors them.
    #[schemars(length(min = 1))]
    pub hidden_sizes: Vec<usize>,
    /// Width of the output.
    #[schemars(range(min = 1))]
    pub output_dim: usize,
    /// Width of the encoded time; 1 for a plain time.
    #[schemars(range(min = 1))]
    pub t_dim: usize,
    /// Width of the input; `outputDim` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub input_dim: Option<usize>,
    /// Width of the condition; absent or 0 for a net without condition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_dim: Option<usize>,
    /// Width that the condition is brought to before it joins the time; `conditionDim` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub condition_hidden_dim: Option<usize>,
    /// Width of time and condition inside the net; `tDim` + `conditionHiddenDim` if absent. Without condition it is `tDim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub t_condition_hidden_dim: Option<usize>,
}

/// Widths, checked and with defaults filled in.
struct Sizes {
    input: usize,
    output: usize,
    t: usize,
    condition: usize,
    condition_hidden: usize,
    joint: usize,
}

impl TemporalSpatialResidualNetConfig {
    /// Declares, in this order: `pre_sort_condition.0` (with a condition), `sort_t.0`, `sort_t.2`, `first_block`,
    /// `down_block.<i>`, `middle_block`, `up_block.<i>`, `last_block`.
    ///
    /// # Errors
    /// A width of 0, or a width of the condition's path without a condition.
    pub fn build(&self, declare: &mut Declare) -> Result<TemporalSpatialResidualNet, NnError> {
        let sizes = self.sizes()?;
        let condition =
            (sizes.condition > 0).then(|| Linear::new(declare.at("pre_sort_condition.0"), sizes.condition, sizes.condition_hidden));
        let sort = [
            Linear::new(declare.at("sort_t.0"), sizes.t + sizes.condition_hidden, sizes.joint),
            Linear::new(declare.at("sort_t.2"), sizes.joint, sizes.joint),
        ];
        let body = ResidualU::new(declare, &self.hidden_sizes, sizes.input, sizes.output, sizes.joint);
        Ok(TemporalSpatialResidualNet { sizes, condition, sort, body })
    }

    fn sizes(&self) -> Result<Sizes, NnError> {
        check::widths("hiddenSizes", &self.hidden_sizes)?;
        let output = check::width("outputDim", self.output_dim)?;
        let t = check::width("tDim", self.t_dim)?;
        let input = self.input_dim.map_or(Ok(output), |n| check::width("inputDim", n))?;
        let condition = self.condition_dim.map_or(Ok(0), |n| check::at_least(0, "conditionDim", n))?;
        if condition == 0 {
            let unused = [("conditionHiddenDim", self.condition_hidden_dim), ("tConditionHiddenDim", self.t_condition_hidden_dim)];
            if let Some((field, Some(n))) = unused.into_iter().find(|(_, n)| n.is_some_and(|n| n > 0)) {
                return Err(NnError::new(field, "nothing, since there is no conditionDim", n));
            }
            return Ok(Sizes { input, output, t, condition, condition_hidden: 0, joint: t });
        }
        let condition_hidden = self.condition_hidden_dim.map_or(Ok(condition), |n| check::width("conditionHiddenDim", n))?;
        let joint = self.t_condition_hidden_dim.map_or(Ok(t + condition_hidden), |n| check::width("tConditionHiddenDim", n))?;
        Ok(Sizes { input, output, t, condition, condition_hidden, joint })
    }
}

/// t `[B, tDim]`, x `[B, …, inputDim]`, condition `[B, conditionDim]` → `[B, …, outputDim]`.
///
/// The residual blocks see e = sort_t([t, silu(Linear c)]): d₀ = first(e, x); dᵢ₊₁ = down(e, dᵢ); u = middle(e, dₙ); u ← up(e, [u, dᵢ])
/// for i = n … 1; the output is last([u, d₀]).
pub struct TemporalSpatialResidualNet {
    sizes: Sizes,
    condition: Option<Linear>,
    sort: [Linear; 2],
    body: ResidualU,
}

fn fail<'g>(ctx: &Context<'_, 'g>, message: &str, expected: String, got: &str) -> Var<'g> {
    ctx.builder.fail(GraphError::shape("TemporalSpatialResidualNet", message, expected, got))
}

impl TemporalSpatialResidualNet {
    /// The state, which must be a batch of vectors.
    fn state<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g> {
        let x = join::single(ctx.builder, "TemporalSpatialResidualNet", "the state", x);
        if x.is_poison() || x.rank() >= 2 {
            return x;
        }
        fail(ctx, "the state is no batch of vectors", format!("[batch, …, {}]", self.sizes.input), &x.ty().to_string())
    }

    /// Time and condition as one vector per row.
    fn embed<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, condition: Option<&Leaves<Var<'g>>>) -> Var<'g> {
        let joint = match (&self.condition, condition) {
            (None, None) => join::align(t, 2),
            (Some(linear), Some(leaves)) => {
                let c = join::single(ctx.builder, "TemporalSpatialResidualNet", "the condition", leaves);
                join::join(ctx.builder, &[t, Activation::Silu.apply(linear.forward(ctx, c))])
            }
            (Some(_), None) => fail(ctx, "the condition is missing", format!("a condition of width {}", self.sizes.condition), "none"),
            (None, Some(_)) => fail(ctx, "built without conditionDim", "no condition".into(), "a condition"),
        };
        self.sort[1].forward(ctx, Activation::Silu.apply(self.sort[0].forward(ctx, joint)))
    }
}

impl Backbone for TemporalSpatialResidualNet {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        let x = self.state(ctx, x);
        let e = self.embed(ctx, t, condition);
        Leaves::one(self.body.forward(ctx, e, x))
    }

    fn widths(&self) -> Widths {
        Widths { t: Some(self.sizes.t), x: Some(self.sizes.input), condition: Some(self.sizes.condition) }
    }
}
