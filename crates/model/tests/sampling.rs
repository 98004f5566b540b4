//! Properties of sampling: the shape table, independence of batch size and chunking, solvers that agree, errors that explain.

mod support;

use std::collections::HashMap;
use support::run_job;
use thalweg_model::engine::{Future, Tensor};
use thalweg_model::{Ask, Groups, Model, ModelConfig, ModelError, Report, Run, SampleJob, SampleOptions, SampleRequest};

fn config(extra: &str) -> String {
    format!(
        r#"{{"xSize":2{extra},"path":{{"type":"gvp"}},"model":{{"type":"velocity_function","args":{{
        "tEncoder":{{"type":"GaussianFourierProjectionTimeEncoder","args":{{"embedDim":8,"scale":1}}}},
        "backbone":{{"type":"TemporalSpatialResidualNet","args":{{"hiddenSizes":[16,8],"outputDim":2,"tDim":8{}}}}}}}}}}}"#,
        if extra.is_empty() { "" } else { r#","conditionDim":3"# }
    )
}

fn model() -> Model {
    Model::new(ModelConfig::parse("DiffusionModel", &config("")).unwrap(), &HashMap::new()).unwrap()
}

fn conditional() -> Model {
    Model::new(ModelConfig::parse("DiffusionModel", &config(r#","conditionSize":3"#)).unwrap(), &HashMap::new()).unwrap()
}

fn sample_with(model: &Model, options: &str, x0: Option<Tensor>, condition: Option<Tensor>) -> Result<(Tensor, Report), ModelError> {
    let ready = |t: Option<Tensor>| t.map(|t| Future::ready(Ok(t))).into_iter().collect();
    let given = Groups::of(vec![("x0", ready(x0)), ("condition", ready(condition))]);
    let request = SampleRequest::new(Ask::Sample(SampleOptions::parse(options)?), given);
    let (setter, getter) = Future::new();
    let run = Run::new();
    run_job(&mut SampleJob::new(model.inner().clone(), request, run.clone(), vec![setter]));
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    let report = receiver.recv().unwrap()?;
    Ok((getter.wait().unwrap(), report))
}

fn sample(model: &Model, options: &str) -> Tensor {
    sample_with(model, options, None, None).unwrap().0
}

fn values(t: &Tensor) -> Vec<f32> {
    t.to_f32_vec().unwrap()
}

fn column(rows: usize, width: usize) -> Tensor {
    Tensor::from_f32((0..rows * width).map(|i| (i as f32 * 0.37).sin()).collect(), &[rows, width]).unwrap()
}

const EULER: &str = r#""solver":{"type":"ODESolver","args":{"method":"euler","steps":8}}"#;

#[test]
fn the_shape_table_holds() {
    let (m, c) = (model(), conditional());
    let shape = |t: Tensor| t.ty().shape.clone();
    let run = |model: &Model, batch: &str, x0: Option<Tensor>, condition: Option<Tensor>| {
        let options = format!("{{{EULER}{batch}}}");
        shape(sample_with(model, &options, x0, condition).unwrap().0)
    };
    assert_eq!(run(&m, "", None, None), [2]);
    assert_eq!(run(&m, r#","batchSize":5"#, None, None), [5, 2]);
    assert_eq!(run(&m, r#","batchSize":[2,3]"#, None, None), [2, 3, 2]);
    assert_eq!(run(&m, "", Some(column(4, 2)), None), [4, 2]);
    assert_eq!(run(&c, "", None, Some(column(4, 3))), [4, 2]);
    assert_eq!(run(&c, r#","batchSize":3"#, None, Some(column(4, 3))), [3, 4, 2]);
    assert_eq!(run(&m, r#","batchSize":[2,3]"#, Some(column(4, 2)), None), [2, 3, 4, 2]);
    assert_eq!(run(&m, r#","trajectory":true,"tSpan":[0,0.5,1],"batchSize":5"#, None, None), [3, 5, 2]);
}

#[test]
fn entry_b_n_uses_start_and_condition_n() {
    let model = conditional();
    let options = format!(r#"{{{EULER},"batchSize":2}}"#);
    let (all, _) = sample_with(&model, &options, Some(column(3, 2)), Some(column(3, 3))).unwrap();
    let (one, _) = sample_with(&model, &format!("{{{EULER}}}"), Some(column(3, 2)), Some(column(3, 3))).unwrap();
    let (all, one) = (values(&all), values(&one));
    assert_eq!(all[..6], one[..]);
    assert_eq!(all[6..], one[..]);
}

#[test]
fn row_i_depends_on_the_seed_and_on_i_alone() {
    let model = model();
    let few = values(&sample(&model, &format!(r#"{{{EULER},"seed":7,"batchSize":10}}"#)));
    let many = values(&sample(&model, &format!(r#"{{{EULER},"seed":7,"batchSize":5000}}"#)));
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(x, y)| (x - y).abs() <= 1e-5 * y.abs().max(1.0));
    assert!(close(&few, &many[..20]));
    let sde = r#""solver":{"type":"SDESolver","args":{"steps":20}}"#;
    let few = values(&sample(&model, &format!(r#"{{{sde},"seed":7,"batchSize":10}}"#)));
    let many = values(&sample(&model, &format!(r#"{{{sde},"seed":7,"batchSize":4500}}"#)));
    assert!(close(&few, &many[..20]));
    let other = values(&sample(&model, &format!(r#"{{{sde},"seed":8,"batchSize":10}}"#)));
    assert_ne!(few, other);
}

#[test]
fn fixed_and_adaptive_solvers_agree_and_count_their_evaluations() {
    let model = model();
    let options = |method: &str, extra: &str| {
        format!(r#"{{"batchSize":16,"seed":1,"solver":{{"type":"ODESolver","args":{{"method":"{method}"{extra}}}}}}}"#)
    };
    let (exact, report) = sample_with(&model, &options("dopri5", r#","rtol":1e-6,"atol":1e-6"#), None, None).unwrap();
    assert!(report.evaluations > 6 && report.steps_run > 0);
    let (rk4, report) = sample_with(&model, &options("rk4", r#","steps":200"#), None, None).unwrap();
    assert_eq!((report.evaluations, report.steps_run), (800, 200));
    let worst = values(&exact).iter().zip(values(&rk4)).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn going_forward_undoes_sampling() {
    let model = model();
    let noise = column(6, 2);
    let tight = r#""solver":{"type":"ODESolver","args":{"rtol":1e-6,"atol":1e-6}}"#;
    let (data, _) = sample_with(&model, &format!("{{{tight}}}"), Some(noise.clone()), None).unwrap();
    let (back, _) = sample_with(&model, &format!(r#"{{{tight},"forward":true}}"#), Some(data), None).unwrap();
    let worst = values(&back).iter().zip(values(&noise)).fold(0f32, |m, (a, b)| m.max((a - b).abs()));
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn wrong_requests_say_what_is_wrong() {
    let model = model();
    let code = |options: &str, x0: Option<Tensor>, condition: Option<Tensor>| sample_with(&model, options, x0, condition).unwrap_err().code;
    assert_eq!(code(r#"{"batchSize":0}"#, None, None), "ConfigError");
    assert_eq!(code(r#"{"tSpan":[0]}"#, None, None), "ConfigError");
    assert_eq!(code(r#"{"tSpan":[-1,1]}"#, None, None), "ConfigError");
    assert_eq!(code(r#"{"tSpan":[0,1.5]}"#, None, None), "ConfigError");
    assert_eq!(code(r#"{"tspan":[0,1]}"#, None, None), "ConfigError");
    assert_eq!(code("{}", Some(column(3, 5)), None), "ShapeError");
    assert_eq!(code("{}", None, Some(column(3, 5))), "DataError");
    assert_eq!(code(r#"{"forward":true}"#, None, None), "DataError");
    assert_eq!(code(r#"{"batchSize":1099511627776}"#, None, None), "MemoryError");
    assert_eq!(code(r#"{"batchSize":[1073741824,1073741824]}"#, None, None), "MemoryError");
    let missing = sample_with(&conditional(), "{}", None, None).unwrap_err();
    assert_eq!((missing.code, missing.message.as_str()), ("DataError", "condition: missing"));
}

#[test]
fn the_functions_refuse_what_is_no_time_of_the_path() {
    let model = model();
    let x = model.inner().check_x("x", &[column(2, 2)]).unwrap();
    for bad in [f32::NAN, -0.5, 1.5] {
        let t = Tensor::from_f32(vec![0.5, bad], &[2]).unwrap();
        let error = model.inner().call(thalweg_path::Parameterization::Noise, &t, &x, None, thalweg_model::Weights::Raw).unwrap_err();
        assert_eq!(error.code, "DataError");
    }
}
