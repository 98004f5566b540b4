//! Flows and bridges as models: coupled batches, samples of a source, weights that go with their rows, resuming to the bit.

mod support;

use serde_json::{Value, json};
use std::collections::HashMap;
use support::run_job;
use thalweg_model::engine::{Future, Tensor};
use thalweg_model::{
    Ask, FitJob, FitOptions, FitRequest, Groups, Model, ModelConfig, ModelError, Report, Rows, Run, SampleJob, SampleOptions,
    SampleRequest, Weights,
};

fn network(kind: &str) -> Value {
    json!({ "type": kind, "args": {
        "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8, "scale": 0.3 } },
        "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [32, 16], "outputDim": 2, "tDim": 8 } },
    }})
}

fn model(class: &str, more: Value) -> Model {
    let mut config = json!({ "xSize": 2 });
    if class.starts_with("Schrodinger") {
        config["path"] = json!({ "sigma": 0.5 });
        config["velocityModel"] = network("velocity_function");
        config["scoreModel"] = network("score_function");
    } else {
        config["path"] = json!({ "type": "independent", "sigma": 0.0 });
        config["model"] = network("velocity_function");
    }
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Model::new(ModelConfig::parse(class, &config.to_string()).unwrap(), &HashMap::new()).unwrap()
}

const FLOW: &str = "IndependentConditionalFlowModel";
const OT: &str = "OptimalTransportConditionalFlowModel";
const BRIDGE: &str = "SchrodingerBridgeConditionalFlowModel";

/// Points around (`at`, 0), not normal.
fn cloud(rows: usize, at: f32) -> Tensor {
    let point = |i: usize| [at + (i as f32 * 0.7).cos(), (i as f32 * 1.3).sin() * 0.5];
    Tensor::from_f32((0..rows).flat_map(point).collect(), &[rows, 2]).unwrap()
}

fn rows(model: &Model, x: Tensor, x0: Option<Tensor>, weight: Option<Vec<f32>>) -> Rows {
    let state = |what: &str, t: Tensor| model.inner().check_x(what, &[t]).unwrap();
    let weight = weight.map(|w| Tensor::from_f32(w.clone(), &[w.len()]).unwrap());
    Rows { x: state("x", x), x0: x0.map(|t| state("x0", t)), condition: None, weight, candidates: None }
}

fn fit(model: &Model, data: Rows, options: Value) -> Result<Report, ModelError> {
    let request = FitRequest { options: FitOptions::parse(&options.to_string()).unwrap(), data, validation: None, weight: None };
    let run = Run::new();
    run_job(&mut FitJob::new(model.inner().clone(), request, run.clone()));
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    receiver.recv().unwrap()
}

fn sample(model: &Model, options: Value, x0: Option<Tensor>) -> Result<Vec<f32>, ModelError> {
    let given = Groups::of(vec![("x0", x0.map(|t| Future::ready(Ok(t))).into_iter().collect())]);
    let request = SampleRequest::new(Ask::Sample(SampleOptions::parse(&options.to_string()).unwrap()), given);
    let (setter, getter) = Future::new();
    run_job(&mut SampleJob::new(model.inner().clone(), request, Run::new(), vec![setter]));
    getter.wait().map(|t| t.to_f32_vec().unwrap()).map_err(|e| ModelError::new(e.code, e.message))
}

fn mean_of_first(values: &[f32]) -> f32 {
    values.chunks_exact(2).map(|row| row[0]).sum::<f32>() / (values.len() / 2) as f32
}

fn bits(model: &Model) -> Vec<Vec<u32>> {
    let state = model.inner().state_dict(Weights::Raw).unwrap();
    state.iter().map(|t| t.to_f32_vec().unwrap().iter().map(|v| v.to_bits()).collect()).collect()
}

fn steps(count: u32) -> Value {
    json!({ "steps": count, "batchSize": 64, "optimizer": { "type": "adamw", "lr": 5e-3 }, "ema": null })
}

#[test]
fn every_flow_and_bridge_learns_where_its_data_is() {
    for (class, coupling) in [
        (FLOW, json!(null)),
        (OT, json!(null)),
        (OT, json!({ "type": "sinkhorn", "relativeEpsilon": 0.1 })),
        (BRIDGE, json!(null)),
        (BRIDGE, json!({ "type": "independent" })),
    ] {
        let more = if coupling.is_null() { json!({}) } else { json!({ "coupling": coupling }) };
        let model = model(class, more);
        let report = fit(&model, rows(&model, cloud(256, 7.0), None, None), steps(200)).unwrap();
        assert_eq!((report.reason.as_str(), report.step), ("finished", 200));
        let got = sample(&model, json!({ "batchSize": 400, "seed": 1 }), None).unwrap();
        assert!((mean_of_first(&got) - 7.0).abs() < 0.3, "{class}: mean {}", mean_of_first(&got));
    }
}

#[test]
fn a_bridge_carries_samples_of_one_set_to_another_in_their_own_units_by_ode_and_by_sde() {
    let model = model(BRIDGE, json!({}));
    fit(&model, rows(&model, cloud(256, 40.0), Some(cloud(300, -20.0)), None), steps(300)).unwrap();
    let starts = cloud(400, -20.0);
    for solver in [
        json!({ "type": "ODESolver", "args": { "method": "euler", "steps": 50 } }),
        json!({ "type": "SDESolver", "args": { "steps": 50 } }),
    ] {
        let got = sample(&model, json!({ "solver": solver }), Some(starts.clone())).unwrap();
        assert!((mean_of_first(&got) - 40.0).abs() < 1.5, "{solver}: mean {}", mean_of_first(&got));
    }
}

#[test]
fn coupled_fits_are_reproducible_and_resume_to_the_bit() {
    let whole = model(OT, json!({}));
    fit(&whole, rows(&whole, cloud(200, 3.0), Some(cloud(150, 0.0)), None), steps(12)).unwrap();
    let halves = model(OT, json!({}));
    fit(&halves, rows(&halves, cloud(200, 3.0), Some(cloud(150, 0.0)), None), steps(5)).unwrap();
    let mut rest = steps(12);
    rest["resume"] = json!(true);
    fit(&halves, rows(&halves, cloud(200, 3.0), Some(cloud(150, 0.0)), None), rest).unwrap();
    assert_eq!(bits(&whole), bits(&halves));
    let other = model(FLOW, json!({}));
    fit(&other, rows(&other, cloud(200, 3.0), Some(cloud(150, 0.0)), None), steps(12)).unwrap();
    assert_ne!(bits(&whole), bits(&other), "the coupling makes no difference");
}

#[test]
fn weights_travel_with_their_rows_through_a_coupling() {
    // Two clouds, of which one counts for nothing: what is learned is the other. Optimal transport brings each the sources on its own side.
    let mut points = cloud(128, 5.0).to_f32_vec().unwrap();
    points.extend(cloud(128, -5.0).to_f32_vec().unwrap());
    let data = Tensor::from_f32(points, &[256, 2]).unwrap();
    let weights: Vec<f32> = (0..256).map(|i| if i < 128 { 1.0 } else { 0.0 }).collect();
    let flow = model(FLOW, json!({}));
    fit(&flow, rows(&flow, data.clone(), None, Some(weights.clone())), steps(300)).unwrap();
    let got = mean_of_first(&sample(&flow, json!({ "batchSize": 300 }), None).unwrap());
    assert!((got - 5.0).abs() < 1.0, "mean {got}");

    let transport = model(OT, json!({}));
    fit(&transport, rows(&transport, data, None, Some(weights)), steps(300)).unwrap();
    let from = |side: f32| {
        let starts = Tensor::from_f32((0..200).flat_map(|i| [side * (0.3 + 0.005 * i as f32), 0.0]).collect(), &[200, 2]).unwrap();
        mean_of_first(&sample(&transport, json!({}), Some(starts)).unwrap())
    };
    let (counted, ignored) = (from(1.0), from(-1.0));
    assert!((counted - 5.0).abs() < 0.7, "from the side that counts: {counted}");
    assert!(ignored > -3.5, "from the side that does not: {ignored}");
}

#[test]
fn what_cannot_be_fitted_is_refused_and_changes_nothing() {
    let flow = model(OT, json!({ "coupling": { "type": "conditional" } }));
    let before = bits(&flow);
    let error = fit(&flow, rows(&flow, cloud(64, 1.0), None, None), steps(3)).unwrap_err();
    assert_eq!(error.code, "DataError", "{error}");
    let weights = vec![f32::NAN; 64];
    assert_eq!(fit(&flow, rows(&flow, cloud(64, 1.0), None, Some(weights)), steps(3)).unwrap_err().code, "DataError");
    assert_eq!(bits(&flow), before);

    let paired = model(FLOW, json!({ "coupling": { "type": "paired" } }));
    let error = fit(&paired, rows(&paired, cloud(64, 1.0), Some(cloud(63, 0.0)), None), steps(3)).unwrap_err();
    assert_eq!(error.code, "DataError", "{error}");

    let refused = |loss: Value| {
        let mut options = steps(3);
        options["loss"] = loss;
        fit(&paired, rows(&paired, cloud(64, 1.0), None, None), options).unwrap_err()
    };
    assert_eq!(refused(json!("score_matching")).path.as_deref(), Some("loss.type"));
    assert_eq!(refused(json!({ "type": "flow_matching", "weight": { "type": "min_snr" } })).path.as_deref(), Some("loss.weight.type"));
    assert_eq!(refused(json!({ "type": "flow_matching", "time": { "type": "inverse_lambda" } })).path.as_deref(), Some("loss.time.type"));
}

#[test]
fn what_a_flow_does_not_have_is_refused_with_what_it_has() {
    let noisy = model(FLOW, json!({ "path": { "type": "independent", "sigma": 0.1 } }));
    for solver in [json!({ "type": "SDESolver", "args": {} }), json!({ "type": "DPMSolver", "args": {} })] {
        let error = sample(&noisy, json!({ "solver": solver, "batchSize": 2 }), None).unwrap_err();
        assert!(error.code == "ConfigError" && error.message.contains("ODESolver"), "{error}");
    }
    // From a standard normal source without noise of its own a flow is a diffusion model, and has them.
    let flow = model(FLOW, json!({}));
    for solver in [json!({ "type": "SDESolver", "args": { "steps": 5 } }), json!({ "type": "DPMSolver", "args": { "steps": 5 } })] {
        assert_eq!(sample(&flow, json!({ "solver": solver, "batchSize": 2 }), None).unwrap().len(), 4);
    }
}
