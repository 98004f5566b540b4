//! Equal steps in λ = log(s/σ), half the logarithm of the signal-to-noise ratio.
//! In this variable the exponential rules have their order, and equal steps have about equal errors.

use super::{Schedule, Warp};

/// Lu et al. 2022a, section 3.1.
pub(super) fn warp(schedule: &dyn Schedule) -> Warp<'_> {
    Warp { to: Box::new(|t| schedule.lambda(t)), back: Box::new(|w| schedule.t_of_lambda(w)) }
}
