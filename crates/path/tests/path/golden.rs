//! GenerativeRL's own numbers: equal where they are right, different where they are wrong, and then ours is shown right.

use crate::support::{Golden, Single, along, assert_close, path_of};
use thalweg_graph::Scalar;
use thalweg_path::Parameterization::{self, Data, Noise, Score, Velocity};
use thalweg_path::{GaussianPath, Path, convert, interpolate, velocity_target};

const TOLERANCE: f64 = 1e-5;

/// Allowed deviation from a golden tensor.
fn allowed(golden: &[f64]) -> f64 {
    TOLERANCE * golden.iter().fold(1f64, |most, v| most.max(v.abs()))
}

fn deviation(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Our value of the function that GenerativeRL calls `name`.
fn ours(path: &Path, name: &str, t: f64) -> f64 {
    match name {
        "drift_coefficient" | "d_log_scale_dt" => path.drift_coefficient(t),
        "diffusion" => path.diffusion(t),
        "diffusion_squared" => path.diffusion_squared(t),
        "scale" => path.scale(t),
        "log_scale" => path.log_scale(t),
        "d_scale_dt" => path.d_scale(t),
        "std" => path.std(t),
        "d_std_dt" => path.d_std(t),
        "covariance" => path.std(t).powi(2),
        "d_covariance_dt" => 2.0 * path.std(t) * path.d_std(t),
        "HalfLogSNR" => path.half_log_snr(t),
        "InverseHalfLogSNR_of_HalfLogSNR" => path.time_of_half_log_snr(path.half_log_snr(t)),
        other => panic!("no such function of a path: {other}"),
    }
}

/// The same from s and σ alone, by finite differences.
fn by_finite_differences(path: &Path, name: &str, t: f64) -> f64 {
    let log_slope = || along(path, |t| path.scale(t).ln(), t);
    let squared = |t: f64| path.std(t).powi(2);
    match name {
        "drift_coefficient" | "d_log_scale_dt" => log_slope(),
        "diffusion_squared" => along(path, squared, t) - 2.0 * log_slope() * squared(t),
        "diffusion" => by_finite_differences(path, "diffusion_squared", t).sqrt(),
        "d_scale_dt" => along(path, |t| path.scale(t), t),
        "d_std_dt" => along(path, |t| path.std(t), t),
        "d_covariance_dt" => along(path, squared, t),
        "std" => (1.0 - path.scale(t).powi(2)).sqrt(),
        "HalfLogSNR" => path.scale(t).ln() - (1.0 - path.scale(t).powi(2)).sqrt().ln(),
        other => panic!("{other} is not known to be defective"),
    }
}

/// A range that holds GenerativeRL's number.
struct Explained {
    value: f64,
    tolerance: f64,
}

/// Where GenerativeRL's 32-bit formula loses digits without being flagged as wrong: 1.0000001 − t in place of 1 − t, whose result is
/// predicted, and 1 − s² in place of −expm1(2 log s), which is off by up to one unit in the last place of 1.
fn lost_digits(path: &Path, name: &str, t: f64) -> Option<Explained> {
    let single = Single(t as f32);
    let remaining = single.constant(1.000_000_1) - single;
    let value = match (path, name) {
        (Path::Linear(_), "drift_coefficient" | "d_log_scale_dt") => -remaining.recip(),
        (Path::Linear(_), "diffusion_squared") => single * 2.0 / remaining,
        (Path::Linear(_), "diffusion") => (single * 2.0 / remaining).sqrt(),
        (Path::LinearVpSde(_), "HalfLogSNR") => {
            let tolerance = 0.5 * f64::from(f32::EPSILON) * path.std(t).powi(-2) + 1e-6;
            return Some(Explained { value: path.half_log_snr(t), tolerance });
        }
        _ => return None,
    };
    Some(Explained { value: value.value(), tolerance: 1e-6 })
}

#[test]
fn paths_equal_the_golden_numbers_wherever_those_are_right() {
    let golden = Golden::section("paths");
    let mut compared = 0;
    for case in golden.cases() {
        let path = path_of(case.config());
        let times = case.input("t");
        for name in case.outputs() {
            let theirs = case.output(name);
            let mine: Vec<f64> = times.iter().map(|&t| ours(&path, name, t)).collect();
            let what = format!("{} {name}", case.name());
            let apart = deviation(&mine, &theirs);
            if case.is_defect(name) {
                assert!(apart > 100.0 * allowed(&theirs), "{what}: flagged as wrong, yet equal to ours");
                for (&t, &mine) in times.iter().zip(&mine) {
                    assert_close(mine, by_finite_differences(&path, name, t), 1e-8, &format!("{what} at {t}"));
                }
            } else if apart > allowed(&theirs) {
                for (&t, (&mine, &theirs)) in times.iter().zip(mine.iter().zip(&theirs)) {
                    let explained = lost_digits(&path, name, t).unwrap_or_else(|| panic!("{what}: off by {apart:e}"));
                    assert_close(theirs, explained.value, explained.tolerance, &format!("{what} at {t}: their rounding"));
                    assert_close(mine, by_finite_differences(&path, name, t), 1e-8, &format!("{what} at {t}: ours"));
                }
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 13 + 11 + 11);
}

#[test]
fn lost_digits_are_confined_to_the_formulas_named_here() {
    let golden = Golden::section("paths");
    let mut lost = Vec::new();
    for case in golden.cases() {
        let path = path_of(case.config());
        for name in case.outputs().into_iter().filter(|name| !case.is_defect(name)) {
            let mine: Vec<f64> = case.input("t").iter().map(|&t| ours(&path, name, t)).collect();
            if deviation(&mine, &case.output(name)) > allowed(&case.output(name)) {
                lost.push(format!("{} {name}", case.name()));
            }
        }
    }
    lost.sort();
    let expected = ["linear d_log_scale_dt", "linear diffusion", "linear diffusion_squared", "linear drift_coefficient"];
    assert_eq!(lost, [&expected[..], &["linear_vp_sde HalfLogSNR"]].concat());
}

/// (D, ε) from a prediction by solving x = sD + σε together with the definition of the prediction; ṡ and σ̇ by finite differences.
fn data_and_noise(path: &Path, kind: Parameterization, t: f64, x: f64, value: f64) -> (f64, f64) {
    let (s, sigma) = (path.scale(t), path.std(t));
    let (a, b, c) = match kind {
        Score => (0.0, -1.0 / sigma, value),
        Noise => (0.0, 1.0, value),
        Data => (1.0, 0.0, value),
        Velocity => (along(path, |t| path.scale(t), t), along(path, |t| path.std(t), t), value),
    };
    let determinant = s * b - sigma * a;
    ((x * b - sigma * c) / determinant, (s * c - x * a) / determinant)
}

fn from_data_and_noise(path: &Path, kind: Parameterization, t: f64, (data, noise): (f64, f64)) -> f64 {
    match kind {
        Score => -noise / path.std(t),
        Noise => noise,
        Data => data,
        Velocity => along(path, |t| path.scale(t), t) * data + along(path, |t| path.std(t), t) * noise,
    }
}

#[test]
fn all_sixteen_conversions_equal_the_golden_numbers_wherever_those_are_right() {
    let golden = Golden::section("diffusion");
    let (mut right, mut wrong) = (0, 0);
    for case in golden.cases().filter(|case| case.what() == "DiffusionModel functions") {
        let path = path_of(&case.config()["path"]);
        let kind = case.config()["model"]["type"].as_str().unwrap();
        let from = Parameterization::ALL.into_iter().find(|p| p.name() == kind).unwrap();
        let (times, xs, predictions) = (case.input("t"), case.input("x"), case.output("model"));
        let width = xs.len() / times.len();
        let rows = || xs.iter().zip(&predictions).enumerate().map(|(i, (&x, &value))| (times[i / width], x, value));
        for to in Parameterization::ALL {
            let what = format!("{} → {to:?}", case.name());
            let theirs = case.output(to.name());
            let mine: Vec<f64> = rows().map(|(t, x, value)| convert(&path, from, to, t, x, value)).collect();
            let apart = deviation(&mine, &theirs);
            for ((t, x, value), &mine) in rows().zip(&mine) {
                let solved = from_data_and_noise(&path, to, t, data_and_noise(&path, from, t, x, value));
                assert_close(mine, solved, 1e-8, &format!("{what} at {t}"));
            }
            if case.is_defect(to.name()) {
                assert!(apart > 100.0 * allowed(&theirs), "{what}: flagged as wrong, yet equal to ours");
                wrong += 1;
            } else {
                assert!(apart <= allowed(&theirs), "{what}: off by {apart:e}");
                right += 1;
            }
        }
    }
    assert_eq!((right, wrong), (41, 11));
}

/// The process alone: x_t, its velocity at fixed ends, and the drift of the forward SDE.
#[test]
fn processes_equal_the_golden_numbers_wherever_those_are_right() {
    let golden = Golden::section("diffusion");
    let mut compared = 0;
    for case in golden.cases().filter(|case| case.what() == "DiffusionProcess") {
        let path = path_of(&case.config()["path"]);
        let (times, xs, noises) = (case.input("t"), case.input("x"), case.input("noise"));
        let width = xs.len() / times.len();
        for name in case.outputs() {
            let at = |i: usize| {
                let (t, x, noise) = (times[i / width], xs[i], noises[i]);
                match name {
                    "direct_sample" => interpolate(&path, t, x, noise),
                    "velocity" => velocity_target(&path, t, x, noise),
                    "drift" => path.drift_coefficient(t) * x,
                    other => panic!("no such function of a process: {other}"),
                }
            };
            let mine: Vec<f64> = (0..xs.len()).map(at).collect();
            let theirs = case.output(name);
            if case.is_defect(name) {
                assert!(deviation(&mine, &theirs) > 100.0 * allowed(&theirs), "{} {name}", case.name());
                for (i, &mine) in mine.iter().enumerate() {
                    let moved = along(&path, |t| interpolate(&path, t, xs[i], noises[i]), times[i / width]);
                    assert_close(mine, moved, 1e-8, "velocity");
                }
            } else {
                assert!(deviation(&mine, &theirs) <= allowed(&theirs), "{} {name}", case.name());
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 9);
}
