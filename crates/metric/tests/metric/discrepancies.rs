//! MMD, the median distance and the energy distance: closed forms of Gaussians, definitions by brute force, bias, invariances.

use super::support::{Uniform, close};
use std::f64::consts::PI;
use thalweg_metric::{MmdOptions, energy_distance, median_distance, mmd};

fn bandwidths(bandwidths: &[f64]) -> MmdOptions {
    MmdOptions { bandwidths: Some(bandwidths.to_vec()), ..MmdOptions::default() }
}

fn distance(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
}

/// E k(X, Y) of X ~ N(0, s² I) and Y ~ N(m, t² I) in `dim` dimensions, |m|² = `shift`.
fn gaussian_kernel_mean(h: f64, s: f64, t: f64, shift: f64, dim: i32) -> f64 {
    let total = h * h + s * s + t * t;
    (h * h / total).powf(f64::from(dim) / 2.0) * (-0.5 * shift / total).exp()
}

#[test]
fn between_gaussians_the_discrepancy_is_its_closed_form() {
    let mut u = Uniform(1);
    let n = 2500;
    let a = u.normals(2 * n);
    let b: Vec<f64> = u.normals(2 * n).chunks(2).flat_map(|x| [0.8 + 1.5 * x[0], 1.5 * x[1]]).collect();
    let hs = [0.5, 1.0, 3.0];
    let exact: f64 = hs
        .iter()
        .map(|&h| {
            gaussian_kernel_mean(h, 1.0, 1.0, 0.0, 2) + gaussian_kernel_mean(h, 1.5, 1.5, 0.0, 2)
                - 2.0 * gaussian_kernel_mean(h, 1.0, 1.5, 0.64, 2)
        })
        .sum();
    close(mmd(&a, &b, 2, &bandwidths(&hs)).unwrap().squared_unbiased, exact, 0.015);
}

#[test]
fn both_estimates_are_those_of_their_definitions() {
    let mut u = Uniform(2);
    let (n, m) = (9, 6);
    let (a, b) = (u.normals(3 * n), u.normals(3 * m));
    let row = |set: &[f64], i: usize| set[3 * i..3 * i + 3].to_vec();
    let mean = |x: &[f64], y: &[f64], diagonal: bool, f: &dyn Fn(f64) -> f64| {
        let (rows, columns) = (x.len() / 3, y.len() / 3);
        let pairs = (0..rows * columns).filter(|k| diagonal || k / columns != k % columns);
        let values: Vec<f64> = pairs.map(|k| f(distance(&row(x, k / columns), &row(y, k % columns)))).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let kernel = |d: f64| (-d * d / (2.0 * 0.49)).exp() + (-d * d / 8.0).exp();
    let got = mmd(&a, &b, 3, &bandwidths(&[0.7, 2.0])).unwrap();
    let of = |diagonal: bool, f: &dyn Fn(f64) -> f64| mean(&a, &a, diagonal, f) + mean(&b, &b, diagonal, f) - 2.0 * mean(&a, &b, true, f);
    close(got.squared_unbiased, of(false, &kernel), 1e-14);
    close(got.squared_biased, of(true, &kernel), 1e-14);
    let energy = energy_distance(&a, &b, 3).unwrap();
    close(energy.squared, -of(true, &|d| d), 1e-14);
    close(energy.squared_unbiased, -of(false, &|d| d), 1e-14);
    close(energy.distance.powi(2), energy.squared, 1e-14);
}

#[test]
fn the_unbiased_estimates_are_zero_on_average_between_samples_of_one_distribution() {
    let mut u = Uniform(3);
    let (mut sums, rounds) = ([0.0; 4], 800);
    for _ in 0..rounds {
        let (a, b) = (u.normals(20), u.normals(14));
        let (kernel, energy) = (mmd(&a, &b, 1, &bandwidths(&[1.0])).unwrap(), energy_distance(&a, &b, 1).unwrap());
        let values = [kernel.squared_unbiased, kernel.squared_biased, energy.squared_unbiased, energy.squared];
        sums.iter_mut().zip(values).for_each(|(s, v)| *s += v / f64::from(rounds));
    }
    close(sums[0], 0.0, 0.006);
    close(sums[2], 0.0, 0.015);
    // The bias is (1 − E k)(1/n + 1/m), and E‖X − X'‖ (1/n + 1/m).
    let count = 1.0 / 20.0 + 1.0 / 14.0;
    close(sums[1], (1.0 - (1.0f64 / 3.0).sqrt()) * count, 0.006);
    close(sums[3], 2.0 / PI.sqrt() * count, 0.015);
}

#[test]
fn the_default_bandwidth_is_the_median_distance_of_all_points() {
    let mut u = Uniform(4);
    let (a, b) = (u.normals(2 * 15), u.normals(2 * 12));
    let all = [a.clone(), b.clone()].concat();
    let mut distances = Vec::new();
    for i in 0..27 {
        distances.extend((0..i).map(|j| distance(&all[2 * i..2 * i + 2], &all[2 * j..2 * j + 2])));
    }
    distances.sort_by(f64::total_cmp);
    let median = distances[(distances.len() - 1) / 2];
    close(median_distance(&all, 2).unwrap(), median, 1e-15);
    let options = MmdOptions { multiples: vec![0.5, 2.0], ..MmdOptions::default() };
    let got = mmd(&a, &b, 2, &options).unwrap();
    assert_eq!(got, mmd(&a, &b, 2, &bandwidths(&got.bandwidths)).unwrap());
    close(got.bandwidths[0], 0.5 * median, 1e-15);
    close(got.bandwidths[1], 2.0 * median, 1e-15);
}

#[test]
fn the_median_is_exact_over_all_magnitudes_and_ties() {
    assert_eq!(median_distance(&[3.0, 3.0], 1).unwrap(), 0.0);
    assert_eq!(median_distance(&[0.0, 2e-80, 1e70], 1).unwrap(), 1e70);
    // 4 pairs at distance 1, 2 at 0: the median is 1.
    assert_eq!(median_distance(&[0.0, 0.0, 1.0, 1.0], 1).unwrap(), 1.0);
    let mut u = Uniform(5);
    let line = u.normals(200);
    let mut distances: Vec<f64> = (0..200).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| (line[i] - line[j]).powi(2)).collect();
    distances.sort_by(f64::total_cmp);
    assert_eq!(median_distance(&line, 1).unwrap(), distances[(distances.len() - 1) / 2].sqrt());
}

#[test]
fn on_a_line_the_energy_distance_is_twice_the_squared_distance_of_the_distribution_functions() {
    let mut u = Uniform(6);
    let (a, b) = (u.normals(23), u.normals(31));
    let share = |set: &[f64], x: f64| set.iter().filter(|&&v| v <= x).count() as f64 / set.len() as f64;
    let mut all = [a.clone(), b.clone()].concat();
    all.sort_by(f64::total_cmp);
    let integral: f64 = all.windows(2).map(|x| (x[1] - x[0]) * (share(&a, x[0]) - share(&b, x[0])).powi(2)).sum();
    close(energy_distance(&a, &b, 1).unwrap().squared, 2.0 * integral, 1e-14);
}

#[test]
fn between_gaussians_the_energy_distance_is_its_closed_form() {
    // E|N(0, v)| = √(2v/π).
    let mut u = Uniform(7);
    let (a, b) = (u.normals(4000), u.normals(4000).iter().map(|x| 2.5 * x).collect::<Vec<_>>());
    let exact = 2.0 * (2.0 * (1.0 + 6.25) / PI).sqrt() - 2.0 / PI.sqrt() - 2.0 * 2.5 / PI.sqrt();
    close(energy_distance(&a, &b, 1).unwrap().squared_unbiased, exact, 0.03);
}

#[test]
fn equal_sets_are_at_zero_and_order_shift_and_exchange_change_nothing() {
    let mut u = Uniform(8);
    let (a, b) = (u.normals(2 * 30), u.normals(2 * 21));
    let kernel = |a: &[f64], b: &[f64]| mmd(a, b, 2, &MmdOptions::default()).unwrap().squared_biased;
    let energy = |a: &[f64], b: &[f64]| energy_distance(a, b, 2).unwrap().squared;
    let moved = |points: &[f64]| points.chunks(2).rev().flat_map(|x| [x[0] + 2.0, x[1] - 1.0]).collect::<Vec<f64>>();
    for discrepancy in [&kernel as &dyn Fn(&[f64], &[f64]) -> f64, &energy] {
        close(discrepancy(&a, &a), 0.0, 1e-14);
        close(discrepancy(&a, &b), discrepancy(&b, &a), 1e-14);
        close(discrepancy(&a, &b), discrepancy(&moved(&a), &moved(&b)), 1e-13);
        assert!(discrepancy(&a, &b) > 0.0);
    }
    assert_eq!(energy_distance(&[1.0, 1.0], &[1.0, 1.0], 1).unwrap().distance, 0.0);
}

#[test]
fn options_are_read_by_name_and_unknown_ones_refused() {
    let read = |text: &str| serde_json::from_str::<MmdOptions>(text);
    assert_eq!(read("{}").unwrap(), MmdOptions::default());
    assert_eq!(read(r#"{ "bandwidths": [0.5] }"#).unwrap(), bandwidths(&[0.5]));
    assert!(read(r#"{ "bandwidth": 0.5 }"#).is_err());
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    let fail = |a: &[f64], b: &[f64], options: &MmdOptions| {
        let error = mmd(a, b, 1, options).unwrap_err();
        (error.code, error.got)
    };
    let (two, median) = ([0.0, 1.0], MmdOptions::default());
    assert_eq!(fail(&[0.0], &two, &median), ("ShapeError", "1".to_string()));
    assert_eq!(fail(&two, &[0.0, f64::NAN], &median), ("DataError", "NaN at row 1, column 0".to_string()));
    assert_eq!(fail(&[1.0; 4], &[1.0; 4], &median), ("DataError", "0".to_string()));
    assert_eq!(fail(&two, &two, &bandwidths(&[])), ("ConfigError", "0".to_string()));
    assert_eq!(fail(&two, &two, &bandwidths(&[1.0, 0.0])), ("ConfigError", "0 at 1".to_string()));
    assert_eq!(fail(&two, &two, &bandwidths(&[f64::NAN])), ("ConfigError", "NaN at 0".to_string()));
    assert_eq!(energy_distance(&[], &two, 1).unwrap_err().code, "ShapeError");
    assert_eq!(energy_distance(&[1.0], &two, 1).unwrap_err().message, "the first set has too few points");
    assert_eq!(median_distance(&[1.0], 1).unwrap_err().got, "1");
}
