//! The dynamics whose marginals are the path's: the probability-flow ODE, and an SDE for every diffusion h(t) ≥ 0.
//! Drift formulas in one file, choices of h in another.

mod diffusion;
mod drift;

pub use diffusion::Diffusion;
pub use drift::{forward_sde_drift, pf_ode_drift, reverse_sde_drift};

use crate::{Parameterization, Path, TimeRange, conversion_range};

/// The times at which sampling with `diffusion` from a network of kind `parameterization` is finite: velocity, and with h > 0 score and h.
///
/// ```
/// use thalweg_path::{Diffusion, Parameterization, Path, dynamics_range};
/// let velocity = Parameterization::Velocity;
/// assert_eq!(dynamics_range(&Path::linear(), velocity, &Diffusion::Zero).t_max, 1.0);
/// assert_eq!(dynamics_range(&Path::linear(), velocity, &Diffusion::G).t_max, 0.999);
/// ```
pub fn dynamics_range(path: &Path, parameterization: Parameterization, diffusion: &Diffusion) -> TimeRange {
    let velocity = conversion_range(path, parameterization, Parameterization::Velocity);
    if diffusion.is_zero() {
        return velocity;
    }
    let score = conversion_range(path, parameterization, Parameterization::Score);
    velocity.intersect(score).intersect(diffusion.range(path))
}
