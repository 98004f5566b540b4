//! Dual numbers against finite differences, closed forms and the graph's own derivatives; nested ones give second derivatives.

use crate::support::{assert_close, assert_relative, derivative, paths, regular_times};
use thalweg_graph::{Builder, DType, Literal, Scalar, Type, jvp, ops::Comparison};
use thalweg_path::{Dual, GaussianPath, differentiate};

/// A function of one number, for every number type that is compared.
struct Case {
    name: &'static str,
    plain: fn(f64) -> f64,
    dual: fn(Dual<f64>) -> Dual<f64>,
    nested: fn(Dual<Dual<f64>>) -> Dual<Dual<f64>>,
}

macro_rules! cases {
    ($($name:literal: $f:expr),* $(,)?) => { vec![$(Case { name: $name, plain: $f, dual: $f, nested: $f }),*] };
}

fn cases() -> Vec<Case> {
    cases! {
        "neg": |x| -x,
        "add": |x| x + x * x,
        "add a number": |x| x + 2.0,
        "sub": |x| x.constant(2.0) - x * x,
        "sub a number": |x| (x - 0.7).square(),
        "mul": |x| x * x.sin(),
        "mul by a number": |x| x * 3.0,
        "div": |x| x.sin() / (x + 1.0),
        "div by x": |x| x.constant(1.0) / x,
        "div by a number": |x| x / 3.0,
        "abs": |x| (x - 0.35).abs() * (-x).abs(),
        "exp": |x| (x * 2.0).exp(),
        "exp_m1": |x| (x * 2.0).exp_m1(),
        "ln": |x| (x * 2.0).ln(),
        "ln_1p": |x| (x * 2.0).ln_1p(),
        "sqrt": |x| (x * 2.0).sqrt(),
        "recip": |x| (x * 2.0).recip(),
        "sin": |x| (x * 2.0).sin(),
        "cos": |x| (x * 2.0).cos(),
        "tan": |x| x.tan(),
        "atan": |x| (x * 2.0).atan(),
        "tanh": |x| (x * 2.0).tanh(),
        "sigmoid": |x| (x * 2.0).sigmoid(),
        "erf": |x| Scalar::erf(x * 2.0),
        "pow of x": |x| x.pow(x.constant(2.5)),
        "pow to x": |x| x.constant(2.5).pow(x),
        "x to the x": |x| x.pow(x),
        "maximum": |x| Scalar::maximum(x * x, x * 0.35),
        "minimum": |x| Scalar::minimum(x * x, x * 0.35),
        "choose": |x| x.choose(Comparison::Lt, x.constant(0.35), x * x, x.sin()),
        "softplus": |x| (x * 3.0 - 1.0).softplus(),
    }
}

const POINTS: [f64; 5] = [0.15, 0.3, 0.5, 0.62, 0.9];

#[test]
fn dual_numbers_have_the_derivatives_of_every_operation() {
    for Case { name, plain, dual, .. } in cases() {
        for x in POINTS {
            let near = |d: f64| plain(x + 0.02 * (d - 0.5));
            let jet = differentiate(dual, x);
            assert_eq!(jet.value, plain(x), "{name} at {x}");
            assert_close(jet.derivative, derivative(near, 0.5) / 0.02, 1e-9, &format!("{name} at {x}"));
        }
    }
}

#[test]
fn nested_dual_numbers_have_second_derivatives() {
    for Case { name, dual, nested, .. } in cases() {
        for x in POINTS {
            let near = |d: f64| differentiate(dual, x + 0.02 * (d - 0.5)).derivative;
            let second = differentiate(|x| differentiate(nested, x).derivative, x);
            assert_close(second.value, differentiate(dual, x).derivative, 1e-15, name);
            assert_close(second.derivative, derivative(near, 0.5) / 0.02, 1e-9, &format!("{name}″ at {x}"));
        }
    }
}

#[test]
fn ties_and_corners_follow_the_rules_of_the_graph() {
    let at = |f: fn(Dual<f64>) -> Dual<f64>, x: f64| differentiate(f, x).derivative;
    assert_eq!(at(|x| x.maximum(-x), 0.0), 0.0);
    assert_eq!(at(|x| x.minimum(x * 3.0), 0.0), 2.0);
    assert_eq!(at(Scalar::abs, 0.0), 0.0);
    assert_eq!(at(|x| x.pow(x.constant(2.0)), 0.0), 0.0);
    assert_eq!(at(|x| x.pow(x + 1.0), 0.0), 1.0);
    // A constant has no tangent, so that its infinite slope does no harm.
    assert_eq!(at(|x| x.constant(0.0).sqrt() + x, 3.0), 1.0);
    assert_eq!(at(|x| x.constant(7.0), 3.0), 0.0);
}

#[test]
fn dual_numbers_of_every_path_give_its_written_derivatives() {
    for path in paths() {
        for t in regular_times(&path) {
            let at = format!("{path:?} at {t}");
            assert_close(differentiate(|t| path.scale(t), t).derivative, path.d_scale(t), 1e-11, &at);
            assert_relative(differentiate(|t| path.std(t), t).derivative, path.d_std(t), 1e-11, &at);
            assert_relative(differentiate(|t| path.half_log_snr(t), t).derivative, path.d_half_log_snr(t), 1e-11, &at);
            let inverse = differentiate(|lambda| path.time_of_half_log_snr(lambda), path.half_log_snr(t));
            if path.regular_range().t_min < t && t < path.regular_range().t_max {
                assert_relative(inverse.derivative, path.d_half_log_snr(t).recip(), 1e-9, &format!("{at}: dt/dλ"));
            }
        }
    }
}

#[test]
fn dual_numbers_of_graph_values_agree_with_the_graphs_own_derivative() {
    for path in paths() {
        let b = Builder::new();
        let t = b.input("t", DType::F64, &[]);
        let dual = differentiate(|t| path.half_log_snr(t), t).derivative;
        let own = jvp(&[path.half_log_snr(t)], &[t], &[t.constant(1.0)])[0].expect("depends on t");
        let graph = b.finish(&[dual, own]).unwrap();
        for t in regular_times(&path) {
            let b = Builder::new();
            let values = b.inline(&graph, &[b.literal(Literal::splat(t, Type::scalar(DType::F64)))]);
            let [dual, own] = [0, 1].map(|i| values[i].as_literal().expect("a constant").at(0).as_f64());
            assert_relative(dual, own, 1e-12, &format!("{path:?} at {t}"));
        }
    }
}
