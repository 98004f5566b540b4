//! schrodinger_bridge: Brownian bridges x_t = (1 − t) x₀ + t x₁ + σ√(t(1 − t)) ε; Tong et al. 2023 ([SF]²M).
//! With pairs from entropic optimal transport at ε = 2σ² they are the Schrödinger bridge; flow and score are learned together.

use super::{InterpolantCoefficients, StochasticInterpolant};
use crate::TimeRange;
use crate::error::{PathError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// a = 1 − t, b = t, c = sigma √(t(1 − t)); ċ is infinite at both ends.
///
/// A score network s_θ is fitted by ½‖−λ(t) s_θ − ε‖² with λ = 2√(t(1 − t))/σ and then is (σ²/2)∇log p_t, finite at both ends. Samples
/// follow dx = (v + s_θ) dt + σ dW, or dx = v dt.
///
/// ```
/// use thalweg_path::interpolant::SchrodingerBridge;
/// let bridge = SchrodingerBridge { sigma: 2.0 };
/// assert_eq!(bridge.score_weight(0.5), 0.5);
/// assert_eq!(bridge.score(-3.0), -1.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SchrodingerBridge {
    /// Diffusion σ of the Brownian motion; positive, in the units that the network sees: those of the data divided by their standard deviation unless `normalize` is false.
    pub sigma: f64,
}

impl Default for SchrodingerBridge {
    fn default() -> SchrodingerBridge {
        SchrodingerBridge { sigma: 1.0 }
    }
}

/// Distance to both ends: the target ċ ε has an infinite variance, whose integral diverges, at 0 and 1.
const CUT: f64 = 1e-4;

impl SchrodingerBridge {
    /// λ(t) = 2√(t(1 − t))/σ, of the score loss ½‖−λ s_θ − ε‖².
    pub fn score_weight<S: Scalar>(&self, t: S) -> S {
        (t * (t.constant(1.0) - t)).sqrt() * (2.0 / self.sigma)
    }

    /// ∇log p_t from s_θ = (σ²/2)∇log p_t.
    pub fn score<S: Scalar>(&self, network: S) -> S {
        network * (2.0 / self.sigma.powi(2))
    }
}

impl StochasticInterpolant for SchrodingerBridge {
    fn validate(&self) -> Result<()> {
        PathError::require(self.sigma.is_finite() && self.sigma > 0.0, "sigma", "a positive finite number", self.sigma)
    }

    fn coefficients<S: Scalar>(&self, t: S) -> InterpolantCoefficients<S> {
        let one = t.constant(1.0);
        let left = one - t;
        let root = (t * left).sqrt();
        let d_c = (left - t) / root * (0.5 * self.sigma);
        InterpolantCoefficients { a: left, b: t, c: root * self.sigma, d_a: -one, d_b: one, d_c }
    }

    /// From 1e-4 to 1 − 1e-4.
    fn range(&self) -> TimeRange {
        TimeRange::new(CUT, 1.0 - CUT)
    }
}
