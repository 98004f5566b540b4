//! Defects that others shipped, each with the number that gives it away: the noise of a bridge, the dimensions of a loss, rejection-sampled times,
//! probes that change along a trajectory.

mod support;

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use support::run_job;
use thalweg_model::engine::{Future, Tensor};
use thalweg_model::external::ExternalModule;
use thalweg_model::graph::{Builder, DType, Graph};
use thalweg_model::sampling::LogProbOptions;
use thalweg_model::{Ask, Groups, Model, ModelConfig, Objective, ObjectiveKind, Run, SampleJob, SampleRequest, Weights};
use thalweg_nn::Mode;

/// A model whose networks give `value(builder, x)` for any t; f64.
fn model(class: &str, config: Value, rows: &[usize], forward: &dyn Fn(&Builder, usize) -> Graph) -> Model {
    let places = ["model.args", "velocityModel.args", "scoreModel.args"];
    let externals: HashMap<String, ExternalModule> = places.iter().map(|p| (p.to_string(), ExternalModule::default())).collect();
    let model = Model::new(ModelConfig::parse(class, &config.to_string()).unwrap(), &externals).unwrap();
    for &n in rows {
        for mode in [Mode::Train, Mode::Sample] {
            while let Some(need) = model.needs(mode, n).first() {
                model.definition().forwards().provide(&need.key, Arc::new(forward(&Builder::new(), n)));
            }
        }
    }
    model
}

fn network(kind: &str) -> Value {
    json!({ "type": kind, "args": { "backbone": { "type": "Own", "args": {} } } })
}

fn zero(shape: &[usize]) -> impl Fn(&Builder, usize) -> Graph + '_ {
    move |b, rows| {
        b.input("t", DType::F64, &[rows]);
        let x = b.input("x", DType::F64, &[&[rows], shape].concat());
        b.finish(&[x * 0.0]).unwrap()
    }
}

fn mean_loss(model: &Model, kind: ObjectiveKind, x: Tensor) -> f64 {
    let rows = model.inner().check_rows("", &Groups::of(vec![("x", vec![x])])).unwrap();
    let losses = model.inner().losses(&Objective::from(kind), false, &rows, None, (7, 0), Weights::Raw).unwrap().to_f64_vec().unwrap();
    losses.iter().sum::<f64>() / losses.len() as f64
}

const ROWS: usize = 4096;

#[test]
fn the_noise_of_a_bridge_is_normal() {
    let config = json!({
        "xSize": 2, "dtype": "f64", "path": { "sigma": 1.0 },
        "velocityModel": network("velocity_function"), "scoreModel": network("score_function"),
    });
    let model = model("SchrodingerBridgeConditionalFlowModel", config, &[2, ROWS], &zero(&[2]));
    let x = Tensor::from_f64(vec![0.0; 2 * ROWS], &[ROWS, 2]).unwrap();
    // ½E‖ε‖² over two dimensions is 1; of noise uniform on (0, 1), as the reference draws it, ⅓.
    let loss = mean_loss(&model, ObjectiveKind::ScoreMatching, x);
    assert!((loss - 1.0).abs() < 0.05, "{loss}");
}

#[test]
fn a_loss_sums_over_every_dimension_of_an_image() {
    let config = json!({ "xSize": [2, 3, 4], "dtype": "f64", "path": { "type": "gvp" }, "model": network("noise_function") });
    let model = model("DiffusionModel", config, &[2, ROWS], &zero(&[2, 3, 4]));
    let x = Tensor::from_f64(vec![0.0; 24 * ROWS], &[ROWS, 2, 3, 4]).unwrap();
    // ½E‖ε‖² over 24 numbers; summed over the first dimension and averaged over the others, as the reference does, it would be 1.
    let loss = mean_loss(&model, ObjectiveKind::ScoreMatching, x);
    assert!((loss - 12.0).abs() < 0.2, "{loss}");
}

#[test]
fn likelihood_weighted_times_do_not_depend_on_the_batch() {
    // The network's output is 1 where t < 1e-3, so that the loss of data at 0 counts such times: a fifth of them, in batches of any size.
    let early = |b: &Builder, rows: usize| {
        let t = b.input("t", DType::F64, &[rows]);
        let x = b.input("x", DType::F64, &[rows, 1]);
        let is_early = t.lt(t.constant(1e-3)).cast(DType::F64).reshape(&[rows, 1]);
        b.finish(&[x * 0.0 + is_early]).unwrap()
    };
    let config = json!({ "xSize": 1, "dtype": "f64", "path": { "type": "linear_vp_sde" }, "model": network("noise_function") });
    let model = model("DiffusionModel", config, &[2, 16, ROWS], &early);
    let share = |rows: usize, batches: i64| {
        let x = Tensor::from_f64(vec![0.0; rows], &[rows, 1]).unwrap();
        let given = model.inner().check_rows("", &Groups::of(vec![("x", vec![x])])).unwrap();
        let objective: Objective = serde_json::from_value(json!({ "type": "score_matching", "weighting": "likelihood" })).unwrap();
        let zero: Objective =
            serde_json::from_value(json!({ "type": "score_matching", "weighting": "likelihood", "time": { "type": "uniform" } })).unwrap();
        let mean = |objective: &Objective| {
            let batch = |k: i64| model.inner().losses(objective, false, &given, None, (7, k), Weights::Raw).unwrap().to_f64_vec().unwrap();
            (0..batches).flat_map(batch).sum::<f64>() / (rows as f64 * batches as f64)
        };
        // ½(ε − 1)² where early, ½ε² elsewhere: the mean grows by ½ P(early).
        (2.0 * (mean(&objective) - 0.5), 2.0 * (mean(&zero) - 0.5))
    };
    for (rows, batches) in [(ROWS, 8), (16, 2048)] {
        let (weighted, uniform) = share(rows, batches);
        assert!((weighted - 0.197).abs() < 0.03, "batches of {rows}: {weighted}");
        assert!(uniform.abs() < 0.03, "uniform times, batches of {rows}: {uniform}");
    }
}

#[test]
fn one_probe_is_kept_along_a_trajectory() {
    // v = A x has divergence tr A and εᵀAε along any trajectory: with one probe per row the estimate is that number, with a fresh probe at each
    // evaluation it would be a mean over many.
    let rotate = |b: &Builder, rows: usize| {
        b.input("t", DType::F64, &[rows]);
        let x = b.input("x", DType::F64, &[rows, 2]);
        let (first, second) = (x.narrow(1, 0, 1), x.narrow(1, 1, 1));
        let v = thalweg_model::graph::Var::concat(&[first * 0.3 + second * 0.5, first * 0.5 - second * 0.1], 1);
        b.finish(&[v]).unwrap()
    };
    let config =
        json!({ "xSize": 2, "dtype": "f64", "path": { "type": "independent", "sigma": 0.0 }, "model": network("velocity_function") });
    let model = model("IndependentConditionalFlowModel", config, &[2, 64], &rotate);
    let log_prob = |divergence: &str| {
        let solver = json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 40 } });
        let options = json!({ "divergence": divergence, "solver": solver, "seed": 11 });
        let x = Tensor::from_f64((0..128).map(|i| (i as f64).sin()).collect(), &[64, 2]).unwrap();
        let given = Groups::of(vec![("x0", vec![Future::ready(Ok(x))])]);
        let request = SampleRequest::new(Ask::LogProb(LogProbOptions::parse(&options.to_string()).unwrap()), given);
        let (setter, getter) = Future::new();
        run_job(&mut SampleJob::new(model.inner().clone(), request, Run::new(), vec![setter]));
        getter.wait().unwrap().to_f64_vec().unwrap()
    };
    let mut seen = [0, 0];
    for (exact, estimate) in log_prob("exact").iter().zip(log_prob("hutchinson")) {
        // εᵀAε = 0.2 ± 1 for ε in {±1}².
        let difference = exact - estimate;
        assert!((difference.abs() - 1.0).abs() < 1e-9, "{difference}");
        seen[usize::from(difference > 0.0)] += 1;
    }
    assert!(seen.iter().all(|&n| n > 15), "{seen:?}");
}
