//! The solution between the ends of a step, from the step's own slopes.
//! It serves output times without shortening steps, so that asking for more times costs no evaluation.

use crate::Tableau;
use thalweg_graph::Scalar;

/// The solution at t + θh, 0 ≤ θ ≤ 1: x(θ) = x₀ + θ(x₁ − x₀) + θ(1 − θ)h Σ qᵢ(θ)kᵢ (the continuous Runge–Kutta methods of Hairer,
/// Nørsett & Wanner, section II.6, written so that both ends are exact).
///
/// `theta` and `h` are single numbers; `x0`, `x1`, `slopes` are the state before and after the step and the slopes of its
/// stages, per leaf, as [`crate::step`] was given and gave them.
///
/// # Panics
/// If `tableau.dense` is `None`; an adaptive driver refuses such tableaus.
pub fn dense<S: Scalar>(tableau: &Tableau, theta: S, h: S, x0: &[S], x1: &[S], slopes: &[Vec<S>]) -> Vec<S> {
    let rows = tableau.dense.unwrap_or_else(|| panic!("{} has no dense output", tableau.name));
    let inner = theta * (theta.constant(1.0) - theta) * h;
    let weights: Vec<Option<S>> = rows.iter().map(|row| polynomial(row, theta).map(|q| inner * q)).collect();
    let leaf = |l: usize| {
        let line = x0[l] + theta * (x1[l] - x0[l]);
        let terms = weights.iter().zip(slopes).filter_map(|(w, k)| w.map(|w| w * k[l]));
        terms.fold(line, |sum, term| sum + term)
    };
    (0..x0.len()).map(leaf).collect()
}

/// Σ cⱼθʲ by Horner's rule; `None` if it is zero.
fn polynomial<S: Scalar>(coefficients: &[f64], theta: S) -> Option<S> {
    let zero = coefficients.iter().all(|&c| c == 0.0);
    (!zero).then(|| coefficients.iter().rev().fold(theta.constant(0.0), |sum, &c| sum * theta + c))
}
