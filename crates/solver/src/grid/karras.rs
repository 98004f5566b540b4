//! Equal steps in σ̃^(1/ρ), σ̃ = σ/s = e^{−λ}: between equal steps in log σ̃ (ρ → ∞) and in σ̃ (ρ = 1).
//! It may end at σ = 0, which steps in log σ̃ never reach.

use super::{Schedule, Warp};

/// Karras et al. 2022, equation 5.
pub(super) fn warp(schedule: &dyn Schedule, rho: f64) -> Warp<'_> {
    Warp { to: Box::new(move |t| (-schedule.lambda(t) / rho).exp()), back: Box::new(move |w| schedule.t_of_lambda(-rho * w.ln())) }
}

/// ρ of the paper.
pub(super) fn default_rho() -> f64 {
    7.0
}
