//! Probability paths of tokens: Gat et al. 2024, "Discrete flow matching"; Campbell et al. 2024, "Generative flows on discrete state-spaces".
//! To add a schedule κ: a file that implements [`MixtureSchedule`], and one line in the registry at the end.
//!
//! Given a source token x₀ and a datum's token x₁, each position on its own is x₁ with probability κ(t), else x₀. The times run from the
//! source (0) to the data (1). The process is a continuous-time Markov chain, whose rates follow from the posterior p(x₁ | x_t) of the
//! data's tokens, which is what a network predicts: see [`DiscretePath::forward_rate`] and [`transition`].

mod jump;

use crate::dual::differentiate;
use crate::error::{PathError, Result};
use crate::registry::tagged;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

pub use jump::{Jump, JumpRule, transition};

/// κ(t), the share of tokens that are the data's; it does not decrease from κ(0) = 0 to κ(1) = 1.
pub trait MixtureSchedule {
    /// Checks the parameters.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// κ at `t` in [0, 1].
    fn kappa<S: Scalar>(&self, t: S) -> S;

    /// 1 − κ, without cancellation where κ is near 1.
    fn remaining<S: Scalar>(&self, t: S) -> S {
        t.constant(1.0) - self.kappa(t)
    }

    /// κ̇.
    fn d_kappa<S: Scalar>(&self, t: S) -> S {
        differentiate(|t| self.kappa(t), t).derivative
    }
}

macro_rules! registry {
    ($($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        tagged! {
            /// How tokens go from source to data: each is the data's with probability κ(t).
            Mixture;
            $($(#[$doc])* $module::$name = $tag,)*
        }

        impl MixtureSchedule for Mixture {
            fn validate(&self) -> Result<()> {
                match self { $(Mixture::$name(schedule) => schedule.validate(),)* }
            }
            fn kappa<S: Scalar>(&self, t: S) -> S {
                match self { $(Mixture::$name(schedule) => schedule.kappa(t),)* }
            }
            fn remaining<S: Scalar>(&self, t: S) -> S {
                match self { $(Mixture::$name(schedule) => schedule.remaining(t),)* }
            }
            fn d_kappa<S: Scalar>(&self, t: S) -> S {
                match self { $(Mixture::$name(schedule) => schedule.d_kappa(t),)* }
            }
        }
    };
}

registry! {
    /// κ = t (Gat et al. 2024; Campbell et al. 2024).
    linear::Linear = "linear",
    /// κ = t^exponent: with an exponent above 1 data comes in late (Gat et al. 2024).
    polynomial::Polynomial = "polynomial",
    /// κ = 1 − cos(πt/2): slowly at first (Chang et al. 2022, "MaskGIT").
    cosine::Cosine = "cosine",
    /// κ is a function of one's own.
    function::Function = "function",
}

impl Default for Mixture {
    /// linear.
    fn default() -> Mixture {
        Linear {}.into()
    }
}

/// Where tokens come from at t = 0, if no source samples are given (Gat et al. 2024, "Discrete flow matching").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum TokenSource {
    /// Every token is the mask, a token of its own whose number is the vocabulary's size.
    #[default]
    Mask,
    /// Every token of the vocabulary is equally likely, at each position on its own.
    Uniform,
}

/// The path of tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscretePath {
    /// κ.
    pub mixture: Mixture,
    /// Where it begins.
    pub source: TokenSource,
    /// V, the number of tokens that data may have.
    pub vocabulary: usize,
}

impl DiscretePath {
    /// Checks κ and the vocabulary.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn validate(&self) -> Result<()> {
        let holds = (2..=1 << 24).contains(&self.vocabulary);
        PathError::require(holds, "vocabulary", "a number of tokens from 2 to 16777216", self.vocabulary as f64)?;
        self.mixture.validate()
    }

    /// How many tokens a state may have: V, and one more if there is a mask.
    pub fn tokens(&self) -> usize {
        self.vocabulary + usize::from(self.source == TokenSource::Mask)
    }

    /// Probability of `token` at t = 0.
    pub fn source_probability(&self, token: usize) -> f64 {
        match self.source {
            TokenSource::Mask => f64::from(token == self.vocabulary),
            TokenSource::Uniform if token < self.vocabulary => 1.0 / self.vocabulary as f64,
            TokenSource::Uniform => 0.0,
        }
    }

    /// κ̇/(1 − κ), the rate at which a token jumps to one drawn from the posterior: the velocity
    /// û(y, x) = κ̇/(1 − κ) · (p(x₁ = y | x_t) − δ_x(y)) generates the path (Gat et al. 2024). Infinite at t = 1.
    pub fn forward_rate<S: Scalar>(&self, t: S) -> S {
        self.mixture.d_kappa(t) / self.mixture.remaining(t)
    }

    /// β(t) of `stochasticity` η: ηκ(1 − κ), which makes all rates below finite. With α = 1 + β, the velocity αû − βǔ generates the path too
    /// (Gat et al. 2024), where ǔ is the velocity back to the source.
    pub fn stochasticity<S: Scalar>(&self, eta: f64, t: S) -> S {
        self.mixture.kappa(t) * self.mixture.remaining(t) * eta
    }

    /// w of the velocity back to the source, ǔ(y, x) = κ̇/κ · w·own · (δ_x(y) − p₀(y)), where `own` is the posterior's probability of the present token x.
    ///
    /// Of a uniform source κV/(κV + 1 − κ): where x₁ = x, the probability that x is shown because it is x₁, so that the source token may be any. Of a mask 1,
    /// and `own` counts as 1: every source token is the mask.
    pub fn backward_share<S: Scalar>(&self, t: S) -> S {
        match self.source {
            TokenSource::Mask => t.constant(1.0),
            TokenSource::Uniform => {
                let shown = self.mixture.kappa(t) * self.vocabulary as f64;
                shown / (shown + self.mixture.remaining(t))
            }
        }
    }
}
