//! The normal quantile against the error function, far into both tails and in 32 bits.

use crate::support::{Single, assert_close, assert_relative};
use thalweg_path::normal_quantile;

/// Φ(x) in the lower tail.
fn probability(x: f64) -> f64 {
    0.5 * libm::erfc(-x / 2f64.sqrt())
}

#[test]
fn the_quantile_inverts_the_distribution_function_to_fourteen_digits() {
    for i in -370..=0 {
        let x = 0.1 * f64::from(i);
        // Φ has relative condition |x φ/Φ| ≈ x², its inverse 1/x²: nothing is lost in the tail.
        assert_close(normal_quantile(probability(x)), x, 1e-14, &format!("{x}"));
    }
    for i in 1..=50 {
        let x = 0.1 * f64::from(i);
        let spacing = f64::EPSILON / (-0.5 * x * x).exp() * 2.6;
        assert!((normal_quantile(1.0 - probability(-x)) - x).abs() <= 1e-14 + spacing, "{x}");
    }
    assert_eq!(normal_quantile(0.5), 0.0);
}

#[test]
fn the_quantile_is_odd_and_rises_across_its_three_pieces() {
    let far = (-25f64).exp();
    let seams = [0.075, far, 0.925];
    for seam in seams {
        let around: Vec<f64> = (-50..=50).map(|i| normal_quantile(seam * (1.0 + 1e-13 * f64::from(i)))).collect();
        let spread = around[100] - around[0];
        assert!(spread > 0.0 && spread < 1e-10, "{seam}: {spread}");
        assert!(around.windows(2).all(|pair| pair[1] >= pair[0] - 4e-15 * pair[0].abs()), "{seam}");
    }
    for p in [0.01, 0.07, 0.08, 0.2, 0.4999] {
        assert_close(normal_quantile(p), -normal_quantile(1.0 - p), 1e-13, "odd");
    }
}

#[test]
fn the_quantile_is_accurate_in_single_precision() {
    for p in [f32::MIN_POSITIVE, 1e-30, 1e-12, 1e-10, 1e-6, 1e-3, 0.074, 0.076, 0.3, 0.49, 0.51, 0.7, 0.924, 0.926, 0.999, 0.999_999_94] {
        let exact = normal_quantile(f64::from(p));
        assert_relative(normal_quantile(Single(p)).value(), exact, 6e-7, &format!("{p:e}"));
    }
}
