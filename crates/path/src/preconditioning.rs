//! EDM's preconditioning: a network F whose input and target have unit variance at every noise level; Karras et al. 2022, table 1, eq. 7 and 8.
//! Written for σ̃ = σ/s and x̃ = x/s, so that it serves every path.

use crate::error::{PathError, Result};
use crate::{GaussianPath, Path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// The data prediction D = c_skip x̃ + c_out F(c_in x̃; c_noise) of a network F.
///
/// ```
/// use thalweg_path::{Path, Preconditioning};
/// let edm = Preconditioning { sigma_data: 0.5 };
/// let c = edm.coefficients(&Path::linear(), 1.0 / 3.0);
/// assert!((c.c_skip - 0.5).abs() < 1e-15 && (c.c_in - 2f64.sqrt()).abs() < 1e-15);
/// assert!((edm.loss_weight(&Path::linear(), 1.0 / 3.0) - 8.0).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[schemars(
    description = "EDM's preconditioning (Karras et al. 2022, table 1): the network's input and target have unit variance at every noise level."
)]
pub struct Preconditioning {
    /// Standard deviation of the data; positive.
    pub sigma_data: f64,
}

impl Default for Preconditioning {
    fn default() -> Preconditioning {
        Preconditioning { sigma_data: 0.5 }
    }
}

/// The coefficients at one time, as factors of x̃ = x/s. All have the shape of t.
#[derive(Clone, Copy, Debug)]
pub struct PreconditioningCoefficients<S> {
    /// σd²/(σ̃² + σd²), the share of x̃ that goes past the network.
    pub c_skip: S,
    /// σ̃σd/√(σ̃² + σd²), the factor of the network's output.
    pub c_out: S,
    /// 1/√(σ̃² + σd²), the factor of x̃ in the network's input.
    pub c_in: S,
    /// ¼ ln σ̃ = −¼λ, the network's time; infinite where s or σ is 0.
    pub c_noise: S,
}

impl Preconditioning {
    /// Checks the parameter.
    ///
    /// # Errors
    /// A `sigmaData` that is not a positive finite number.
    pub fn validate(&self) -> Result<()> {
        let sigma_data = self.sigma_data;
        PathError::require(sigma_data.is_finite() && sigma_data > 0.0, "sigmaData", "a positive finite number", sigma_data)
    }

    /// √(σ² + s²σd²), the standard deviation of x: s times that of x̃, and never 0.
    fn spread<S: Scalar>(&self, path: &Path, t: S) -> S {
        (path.std(t).square() + (path.scale(t) * self.sigma_data).square()).sqrt()
    }

    /// c_skip, c_out, c_in and c_noise at `t`, written with s and σ so that they are finite where s = 0, too.
    pub fn coefficients<S: Scalar>(&self, path: &Path, t: S) -> PreconditioningCoefficients<S> {
        let spread = self.spread(path, t);
        PreconditioningCoefficients {
            c_skip: (path.scale(t) * self.sigma_data / spread).square(),
            c_out: path.std(t) * self.sigma_data / spread,
            c_in: path.scale(t) / spread,
            c_noise: path.half_log_snr(t) * -0.25,
        }
    }

    /// c_in x̃ = x/√(σ² + s²σd²), the network's input.
    pub fn input<S: Scalar>(&self, path: &Path, t: S, x: S) -> S {
        x / self.spread(path, t)
    }

    /// D at (t, x), where the network's output is `f`. Finite up to both ends of every path.
    pub fn data<S: Scalar>(&self, path: &Path, t: S, x: S, f: S) -> S {
        let spread = self.spread(path, t);
        let skip = path.scale(t) * self.sigma_data.powi(2) / spread.square();
        skip * x + path.std(t) * self.sigma_data / spread * f
    }

    /// What F is fitted to: (x₀ − c_skip x̃)/c_out; infinite at σ = 0.
    pub fn target<S: Scalar>(&self, path: &Path, t: S, x: S, x0: S) -> S {
        let spread = self.spread(path, t);
        let skip = path.scale(t) * self.sigma_data.powi(2) / spread.square();
        (x0 - skip * x) * spread / (path.std(t) * self.sigma_data)
    }

    /// 1/c_out² = (σ̃² + σd²)/(σ̃σd)², by which ‖D − x₀‖² is multiplied to be ‖F − target‖²; infinite at σ = 0.
    pub fn loss_weight<S: Scalar>(&self, path: &Path, t: S) -> S {
        self.coefficients(path, t).c_out.square().recip()
    }
}
