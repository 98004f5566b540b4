//! Choices of the sampler's own diffusion h(t), the coefficient of dW: any h ≥ 0 keeps the path's marginals.
//! Ma et al. 2024 (SiT) call ½h² the diffusion: their c, c·σ and ½c·g² are h = √(2c), √(2cσ) and g√c.

use crate::error::{PathError, Result};
use crate::{Expression, GaussianPath, Path, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use thalweg_graph::Scalar;

/// The coefficient h(t) of dW in the sampler's SDE (Ma et al. 2024, SiT, whose diffusion is ½h²). 0 makes it the probability-flow ODE.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Diffusion {
    /// h = 0: deterministic.
    #[serde(deserialize_with = "no_fields")]
    Zero,
    /// h = g, that of the forward SDE; infinite at t = 1 on linear and gvp.
    #[serde(deserialize_with = "no_fields")]
    G,
    /// h = value at every time.
    Constant {
        /// h; at least 0.
        value: f64,
    },
    /// h = σ(t): finite everywhere, fades out at the data.
    #[default]
    #[serde(deserialize_with = "no_fields")]
    Sigma,
    /// h = t.
    #[serde(deserialize_with = "no_fields")]
    Linear,
    /// h = factor · g; infinite at t = 1 on linear and gvp.
    GScaled {
        /// Multiple of g; at least 0.
        factor: f64,
    },
    /// h = a function of t of one's own.
    Function {
        /// h(t), a traced function of t; finite and at least 0 at every time of the path.
        h: Expression,
    },
}

impl Diffusion {
    /// Checks the parameters; [`validate_on`](Diffusion::validate_on) checks a function, too.
    ///
    /// # Errors
    /// A negative or infinite `value` or `factor`.
    pub fn validate(&self) -> Result<()> {
        let (field, number) = match *self {
            Diffusion::Constant { value } => ("value", value),
            Diffusion::GScaled { factor } => ("factor", factor),
            _ => return Ok(()),
        };
        PathError::require(number.is_finite() && number >= 0.0, field, "a finite number ≥ 0", number)
    }

    /// Checks the parameters, and that a function is finite and not negative over the regular range of `path`.
    ///
    /// # Errors
    /// As [`validate`](Diffusion::validate), or `h` with a time at which it is negative, infinite or NaN.
    pub fn validate_on(&self, path: &Path) -> Result<()> {
        self.validate()?;
        let Diffusion::Function { h } = self else { return Ok(()) };
        path.regular_range().require_nonnegative("h", |t| h.evaluate(t))
    }

    /// h(t), of the shape of t.
    pub fn h<S: Scalar>(&self, path: &Path, t: S) -> S {
        match self {
            Diffusion::Zero => t.constant(0.0),
            Diffusion::G => path.diffusion(t),
            Diffusion::Constant { value } => t.constant(*value),
            Diffusion::Sigma => path.std(t),
            Diffusion::Linear => t,
            Diffusion::GScaled { factor } => path.diffusion(t) * *factor,
            Diffusion::Function { h } => h.evaluate(t),
        }
    }

    /// Whether h = 0 at every time, so that no score is needed.
    pub fn is_zero(&self) -> bool {
        match self {
            Diffusion::Constant { value: c } | Diffusion::GScaled { factor: c } => *c == 0.0,
            Diffusion::Function { h } => h.as_constant() == Some(0.0),
            _ => *self == Diffusion::Zero,
        }
    }

    /// The times at which h is finite.
    pub fn range(&self, path: &Path) -> TimeRange {
        TimeRange::where_finite(path, |t| self.h(path, t))
    }
}

/// Refuses unknown keys beside the `type` of a variant without fields, which serde would otherwise ignore.
fn no_fields<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<(), D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct NoFields {}
    NoFields::deserialize(deserializer).map(|NoFields {}| ())
}
