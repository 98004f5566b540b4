//! Gauss–Legendre quadrature and Lagrange polynomials: coefficients of multistep rules on grids that are not uniform.
//! They are integrals of interpolation polynomials, and nothing here is a table.

use std::sync::LazyLock;

/// Points per panel: exact for polynomials up to degree 2·12 − 1.
const POINTS: usize = 12;

/// ∫ₐᵇ f by Gauss–Legendre quadrature on equal panels; `a` may exceed `b`.
pub(crate) fn integrate(a: f64, b: f64, panels: usize, f: impl Fn(f64) -> f64) -> f64 {
    let rule = &*RULE;
    let half = (b - a) / (2.0 * panels as f64);
    let panel = |p: usize| {
        let middle = a + half * (2 * p + 1) as f64;
        rule.iter().map(|(x, w)| w * f(middle + half * x)).sum::<f64>()
    };
    half * (0..panels).map(panel).sum::<f64>()
}

/// The rule, computed once.
static RULE: LazyLock<[(f64, f64); POINTS]> = LazyLock::new(legendre);

/// Nodes and weights on [−1, 1]: roots of P₁₂ by Newton's method (Press et al., *Numerical Recipes*, section 4.6).
fn legendre() -> [(f64, f64); POINTS] {
    let n = POINTS as f64;
    std::array::from_fn(|i| {
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..8 {
            let (mut p, mut before) = (x, 1.0);
            for k in 2..=POINTS {
                let k = k as f64;
                (p, before) = (((2.0 * k - 1.0) * x * p - (k - 1.0) * before) / k, p);
            }
            slope = n * (x * p - before) / (x * x - 1.0);
            x -= p / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
}

/// The polynomial that is 1 at `nodes[j]` and 0 at the others, at `z`.
pub(crate) fn lagrange(nodes: &[f64], j: usize, z: f64) -> f64 {
    let others = nodes.iter().enumerate().filter(|(k, _)| *k != j);
    others.map(|(_, &n)| (z - n) / (nodes[j] - n)).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_of_degree_23_are_integrated_exactly_in_both_directions() {
        assert!((integrate(0.0, 2.0, 1, |x| 24.0 * x.powi(23)) / 2f64.powi(24) - 1.0).abs() < 1e-13);
        assert!((integrate(2.0, 0.0, 3, |x| 3.0 * x * x) + 8.0).abs() < 1e-13);
        assert!((integrate(0.0, 3.0, 3, |x| (-x).exp()) + (-3f64).exp_m1()).abs() < 1e-15);
    }

    #[test]
    fn lagrange_polynomials_are_one_at_their_node_and_sum_to_one() {
        let nodes = [0.3, -1.0, 2.0];
        assert_eq!((lagrange(&nodes, 1, -1.0), lagrange(&nodes, 1, 2.0)), (1.0, 0.0));
        let sum: f64 = (0..3).map(|j| lagrange(&nodes, j, 0.77)).sum();
        assert!((sum - 1.0).abs() < 1e-14);
    }
}
