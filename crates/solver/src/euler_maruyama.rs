//! The Euler–Maruyama step of an SDE whose noise does not depend on the state.
//! With such additive noise it has strong order 1, not ½, and needs one drift per step.

use thalweg_graph::Scalar;

/// One step x + f(t, x)·dt + h(t)·√dt·ξ of dx = f(t, x)dt + h(t)dW (Maruyama 1955; Kloeden & Platen 1992, section 10.2).
///
/// `t` and `dt` > 0 are single numbers, `diffusion` is h(t), `x` the leaves of the state; `noise` holds ξ ~ N(0, 1) per leaf, of its
/// shape, independent between steps.
///
/// ```
/// use thalweg_solver::euler_maruyama_step;
/// let x = euler_maruyama_step(&mut |t, x: &[f64]| vec![t - x[0]], 2.0, 3.0, 0.25, &[1.0], &[-1.0]);
/// assert_eq!(x, vec![1.0 + 2.0 * 0.25 - 2.0 * 0.5]);
/// ```
pub fn euler_maruyama_step<S: Scalar>(drift: &mut dyn FnMut(S, &[S]) -> Vec<S>, diffusion: S, t: S, dt: S, x: &[S], noise: &[S]) -> Vec<S> {
    let spread = diffusion * dt.sqrt();
    let slope = drift(t, x);
    x.iter().zip(slope).zip(noise).map(|((&x, f), &xi)| x + f * dt + xi * spread).collect()
}
