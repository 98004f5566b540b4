//! How a loss draws t from a uniform number: quantile functions, so that row i depends on nothing but its own random number.
//! To add one: a file that implements [`TimeDensity`], and one line in the registry at the end.

mod layout;

pub use layout::{TimeLayout, layout};

use crate::error::Result;
use crate::registry::tagged;
use crate::{GaussianPath, Path, TimeRange};
use thalweg_graph::Scalar;

/// A probability density of t on an interval, given by its quantile function.
pub trait TimeDensity {
    /// The t below which a share `u` in (0, 1) of the draws lies; in [t_min, t_max], of the shape of u.
    fn sample<S: Scalar>(&self, path: &Path, u: S, t_min: f64, t_max: f64) -> S;

    /// The density at `t` in [t_min, t_max], by which an importance weight is divided.
    fn density<S: Scalar>(&self, path: &Path, t: S, t_min: f64, t_max: f64) -> S;

    /// The widest interval on which the density can be normalised.
    fn range(&self, path: &Path) -> TimeRange;

    /// Checks that `range` is an interval of the path on which the density can be normalised.
    ///
    /// # Errors
    /// Names `tMin` or `tMax`, whichever is out of place, or a parameter of the density.
    fn validate(&self, path: &Path, range: TimeRange) -> Result<()> {
        range.validate(path)
    }
}

/// The weight g²/σ² = −2λ̇ with which ½‖ε̂ − ε‖² at t, averaged over x₀ and ε and integrated over t, bounds the negative log-likelihood
/// up to a constant (Song et al. 2021, "Maximum likelihood training of score-based diffusion models", theorem 1).
///
/// Divided by the density that t was drawn from it is the importance weight: constant, 2(λ(t_min) − λ(t_max)), for [`InverseLambda`].
pub fn likelihood_weight<S: Scalar>(path: &Path, t: S) -> S {
    path.d_half_log_snr(t) * -2.0
}

macro_rules! registry {
    ($($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        tagged! {
            /// The distribution that a loss draws t from.
            TimeSampler;
            $($(#[$doc])* $module::$name = $tag,)*
        }

        impl TimeDensity for TimeSampler {
            fn sample<S: Scalar>(&self, path: &Path, u: S, t_min: f64, t_max: f64) -> S {
                match self { $(TimeSampler::$name(sampler) => sampler.sample(path, u, t_min, t_max),)* }
            }
            fn density<S: Scalar>(&self, path: &Path, t: S, t_min: f64, t_max: f64) -> S {
                match self { $(TimeSampler::$name(sampler) => sampler.density(path, t, t_min, t_max),)* }
            }
            fn range(&self, path: &Path) -> TimeRange {
                match self { $(TimeSampler::$name(sampler) => sampler.range(path),)* }
            }
            fn validate(&self, path: &Path, range: TimeRange) -> Result<()> {
                match self { $(TimeSampler::$name(sampler) => sampler.validate(path, range),)* }
            }
        }
    };
}

registry! {
    /// Every t equally likely (Song et al. 2021, eq. 7).
    uniform::Uniform = "uniform",
    /// Density in proportion to g²/σ²: uniform in log signal-to-noise ratio, which weights the loss by likelihood (Song et al. 2021, "Maximum likelihood
    /// training of score-based diffusion models", section 5.1).
    inverse_lambda::InverseLambda = "inverse_lambda",
    /// The logit of t, as a fraction of the interval, is normal (Esser et al. 2024, section 3.1).
    logit_normal::LogitNormal = "logit_normal",
    /// The logarithm of the noise level σ/s is normal, truncated to the interval (Karras et al. 2022, table 1).
    log_normal_sigma::LogNormalSigma = "log_normal_sigma",
    /// Density in proportion to a weight.
    weighted::Weighted = "weighted",
}

impl TimeSampler {
    /// Every t equally likely.
    pub fn uniform() -> TimeSampler {
        TimeSampler::Uniform(Uniform {})
    }

    /// Density in proportion to g²/σ².
    pub fn inverse_lambda() -> TimeSampler {
        TimeSampler::InverseLambda(InverseLambda {})
    }
}

impl Default for TimeSampler {
    fn default() -> TimeSampler {
        TimeSampler::uniform()
    }
}
