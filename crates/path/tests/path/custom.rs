//! Custom paths: equal to the written path of the same functions, refused with the time at which they are none.

use crate::support::{assert_relative, custom_log, custom_shifted, custom_straight, plain, regular_times, times};
use serde_json::{Value, json};
use thalweg_graph::{Builder, DType, Literal, Type};
use thalweg_path::{Coefficients, Custom, Expression, GaussianPath, Gvp, Path, Schedule};

/// A custom path and the written one of the same s and σ.
fn twins() -> Vec<(Path, Path)> {
    let gvp = (Expression::trace(|t| Gvp {}.scale(t)).unwrap(), Expression::trace(|t| Gvp {}.std(t)).unwrap());
    let written = Path::linear_vp_sde(0.1, 20.0);
    let log_scale = Expression::trace(|t| Path::linear_vp_sde(0.1, 20.0).log_scale(t)).unwrap();
    let log_std = Expression::trace(|t| Path::linear_vp_sde(0.1, 20.0).std(t).ln()).unwrap();
    let custom = |schedule| Path::from(Custom { t_min: 0.0, t_max: 1.0, schedule });
    vec![
        (custom_straight(), Path::linear()),
        (custom_log(), Path::linear_vp_sde(0.0, 4.0)),
        (custom(Schedule::Plain { scale: gvp.0, std: gvp.1 }), Path::gvp()),
        (custom(Schedule::Log { log_scale, log_std }), written),
    ]
}

#[test]
fn a_custom_path_has_the_coefficients_of_the_written_path_of_the_same_functions() {
    for (custom, written) in twins() {
        assert_eq!(custom.validate(), Ok(()));
        for t in regular_times(&written).into_iter().filter(|&t| custom.regular_range().contains(t)) {
            let (mine, theirs) = (Coefficients::at(&custom, t), Coefficients::at(&written, t));
            let pairs = [
                ("s", mine.s, theirs.s),
                ("σ", mine.sigma, theirs.sigma),
                ("ṡ", mine.d_s, theirs.d_s),
                ("σ̇", mine.d_sigma, theirs.d_sigma),
                ("f", mine.f, theirs.f),
                ("g²", mine.g2, theirs.g2),
                ("Δ", mine.delta, theirs.delta),
                ("λ̇", custom.d_half_log_snr(t), written.d_half_log_snr(t)),
                ("t(λ)", custom.time_of_half_log_snr(mine.lambda), t),
            ];
            for (name, mine, theirs) in pairs {
                assert_relative(mine, theirs, 1e-11, &format!("{name} of {written:?} at {t}"));
            }
        }
    }
}

#[test]
fn a_custom_path_reaches_ends_at_which_s_or_sigma_vanish() {
    let c = Coefficients::at(&custom_straight(), 1.0);
    assert_eq!((c.s, c.sigma, c.d_s, c.d_sigma, c.delta), (0.0, 1.0, -1.0, 1.0, 1.0));
    assert_eq!(custom_straight().regular_range(), Path::linear().regular_range());
    let all = custom_shifted().regular_range();
    assert_eq!((all.t_min, all.t_max), (0.1, 3.0), "nothing is singular, nothing is cut");
}

#[test]
fn the_iterated_inverse_is_a_graph_with_the_right_derivative() {
    let path = custom_log();
    let b = Builder::new();
    let lambda = b.input("lambda", DType::F64, &[1]);
    let t = path.time_of_half_log_snr(lambda);
    let slope = thalweg_graph::grad(t.sum_all(), &[lambda])[0];
    let graph = b.finish(&[t, slope]).unwrap();
    for t in regular_times(&path).into_iter().filter(|&t| t < 1.0) {
        let b = Builder::new();
        let argument = b.literal(Literal::splat(path.half_log_snr(t), Type::new(DType::F64, [1])));
        let values = b.inline(&graph, &[argument]);
        let [found, slope] = [0, 1].map(|i| values[i].as_literal().expect("a constant").at(0).as_f64());
        assert_relative(found, t, 1e-12, "t(λ)");
        assert_relative(slope, path.d_half_log_snr(t).recip(), 1e-9, &format!("dt/dλ at {t}"));
    }
}

/// A step in λ steep enough that Newton's iteration alone leaves it again and again.
#[test]
fn the_inverse_is_found_where_newton_alone_diverges() {
    let steep = plain(0.0, 1.0, |t| t.constant(1.0), |t| ((t - 0.5) * 400.0).atan() + 1.6 + t * 1e-3);
    assert_eq!(steep.validate(), Ok(()));
    for t in times(&steep) {
        assert_relative(steep.time_of_half_log_snr(steep.half_log_snr(t)) + 1.0, t + 1.0, 1e-12, &format!("{t}"));
    }
}

#[test]
fn functions_that_are_no_path_are_refused_with_the_time() {
    let refused = |path: Path| path.validate().expect_err("must be refused");
    let error = refused(plain(0.0, 1.0, |t| t.constant(0.5) - t, |t| t));
    assert_eq!(error.field, "scale");
    assert!(error.expected.contains("positive finite value of s") && error.got.contains("at t = 0.50"), "{error}");
    let error = refused(plain(0.0, 1.0, |t| t.constant(1.0) - t, |t| t * (t.constant(0.9) - t)));
    assert_eq!(error.field, "std");
    let error = refused(plain(0.0, 1.0, |t| t.constant(1.0), |t| (t * 6.0).sin() * 0.1 + 0.2));
    assert!(error.field == "std" && error.expected.contains("falls strictly") && error.got.contains("at t = 0.2"), "{error}");
    let error = refused(plain(0.0, 1.0, |t| (t - 0.5).ln().exp(), |t| t));
    assert!(error.field == "scale" && error.got.starts_with("NaN at t ="), "{error}");
    let error = refused(plain(0.0, 1.0, |t| t.constant(1.0), |t| t.maximum(t.constant(0.5))));
    assert!(error.field == "std", "a flat part: {error}");
    let error = refused(plain(0.0, 1.0, |t| t.constant(1.0) - t, |t| (t.constant(1.0) - t) * t));
    assert!(error.field == "std" && error.got == "0 at t = 1", "no noise at the end: {error}");
    let with = |t_min: f64, t_max: f64| refused(plain(t_min, t_max, |t| t.constant(1.0), |t| t)).field;
    assert_eq!((with(-1.0, 1.0), with(0.5, 0.5), with(f64::NAN, 1.0), with(0.0, f64::INFINITY)), ("tMin", "tMax", "tMin", "tMax"));
    let log_scale = Expression::trace(|t| -t).unwrap();
    let log_std = Expression::trace(|t| -t * 2.0).unwrap();
    let error = refused(Custom { t_min: 0.0, t_max: 1.0, schedule: Schedule::Log { log_scale, log_std } }.into());
    assert!(error.field == "logStd" && error.expected.contains("falls strictly"), "{error}");
}

#[test]
fn a_custom_config_has_one_pair_of_functions_and_survives_json() {
    let f = serde_json::to_value(Expression::trace(|t| t).unwrap()).unwrap();
    let read = |config: Value| serde_json::from_value::<Path>(config).map_err(|e| e.to_string());
    for path in [custom_straight(), custom_log(), custom_shifted()] {
        let config = serde_json::to_value(&path).unwrap();
        assert_eq!(read(config).unwrap(), path);
    }
    let error = read(json!({ "type": "custom", "scale": f, "logStd": f })).unwrap_err();
    assert!(error.contains("either logScale and logStd, or scale and std") && error.contains("logStd and scale"), "{error}");
    assert!(read(json!({ "type": "custom" })).unwrap_err().contains("neither"));
    assert!(read(json!({ "type": "custom", "scale": f, "std": f, "logStd": f })).is_err());
    let Path::Custom(default) = read(json!({ "type": "custom", "scale": f, "std": f })).unwrap() else { panic!("not custom") };
    assert_eq!((default.t_min, default.t_max), (0.0, 1.0));
}
