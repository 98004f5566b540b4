//! Samplers on exact networks: other schedules than the trained one, EDM's preconditioning, one Brownian path, thresholding, states of several parts.

mod support;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use support::run_job;
use thalweg_model::engine::{Future, Tensor};
use thalweg_model::external::ExternalModule;
use thalweg_model::graph::{Builder, DType, Graph, Var};
use thalweg_model::sampling::LogProbOptions;
use thalweg_model::{Ask, Groups, Model, ModelConfig, ModelError, Run, SampleJob, SampleOptions, SampleRequest};
use thalweg_nn::Mode;
use thalweg_path::{GaussianPath, Path};

const MEAN: f64 = 0.7;
const VARIANCE: f64 = 1.9;

type Forward = dyn for<'g> Fn(&'g Builder, usize) -> Vec<Var<'g>>;

/// A closure whose values live as long as their builder.
fn lent<F: for<'g> Fn(&'g Builder, usize) -> Vec<Var<'g>>>(forward: F) -> F {
    forward
}

/// A model whose network is `forward` for any of these numbers of rows; f64.
fn model(class: &str, config: Value, rows: &[usize], forward: &Forward) -> Model {
    let externals = HashMap::from([("model.args".to_string(), ExternalModule::default())]);
    let mut config = config;
    config["dtype"] = json!("f64");
    let model = Model::new(ModelConfig::parse(class, &config.to_string()).unwrap(), &externals).unwrap();
    for &n in rows {
        for need in model.needs(Mode::Sample, n) {
            let b = Builder::new();
            let outputs = forward(&b, n);
            let graph: Graph = b.finish(&outputs).unwrap();
            model.definition().forwards().provide(&need.key, Arc::new(graph));
        }
    }
    model
}

fn network(kind: &str) -> Value {
    json!({ "type": kind, "args": { "backbone": { "type": "Own", "args": {} } } })
}

fn run(model: &Model, ask: Ask, x0: Vec<Tensor>) -> Result<Vec<Vec<f64>>, ModelError> {
    let given = Groups::of(vec![("x0", x0.into_iter().map(|t| Future::ready(Ok(t))).collect())]);
    let request = SampleRequest::new(ask, given);
    let (setters, getters): (Vec<_>, Vec<_>) = (0..request.results(model.inner())).map(|_| Future::new()).unzip();
    run_job(&mut SampleJob::new(model.inner().clone(), request, Run::new(), setters));
    let value = |g: thalweg_model::engine::Getter<Tensor>| {
        g.wait().map(|t| t.to_f64_vec().unwrap()).map_err(|e| ModelError::new(e.code, e.message))
    };
    getters.into_iter().map(value).collect()
}

fn sample(model: &Model, options: Value, x0: Vec<Tensor>) -> Result<Vec<Vec<f64>>, ModelError> {
    run(model, Ask::Sample(SampleOptions::parse(&options.to_string()).unwrap()), x0)
}

const ROWS: usize = 8;

fn starts() -> Tensor {
    Tensor::from_f64((0..ROWS).map(|i| (i as f64 - 3.5) * 0.6).collect(), &[ROWS, 1]).unwrap()
}

/// The exact noise of data N(MEAN, VARIANCE) on `path`.
fn exact_noise(path: Path) -> impl for<'g> Fn(&'g Builder, usize) -> Vec<Var<'g>> {
    move |b, rows| {
        let t = b.input("t", DType::F64, &[rows]).reshape(&[rows, 1]);
        let x = b.input("x", DType::F64, &[rows, 1]);
        let (s, sigma) = (path.scale(t), path.std(t));
        vec![sigma * (x - s * MEAN) / (s * s * VARIANCE + sigma * sigma)]
    }
}

/// Where the probability flow of such data takes a point of time `from` at time `to`.
fn carried(path: &Path, from: f64, to: f64, x: f64) -> f64 {
    let at = |t: f64| (path.scale(t) * MEAN, (path.scale(t).powi(2) * VARIANCE + path.std(t).powi(2)).sqrt());
    let ((from_mean, from_std), (to_mean, to_std)) = (at(from), at(to));
    to_mean + to_std * (x - from_mean) / from_std
}

#[test]
fn a_model_trained_on_one_path_is_sampled_along_another() {
    let trained = Path::linear_vp_sde(0.1, 20.0);
    let config = json!({ "xSize": 1, "path": trained, "model": network("noise_function") });
    let model = model("DiffusionModel", config, &[2, ROWS], &exact_noise(trained));
    let x0 = starts();
    for sampled in [Path::linear(), Path::gvp()] {
        let solver = json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 400 } });
        let run = |options: Value| sample(&model, options, vec![x0.clone()]).unwrap().remove(0);
        // From t = 0.98 to 0.01: these λ are all on the trained path, where its network answers for the sampled one exactly.
        let within = run(json!({ "schedule": sampled, "solver": solver, "tSpan": [0.02, 0.99] }));
        for (start, within) in x0.to_f64_vec().unwrap().iter().zip(within) {
            let wanted = carried(&sampled, 0.98, 0.01, *start);
            assert!((within - wanted).abs() < 1e-6, "{}: {within}, not {wanted}", sampled.name());
        }
    }
    let own =
        sample(&model, json!({ "solver": { "type": "ODESolver", "args": { "rtol": 1e-9, "atol": 1e-9 } } }), vec![x0.clone()]).unwrap();
    let same =
        json!({ "schedule": { "type": "linear_vp_sde" }, "solver": { "type": "ODESolver", "args": { "rtol": 1e-9, "atol": 1e-9 } } });
    for (a, b) in own[0].iter().zip(&sample(&model, same, vec![x0]).unwrap()[0]) {
        assert!((a - b).abs() < 1e-7, "its own path changes nothing: {a} and {b}");
    }
}

#[test]
fn a_preconditioned_network_on_edms_path_carries_noise_to_data() {
    let sigma_data = 0.5;
    let forward = lent(move |b, rows| {
        let sigma = (b.input("t", DType::F64, &[rows]).reshape(&[rows, 1]) * 4.0).exp();
        let variance = sigma * sigma + sigma_data * sigma_data;
        let x = b.input("x", DType::F64, &[rows, 1]) * variance.sqrt();
        let data = (x * VARIANCE + sigma * sigma * MEAN) / (sigma * sigma + VARIANCE);
        vec![(data - x * (variance.recip() * (sigma_data * sigma_data))) * variance.sqrt() / (sigma * sigma_data)]
    });
    let mut network = network("data_prediction_function");
    network["preconditioning"] = json!({ "sigmaData": sigma_data });
    let model = model("DiffusionModel", json!({ "xSize": 1, "path": { "type": "edm" }, "model": network }), &[2, ROWS], &forward);
    let path: Path = serde_json::from_value(json!({ "type": "edm" })).unwrap();
    let x0 = Tensor::from_f64((0..ROWS).map(|i| (i as f64 - 3.5) * 40.0).collect(), &[ROWS, 1]).unwrap();
    for solver in [
        json!({ "type": "ODESolver", "args": { "method": "heun2", "steps": 200, "grid": { "type": "karras" } } }),
        json!({ "type": "DPMSolver", "args": { "order": 2, "steps": 200, "grid": { "type": "karras" } } }),
    ] {
        let got = sample(&model, json!({ "solver": solver }), vec![x0.clone()]).unwrap().remove(0);
        for (start, got) in x0.to_f64_vec().unwrap().iter().zip(got) {
            let wanted = carried(&path, path.t_max(), path.t_min(), *start);
            assert!((got - wanted).abs() < 5e-3, "{got}, not {wanted}");
        }
    }
}

#[test]
fn smaller_steps_see_the_same_brownian_path_and_converge_strongly() {
    let path = Path::linear_vp_sde(0.1, 20.0);
    let config = json!({ "xSize": 1, "path": path, "model": network("noise_function") });
    let model = model("DiffusionModel", config, &[2, 64], &exact_noise(path));
    let error = |steps: usize, brownian: bool| {
        let run = |steps: usize| {
            let solver = json!({ "type": "SDESolver", "args": { "method": "euler_maruyama", "steps": steps, "brownian": brownian } });
            sample(&model, json!({ "solver": solver, "batchSize": 64, "seed": 5, "tSpan": [0.0, 0.9] }), Vec::new()).unwrap().remove(0)
        };
        let squares: f64 = run(steps).iter().zip(run(2 * steps)).map(|(a, b)| (a - b) * (a - b)).sum();
        (squares / 64.0).sqrt()
    };
    let order = (error(64, true) / error(512, true)).log2() / 3.0;
    assert!(order > 0.85, "strong order {order}");
    assert!(error(512, false) > 0.3, "independent noises are other paths");
}

#[test]
fn thresholding_keeps_predicted_data_in_range() {
    let three = lent(|b, rows| {
        b.input("t", DType::F64, &[rows]);
        let x = b.input("x", DType::F64, &[rows, 2]);
        let column = b.iota(DType::F64, 2).reshape(&[1, 2]).broadcast_to(&[rows, 2]);
        vec![x * 0.0 + column * 2.0 + 1.0]
    });
    let config = json!({ "xSize": 2, "path": { "type": "linear" }, "model": network("data_prediction_function") });
    let model = model("DiffusionModel", config, &[2, 4], &three);
    let run = |thresholding: Value| {
        let solver = json!({ "type": "DPMSolver", "args": { "order": 2, "steps": 5, "thresholding": thresholding } });
        sample(&model, json!({ "solver": solver, "batchSize": 4 }), Vec::new()).unwrap().remove(0)
    };
    // D is (1, 3): as it is, or divided by its largest magnitude.
    for (row, wanted) in [(run(json!(null)), [1.0, 3.0]), (run(json!({ "percentile": 1.0, "floor": 1.0 })), [1.0 / 3.0, 1.0])] {
        for got in row.chunks_exact(2) {
            assert!((got[0] - wanted[0]).abs() < 1e-9 && (got[1] - wanted[1]).abs() < 1e-9, "{got:?}, not {wanted:?}");
        }
    }
}

#[test]
fn a_state_of_several_parts_goes_through_sampler_and_likelihood() {
    // v = −x/2 in both parts: log p(x) is that of the source in x e^{½}, plus 6/2 for six dimensions... along 1 unit of time.
    let forward = lent(|b, rows| {
        b.input("t", DType::F64, &[rows]);
        vec![b.input("x.action", DType::F64, &[rows, 2]) * -0.5, b.input("x.image", DType::F64, &[rows, 1, 2, 2]) * -0.5]
    });
    let size = json!({ "action": 2, "image": [1, 2, 2] });
    let config = json!({ "xSize": size, "path": { "type": "independent", "sigma": 0.0 }, "model": network("velocity_function") });
    let model = model("IndependentConditionalFlowModel", config, &[2, 4], &forward);
    let solver = json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 40 } });
    let got = sample(&model, json!({ "batchSize": 4, "seed": 2, "solver": solver, "logProb": true }), Vec::new()).unwrap();
    assert_eq!(got.iter().map(Vec::len).collect::<Vec<_>>(), [8, 16, 4]);
    let parts = || vec![Tensor::from_f64(got[0].clone(), &[4, 2]).unwrap(), Tensor::from_f64(got[1].clone(), &[4, 1, 2, 2]).unwrap()];
    let ask =
        |divergence: &str| Ask::LogProb(LogProbOptions::parse(&json!({ "solver": solver, "divergence": divergence }).to_string()).unwrap());
    for divergence in ["exact", "hutchinson"] {
        let density = run(&model, ask(divergence), parts()).unwrap().remove(0);
        for row in 0..4 {
            let squares: f64 = got[0][2 * row..2 * row + 2].iter().chain(&got[1][4 * row..4 * row + 4]).map(|v| v * v).sum();
            let wanted = -0.5 * squares * 1f64.exp() - 3.0 * (2.0 * std::f64::consts::PI).ln() + 3.0;
            assert!((density[row] - wanted).abs() < 1e-6, "{divergence}: {}, not {wanted}", density[row]);
            assert!((got[2][row] - wanted).abs() < 1e-6, "with the sample: {}, not {wanted}", got[2][row]);
        }
    }
}

#[test]
fn a_field_that_diverges_stops_with_time_step_and_error() {
    let square = lent(|b, rows| {
        b.input("t", DType::F64, &[rows]);
        let x = b.input("x", DType::F64, &[rows, 1]);
        vec![x * x * 10.0 + 10.0]
    });
    let config = json!({ "xSize": 1, "path": { "type": "independent", "sigma": 0.0 }, "model": network("velocity_function") });
    let model = model("IndependentConditionalFlowModel", config, &[2, 4], &square);
    let error = sample(&model, json!({ "batchSize": 4 }), Vec::new()).unwrap_err();
    assert!(error.code == "SolverError" && error.message.contains(" t = "), "{error}");
    let fixed = json!({ "batchSize": 4, "solver": { "type": "ODESolver", "args": { "method": "euler", "steps": 100 } } });
    let error = sample(&model, fixed, Vec::new()).unwrap_err();
    assert!(error.code == "SolverError" && error.message.contains(" t = "), "{error}");
}
