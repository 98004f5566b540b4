//! The configuration of a flow of tokens, as users write it.
//! A file of its own, since it has a sampler of its own where the others have a solver.

use crate::config::{Common, NetworkConfig, Precision, Size, auto, predicts};
use crate::sampling::DiscreteSampler;
use crate::tokens::{Positions, TokensConfig};
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_coupling::Coupling;
use thalweg_path::{DiscretePath, Mixture, Parameterization, TokenSource};
use thalweg_solver::SolverConfig;

/// A flow of tokens (Gat et al. 2024, "Discrete flow matching"; Campbell et al. 2024): from masked or random tokens (t = 0) to the data's (t = 1).
/// States are integers, 64 bits each, of the shape `xSize`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiscreteConfig {
    /// `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"`: the best one there is.
    #[serde(default = "auto")]
    pub device: String,
    /// Shape of one sample: a length, or a grid.
    pub x_size: Size,
    /// Shape of one condition, for conditional models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_size: Option<Size>,
    /// Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
    /// without one and with classifier-free guidance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
    pub condition_dropout: Option<f64>,
    /// Seed of the parameters' initial values.
    #[serde(default)]
    pub seed: i64,
    /// Element type of parameters and computation.
    #[serde(default)]
    pub dtype: Precision,
    /// V ≥ 2: tokens are 0 … V − 1. The mask of the source `"mask"` is V.
    #[schemars(range(min = 2, max = 16777216))]
    pub vocabulary: usize,
    /// κ(t), the probability that a token is the data's.
    #[serde(default)]
    pub path: Mixture,
    /// Where tokens come from.
    #[serde(default)]
    pub source: TokenSource,
    /// How tokens become numbers for the network. A module written in TypeScript gets the tokens themselves.
    #[serde(default)]
    pub tokens: TokensConfig,
    /// Which positions count.
    #[serde(default)]
    pub positions: Positions,
    /// Which source sample meets which datum, where source samples are given: `independent` (default) or `paired`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupling: Option<Coupling>,
    /// The network; it predicts the data (`data_prediction_function`): logits of p(x₁ | x_t), V numbers for each position.
    pub model: NetworkConfig,
    /// How samples are drawn, unless a call says otherwise.
    #[serde(default)]
    pub sampler: DiscreteSampler,
}

impl DiscreteConfig {
    pub(crate) fn common(&self) -> Common {
        Common {
            device: self.device.clone(),
            x_size: self.x_size.clone(),
            condition_size: self.condition_size.clone(),
            condition_dropout: self.condition_dropout,
            seed: self.seed,
            dtype: self.dtype,
            solver: SolverConfig::default(),
        }
    }

    /// The path of its tokens.
    pub fn discrete_path(&self) -> DiscretePath {
        DiscretePath { mixture: self.path.clone(), source: self.source, vocabulary: self.vocabulary }
    }

    pub(crate) fn validate(&self) -> Result<()> {
        self.discrete_path().validate().map_err(|e| {
            let field = if e.field == "vocabulary" { e.field.to_string() } else { format!("path.{}", e.field) };
            ModelError::config(field, e.expected, e.got)
        })?;
        if self.tokens == (TokensConfig::Embedding { dim: 0 }) {
            return Err(ModelError::config("tokens.dim", "a number ≥ 1", 0));
        }
        if self.positions == Positions::Masked && self.source != TokenSource::Mask {
            return Err(ModelError::config("positions", "\"all\", since the source has no mask", "\"masked\""));
        }
        if let Some(Coupling::Exact(_) | Coupling::Sinkhorn(_) | Coupling::Conditional(_)) = self.coupling {
            let expected = "\"independent\" or \"paired\", since tokens have no distance";
            return Err(ModelError::config("coupling.type", expected, "a transport plan"));
        }
        predicts("model.type", &self.model, Parameterization::Data)?;
        self.sampler.validate()
    }
}
