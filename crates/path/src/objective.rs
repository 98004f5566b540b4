//! What a network is fitted to: the noised sample x_t, and the function of (x₀, ε) whose conditional expectation it learns.
//! Expectation over x₀, ε given x_t turns each target into the parameterization of the same name.

use crate::{GaussianPath, Parameterization, Path};
use thalweg_graph::Scalar;

/// x_t = s x₀ + σ ε, the sample at t of the path from `x0` to `noise`. t broadcasts against both, as in [`convert`](crate::convert).
pub fn interpolate<S: Scalar>(path: &Path, t: S, x0: S, noise: S) -> S {
    path.scale(t) * x0 + path.std(t) * noise
}

/// The target of denoising score matching: ε itself (Ho et al. 2020, eq. 14).
pub fn noise_target<S: Scalar>(noise: S) -> S {
    noise
}

/// The target of flow matching: ṡ x₀ + σ̇ ε, the velocity of x_t at fixed x₀ and ε (Lipman et al. 2023, eq. 9).
///
/// On linear_vp_sde σ̇ is infinite at t = 0 and ∫σ̇² dt diverges there: draw t from 1e-5 on.
pub fn velocity_target<S: Scalar>(path: &Path, t: S, x0: S, noise: S) -> S {
    path.d_scale(t) * x0 + path.d_std(t) * noise
}

/// The function of (x₀, ε) whose expectation given x_t is `parameterization`: −ε/σ, ε, ṡx₀ + σ̇ε or x₀.
pub fn target<S: Scalar>(path: &Path, parameterization: Parameterization, t: S, x0: S, noise: S) -> S {
    match parameterization {
        Parameterization::Score => -(noise / path.std(t)),
        Parameterization::Noise => noise_target(noise),
        Parameterization::Velocity => velocity_target(path, t, x0, noise),
        Parameterization::Data => x0,
    }
}
