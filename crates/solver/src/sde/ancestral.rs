//! Ancestral sampling: the next state is drawn from its posterior, given the state and the predicted datum.
//! It is DDIM with η = 1, here under the name that the field gives it among SDE samplers.

use crate::config::SdeSolver;
use crate::exponential::Ddim;

/// Ho, Jain & Abbeel 2020, equations 6 and 7 (the posterior variance), for any s and σ.
pub(super) fn rule(_: &SdeSolver) -> Ddim {
    Ddim { eta: 1.0 }
}
