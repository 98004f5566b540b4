//! Exact minibatch transport: closed forms, equivariance, ties, and its speed.

use super::support::{Uniform, close, sorted};
use std::time::{Duration, Instant};
use thalweg_coupling::{Batch, Conditions, Coupling, Pairing};

fn exact(source: &[f64], data: &[f64], dim: usize) -> Pairing {
    Coupling::exact().pair(&Batch { source, data, dim, conditions: Conditions::None }, &[]).unwrap()
}

fn mean_cost(pairing: &Pairing, source: &[f64], data: &[f64], dim: usize) -> f64 {
    let (x, y) = (pairing.gather_source(source, dim), pairing.gather_data(data, dim));
    x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum::<f64>() / pairing.data.len() as f64
}

#[test]
fn on_a_line_ranks_meet_ranks() {
    let mut u = Uniform(1);
    let (x, y) = (u.normals(300), u.numbers(300));
    let pairing = exact(&x, &y, 1);
    let rank = |values: &[f64], i: usize| values.iter().filter(|&&v| v < values[i]).count();
    assert!(pairing.source.iter().enumerate().all(|(j, &i)| rank(&x, i) == rank(&y, j)));
}

#[test]
fn a_shift_pairs_each_point_with_its_copy() {
    let mut u = Uniform(2);
    let x = u.normals(2 * 200);
    let y: Vec<f64> = x.chunks(2).rev().flat_map(|x| [x[0] + 3.0, x[1] - 1.0]).collect();
    let pairing = exact(&x, &y, 2);
    assert!(pairing.source.iter().enumerate().all(|(j, &i)| i == 199 - j));
    close(mean_cost(&pairing, &x, &y, 2), 10.0, 1e-12);
}

#[test]
fn between_gaussians_the_mean_cost_nears_their_distance() {
    // W₂² of N(0, I) and N(m, s² I) in D dimensions is |m|² + D (1 − s)²; samples of 1000 add about 0.02.
    let mut u = Uniform(3);
    let x = u.normals(2000);
    let y: Vec<f64> = u.normals(2000).iter().map(|y| 2.0 + 0.5 * y).collect();
    close(mean_cost(&exact(&x, &y, 2), &x, &y, 2), 8.5, 0.35);
}

#[test]
fn permuted_rows_give_permuted_pairs() {
    let mut u = Uniform(4);
    let (x, y) = (u.normals(3 * 64), u.normals(3 * 64));
    let reversed = |v: &[f64]| v.chunks(3).rev().flatten().copied().collect::<Vec<f64>>();
    let (pairing, mirrored) = (exact(&x, &y, 3), exact(&reversed(&x), &reversed(&y), 3));
    assert!((0..64).all(|j| mirrored.source[63 - j] == 63 - pairing.source[j]));
}

#[test]
fn equal_points_and_duplicates_are_paired_once_each() {
    assert_eq!(sorted(&exact(&[1.0; 50], &[2.0; 50], 1).source), (0..50).collect::<Vec<_>>());
    let pairing = exact(&[0.0, 0.0, 5.0, 5.0], &[5.0, 0.0, 5.0, 0.0], 1);
    assert_eq!(mean_cost(&pairing, &[0.0, 0.0, 5.0, 5.0], &[5.0, 0.0, 5.0, 0.0], 1), 0.0);
    assert_eq!(sorted(&pairing.source), [0, 1, 2, 3]);
}

#[test]
fn two_thousand_rows_take_seconds_at_most() {
    let mut u = Uniform(5);
    let (x, y) = (u.normals(4096), u.numbers(4096));
    // The fastest of three, so that other work on the machine counts less;
    // it is a guard against a solver that has become cubic.
    let time = || {
        let start = Instant::now();
        exact(&x, &y, 2);
        start.elapsed()
    };
    let fastest = (0..3).map(|_| time()).min().unwrap();
    assert!(fastest < Duration::from_secs(4), "{fastest:?}");
}
