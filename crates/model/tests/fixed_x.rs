//! Sampling with known coordinates, on jointly normal data, where the exact conditional is known: what is kept, what is reached, and what replacement misses.

#[path = "support/exact.rs"]
mod exact;

use exact::{Normal, diffusion, external, provide, rows_of, sample, sample_with};
use serde_json::{Value, json};
use thalweg_model::engine::Tensor;
use thalweg_model::{Model, Normalization};
use thalweg_nn::Mode;
use thalweg_path::{GaussianPath, Parameterization, Path};

const RHO: f64 = 0.8;
const MEAN: [f64; 2] = [0.5, -0.3];
const KNOWN: f64 = 1.5;

fn data() -> Normal {
    Normal::correlated(MEAN, RHO)
}

/// Of coordinate 0 given coordinate 1.
fn conditional() -> (f64, f64) {
    (MEAN[0] + RHO * (KNOWN - MEAN[1]), 1.0 - RHO * RHO)
}

/// Coordinate 1 is known, coordinate 0 is sampled.
fn groups() -> Vec<(&'static str, Tensor)> {
    vec![("fixedX", rows_of(vec![9.0, KNOWN], 2)), ("fixedMask", rows_of(vec![1.0, 0.0], 2))]
}

fn solvers() -> Vec<Value> {
    vec![
        json!({ "type": "ODESolver", "args": { "method": "dopri5" } }),
        json!({ "type": "ODESolver", "args": { "method": "heun2", "steps": 20 } }),
        json!({ "type": "SDESolver", "args": { "steps": 40 } }),
        json!({ "type": "DPMSolver", "args": { "order": 2, "steps": 20 } }),
        json!({ "type": "UniPCSolver", "args": { "order": 2, "steps": 20 } }),
        json!({ "type": "DDIMSolver", "args": { "steps": 20, "eta": 1 } }),
    ]
}

fn flow(rows: usize) -> Model {
    let path = Path::linear();
    let config = json!({ "xSize": 2, "dtype": "f64", "path": { "type": "independent", "sigma": 0 },
        "model": { "type": "velocity_function", "args": external() } });
    let flow = exact::model("IndependentConditionalFlowModel", config, &[("model.args", &[])]);
    exact::every(rows, |rows| {
        provide(&flow, Mode::Sample, rows, |_, rows| {
            data().graph(rows, false, |_, t, x, _| {
                let t = -t + 1.0;
                let velocity = data().quantity(&path, Parameterization::Velocity, t, x, None);
                thalweg_model::graph::Var::concat(&velocity.into_iter().map(|v| -v).collect::<Vec<_>>(), 1)
            })
        })
    });
    flow
}

#[test]
fn known_coordinates_come_back_bit_for_bit_with_every_solver_and_normalisation_and_from_flows() {
    let path = Path::linear_vp_sde(0.1, 20.0);
    let known: Vec<f64> = (0..7).map(|i| (i as f64 * 0.77).sin() * 3.1 + 0.1).collect();
    let x = rows_of(known.iter().flat_map(|k| [7.0, *k]).collect(), 2);
    for which in [Parameterization::Velocity, Parameterization::Noise, Parameterization::Data] {
        let model = diffusion(&data(), &path, which, 8);
        model
            .inner()
            .with_store(|store| {
                let leaf = |values: [f64; 2]| Tensor::from_f64(values.to_vec(), &[2]).unwrap();
                store.normalization = Some(Normalization { leaves: vec![(leaf([0.3, -1.7]), leaf([0.7, 3.3]))] });
                Ok(())
            })
            .unwrap();
        for solver in solvers() {
            let given = vec![("fixedX", x.clone()), ("fixedMask", rows_of(vec![1.0, 0.0], 2))];
            let out = sample(&model, json!({ "solver": solver }), given);
            let back: Vec<f64> = out.chunks_exact(2).map(|row| row[1]).collect();
            assert_eq!(back, known, "{} {solver}", which.name());
            assert!(out.iter().all(|v| v.is_finite()) && out.chunks_exact(2).all(|row| row[0] != 7.0), "{out:?}");
        }
    }
    for solver in solvers().into_iter().take(3) {
        let given = vec![("fixedX", x.clone()), ("fixedMask", rows_of(vec![1.0, 0.0], 2))];
        let out = sample(&flow(8), json!({ "solver": solver }), given);
        assert_eq!(out.chunks_exact(2).map(|row| row[1]).collect::<Vec<_>>(), known, "{solver}");
    }
}

#[test]
fn what_is_known_of_an_independent_coordinate_changes_nothing_and_steps_keep_their_order() {
    let path = Path::linear_vp_sde(0.1, 20.0);
    let (apart, joint) = (
        diffusion(&Normal::correlated(MEAN, 0.0), &path, Parameterization::Noise, 2),
        diffusion(&data(), &path, Parameterization::Noise, 2),
    );
    let starts = || rows_of(vec![0.4, -0.9], 2);
    let span = json!([0.1, 0.9]);
    let with = |model: &Model, method: &str, steps: u32, fixed: bool| {
        let mut given = vec![("x0", starts())];
        given.extend(groups().into_iter().filter(|_| fixed));
        let solver = json!({ "type": "ODESolver", "args": { "method": method, "steps": steps } });
        sample(model, json!({ "seed": 3, "tSpan": span, "solver": solver }), given)[0]
    };
    assert!((with(&apart, "rk4", 30, true) - with(&apart, "rk4", 30, false)).abs() < 1e-13);
    assert!((with(&joint, "rk4", 30, true) - with(&joint, "rk4", 30, false)).abs() > 0.1);
    for (method, order) in [("euler", 1.0), ("heun2", 2.0), ("rk4", 4.0)] {
        let exact = with(&joint, "rk4", 2000, true);
        let error = |steps: u32| (with(&joint, method, steps, true) - exact).abs();
        let measured = (error(40) / error(80)).log2();
        assert!((measured - order).abs() < 0.3, "{method}: order {measured}");
    }
}

/// Mean and variance of the sampled coordinate over many rows.
fn moments(model: &Model, options: Value) -> (f64, f64) {
    let rows = 8192;
    let mut options = options;
    options["batchSize"] = json!(rows);
    let x: Vec<f64> = sample(model, options, groups()).chunks_exact(2).map(|row| row[0]).collect();
    let mean = x.iter().sum::<f64>() / rows as f64;
    (mean, x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / rows as f64)
}

#[test]
fn resampling_comes_nearer_to_the_exact_conditional_the_more_often_and_replacement_alone_is_biased() {
    let path = Path::linear_vp_sde(0.1, 20.0);
    let model = diffusion(&data(), &path, Parameterization::Noise, 16384);
    let (mean, variance) = conditional();
    for solver in [
        json!({ "type": "SDESolver", "args": { "steps": 60 } }),
        json!({ "type": "DDIMSolver", "args": { "steps": 60, "eta": 1 } }),
        json!({ "type": "ODESolver", "args": { "method": "heun2", "steps": 60 } }),
    ] {
        let errors: Vec<(f64, f64)> = [1, 4, 16]
            .map(|times| {
                let (m, v) = moments(&model, json!({ "solver": solver, "resample": { "times": times, "jump": 4 } }));
                (m - mean, v - variance)
            })
            .to_vec();
        // The exact mean is 1.44 above that of the coordinate on its own. Replacement alone misses 0.57 to 0.82 of it, with a variance up to 0.32 too large.
        let [plain, some, many] = [errors[0], errors[1], errors[2]];
        assert!(plain.0 < -0.5 && plain.1 > 0.1, "{solver} {errors:?}");
        assert!(some.0.abs() < 0.45 * plain.0.abs() && many.0.abs() < 0.4 * some.0.abs() && many.0.abs() < 0.1, "{solver} {errors:?}");
        assert!(some.1.abs() < 0.4 * plain.1 && many.1.abs() < 0.1, "{solver} {errors:?}");
    }
}

#[test]
fn a_row_depends_on_the_seed_and_its_number_alone_and_one_pass_is_no_resampling() {
    let model = diffusion(&data(), &Path::linear_vp_sde(0.1, 20.0), Parameterization::Velocity, 64);
    let run = |batch: usize, resample: Option<u32>, seed: u32| {
        let solver = json!({ "type": "SDESolver", "args": { "steps": 12 } });
        let mut options = json!({ "solver": solver, "batchSize": batch, "seed": seed });
        if let Some(times) = resample {
            options["resample"] = json!({ "times": times, "jump": 3 });
        }
        sample(&model, options, groups())
    };
    for resample in [None, Some(3)] {
        let (few, many) = (run(5, resample, 1), run(64, resample, 1));
        assert!(few.iter().zip(&many).all(|(a, b)| (a - b).abs() < 1e-12), "{few:?}");
        assert_eq!(run(5, resample, 1), few);
        assert_ne!(run(5, resample, 2), few);
    }
    assert_eq!(run(5, Some(1), 1), run(5, None, 1));
    assert_ne!(run(5, Some(3), 1), run(5, None, 1));
}

#[test]
fn a_trajectory_has_known_coordinates_on_the_path_of_one_noise() {
    let path = Path::linear();
    let model = diffusion(&data(), &path, Parameterization::Velocity, 4);
    let times = [0.25, 0.5, 0.75, 1.0];
    for solver in [json!({ "type": "ODESolver", "args": { "method": "dopri5" } }), json!({ "type": "SDESolver", "args": { "steps": 40 } })]
    {
        let options = json!({ "solver": solver, "batchSize": 3, "trajectory": true, "tSpan": times });
        let out = sample(&model, options, groups());
        for row in 0..3 {
            let at = |k: usize| out[(k * 3 + row) * 2 + 1];
            let noise = |k: usize| (at(k) - path.scale(1.0 - times[k]) * KNOWN) / path.std(1.0 - times[k]);
            assert!((noise(0) - noise(1)).abs() < 1e-12 && (noise(1) - noise(2)).abs() < 1e-12, "{solver}");
            assert_eq!(at(3), KNOWN);
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let model = diffusion(&data(), &Path::linear_vp_sde(0.1, 20.0), Parameterization::Noise, 4);
    let (x, mask) = (|| rows_of(vec![9.0, KNOWN], 2), || rows_of(vec![1.0, 0.0], 2));
    let code = |options: Value, groups: Vec<(&str, Tensor)>| {
        let error = sample_with(&model, options, groups, |_| ()).unwrap_err();
        (error.code, error.path.unwrap_or_default())
    };
    let plain = |code: &'static str| (code, String::new());
    let at = |path: &str| ("ConfigError", path.to_string());
    assert_eq!(code(json!({}), vec![("fixedX", x())]), plain("DataError"));
    assert_eq!(code(json!({}), vec![("fixedX", x()), ("fixedMask", rows_of(vec![1.0, 0.5], 2))]), plain("DataError"));
    assert_eq!(code(json!({}), vec![("fixedX", rows_of(vec![1.0], 1)), ("fixedMask", mask())]), plain("ShapeError"));
    assert_eq!(code(json!({}), vec![("fixedX", x()), ("fixedMask", rows_of(vec![1.0; 6], 2))]), plain("ShapeError"));
    assert_eq!(code(json!({}), vec![("fixedX", rows_of(vec![f64::NAN; 2], 2)), ("fixedMask", mask())]), plain("DataError"));
    let both = || vec![("fixedX", x()), ("fixedMask", mask())];
    assert_eq!(code(json!({ "logProb": true }), both()), at("fixedX"));
    let resample = json!({ "times": 2, "jump": 2 });
    assert_eq!(code(json!({ "resample": resample }), vec![]), at("resample"));
    assert_eq!(code(json!({ "resample": { "times": 0, "jump": 2 } }), both()), at("resample.times"));
    for solver in [
        json!({ "type": "ODESolver", "args": { "method": "dopri5" } }),
        json!({ "type": "DPMSolver", "args": { "order": 2, "steps": 10, "method": "multistep" } }),
        json!({ "type": "SDESolver", "args": { "steps": 10, "brownian": true } }),
    ] {
        assert_eq!(code(json!({ "resample": resample, "solver": solver }), both()), at("resample"), "{solver}");
    }
}
