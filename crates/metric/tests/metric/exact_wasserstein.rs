//! The exact distance: optimal maps known in closed form, brute force, sizes that differ, and the proof that it carries.

use super::support::{Uniform, close};
use thalweg_metric::{MetricError, directions, exact_wasserstein, sliced_wasserstein};

fn squared(a: &[f64], b: &[f64], dim: usize) -> f64 {
    exact_wasserstein(a, b, dim).unwrap().squared
}

fn map(points: &[f64], f: impl Fn(f64, f64) -> [f64; 2]) -> Vec<f64> {
    points.chunks(2).flat_map(|x| f(x[0], x[1])).collect()
}

fn mean_square(a: &[f64], b: &[f64], dim: usize) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>() * dim as f64 / a.len() as f64
}

/// Brenier: the gradient of a convex function is the optimal map of whatever it is applied to, so that W₂ is known to the last digit.
#[test]
fn gradients_of_convex_functions_are_optimal_maps() {
    let mut u = Uniform(1);
    let a = u.normals(2 * 600);
    let shift = map(&a, |x, y| [x + 3.0, y - 4.0]);
    close(squared(&a, &shift, 2), 25.0, 1e-11);
    // N(0, I) to N(m, A²), with A not diagonal.
    let linear = map(&a, |x, y| [2.0 * x + 0.7 * y + 1.0, 0.7 * x + 0.5 * y]);
    close(squared(&a, &linear, 2), mean_square(&a, &linear, 2), 1e-11);
    // Not a Gaussian any more: the gradient of x⁴/4 + |y|³/3 + xy + x² + y².
    let curved = map(&a, |x, y| [x.powi(3) + y + 2.0 * x, y * y.abs() + x + 2.0 * y]);
    close(squared(&a, &curved, 2), mean_square(&a, &curved, 2), 1e-10);
    // A rotation is no gradient.
    let turned = map(&a, |x, y| [-y, x]);
    assert!(squared(&a, &turned, 2) < 0.1 * mean_square(&a, &turned, 2));
}

#[test]
fn between_commuting_gaussians_it_nears_the_closed_form() {
    // W₂² = |m|² + Σ (sᵢ − tᵢ)² = 1 + 1 + 0.25 of N(0, diag(1, 1)) and N((1, 0), diag(4, 0.25)).
    let mut u = Uniform(2);
    let n = 1500;
    let (a, b) = (u.normals(2 * n), map(&u.normals(2 * n), |x, y| [1.0 + 2.0 * x, 0.5 * y]));
    let got = exact_wasserstein(&a, &b, 2).unwrap();
    // The optimal potentials −x₁² − 2x₁ + ½x₂² and 1 + 4z₁ + 2z₁² − ¼z₂² have variances 6.5 and 24.1, whose sum over n is that of
    // the estimate (del Barrio & Loubes 2019); four standard deviations.
    close(got.squared, 2.25, 4.0 * (30.6 / n as f64).sqrt());
    close(got.distance * got.distance, got.squared, 1e-14);
    close(got.lower_bound, got.squared, 1e-12);
}

#[test]
fn no_other_pairing_is_cheaper() {
    let mut u = Uniform(3);
    let (a, b) = (u.normals(3 * 5), u.normals(3 * 5));
    let mut least = f64::INFINITY;
    for code in 0..5usize.pow(5) {
        let pairing: Vec<usize> = (0..5u32).map(|i| code / 5usize.pow(i) % 5).collect();
        if (0..5).all(|j| pairing.contains(&j)) {
            let moved: Vec<f64> = pairing.iter().flat_map(|&j| b[3 * j..3 * j + 3].iter().copied()).collect();
            least = least.min(mean_square(&a, &moved, 3));
        }
    }
    close(squared(&a, &b, 3), least, 1e-14);
}

#[test]
fn sets_of_different_size_agree_with_repeating_each_point() {
    let mut u = Uniform(4);
    let repeated = |points: &[f64], times: usize| -> Vec<f64> { points.chunks(2).flat_map(|x| x.repeat(times)).collect() };
    for (n, m) in [(1, 7), (4, 6), (9, 5), (30, 10)] {
        let (a, b) = (u.normals(2 * n), u.normals(2 * m));
        close(squared(&a, &b, 2), squared(&repeated(&a, m), &repeated(&b, n), 2), 1e-13);
        close(squared(&a, &b, 2), squared(&b, &a, 2), 1e-13);
    }
}

#[test]
fn on_a_line_it_is_the_distance_of_quantiles() {
    let mut u = Uniform(5);
    let (a, b) = (u.normals(70), u.normals(41));
    close(exact_wasserstein(&a, &b, 1).unwrap().distance, sliced_wasserstein(&a, &b, 1, &[1.0], 2).unwrap(), 1e-14);
    // The same line in the plane goes through the solver.
    let planar = |line: &[f64]| line.iter().flat_map(|x| [0.6 * x, 0.8 * x]).collect::<Vec<f64>>();
    close(squared(&planar(&a), &planar(&b), 2), squared(&a, &b, 1), 1e-13);
}

#[test]
fn stored_and_computed_costs_give_one_distance() {
    // 6 coordinates, of which 4 are 0: stored; without them: computed.
    let mut u = Uniform(6);
    let (a, b) = (u.normals(2 * 150), u.normals(2 * 150));
    let padded = |points: &[f64]| points.chunks(2).flat_map(|x| [x[0], 0.0, 0.0, x[1], 0.0, 0.0]).collect::<Vec<f64>>();
    close(squared(&padded(&a), &padded(&b), 6), squared(&a, &b, 2), 1e-13);
}

#[test]
fn it_is_a_distance_that_no_order_and_no_rotation_changes_and_bounds_the_sliced_one() {
    let mut u = Uniform(7);
    let sets: Vec<Vec<f64>> = [40, 55, 40].map(|n| u.normals(2 * n)).to_vec();
    let d = |i: usize, j: usize| exact_wasserstein(&sets[i], &sets[j], 2).unwrap().distance;
    assert_eq!(d(0, 0), 0.0);
    assert!(d(0, 2) <= d(0, 1) + d(1, 2) && d(0, 1) <= d(0, 2) + d(2, 1));
    let (sin, cos) = 0.7f64.sin_cos();
    let turned = |points: &[f64]| map(points, |x, y| [cos * x - sin * y, sin * x + cos * y]);
    close(squared(&turned(&sets[0]), &turned(&sets[2]), 2), squared(&sets[0], &sets[2], 2), 1e-13);
    let reversed: Vec<f64> = sets[0].chunks(2).rev().flatten().copied().collect();
    close(squared(&reversed, &sets[2], 2), squared(&sets[0], &sets[2], 2), 1e-13);
    let theta = directions(2, 50, || u.next());
    assert!(sliced_wasserstein(&sets[0], &sets[1], 2, &theta, 2).unwrap() <= d(0, 1));
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    let fail = |a: &[f64], b: &[f64], dim| {
        let MetricError { code, message, got, .. } = exact_wasserstein(a, b, dim).unwrap_err();
        (code, message, got)
    };
    let at = |code: &'static str, message: &str, got: &str| (code, message.to_string(), got.to_string());
    assert_eq!(fail(&[], &[1.0], 1), at("ShapeError", "the first set has the wrong size", "0"));
    assert_eq!(fail(&[1.0, 2.0], &[1.0; 3], 2), at("ShapeError", "the second set has the wrong size", "3"));
    let nan = [0.0, f64::NEG_INFINITY];
    assert_eq!(fail(&[0.0; 2], &nan, 2), at("DataError", "the second set holds a number that is not finite", "-inf at row 0, column 1"));
}
