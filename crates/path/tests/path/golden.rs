//! GenerativeRL's own numbers: equal where they are right, different where they are wrong, and then ours is shown right.

use crate::support::{Golden, Single, assert_close, derivative, path_of};
use thalweg_graph::Scalar;
use thalweg_path::Parameterization::{self, Data, Noise, Score, Velocity};
use thalweg_path::{GaussianPath, Path, convert};

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
    let log_slope = || derivative(|t| path.scale(t).ln(), t);
    let squared = |t: f64| path.std(t).powi(2);
    match name {
        "drift_coefficient" | "d_log_scale_dt" => log_slope(),
        "diffusion_squared" => derivative(squared, t) - 2.0 * log_slope() * squared(t),
        "diffusion" => by_finite_differences(path, "diffusion_squared", t).sqrt(),
        "d_scale_dt" => derivative(|t| path.scale(t), t),
        "d_std_dt" => derivative(|t| path.std(t), t),
        "d_covariance_dt" => derivative(squared, t),
        "std" => (1.0 - path.scale(t).powi(2)).sqrt(),
        "HalfLogSNR" => path.scale(t).ln() - (1.0 - path.scale(t).powi(2)).sqrt().ln(),
        other => panic!("{other} is not known to be defective"),
    }
}

/// What GenerativeRL's 32-bit formula gives where it loses digits without being flagged as wrong: 1.0000001 − t in place of 1 − t, and
/// √(1 − s²) as the deviation.
fn lossy(path: &Path, name: &str, t: f64) -> Option<f64> {
    let t = Single(t as f32);
    let remaining = t.constant(1.000_000_1) - t;
    let value = match (path, name) {
        (Path::Linear(_), "drift_coefficient" | "d_log_scale_dt") => -remaining.recip(),
        (Path::Linear(_), "diffusion_squared") => t * 2.0 / remaining,
        (Path::Linear(_), "diffusion") => (t * 2.0 / remaining).sqrt(),
        (Path::LinearVpSde(_), "HalfLogSNR") => path.log_scale(t) - (t.constant(1.0) - (path.log_scale(t) * 2.0).exp()).sqrt().ln(),
        _ => return None,
    };
    Some(value.value())
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
                    let predicted = lossy(&path, name, t).unwrap_or_else(|| panic!("{what}: off by {apart:e}"));
                    assert_close(predicted, theirs, 2e-6, &format!("{what} at {t}: their rounding"));
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
        Velocity => (derivative(|t| path.scale(t), t), derivative(|t| path.std(t), t), value),
    };
    let determinant = s * b - sigma * a;
    ((x * b - sigma * c) / determinant, (s * c - x * a) / determinant)
}

fn from_data_and_noise(path: &Path, kind: Parameterization, t: f64, (data, noise): (f64, f64)) -> f64 {
    match kind {
        Score => -noise / path.std(t),
        Noise => noise,
        Data => data,
        Velocity => derivative(|t| path.scale(t), t) * data + derivative(|t| path.std(t), t) * noise,
    }
}

#[test]
fn all_sixteen_conversions_equal_the_golden_numbers_wherever_those_are_right() {
    let golden = Golden::section("diffusion");
    let (mut right, mut wrong) = (0, 0);
    for case in golden.cases() {
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
    assert!(right >= 40 && wrong >= 8, "{right} right, {wrong} wrong");
}
