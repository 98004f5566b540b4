//! The configuration of a flow of tokens, as users write it.
//! A file of its own, since it has a sampler of its own where the others have a solver.

use crate::config::{Common, NetworkConfig, Precision, Size, auto, config_of, predicts};
use crate::sampling::DiscreteSampler;
use crate::tokens::{Positions, TokensConfig};
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_coupling::Coupling;
use thalweg_path::{DiscretePath, Mixture, Parameterization, TokenSource};
use thalweg_solver::SolverConfig;

config_of! {
    /// A flow of tokens (Gat et al. 2024, "Discrete flow matching"; Campbell et al. 2024): from masked or random tokens (t = 0) to the data's (t = 1).
    /// States are integers, 64 bits each, of the shape `xSize`: a length, or a grid.
    DiscreteConfig(_config => SolverConfig::default()) {
        /// V ≥ 2: tokens are 0 … V − 1. The mask of the source `"mask"` is V.
        #[schemars(range(min = 2, max = 16777216))]
        vocabulary: usize,
        /// κ(t), the probability that a token is the data's.
        #[serde(default)]
        path: Mixture,
        /// Where tokens come from.
        #[serde(default)]
        source: TokenSource,
        /// How tokens become numbers for the network. A module written in TypeScript gets the tokens themselves.
        #[serde(default)]
        tokens: TokensConfig,
        /// Which positions count.
        #[serde(default)]
        positions: Positions,
        /// Which source sample meets which datum, where source samples are given: `independent` (default) or `paired`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupling: Option<Coupling>,
        /// The network; it predicts the data (`data_prediction_function`): logits of p(x₁ | x_t), V numbers for each position.
        model: NetworkConfig,
        /// How samples are drawn, unless a call says otherwise.
        #[serde(default)]
        sampler: DiscreteSampler,
    }
}

impl DiscreteConfig {
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
            return Err(ModelError::config("tokens.dim", "an integer ≥ 1", 0));
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
