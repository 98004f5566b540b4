//! Sinkhorn's plan: its two limits, the closed form between Gaussians, small ε, and how pairs are drawn from it.

use super::support::{Uniform, close};
use thalweg_assignment::{Matrix, Points, assignment, squared_distances};
use thalweg_coupling::{Batch, Conditions, Coupling, CouplingError, EntropicPlan, Limits, Sinkhorn, entropic_plan};

const TIGHT: Limits = Limits { max_iterations: 200_000, tolerance: 1e-10 };

fn distances(x: &[f64], y: &[f64], dim: usize) -> Matrix {
    squared_distances(&Points::new("x", x, dim).unwrap(), &Points::new("y", y, dim).unwrap()).unwrap()
}

fn uniform_plan(costs: &Matrix, n: usize, epsilon: f64) -> EntropicPlan {
    entropic_plan(costs, &vec![1.0 / n as f64; n], &vec![1.0 / n as f64; n], epsilon, TIGHT).unwrap()
}

fn mean_cost(plan: &EntropicPlan, costs: &Matrix) -> f64 {
    plan.plan.iter().zip(costs.values()).map(|(p, c)| p * c).sum()
}

#[test]
fn the_plan_has_its_marginals_and_the_form_of_a_minimiser() {
    let mut u = Uniform(1);
    let (n, m, epsilon) = (13, 9, 0.3);
    let costs = distances(&u.normals(2 * n), &u.normals(2 * m), 2);
    let normalised = |v: Vec<f64>| v.iter().map(|x| x / v.iter().sum::<f64>()).collect::<Vec<f64>>();
    let (a, b) = (normalised(u.numbers(n)), normalised(u.numbers(m)));
    let plan = entropic_plan(&costs, &a, &b, epsilon, TIGHT).unwrap();
    let error: f64 = plan.plan.chunks(m).zip(&a).map(|(row, a)| (row.iter().sum::<f64>() - a).abs()).sum();
    assert!(error < 2e-10 && (error - plan.convergence.marginal_error).abs() < 1e-14);
    for (j, b) in b.iter().enumerate() {
        close(plan.plan.chunks(m).map(|row| row[j]).sum(), *b, 1e-15);
    }
    for (k, p) in plan.plan.iter().enumerate() {
        close(epsilon * p.ln(), plan.row_potentials[k / m] + plan.column_potentials[k % m] - costs.values()[k], 1e-12);
    }
}

#[test]
fn small_epsilon_is_exact_transport() {
    let mut u = Uniform(2);
    let n = 30;
    let costs = distances(&u.normals(2 * n), &u.normals(2 * n), 2);
    let exact = assignment(&costs).unwrap().cost / n as f64;
    let mut last = f64::INFINITY;
    // The rate falls like e^(−1/ε), so that the tolerance is what this many iterations reach.
    let limits = Limits { tolerance: 1e-4, ..TIGHT };
    let slack = limits.tolerance * costs.values().iter().copied().fold(0.0, f64::max);
    let mass = vec![1.0 / n as f64; n];
    for epsilon in [1.0, 0.1, 0.01, 0.001] {
        let plan = entropic_plan(&costs, &mass, &mass, epsilon, limits).unwrap();
        let excess = mean_cost(&plan, &costs) - exact;
        // The entropy of a plan lies between log n and 2 log n, so that it can buy no more than ε log n of cost.
        assert!(-slack < excess && excess <= epsilon * (n as f64).ln() && excess < last, "{epsilon}: {excess}");
        last = excess;
    }
    assert!(last < 1e-3, "{last}");
}

#[test]
fn large_epsilon_is_the_independent_coupling() {
    let mut u = Uniform(3);
    let n = 20;
    let plan = uniform_plan(&distances(&u.normals(n), &u.normals(n), 1), n, 1e7);
    plan.plan.iter().for_each(|p| close(*p * 400.0, 1.0, 1e-5));
}

#[test]
fn costs_of_any_offset_and_scale_give_the_same_plan() {
    // exp(−c/ε) is 0 for every entry here, where a kernel without potentials would divide by 0.
    let mut u = Uniform(4);
    let n = 16;
    let costs = distances(&u.normals(n), &u.normals(n), 1);
    let plan = uniform_plan(&costs, n, 0.2);
    let moved = Matrix::new(n, n, costs.values().iter().map(|c| 1e6 * (c + 1e4)).collect()).unwrap();
    uniform_plan(&moved, n, 2e5).plan.iter().zip(&plan.plan).for_each(|(p, q)| close(*p, *q, 1e-8));
}

#[test]
fn between_gaussians_the_plan_has_the_covariance_of_the_schroedinger_bridge() {
    // Janati et al. 2020, theorem 1: with ε = 2σ² the covariance of the ends is (√(4 s₀² s₁² + σ⁴) − σ²)/2. Trap: halving the cost, or
    // ε = σ², gives another bridge.
    let grid: Vec<f64> = (0..161).map(|k| -8.0 + 0.1 * f64::from(k)).collect();
    let normal = |mean: f64, std: f64| {
        let weights: Vec<f64> = grid.iter().map(|x| (-0.5 * ((x - mean) / std).powi(2)).exp()).collect();
        let total: f64 = weights.iter().sum();
        weights.iter().map(|w| w / total).collect::<Vec<f64>>()
    };
    let (a, b) = (normal(-0.5, 1.2), normal(0.7, 0.8));
    let costs = distances(&grid, &grid, 1);
    for sigma in [0.5f64, 1.0, 2.0] {
        let epsilon = Sinkhorn::absolute(2.0 * sigma * sigma).epsilon.unwrap();
        let plan = entropic_plan(&costs, &a, &b, epsilon, TIGHT).unwrap();
        let covariance: f64 = plan.plan.iter().enumerate().map(|(k, p)| p * (grid[k / 161] + 0.5) * (grid[k % 161] - 0.7)).sum();
        let expected = ((4.0 * 1.44 * 0.64 + sigma.powi(4)).sqrt() - sigma * sigma) / 2.0;
        close(covariance, expected, 1e-7);
    }
}

#[test]
fn pairs_occur_as_often_as_the_plan_says() {
    let mut u = Uniform(5);
    let n = 6;
    let (x, y) = (u.normals(n), u.normals(n));
    let coupling = Coupling::from(Sinkhorn { tolerance: 1e-9, ..Sinkhorn::absolute(0.5) });
    let plan = uniform_plan(&distances(&x, &y, 1), n, 0.5);
    let batch = Batch { source: &x, data: &y, dim: 1, conditions: Conditions::None };
    let rounds = 20_000;
    let mut counts = vec![0.0; n * n];
    for _ in 0..rounds {
        let pairing = coupling.pair(&batch, &u.numbers(n)).unwrap();
        pairing.source.iter().zip(&pairing.data).for_each(|(i, j)| counts[i * n + j] += 1.0);
    }
    for (count, p) in counts.iter().zip(&plan.plan) {
        let expected = p * n as f64;
        close(count / f64::from(rounds), expected, 5.0 * (expected * (1.0 - expected) / f64::from(rounds)).sqrt() + 1e-6);
    }
}

#[test]
fn the_ends_of_the_unit_interval_draw_rows_of_the_batch() {
    let mut u = Uniform(6);
    let (x, y) = (u.normals(40), u.normals(40));
    let batch = Batch { source: &x, data: &y, dim: 1, conditions: Conditions::None };
    for uniform in [0.0, 1.0f64.next_down()] {
        let pairing = Coupling::from(Sinkhorn::relative(0.02)).pair(&batch, &[uniform; 40]).unwrap();
        assert!(pairing.source.iter().all(|&i| i < 40));
    }
}

#[test]
fn relative_epsilon_is_a_share_of_the_mean_cost() {
    let batch = Batch { source: &[0.0, 1.0], data: &[0.0, 1.0], dim: 1, conditions: Conditions::None };
    let report = Coupling::from(Sinkhorn::relative(0.5)).pair(&batch, &[0.1, 0.9]).unwrap().report;
    assert_eq!(report.convergence.unwrap().epsilon, 0.25);
    let same = Batch { source: &[2.0; 2], data: &[2.0; 2], ..batch };
    assert!(Coupling::from(Sinkhorn::relative(0.5)).pair(&same, &[0.1, 0.9]).is_ok());
}

#[test]
fn a_plan_that_has_not_converged_is_an_error_with_a_remedy() {
    let mut u = Uniform(7);
    let (x, y) = (u.normals(50), u.normals(50));
    let coupling = Coupling::from(Sinkhorn { max_iterations: 3, ..Sinkhorn::absolute(0.01) });
    let batch = Batch { source: &x, data: &y, dim: 1, conditions: Conditions::None };
    let CouplingError { code, path, got, .. } = coupling.pair(&batch, &u.numbers(50)).unwrap_err();
    assert_eq!((code, path), ("ConfigError", Some("maxIterations")));
    assert!(got.contains("epsilon = 0.01") && got.contains("raise epsilon, maxIterations or tolerance"), "{got}");
}

#[test]
fn masses_that_are_no_masses_are_errors_that_say_where() {
    let costs = Matrix::new(2, 2, vec![0.0, 1.0, 1.0, 0.0]).unwrap();
    let fail = |a: &[f64], b: &[f64], epsilon: f64| {
        let error = entropic_plan(&costs, a, b, epsilon, TIGHT).unwrap_err();
        (error.code, error.got)
    };
    let half = [0.5; 2];
    assert_eq!(fail(&half, &[1.5, -0.5], 1.0), ("DataError", "-0.5 at column 1".to_string()));
    assert_eq!(fail(&[f64::NAN, 1.0], &half, 1.0), ("DataError", "NaN at row 0".to_string()));
    assert_eq!(fail(&[1.0], &half, 1.0).0, "ShapeError");
    assert_eq!(fail(&[0.5, 0.6], &half, 1.0).0, "DataError");
    assert_eq!(fail(&half, &half, 0.0), ("ConfigError", "0".to_string()));
}
