//! Euler–Maruyama with noise that does not depend on the state: strong and weak order 1, each part at its time.

use crate::problems::log_slope;
use thalweg_solver::euler_maruyama_step;

/// Standard normal numbers: SplitMix64 and Box–Muller.
struct Normal(u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn next(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// dx = (sin 3t + x − x³)dt + (½ + ¼t)dW over [0, 1], driven by the Brownian increments of the finest grid, `stride` at a time.
fn end_point(increments: &[f64], stride: usize) -> f64 {
    let fine = 1.0 / increments.len() as f64;
    let dt = fine * stride as f64;
    increments.chunks(stride).enumerate().fold(0.3, |x, (i, chunk)| {
        let t = i as f64 * dt;
        let noise = chunk.iter().sum::<f64>() / dt.sqrt();
        let mut drift = |t: f64, x: &[f64]| vec![(3.0 * t).sin() + x[0] - x[0].powi(3)];
        euler_maruyama_step(&mut drift, 0.5 + 0.25 * t, t, dt, &[x], &[noise])[0]
    })
}

#[test]
fn the_strong_order_is_1_for_additive_noise() {
    const FINEST: usize = 4096;
    let mut normal = Normal(7);
    let scale = (1.0 / FINEST as f64).sqrt();
    let strides = [512, 256, 128, 64];
    let mut errors = [0.0; 4];
    for _ in 0..400 {
        let increments: Vec<f64> = (0..FINEST).map(|_| normal.next() * scale).collect();
        let exact = end_point(&increments, 1);
        for (error, stride) in errors.iter_mut().zip(strides) {
            *error += (end_point(&increments, stride) - exact).abs() / 400.0;
        }
    }
    let points: Vec<(f64, f64)> = strides.iter().map(|&s| s as f64).zip(errors).collect();
    let order = log_slope(&points);
    assert!((order - 1.0).abs() < 0.12, "order {order:.2}: {points:?}");
}

/// Mean and variance of dx = −2(x − t)dt + σ dW after `steps` steps over [0, 1] from x = 1.5: a step is linear in x and ξ, so its three
/// coefficients, read off the step itself, carry both moments without sampling.
fn moments(steps: usize, sigma: f64) -> (f64, f64) {
    let dt = 1.0 / steps as f64;
    (0..steps).fold((1.5, 0.0), |(mean, variance), i| {
        let t = i as f64 * dt;
        let at = |x: f64, noise: f64| euler_maruyama_step(&mut |t, x: &[f64]| vec![-2.0 * (x[0] - t)], sigma, t, dt, &[x], &[noise])[0];
        let (constant, gain, spread) = (at(0.0, 0.0), at(1.0, 0.0) - at(0.0, 0.0), at(0.0, 1.0) - at(0.0, 0.0));
        (constant + gain * mean, gain * gain * variance + spread * spread)
    })
}

#[test]
fn the_weak_order_is_1_in_mean_and_variance() {
    let sigma = 0.8;
    // x = t − ½ + 2e^{−2t} + noise of variance σ²(1 − e^{−4t})/4.
    let (mean, variance) = (0.5 + 2.0 * (-2f64).exp(), sigma * sigma * (1.0 - (-4f64).exp()) / 4.0);
    let of = |error: fn((f64, f64), (f64, f64)) -> f64| {
        let points: Vec<(f64, f64)> = [40, 80, 160, 320].map(|n| (1.0 / n as f64, error(moments(n, sigma), (mean, variance)))).to_vec();
        log_slope(&points)
    };
    let orders = [of(|a, b| (a.0 - b.0).abs()), of(|a, b| (a.1 - b.1).abs())];
    assert!(orders.iter().all(|order| (order - 1.0).abs() < 0.1), "{orders:?}");
}

#[test]
fn the_drift_is_evaluated_once_at_the_start_of_the_step() {
    let mut seen = Vec::new();
    let mut drift = |t: f64, x: &[f64]| {
        seen.push((t, x.to_vec()));
        vec![0.0, 0.0]
    };
    let x = euler_maruyama_step(&mut drift, 3.0, 0.7, 0.04, &[1.0, 2.0], &[1.0, -1.0]);
    assert_eq!(seen, [(0.7, vec![1.0, 2.0])]);
    assert!((x[0] - 1.6).abs() < 1e-15 && (x[1] - 1.4).abs() < 1e-15);
}
