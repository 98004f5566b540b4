//! Interpolants of flow and bridge models: x_t = a(t) x₀ + b(t) x₁ + c(t) ε from a source x₀ at t = 0 to data x₁ at t = 1.
//! To add one: a file that implements [`StochasticInterpolant`], and one line in the registry at the end.

use crate::error::{PathError, Result};
use crate::registry::tagged;
use crate::{Path, TimeRange};
use thalweg_graph::Scalar;

/// The coefficients of an interpolant and their time derivatives at one t. All have the shape of t.
#[derive(Clone, Copy, Debug)]
pub struct InterpolantCoefficients<S> {
    /// a, the factor of the source.
    pub a: S,
    /// b, the factor of the data.
    pub b: S,
    /// c, the standard deviation of the noise.
    pub c: S,
    /// ȧ.
    pub d_a: S,
    /// ḃ.
    pub d_b: S,
    /// ċ.
    pub d_c: S,
}

/// x_t = a x₀ + b x₁ + c ε, ε ~ N(0, I); t runs from the source (0) to the data (1), against the time of Gaussian paths.
pub trait StochasticInterpolant {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    fn validate(&self) -> Result<()>;

    /// a, b, c and their derivatives at `t` in [0, 1].
    fn coefficients<S: Scalar>(&self, t: S) -> InterpolantCoefficients<S>;

    /// The times at which all coefficients are finite; all of [0, 1] unless said.
    fn range(&self) -> TimeRange {
        TimeRange::new(0.0, 1.0)
    }

    /// The Gaussian path of the same x_t, if the source is a standard normal: its time is 1 − t, its noise is x₀, its velocity the
    /// flow's times −1. So the score, noise and data of a flow can be had from its velocity. `None` if c > 0 adds noise of its own.
    fn as_gaussian(&self) -> Option<Path> {
        None
    }
}

macro_rules! registry {
    ($($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        tagged! {
            /// How a flow or bridge model goes from source to data: x_t = a(t) x₀ + b(t) x₁ + c(t) ε.
            #[derive(Copy)]
            Interpolant;
            $($(#[$doc])* $module::$name = $tag,)*
        }

        impl StochasticInterpolant for Interpolant {
            fn validate(&self) -> Result<()> {
                match self { $(Interpolant::$name(interpolant) => interpolant.validate(),)* }
            }
            fn coefficients<S: Scalar>(&self, t: S) -> InterpolantCoefficients<S> {
                match self { $(Interpolant::$name(interpolant) => interpolant.coefficients(t),)* }
            }
            fn range(&self) -> TimeRange {
                match self { $(Interpolant::$name(interpolant) => interpolant.range(),)* }
            }
            fn as_gaussian(&self) -> Option<Path> {
                match self { $(Interpolant::$name(interpolant) => interpolant.as_gaussian(),)* }
            }
        }
    };
}

registry! {
    /// Straight lines between source and data, blurred by sigma: a = 1 − t, b = t, c = sigma (Lipman et al. 2023; Tong et al. 2024, I-CFM).
    independent::Independent = "independent",
    /// From noise to data of width sigma: a = 1 − (1 − sigma) t, b = t, c = 0 (Lipman et al. 2023, eq. 20 and 22).
    target::Target = "target",
    /// A quarter turn, blurred by sigma: a = cos(πt/2), b = sin(πt/2), c = sigma (Albergo & Vanden-Eijnden 2023, the trigonometric interpolant).
    variance_preserving::VariancePreserving = "variance_preserving",
    /// Brownian bridges of diffusion sigma: a = 1 − t, b = t, c = sigma √(t(1 − t)) (Tong et al. 2024, "Simulation-free Schrödinger bridges via score and
    /// flow matching").
    schrodinger_bridge::SchrodingerBridge = "schrodinger_bridge",
}

impl Interpolant {
    /// x_t = a x₀ + b x₁ + c ε. t broadcasts against the others.
    ///
    /// ```
    /// use thalweg_path::interpolant::{Interpolant, Independent};
    /// let line = Interpolant::from(Independent { sigma: 0.0 });
    /// assert_eq!(line.interpolate(0.25, 1.0, 5.0, 9.0), 2.0);
    /// assert_eq!(line.target(0.25, 1.0, 5.0, 9.0), 4.0);
    /// ```
    pub fn interpolate<S: Scalar>(&self, t: S, x0: S, x1: S, noise: S) -> S {
        let InterpolantCoefficients { a, b, c, .. } = self.coefficients(t);
        a * x0 + b * x1 + c * noise
    }

    /// u = ȧ x₀ + ḃ x₁ + ċ ε, the velocity of x_t at fixed x₀, x₁ and ε, to which the flow is fitted.
    pub fn target<S: Scalar>(&self, t: S, x0: S, x1: S, noise: S) -> S {
        let InterpolantCoefficients { d_a, d_b, d_c, .. } = self.coefficients(t);
        d_a * x0 + d_b * x1 + d_c * noise
    }
}

impl Default for Interpolant {
    /// independent with sigma 0.
    fn default() -> Interpolant {
        Independent::default().into()
    }
}

/// Checks that `sigma` is a finite number ≥ 0.
fn validate_sigma(sigma: f64) -> Result<()> {
    PathError::require(sigma.is_finite() && sigma >= 0.0, "sigma", "a finite number ≥ 0", sigma)
}
