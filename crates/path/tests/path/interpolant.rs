//! Interpolants of flows and bridges: targets are derivatives, marginals those of the papers, and Gaussian twins agree.

use crate::support::{Single, assert_close, assert_relative, derivative, read};
use serde_json::json;
use thalweg_graph::{Builder, DType};
use thalweg_path::Parameterization::{Data, Noise, Velocity};
use thalweg_path::interpolant::{SchrodingerBridge, StochasticInterpolant};
use thalweg_path::{GaussianPath, Interpolant, Path, convert};

fn interpolants() -> Vec<Interpolant> {
    let with = |sigma: f64| Interpolant::NAMES.iter().map(move |name| read(json!({ "type": name, "sigma": sigma })));
    with(0.3).chain(with(0.0).filter(|i: &Interpolant| i.validate().is_ok())).collect()
}

const ENDS: (f64, f64, f64) = (0.7, -1.9, 1.3);

#[test]
fn the_target_is_the_time_derivative_of_the_interpolation() {
    let (x0, x1, noise) = ENDS;
    for interpolant in interpolants() {
        let range = interpolant.range();
        for t in [0.0, 1e-3, 0.2, 0.5, 0.9, 0.999, 1.0].into_iter().filter(|&t| range.contains(t)) {
            let slope = derivative(|t| interpolant.interpolate(t, x0, x1, noise), t);
            assert_close(interpolant.target(t, x0, x1, noise), slope, 1e-9, &format!("{interpolant:?} at {t}"));
        }
        for t in [range.t_min, range.t_max] {
            assert!(interpolant.target(t, x0, x1, noise).is_finite(), "{interpolant:?} at {t}");
        }
    }
}

#[test]
fn every_interpolant_goes_from_source_to_data() {
    for interpolant in interpolants() {
        let (start, end) = (interpolant.coefficients(0.0), interpolant.coefficients(1.0));
        assert_eq!((start.a, start.b, end.b), (1.0, 0.0, 1.0), "{interpolant:?}");
        let left = if let Interpolant::Target(target) = interpolant { target.sigma } else { 0.0 };
        assert_eq!(end.a, left, "{interpolant:?}");
        assert_eq!(end.c, start.c, "{interpolant:?}");
        let end = interpolant.coefficients(Single(1.0));
        assert!((end.a.value() - left).abs() < 1e-7, "{interpolant:?} in 32 bits");
    }
}

#[test]
fn the_coefficients_are_those_of_the_papers() {
    let at = |name: &str| {
        let interpolant: Interpolant = read(json!({ "type": name, "sigma": 0.3 }));
        let c = interpolant.coefficients(0.2);
        [c.a, c.b, c.c, c.d_a, c.d_b, c.d_c]
    };
    let angle = 0.1 * std::f64::consts::PI;
    let rate = 0.5 * std::f64::consts::PI;
    let expected = [
        ("independent", [0.8, 0.2, 0.3, -1.0, 1.0, 0.0]),
        ("target", [0.86, 0.2, 0.0, -0.7, 1.0, 0.0]),
        ("variance_preserving", [angle.cos(), angle.sin(), 0.3, -rate * angle.sin(), rate * angle.cos(), 0.0]),
        ("schrodinger_bridge", [0.8, 0.2, 0.12, -1.0, 1.0, 0.3 * 0.6 / 0.8]),
    ];
    for (name, expected) in expected {
        for (got, expected) in at(name).into_iter().zip(expected) {
            assert_close(got, expected, 1e-15, name);
        }
    }
}

/// Tong et al. 2023: u = (1 − 2t)/(2t(1 − t)) (x_t − μ_t) + x₁ − x₀.
#[test]
fn the_bridge_target_is_the_published_one_in_terms_of_x() {
    let bridge = Interpolant::from(SchrodingerBridge { sigma: 0.8 });
    let (x0, x1, noise) = ENDS;
    for t in [1e-3, 0.1, 0.5, 0.7, 0.999] {
        let x = bridge.interpolate(t, x0, x1, noise);
        let published = (1.0 - 2.0 * t) / (2.0 * t * (1.0 - t)) * (x - (1.0 - t) * x0 - t * x1) + x1 - x0;
        assert_close(bridge.target(t, x0, x1, noise), published, 1e-12, &format!("{t}"));
    }
}

#[test]
fn the_bridge_score_target_is_half_sigma_squared_of_the_score() {
    let sigma = 0.8;
    let bridge = SchrodingerBridge { sigma };
    for t in [1e-3, 0.1, 0.5, 0.7, 0.999] {
        let (noise, c) = (1.3, bridge.coefficients(t).c);
        let score = -noise / c;
        let network = 0.5 * sigma * sigma * score;
        assert_relative(-bridge.score_weight(t) * network, noise, 1e-13, "−λ s_θ = ε");
        assert_relative(bridge.score(network), score, 1e-14, "score");
    }
}

/// Chen et al. as in the yardstick of Gaussian bridges: with x₀, x₁ paired by the exact plan, q_t has variance
/// t(1 − t)√(4 + σ⁴) + (1 − t)² + t². The plan's correlation is (√(4 + σ⁴) − σ²)/2.
#[test]
fn the_bridge_between_two_normals_has_the_known_marginals() {
    for sigma in [0.3f64, 1.0, 2.0] {
        let bridge = SchrodingerBridge { sigma };
        let root = (4.0 + sigma.powi(4)).sqrt();
        let correlation = 0.5 * (root - sigma * sigma);
        for t in [0.1, 0.5, 0.8] {
            let c = bridge.coefficients(t);
            let variance = c.a * c.a + c.b * c.b + 2.0 * c.a * c.b * correlation + c.c * c.c;
            assert_relative(variance, t * (1.0 - t) * root + (1.0 - t).powi(2) + t * t, 1e-13, &format!("{sigma} at {t}"));
        }
    }
}

/// x_t, target and the conversions of the Gaussian path at 1 − t, with the source as its noise.
#[test]
fn a_flow_from_a_standard_normal_is_a_gaussian_path_backwards() {
    let (noise, data, _) = ENDS;
    let mut exact = 0;
    for interpolant in interpolants() {
        let Some(path) = interpolant.as_gaussian() else {
            assert!(interpolant.coefficients(0.5).c > 0.0, "{interpolant:?}");
            continue;
        };
        exact += 1;
        assert_eq!(path.validate(), Ok(()), "{interpolant:?}");
        assert_eq!((path.t_min(), path.t_max()), (0.0, 1.0));
        for t in [0.05, 0.3, 0.8, 0.95] {
            let (r, at) = (1.0 - t, format!("{interpolant:?} at {t}"));
            let x = interpolant.interpolate(t, noise, data, 9.0);
            assert_close(thalweg_path::interpolate(&path, r, data, noise), x, 1e-15, &at);
            let velocity = -interpolant.target(t, noise, data, 9.0);
            assert_close(thalweg_path::velocity_target(&path, r, data, noise), velocity, 1e-14, &at);
            assert_close(convert(&path, Velocity, Noise, r, x, velocity), noise, 1e-13, &at);
            assert_close(convert(&path, Velocity, Data, r, x, velocity), data, 1e-13, &at);
        }
    }
    assert_eq!(exact, 4, "target with and without width, independent and variance_preserving without noise");
    assert_eq!(Interpolant::default().as_gaussian(), Some(Path::linear()));
}

#[test]
fn interpolants_are_graphs_that_keep_the_shape_of_x() {
    for interpolant in interpolants() {
        let b = Builder::new();
        let t = b.input("t", DType::F32, &[4, 1]);
        let [x0, x1, noise] = ["x0", "x1", "noise"].map(|name| b.input(name, DType::F32, &[4, 3]));
        let graph = b.finish(&[interpolant.interpolate(t, x0, x1, noise), interpolant.target(t, x0, x1, noise)]).unwrap();
        assert!(graph.output_types().iter().all(|ty| ty.shape == [4, 3]));
    }
}
