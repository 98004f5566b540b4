//! Data of one normal distribution, whose marginals, score and everything else are known at every t.

use super::along;
use thalweg_path::{GaussianPath, Parameterization, Path};

/// Data N(mean, std²) carried along a path.
pub struct GaussianData {
    pub path: Path,
    pub mean: f64,
    pub std: f64,
}

impl GaussianData {
    /// Mean of x_t.
    pub fn mean_at(&self, t: f64) -> f64 {
        self.path.scale(t) * self.mean
    }

    /// Variance of x_t.
    pub fn variance_at(&self, t: f64) -> f64 {
        (self.path.scale(t) * self.std).powi(2) + self.path.std(t).powi(2)
    }

    /// The exact function at (t, x), without use of any conversion; the velocity is the affine field that moves mean and variance.
    pub fn exact(&self, kind: Parameterization, t: f64, x: f64) -> f64 {
        let (mean, variance) = (self.mean_at(t), self.variance_at(t));
        let (s, sigma) = (self.path.scale(t), self.path.std(t));
        match kind {
            Parameterization::Score => (mean - x) / variance,
            Parameterization::Noise => sigma * (x - mean) / variance,
            Parameterization::Data => self.mean + s * self.std.powi(2) * (x - mean) / variance,
            Parameterization::Velocity => {
                let growth = along(&self.path, |t| self.variance_at(t), t) / (2.0 * variance);
                along(&self.path, |t| self.mean_at(t), t) + growth * (x - mean)
            }
        }
    }
}
