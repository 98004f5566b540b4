//! Gaussian probability paths x_t = s(t) x₀ + σ(t) ε. Each path is one file that writes its formulas once, for host and device.
//! To add one: a file that implements [`GaussianPath`], and one line in the registry at the end.

mod inversion;

use crate::error::{PathError, Result};
use crate::registry::tagged;
use crate::time_range::TimeRange;
use thalweg_graph::Scalar;

pub use custom::Schedule;
pub use inversion::invert_half_log_snr;

/// σ, and s, to which a path that reaches 0 is cut by default: beyond, σ leaves x too few digits in 32 bits, and s x₀ is neglected.
const CUT: Cut = Cut { std: 1e-5, scale: 1e-3 };

/// Smallest σ and s of a regular range.
struct Cut {
    std: f64,
    scale: f64,
}

/// A path from data at t = [`t_min`](GaussianPath::t_min) to noise at t = [`t_max`](GaussianPath::t_max): x_t = s(t) x₀ + σ(t) ε, ε ~ N(0, I).
///
/// t is dimensionless; results have the shape of t. Each path writes the forms that are accurate in 32-bit arithmetic over the
/// whole of [t_min, t_max]. Where a quantity is infinite (1/s at s = 0, λ at either end, σ̇ of a variance-preserving SDE at 0) the
/// formula gives the infinity: callers stay in [`regular_range`](GaussianPath::regular_range).
///
/// Identities (Kingma et al. 2021; Lu et al. 2022, section 2.1): f = ṡ/s, g² = 2σσ̇ − 2fσ² = −2σ²λ̇, Δ = sσ̇ − ṡσ = −sσλ̇ ≥ 0, and > 0 inside of the path.
pub trait GaussianPath {
    /// Checks the parameters of the path.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// The end at which x_t is data (up to σ(t_min) ε); 0 unless the path says otherwise.
    fn t_min(&self) -> f64 {
        0.0
    }

    /// The end at which x_t is noise (up to s(t_max) x₀).
    fn t_max(&self) -> f64 {
        1.0
    }

    /// The times at which 1/s, 1/σ, λ, f, g² and σ̇ all are finite and conversions are well conditioned in 32-bit arithmetic.
    fn regular_range(&self) -> TimeRange;

    /// Standard deviation of the distribution that a sampler starts from, N(0, σ(t_max)² I).
    fn prior_std(&self) -> f64 {
        self.std(self.t_max())
    }

    /// log s.
    fn log_scale<S: Scalar>(&self, t: S) -> S;

    /// s, the factor of the data.
    fn scale<S: Scalar>(&self, t: S) -> S;

    /// σ, the standard deviation of the noise.
    fn std<S: Scalar>(&self, t: S) -> S;

    /// ṡ.
    fn d_scale<S: Scalar>(&self, t: S) -> S;

    /// σ̇.
    fn d_std<S: Scalar>(&self, t: S) -> S;

    /// f = ṡ/s, drift coefficient of the forward SDE dx = f x dt + g dW.
    fn drift_coefficient<S: Scalar>(&self, t: S) -> S;

    /// g², squared diffusion coefficient of the forward SDE.
    fn diffusion_squared<S: Scalar>(&self, t: S) -> S;

    /// g.
    fn diffusion<S: Scalar>(&self, t: S) -> S {
        self.diffusion_squared(t).sqrt()
    }

    /// λ = log(s/σ), half the log signal-to-noise ratio; falls strictly with t.
    fn half_log_snr<S: Scalar>(&self, t: S) -> S;

    /// λ̇ = −g²/(2σ²) < 0.
    fn d_half_log_snr<S: Scalar>(&self, t: S) -> S {
        self.diffusion_squared(t) / self.std(t).square() * -0.5
    }

    /// t(λ), the inverse of [`half_log_snr`](GaussianPath::half_log_snr); numerical ([`invert_half_log_snr`]) for a path without a closed form.
    fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
        invert_half_log_snr(self, lambda)
    }

    /// Δ = sσ̇ − ṡσ, positive inside of the path.
    fn delta<S: Scalar>(&self, t: S) -> S;
}

macro_rules! registry {
    ($($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        tagged! {
            /// How data becomes noise: x_t = s(t) x₀ + σ(t) ε, from data at the least t to noise at the largest.
            Path;
            $($(#[$doc])* $module::$name = $tag,)*
        }

        impl GaussianPath for Path {
            fn validate(&self) -> Result<()> {
                match self { $(Path::$name(path) => path.validate(),)* }
            }
            fn t_min(&self) -> f64 {
                match self { $(Path::$name(path) => path.t_min(),)* }
            }
            fn t_max(&self) -> f64 {
                match self { $(Path::$name(path) => path.t_max(),)* }
            }
            fn regular_range(&self) -> TimeRange {
                match self { $(Path::$name(path) => path.regular_range(),)* }
            }
            fn prior_std(&self) -> f64 {
                match self { $(Path::$name(path) => path.prior_std(),)* }
            }
            fn log_scale<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.log_scale(t),)* }
            }
            fn scale<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.scale(t),)* }
            }
            fn std<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.std(t),)* }
            }
            fn d_scale<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.d_scale(t),)* }
            }
            fn d_std<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.d_std(t),)* }
            }
            fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.drift_coefficient(t),)* }
            }
            fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.diffusion_squared(t),)* }
            }
            fn diffusion<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.diffusion(t),)* }
            }
            fn half_log_snr<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.half_log_snr(t),)* }
            }
            fn d_half_log_snr<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.d_half_log_snr(t),)* }
            }
            fn time_of_half_log_snr<S: Scalar>(&self, lambda: S) -> S {
                match self { $(Path::$name(path) => path.time_of_half_log_snr(lambda),)* }
            }
            fn delta<S: Scalar>(&self, t: S) -> S {
                match self { $(Path::$name(path) => path.delta(t),)* }
            }
        }
    };
}

registry! {
    /// The variance-preserving SDE whose β rises linearly: f = −β/2, g² = β, β(t) = beta0 + t (beta1 − beta0) (Song et al. 2021, appendix C, eq. 33).
    linear_vp_sde::LinearVpSde = "linear_vp_sde",
    /// The straight path of flow matching: s = 1 − t, σ = t (Lipman et al. 2023, eq. 20 with σ_min = 0, time reversed; Liu et al. 2023).
    linear::Linear = "linear",
    /// The generalized variance-preserving path: s = cos(πt/2), σ = sin(πt/2) (Albergo & Vanden-Eijnden 2023; Ma et al. 2024, SiT).
    gvp::Gvp = "gvp",
    /// The variance-exploding SDE: s = 1, σ from sigmaMin to sigmaMax in geometric progression (Song et al. 2021, appendix C).
    ve::Ve = "ve",
    /// s = 1, σ = t, from t = sigmaMin to sigmaMax: the noise level itself is the time (Karras et al. 2022, table 1).
    edm::Edm = "edm",
    /// The variance-preserving path of the cosine schedule, up to t = 0.9946 (Nichol & Dhariwal 2021, section 3.2).
    cosine_vp::CosineVp = "cosine_vp",
    /// The sub-variance-preserving SDE: s as linear_vp_sde, σ = 1 − s² (Song et al. 2021, appendix C).
    sub_vp::SubVp = "sub_vp",
    /// s = 1 − tⁿ, σ = tⁿ: lingers at the data (Lipman et al. 2024, "Flow matching guide and code").
    polynomial::Polynomial = "polynomial",
    /// s = (1 − t)ⁿ, σ = 1 − (1 − t)ⁿ: lingers at the noise (Lipman et al. 2024, "Flow matching guide and code", time reversed).
    polynomial_convex::PolynomialConvex = "polynomial_convex",
    /// A path of one's own: two functions of t, as traced expressions, from which all else follows (Kingma et al. 2021).
    custom::Custom = "custom",
}

impl Path {
    /// The linear variance-preserving SDE from β = `beta0` to `beta1`.
    pub fn linear_vp_sde(beta0: f64, beta1: f64) -> Path {
        LinearVpSde { beta0, beta1 }.into()
    }

    /// The straight path.
    pub fn linear() -> Path {
        Linear {}.into()
    }

    /// The generalized variance-preserving path.
    pub fn gvp() -> Path {
        Gvp {}.into()
    }
}

impl Default for Path {
    /// linear_vp_sde from 0.1 to 20.
    fn default() -> Path {
        LinearVpSde::default().into()
    }
}
