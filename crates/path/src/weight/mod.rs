//! How much the loss counts at each t. A weight is defined for the error of the data prediction and carried over to what is compared.
//! To add one: a file that implements [`DataWeight`], and one line in the registry at the end.

use crate::error::Result;
use crate::registry::tagged;
use crate::{GaussianPath, Parameterization, Path, TimeRange};
use thalweg_graph::Scalar;

/// A weight of ½‖D̂ − x₀‖² at t.
pub trait DataWeight {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// The factor of ½‖D̂ − x₀‖² at `t`; at least 0, of the shape of t.
    fn data_weight<S: Scalar>(&self, path: &Path, t: S) -> S;
}

/// s²/σ² = e^{2λ}, the signal-to-noise ratio.
pub fn snr<S: Scalar>(path: &Path, t: S) -> S {
    (path.scale(t) / path.std(t)).square()
}

/// |dq/dD| at fixed x for the quantity q of this kind: ‖q̂ − q‖ = gain ‖D̂ − x₀‖.
///
/// s/σ² for the score, s/σ for noise, Δ/σ for velocity, 1 for data.
pub fn error_gain<S: Scalar>(path: &Path, of: Parameterization, t: S) -> S {
    let sigma = path.std(t);
    match of {
        Parameterization::Score => path.scale(t) / sigma.square(),
        Parameterization::Noise => path.scale(t) / sigma,
        Parameterization::Velocity => path.delta(t) / sigma,
        Parameterization::Data => t.constant(1.0),
    }
}

macro_rules! registry {
    ($($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        tagged! {
            /// A factor of the loss at t.
            Weight;
            $($(#[$doc])* $module::$name = $tag,)*
            /// A function of t of one's own, by which the loss is multiplied as it is, whatever it compares.
            function::Function = "function",
        }

        impl Weight {
            /// The factor of ½‖q̂ − q‖² at `t`, where the loss compares quantities of kind `of`; of the shape of t.
            ///
            /// The product of loss and weight is the same for each kind, except with `function`.
            pub fn factor<S: Scalar>(&self, path: &Path, of: Parameterization, t: S) -> S {
                let of_data = match self {
                    $(Weight::$name(weight) => weight.data_weight(path, t),)*
                    Weight::Function(function) => return function.weight.evaluate(t),
                };
                of_data / error_gain(path, of, t).square()
            }

            /// The times at which [`factor`](Weight::factor) is finite: all of the path, less the neighbourhood of those ends where it is not.
            pub fn range(&self, path: &Path, of: Parameterization) -> TimeRange {
                TimeRange::where_finite(path, |t| self.factor(path, of, t))
            }

            /// Checks the parameters, and a function's values over the regular range of `path`.
            ///
            /// # Errors
            /// The first field that breaks a rule.
            pub fn validate(&self, path: &Path) -> Result<()> {
                match self {
                    $(Weight::$name(weight) => weight.validate(),)*
                    Weight::Function(function) => path.regular_range().require_nonnegative("weight", |t| function.weight.evaluate(t)),
                }
            }
        }
    };
}

registry! {
    /// min(SNR, gamma): easy, nearly noiseless times count no more than those with signal-to-noise ratio gamma (Hang et al. 2023).
    min_snr::MinSnr = "min_snr",
    /// (σ̃² + σd²)/(σ̃σd)²: every noise level starts with loss 1 (Karras et al. 2022, table 1).
    edm::Edm = "edm",
    /// The weight of the likelihood bound: −2λ̇ of the noise error, if t is drawn uniformly (Song et al. 2021, "Maximum likelihood training of score-based
    /// diffusion models", theorem 1).
    likelihood::Likelihood = "likelihood",
    /// max(SNR, 1): the error of data or of noise, whichever is larger (Salimans & Ho 2022, section 4).
    truncated_snr::TruncatedSnr = "truncated_snr",
    /// −2λ̇ · sigmoid(bias − 2λ) of the noise error: the likelihood bound without what is too fine to be seen (Kingma & Gao 2023).
    sigmoid::Sigmoid = "sigmoid",
}
