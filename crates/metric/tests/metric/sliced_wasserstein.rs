//! The sliced Wasserstein distance against closed forms, a definition by brute force, and the axioms of a distance.
//! Also: sets of different size, bad input, and the time that ten thousand points take.

use super::support::{Uniform, close};
use std::time::{Duration, Instant};
use thalweg_metric::sliced_wasserstein;

fn on_a_line(a: &[f64], b: &[f64], p: u32) -> f64 {
    sliced_wasserstein(a, b, 1, &[1.0], p).unwrap()
}

#[test]
fn known_sets_on_a_line_have_their_known_distance() {
    close(on_a_line(&[0.0, 1.0, 3.0], &[8.0, 5.0, 6.0], 1), 5.0, 1e-15);
    close(on_a_line(&[0.0, 0.0], &[3.0, 4.0], 2), 12.5f64.sqrt(), 1e-15);
    close(on_a_line(&[1.0, -1.0], &[-1.0, 1.0], 2), 0.0, 0.0);
    close(on_a_line(&[0.0, 2.0], &[1.0, 1.0], 3), 1.0, 1e-15);
}

#[test]
fn sets_of_different_size_are_joined_by_quantiles() {
    close(on_a_line(&[0.0], &[1.0, 3.0], 1), 2.0, 1e-15);
    close(on_a_line(&[0.0], &[1.0, 3.0], 2), 5f64.sqrt(), 1e-15);
    // Quantiles of {0, 6} and {0, 3, 9} meet on (0, ⅓), (⅓, ½), (½, ⅔), (⅔, 1): costs 0, 3, 3, 3.
    close(on_a_line(&[6.0, 0.0], &[3.0, 9.0, 0.0], 1), 2.0, 1e-15);
    close(on_a_line(&[6.0, 0.0], &[3.0, 9.0, 0.0], 2), 6f64.sqrt(), 1e-15);
}

#[test]
fn sets_of_different_size_agree_with_repeating_each_point() {
    let mut u = Uniform(3);
    for (n, m) in [(1, 7), (4, 6), (9, 5), (12, 13), (30, 10)] {
        let (a, b, theta) = (u.normals(2 * n), u.normals(2 * m), u.directions(2, 20));
        let repeated = |points: &[f64], times: usize| -> Vec<f64> { points.chunks(2).flat_map(|x| x.repeat(times)).collect() };
        for p in [1, 2] {
            let direct = sliced_wasserstein(&a, &b, 2, &theta, p).unwrap();
            let equal = sliced_wasserstein(&repeated(&a, m), &repeated(&b, n), 2, &theta, p).unwrap();
            close(direct, equal, 1e-13);
        }
    }
}

#[test]
fn on_a_line_no_other_pairing_is_cheaper() {
    let (a, b): ([f64; 4], [f64; 4]) = ([0.3, -1.2, 2.5, 0.9], [1.1, 0.2, -0.7, 3.3]);
    let mut cheapest = f64::INFINITY;
    for code in 0..256usize {
        let pairing: Vec<usize> = (0..4).map(|i| code >> (2 * i) & 3).collect();
        if (0..4).all(|j| pairing.contains(&j)) {
            let cost = a.iter().zip(&pairing).map(|(x, &j)| (x - b[j]).powi(2)).sum::<f64>() / 4.0;
            cheapest = cheapest.min(cost);
        }
    }
    close(on_a_line(&a, &b, 2), cheapest.sqrt(), 1e-15);
}

#[test]
fn a_shift_is_measured_exactly_in_every_direction() {
    let mut u = Uniform(5);
    let shift = [0.7, -2.0, 0.4];
    let a = u.normals(3 * 500);
    let b: Vec<f64> = a.chunks(3).flat_map(|x| [x[0] + shift[0], x[1] + shift[1], x[2] + shift[2]]).collect();
    let theta = u.directions(3, 64);
    let along: Vec<f64> = theta.chunks(3).map(|t| t.iter().zip(shift).map(|(t, d)| t * d).sum::<f64>().abs()).collect();
    let mean = along.iter().sum::<f64>() / 64.0;
    let mean_square = along.iter().map(|d| d * d).sum::<f64>() / 64.0;
    close(sliced_wasserstein(&a, &b, 3, &theta, 1).unwrap(), mean, 1e-13);
    close(sliced_wasserstein(&a, &b, 3, &theta, 2).unwrap(), mean_square.sqrt(), 1e-13);
}

#[test]
fn two_gaussians_have_the_distance_of_their_means_and_deviations() {
    // W₂² of N(m, s²) and N(m', s'²) on a line is (m − m')² + (s − s')²; isotropic Gaussians project to those.
    let mut u = Uniform(11);
    let n = 40_000;
    let a = u.normals(2 * n);
    let b: Vec<f64> = u.normals(2 * n).chunks(2).flat_map(|x| [1.0 + 1.5 * x[0], -0.5 + 1.5 * x[1]]).collect();
    let theta = u.directions(2, 50);
    let exact = theta.chunks(2).map(|t| (t[0] - 0.5 * t[1]).powi(2) + 0.25).sum::<f64>() / 50.0;
    close(sliced_wasserstein(&a, &b, 2, &theta, 2).unwrap(), exact.sqrt(), 0.02);
}

#[test]
fn it_is_a_distance() {
    let mut u = Uniform(17);
    let theta = u.directions(2, 30);
    let sets: Vec<Vec<f64>> = [8, 11, 5].map(|n| u.normals(2 * n)).to_vec();
    for p in [1, 2] {
        let d = |i: usize, j: usize| sliced_wasserstein(&sets[i], &sets[j], 2, &theta, p).unwrap();
        assert_eq!((d(0, 0), d(1, 1)), (0.0, 0.0));
        close(d(0, 1), d(1, 0), 1e-15);
        assert!(d(0, 1) > 0.0 && d(0, 2) <= d(0, 1) + d(1, 2) && d(0, 1) <= d(0, 2) + d(2, 1));
    }
    assert!(sliced_wasserstein(&sets[0], &sets[1], 2, &theta, 1).unwrap() <= sliced_wasserstein(&sets[0], &sets[1], 2, &theta, 2).unwrap());
}

#[test]
fn the_order_of_points_does_not_matter() {
    let mut u = Uniform(19);
    let (a, b, theta) = (u.normals(20), u.normals(14), u.directions(2, 10));
    let reversed: Vec<f64> = a.chunks(2).rev().flatten().copied().collect();
    assert_eq!(sliced_wasserstein(&a, &b, 2, &theta, 2), sliced_wasserstein(&reversed, &b, 2, &theta, 2));
}

#[test]
fn directions_are_spread_evenly_over_the_sphere() {
    let mut u = Uniform(23);
    for dim in [1, 2, 3, 5] {
        let count = 20_000;
        let rows = u.directions(dim, count);
        assert_eq!(rows.len(), dim * count);
        assert!(rows.chunks(dim).all(|r| (r.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-14));
        for i in 0..dim {
            let moment = |f: &dyn Fn(&[f64]) -> f64| rows.chunks(dim).map(f).sum::<f64>() / count as f64;
            close(moment(&|r| r[i]), 0.0, 0.03);
            for j in 0..dim {
                let expected = if i == j { 1.0 / dim as f64 } else { 0.0 };
                close(moment(&|r| r[i] * r[j]), expected, 0.02);
            }
        }
    }
}

#[test]
fn bad_input_is_an_error_that_says_what_came() {
    let fail = |a: &[f64], b: &[f64], dim: usize, theta: &[f64], p: u32| {
        let error = sliced_wasserstein(a, b, dim, theta, p).unwrap_err();
        (error.code, error.message, error.got)
    };
    let axes = [1.0, 0.0];
    let at = |code: &'static str, message: &str, got: &str| (code, message.to_string(), got.to_string());
    assert_eq!(fail(&[], &axes, 2, &axes, 2), at("ShapeError", "the first set has the wrong size", "0"));
    assert_eq!(fail(&axes, &[1.0; 3], 2, &axes, 2), at("ShapeError", "the second set has the wrong size", "3"));
    assert_eq!(fail(&axes, &axes, 2, &[], 2), at("ShapeError", "the set of directions has the wrong size", "0"));
    assert_eq!(fail(&axes, &axes, 0, &axes, 2), at("ShapeError", "the first set has the wrong size", "2"));
    let nan = [0.0, 1.0, 2.0, f64::NAN];
    assert_eq!(
        fail(&axes, &nan, 2, &axes, 2),
        at("DataError", "the second set holds a number that is not finite", "NaN at row 1, column 1")
    );
    assert_eq!(fail(&axes, &axes, 2, &[3.0, 4.0], 2), at("DataError", "a direction has the wrong length", "5 in row 0"));
    assert_eq!(fail(&axes, &axes, 2, &axes, 0), at("DataError", "p is out of range", "0"));
}

#[test]
fn ten_thousand_points_on_two_hundred_directions_take_less_than_a_second() {
    let mut u = Uniform(29);
    let (a, b, theta) = (u.normals(20_000), u.normals(19_998), u.directions(2, 200));
    // The fastest of three, so that other work on the machine does not count.
    let time = || {
        let start = Instant::now();
        assert!(sliced_wasserstein(&a, &b, 2, &theta, 2).unwrap() < 0.1);
        start.elapsed()
    };
    let fastest = (0..3).map(|_| time()).min().unwrap();
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
}
