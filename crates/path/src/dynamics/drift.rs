//! Drifts in terms of the velocity v and the score S, so that no g² appears that a path could have infinite.
//! Song et al. 2021, eq. 6 and 13, generalized to any diffusion h as in Karras et al. 2022, eq. 6.

use thalweg_graph::Scalar;

/// dx/dt of the probability-flow ODE: v = f x − ½g²S, whatever diffusion a sampler adds. In sampler time τ = t_max − t it is −v.
pub fn pf_ode_drift<S: Scalar>(velocity: S) -> S {
    velocity
}

/// Drift in sampler time τ = t_max − t of the reverse SDE with diffusion h: −v + ½h²S = −f x + ½(g² + h²)S.
///
/// For h = 0 it is −v, also where S is infinite only if the caller leaves S out: see [`Diffusion::is_zero`](crate::Diffusion::is_zero).
pub fn reverse_sde_drift<S: Scalar>(velocity: S, score: S, h: S) -> S {
    h.square() * 0.5 * score - velocity
}

/// Drift in t of the forward SDE with diffusion h: v + ½h²S; with h = g it is f x.
pub fn forward_sde_drift<S: Scalar>(velocity: S, score: S, h: S) -> S {
    velocity + h.square() * 0.5 * score
}
