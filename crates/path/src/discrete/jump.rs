//! Steps of the Markov chain of tokens: Gat et al. 2024, "Discrete flow matching"; Campbell et al. 2022, "A continuous time framework for discrete denoising models".
//! Over a step the posterior stays what it was at the step's start; how often a token jumps meanwhile is what a rule says.

use super::{DiscretePath, MixtureSchedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// How the probability of a jump follows from its rate (Gat et al. 2024; Campbell et al. 2022). Either way it is at most 1, so that every step's
/// probabilities are a distribution, and a step that ends at t = 1 draws every token from the posterior.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum JumpRule {
    /// 1 − e^{−∫rate}: what the rate makes of the step, (κ(s) − κ(t))/(1 − κ(t)) without stochasticity.
    #[default]
    Exponential,
    /// The step's length times the rate at its start, cut at 1. Equal to `exponential` for the linear κ without stochasticity.
    Euler,
}

/// The probabilities of one step, the same for all tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jump<S = f64> {
    /// Probability of a draw from the posterior, in [0, 1].
    pub forward: S,
    /// Mean number of draws from the source otherwise, per unit of the posterior's probability of the present token; ≥ 0.
    pub backward: S,
}

impl DiscretePath {
    /// The step from `t` to `end`, 0 ≤ t < end ≤ 1, with stochasticity β = `eta`·κ(1 − κ).
    ///
    /// ```
    /// use thalweg_path::discrete::{DiscretePath, JumpRule, Mixture, TokenSource};
    /// let path = DiscretePath { mixture: Mixture::default(), source: TokenSource::Mask, vocabulary: 5 };
    /// assert!((path.jump(JumpRule::Exponential, 0.0, 0.5, 0.75).forward - 0.5).abs() < 1e-15);
    /// assert_eq!(path.jump(JumpRule::Euler, 0.0, 0.9, 1.0).forward, 1.0);
    /// ```
    pub fn jump(&self, rule: JumpRule, eta: f64, t: f64, end: f64) -> Jump {
        let (k, k_end) = (self.mixture.kappa(t), self.mixture.kappa(end));
        let share = self.backward_share(t);
        let (forward, backward) = match rule {
            JumpRule::Exponential => {
                // ∫κ̇(1 + ηκ(1 − κ))/(1 − κ) and ∫κ̇ηκ(1 − κ)/κ over the step.
                let half_squares = 0.5 * (k_end - k) * (k_end + k);
                let stays = self.mixture.remaining(end) / self.mixture.remaining(t) * (-eta * half_squares).exp();
                (1.0 - stays, eta * (k_end - k - half_squares))
            }
            JumpRule::Euler => {
                let (h, rate) = (end - t, self.mixture.d_kappa(t));
                (h * (self.forward_rate(t) + eta * rate * k), h * eta * rate * self.mixture.remaining(t))
            }
        };
        // Where κ has reached 1 before t = 1, 0/0: there is nothing left to jump.
        let forward = if end >= 1.0 {
            1.0
        } else if forward.is_nan() {
            0.0
        } else {
            forward.clamp(0.0, 1.0)
        };
        Jump { forward, backward: (backward * share).max(0.0) }
    }
}

/// Probability that a step ends at a token y: with probability `forward` a draw from the posterior, else perhaps one from the source, else as before.
///
/// `own` is the posterior's probability of the present token (1 if the source is the mask); `data`, `source` and `stay` are the probabilities of y under the
/// posterior, under the source, and 1 where y is the present token, else 0. Sums to 1 over y.
pub fn transition<S: Scalar>(jump: &Jump<S>, own: S, data: S, source: S, stay: S) -> S {
    let back = -(-(jump.backward * own)).exp_m1();
    let otherwise = stay + back * (source - stay);
    otherwise + jump.forward * (data - otherwise)
}
