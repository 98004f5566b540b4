//! Averages made after training: closed forms of the power-function average, and reconstructions against averages that were tracked directly.

#[path = "support/exact.rs"]
mod exact;

use exact::{external, provide, rows_of};
use serde_json::{Value, json};
use thalweg_model::engine::{Job, Step, Tensor};
use thalweg_model::graph::{Builder, DType};
use thalweg_model::posthoc::{Profile, decay, exponent, factors, length};
use thalweg_model::{FitJob, FitOptions, FitRequest, Groups, Model, ModelError, Run, Weights};
use thalweg_nn::{Init, Mode};

#[test]
fn length_and_exponent_are_inverse_and_solve_the_cubic_of_the_paper() {
    for sigma in [0.001, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.288] {
        let g = exponent(sigma).unwrap();
        assert!((length(g) / sigma - 1.0).abs() < 1e-12, "{sigma}");
        let inverse = sigma.powi(-2);
        let cubic = g.powi(3) + 7.0 * g * g + (16.0 - inverse) * g + 12.0 - inverse;
        assert!(cubic.abs() < 1e-10 * inverse.powf(1.5), "{sigma}: {cubic}");
    }
    for bad in [0.0, -0.1, 0.289, f64::NAN, f64::INFINITY] {
        assert_eq!(exponent(bad).unwrap_err().path.as_deref(), Some("sigmaRel"));
    }
}

#[test]
fn the_length_is_the_deviation_of_the_weights_and_products_are_integrals() {
    let weight = |p: &Profile, t: f64| if t <= p.end { (p.gamma + 1.0) * (t / p.end).powf(p.gamma) / p.end } else { 0.0 };
    let n = 400_000;
    let integral = |f: &dyn Fn(f64) -> f64, end: f64| (0..n).map(|k| f((k as f64 + 0.5) / n as f64 * end)).sum::<f64>() * end / n as f64;
    for gamma in [1.5, 6.94, 16.97] {
        let p = Profile { gamma, end: 3.0 };
        let mean = integral(&|t| t * weight(&p, t), 3.0);
        let variance = integral(&|t| (t - mean).powi(2) * weight(&p, t), 3.0);
        assert!((variance.sqrt() / 3.0 - length(gamma)).abs() < 1e-6, "{gamma}");
        for other in [Profile { gamma: 4.0, end: 2.0 }, Profile { gamma: 9.0, end: 5.0 }, p] {
            let (product, exact) = (p.product(&other), integral(&|t| weight(&p, t) * weight(&other, t), 5.0));
            assert!((product / exact - 1.0).abs() < 1e-4 && product == other.product(&p), "{product} {exact}");
        }
    }
}

/// A parameter as a function of the step, by name.
type Trajectory = (&'static str, fn(f64) -> f64);

/// θ averaged with length `sigma` over steps 1 … `steps`, snapshots included: (step, value).
fn tracked(theta: &dyn Fn(f64) -> f64, sigma: f64, steps: u32, every: u32) -> Vec<(u32, f64)> {
    let gamma = exponent(sigma).unwrap();
    let (mut average, mut out) = (123.0, Vec::new());
    for n in 1..=steps {
        let left = decay(gamma, f64::from(n));
        average = left * average + (1.0 - left) * theta(f64::from(n));
        if n % every == 0 || n == steps {
            out.push((n, average));
        }
    }
    out
}

#[test]
fn the_recurrence_is_the_power_average_and_forgets_where_it_began() {
    let steps = 20_000;
    for (sigma, power) in [(0.05, 1), (0.1, 2), (0.25, 3)] {
        let gamma = exponent(sigma).unwrap();
        let average = tracked(&|t| (t / f64::from(steps)).powi(power), sigma, steps, steps)[0].1;
        let exact = (gamma + 1.0) / (gamma + 1.0 + f64::from(power));
        assert!((average - exact).abs() < 1e-3, "{sigma}: {average} {exact}");
    }
}

#[test]
fn averages_of_other_lengths_are_reconstructed_from_snapshots_of_two() {
    let (steps, every) = (2000, 125);
    let trajectories: [Trajectory; 3] = [
        ("polynomial", |t| 1.0 + (t / 2000.0) - 2.0 * (t / 2000.0).powi(2)),
        ("exponential", |t| 1.0 - (-t / 400.0).exp()),
        ("oscillating", |t| (t / 300.0).sin()),
    ];
    let sigmas = [0.05, 0.10];
    for (name, theta) in &trajectories {
        let all: Vec<(f64, u32, f64)> =
            sigmas.iter().flat_map(|&s| tracked(theta, s, steps, every).into_iter().map(move |(n, v)| (s, n, v))).collect();
        let known: Vec<Profile> = all.iter().map(|(s, n, _)| Profile { gamma: exponent(*s).unwrap(), end: f64::from(*n) }).collect();
        for wanted in [0.03, 0.05, 0.075, 0.10, 0.15, 0.20] {
            let direct = tracked(theta, wanted, steps, steps)[0].1;
            let profile = Profile { gamma: exponent(wanted).unwrap(), end: f64::from(steps) };
            let factors = factors(&known, &profile).unwrap();
            let made: f64 = factors.iter().zip(&all).map(|(f, (_, _, v))| f * v).sum();
            let own = sigmas.contains(&wanted);
            let bound = if own {
                1e-9
            } else if (0.05..=0.15).contains(&wanted) {
                1e-3
            } else {
                1e-2
            };
            assert!((made - direct).abs() < bound, "{name} {wanted}: {made} {direct}");
        }
    }
    assert_eq!(factors(&[], &Profile { gamma: 1.0, end: 1.0 }).unwrap_err().code, "CheckpointError");
}

/// A model with three parameters, of which one is decayed by the optimiser and all are trained.
fn small() -> Model {
    let config =
        json!({ "xSize": 1, "dtype": "f64", "path": { "type": "linear" }, "model": { "type": "velocity_function", "args": external() } });
    let model =
        exact::model("DiffusionModel", config, &[("model.args", &[("gain", Init::Ones), ("time", Init::Zeros), ("offset", Init::Zeros)])]);
    provide(&model, Mode::Train, 32, |_, rows| {
        let b = Builder::new();
        let (t, x) = (b.input("t", DType::F64, &[rows]).reshape(&[rows, 1]), b.input("x", DType::F64, &[rows, 1]));
        let [gain, time, offset] = ["gain", "time", "offset"].map(|name| b.input(&format!("param:{name}"), DType::F64, &[1]));
        b.finish(&[x * gain + t * time + offset]).unwrap()
    });
    model
}

fn fit(model: &Model, options: Value) -> Result<(), ModelError> {
    let mut z = vec![0.0; 64];
    thalweg_model::engine::random::normal_f64(6, 2, 0, 0, &mut z);
    let data = model.inner().check_rows("", &Groups::of(vec![("x", vec![rows_of(z, 1)])])).unwrap();
    let mut all = json!({ "batchSize": 32, "optimizer": { "type": "adam", "lr": 0.01 } });
    for (key, value) in options.as_object().unwrap() {
        all[key] = value.clone();
    }
    let request = FitRequest { options: FitOptions::parse(&all.to_string())?, data, validation: None, weight: None };
    let run = Run::new();
    let mut job = FitJob::new(model.inner().clone(), request, run.clone());
    while job.step() == Step::Again {}
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    receiver.recv().unwrap().map(|_| ())
}

fn numbers(tensors: Vec<Tensor>) -> Vec<f64> {
    tensors.iter().flat_map(|t| t.to_f64_vec().unwrap()).collect()
}

#[test]
fn a_trained_models_average_of_any_length_is_near_the_one_tracked_in_training() {
    let (two, direct) = (small(), small());
    fit(&two, json!({ "steps": 300, "posthocEma": { "every": 20 } })).unwrap();
    fit(&direct, json!({ "steps": 300, "posthocEma": { "sigmaRel": [0.08], "every": 300 } })).unwrap();
    let (made, wanted) = (numbers(two.inner().posthoc_ema(0.08).unwrap()), numbers(direct.inner().posthoc_ema(0.08).unwrap()));
    let raw = numbers(two.inner().state_dict(Weights::Raw).unwrap());
    for ((m, w), r) in made.iter().zip(&wanted).zip(&raw) {
        assert!((m - w).abs() < 2e-3 && (m - w).abs() < 0.1 * (r - w).abs(), "{made:?} {wanted:?} {raw:?}");
    }
    let tracked = two.inner().with_store(|s| Ok(s.posthoc.as_ref().unwrap().averages[1].clone())).unwrap();
    let (own, held) = (numbers(two.inner().posthoc_ema(0.10).unwrap()), numbers(tracked.to_vec()));
    assert!(own.iter().zip(&held).all(|(a, b)| (a - b).abs() < 1e-10), "{own:?} {held:?}");
    two.inner().use_posthoc_ema(0.08).unwrap();
    assert_eq!(numbers(two.inner().state_dict(Weights::Ema).unwrap()), made);
    assert_eq!(numbers(two.inner().state_dict(Weights::Raw).unwrap()), raw);
}

#[test]
fn snapshots_survive_saving_and_resuming_to_the_bit_and_other_settings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("model");
    let (whole, first, second) = (small(), small(), small());
    let tracking = || json!({ "sigmaRel": [0.05, 0.1], "every": 7 });
    fit(&whole, json!({ "steps": 40, "posthocEma": tracking() })).unwrap();
    fit(&first, json!({ "steps": 23, "posthocEma": tracking() })).unwrap();
    first.inner().save_now(&dir).unwrap();
    second.inner().load_now(&dir).unwrap();
    let other = fit(&second, json!({ "steps": 40, "resume": true, "posthocEma": { "sigmaRel": [0.05], "every": 7 } })).unwrap_err();
    assert_eq!((other.code, other.path.as_deref()), ("ConfigError", Some("posthocEma")));
    second.inner().load_now(&dir).unwrap();
    fit(&second, json!({ "steps": 40, "resume": true, "posthocEma": tracking() })).unwrap();
    let bits = |model: &Model| {
        let all = model.inner().with_store(|store| {
            let tracked = store.posthoc.as_ref().unwrap();
            let snapshots = tracked.snapshots.iter().map(|s| (s.step, s.which, numbers(s.average.to_vec())));
            Ok((snapshots.collect::<Vec<_>>(), tracked.averages.iter().map(|a| numbers(a.to_vec())).collect::<Vec<_>>()))
        });
        all.unwrap()
    };
    assert_eq!(bits(&whole), bits(&second));
    assert_eq!(bits(&whole).0.iter().map(|s| s.0).collect::<Vec<_>>(), [7, 7, 14, 14, 21, 21, 28, 28, 35, 35]);
    assert_eq!(numbers(whole.inner().posthoc_ema(0.07).unwrap()), numbers(second.inner().posthoc_ema(0.07).unwrap()));

    let plain = small();
    fit(&plain, json!({ "steps": 3 })).unwrap();
    assert_eq!(plain.inner().posthoc_ema(0.1).unwrap_err().code, "CheckpointError");
    assert_eq!(
        fit(&plain, json!({ "steps": 5, "resume": true, "posthocEma": tracking() })).unwrap_err().path.as_deref(),
        Some("posthocEma")
    );
    for (settings, path) in [
        (json!({ "every": 0 }), "posthocEma.every"),
        (json!({ "every": 5, "sigmaRel": [] }), "posthocEma.sigmaRel"),
        (json!({ "every": 5, "sigmaRel": [0.1, 0.1] }), "posthocEma.sigmaRel"),
        (json!({ "every": 5, "sigmaRel": [0.4] }), "posthocEma.sigmaRel"),
    ] {
        assert_eq!(fit(&plain, json!({ "steps": 5, "posthocEma": settings })).unwrap_err().path.as_deref(), Some(path));
    }
}
