//! Properties of fit: reproducible to the bit, resumable, gated against NaN, and faithful to its options.

mod support;

use std::collections::HashMap;
use support::run_job;
use thalweg_model::engine::{Job, Step, Tensor};
use thalweg_model::{Event, FitJob, FitOptions, FitRequest, Model, ModelConfig, Report, Rows, Run, Weights};

const CONFIG: &str = r#"{"xSize":2,"path":{"type":"linear_vp_sde"},"model":{"type":"noise_function","args":{
    "tEncoder":{"type":"GaussianFourierProjectionTimeEncoder","args":{"embedDim":8}},
    "backbone":{"type":"TemporalSpatialResidualNet","args":{"hiddenSizes":[16,8],"outputDim":2,"tDim":8}}}}}"#;

fn model() -> Model {
    Model::new(ModelConfig::parse("DiffusionModel", CONFIG).unwrap(), &HashMap::new()).unwrap()
}

fn ring(rows: usize) -> Tensor {
    let point = |i: usize| [(i as f32 * 0.7).cos() * 3.0 + 1.0, (i as f32 * 0.7).sin()];
    Tensor::from_f32((0..rows).flat_map(point).collect(), &[rows, 2]).unwrap()
}

/// Data without anything beside it.
fn only(model: &Model, data: Tensor) -> Rows {
    Rows { x: model.inner().check_x("data", &[data]).unwrap(), x0: None, condition: None, weight: None, candidates: None }
}

fn fit_with(model: &Model, data: Tensor, validation: Option<Tensor>, options: &str) -> Result<Report, thalweg_model::ModelError> {
    let rows = |t: Tensor| only(model, t);
    let request =
        FitRequest { options: FitOptions::parse(options).unwrap(), data: rows(data), validation: validation.map(rows), weight: None };
    let run = Run::new();
    run_job(&mut FitJob::new(model.inner().clone(), request, run.clone()));
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    receiver.recv().unwrap()
}

fn fit(model: &Model, options: &str) -> Report {
    fit_with(model, ring(200), None, options).unwrap()
}

fn bits(model: &Model, weights: Weights) -> Vec<Vec<u32>> {
    let state = model.inner().state_dict(weights).unwrap();
    state.iter().map(|t| t.to_f32_vec().unwrap().iter().map(|v| v.to_bits()).collect()).collect()
}

#[test]
fn the_same_seed_gives_the_same_bits_and_another_seed_does_not() {
    let (a, b, c) = (model(), model(), model());
    fit(&a, r#"{"steps":20,"batchSize":32,"seed":3}"#);
    fit(&b, r#"{"steps":20,"batchSize":32,"seed":3}"#);
    fit(&c, r#"{"steps":20,"batchSize":32,"seed":4}"#);
    assert_eq!(bits(&a, Weights::Raw), bits(&b, Weights::Raw));
    assert_ne!(bits(&a, Weights::Raw), bits(&c, Weights::Raw));
}

#[test]
fn stopping_saving_loading_and_resuming_gives_the_bits_of_never_having_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let (whole, first, second) = (model(), model(), model());
    fit(&whole, r#"{"steps":31,"batchSize":48}"#);
    fit(&first, r#"{"steps":13,"batchSize":48}"#);
    first.inner().save_now(&dir).unwrap();
    second.inner().load_now(&dir).unwrap();
    let report = fit(&second, r#"{"steps":31,"batchSize":48,"resume":true}"#);
    assert_eq!((report.step, report.steps_run), (31, 18));
    assert_eq!(bits(&whole, Weights::Raw), bits(&second, Weights::Raw));
    assert_eq!(bits(&whole, Weights::Ema), bits(&second, Weights::Ema));
}

#[test]
fn a_step_that_is_not_finite_stops_the_run_says_where_and_changes_nothing() {
    let model = model();
    fit(&model, r#"{"steps":3,"batchSize":32}"#);
    let before = (bits(&model, Weights::Raw), bits(&model, Weights::Ema));
    // A learning rate of 1e30 makes the first step's parameters useless and the second step's loss infinite.
    let error =
        fit_with(&model, ring(200), None, r#"{"steps":5,"batchSize":32,"resume":true,"optimizer":{"type":"sgd","lr":1e30}}"#).unwrap_err();
    assert_eq!(error.code, "TrainingError");
    assert!(error.message.contains("training stopped at step"), "{}", error.message);
    let state = model.inner().state_dict(Weights::Raw).unwrap();
    assert!(state.iter().all(|t| t.to_f32_vec().unwrap().iter().all(|v| v.is_finite())));
    assert_ne!(before.0, bits(&model, Weights::Raw), "the steps before it count");
}

#[test]
fn accumulated_batches_take_as_many_steps_and_reach_a_like_loss_as_one_large_batch() {
    // With one noise per batch the two are different draws; what must agree is that both train and that the step count is the same.
    let (a, b) = (model(), model());
    let one = fit(&a, r#"{"steps":40,"batchSize":64}"#);
    let many = fit(&b, r#"{"steps":40,"batchSize":16,"accumulate":4}"#);
    assert_eq!(one.step, many.step);
    assert!((one.loss.unwrap() - many.loss.unwrap()).abs() < 0.5 * one.loss.unwrap(), "{one:?} {many:?}");
}

#[test]
fn frozen_parameters_keep_their_bits_and_the_others_move() {
    let model = model();
    let before = bits(&model, Weights::Raw);
    fit(&model, r#"{"steps":5,"batchSize":32,"frozen":["backbone.first_block"]}"#);
    let after = bits(&model, Weights::Raw);
    for ((spec, a), b) in model.definition().layout().specs().iter().zip(&before).zip(&after) {
        let frozen = spec.name.starts_with("backbone.first_block") || !spec.trainable;
        assert_eq!(a == b, frozen, "{}", spec.name);
    }
}

#[test]
fn the_moving_average_follows_its_recurrence() {
    let model = model();
    fit(&model, r#"{"steps":1,"batchSize":32,"ema":{"decay":0.5,"warmup":false}}"#);
    let first_raw = model.inner().state_dict(Weights::Raw).unwrap();
    let first_ema = model.inner().state_dict(Weights::Ema).unwrap();
    fit(&model, r#"{"steps":2,"batchSize":32,"resume":true,"ema":{"decay":0.5,"warmup":false}}"#);
    let second_raw = model.inner().state_dict(Weights::Raw).unwrap();
    let second_ema = model.inner().state_dict(Weights::Ema).unwrap();
    assert_eq!(first_raw.len(), first_ema.len());
    for ((ema, raw), got) in first_ema.iter().zip(&second_raw).zip(&second_ema) {
        let (ema, raw, got) = (ema.to_f32_vec().unwrap(), raw.to_f32_vec().unwrap(), got.to_f32_vec().unwrap());
        for ((e, r), g) in ema.iter().zip(&raw).zip(&got) {
            assert!((0.5 * e + 0.5 * r - g).abs() <= 1e-6 * g.abs().max(1.0));
        }
    }
}

#[test]
fn epochs_and_last_batches_take_the_steps_that_they_promise() {
    assert_eq!(fit(&model(), r#"{"epochs":3,"batchSize":64}"#).step, 9);
    assert_eq!(fit(&model(), r#"{"epochs":3,"batchSize":64,"lastBatch":"keep"}"#).step, 12);
    assert_eq!(fit(&model(), r#"{"epochs":2,"batchSize":5000}"#).step, 2);
}

#[test]
fn early_stopping_ends_a_run_that_gets_no_better_and_keeps_the_best() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("best");
    let options = serde_json::json!({
        "steps": 1000, "batchSize": 64, "optimizer": { "type": "sgd", "lr": 0.0 },
        "validation": { "every": 2 }, "earlyStop": { "patience": 3, "minDelta": 1e-3 }, "best": dir,
    });
    let model = model();
    let report = fit_with(&model, ring(200), Some(ring(50)), &options.to_string()).unwrap();
    assert_eq!((report.reason.as_str(), report.step), ("early stop", 8));
    assert!(dir.join("config.json").is_file());
}

#[test]
fn a_fit_lowers_the_loss_and_normalises_its_data() {
    let model = model();
    let losses = |seed: i64| {
        let rows = only(&model, ring(512));
        let objective = thalweg_model::Objective::from(thalweg_model::ObjectiveKind::ScoreMatching);
        let all = model.inner().losses(&objective, false, &rows, None, (seed, 0), Weights::Ema).unwrap().to_f64_vec().unwrap();
        all.iter().sum::<f64>() / all.len() as f64
    };
    fit(&model, r#"{"steps":1,"loss":"score_matching","batchSize":64}"#);
    let before = losses(0);
    fit(&model, r#"{"steps":300,"loss":"score_matching","batchSize":64,"ema":0.9,"optimizer":{"type":"adamw","lr":3e-3}}"#);
    assert!(losses(0) < 0.6 * before, "{} from {before}", losses(0));
}

#[test]
fn bad_data_is_refused_with_row_and_column() {
    let mut values = vec![0.5f32; 20];
    values[7] = f32::NAN;
    let error = fit_with(&model(), Tensor::from_f32(values, &[10, 2]).unwrap(), None, r#"{"steps":1}"#).unwrap_err();
    assert_eq!(error.code, "DataError");
    assert!(error.message.contains("row 3, column 1"), "{}", error.message);
    let model = model();
    let refuse = |t: Tensor| model.inner().check_x("data", &[t]).unwrap_err().code;
    assert_eq!(refuse(Tensor::from_f32(vec![], &[0, 2]).unwrap()), "DataError");
    assert_eq!(refuse(Tensor::from_f32(vec![1.0; 3], &[1, 3]).unwrap()), "ShapeError");
    assert_eq!(refuse(Tensor::from_f64(vec![1.0; 2], &[1, 2]).unwrap()), "DTypeError");
}

#[test]
fn a_pause_waits_for_resume_and_a_stop_is_obeyed_between_steps() {
    let model = model();
    let rows = only(&model, ring(100));
    let options = FitOptions::parse(r#"{"steps":10,"batchSize":50,"every":{"steps":4}}"#).unwrap();
    let run = Run::new();
    let mut job = FitJob::new(model.inner().clone(), FitRequest { options, data: rows, validation: None, weight: None }, run.clone());
    while job.ready() {
        assert_eq!(job.step(), Step::Again);
    }
    assert!(run.is_paused());
    assert_eq!(run.steps(), 4);
    let (sender, receiver) = std::sync::mpsc::channel::<Option<Event>>();
    run.next(Box::new(move |event| sender.send(event).unwrap()));
    assert!(receiver.recv().unwrap().is_some_and(|e| e.paused && e.step == 4));
    run.resume();
    assert_eq!(job.step(), Step::Again);
    run.stop();
    assert_eq!(job.step(), Step::Done);
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    let report = receiver.recv().unwrap().unwrap();
    assert_eq!((report.reason.as_str(), report.step), ("stopped", 5));
}

#[test]
fn options_that_cannot_train_are_refused_with_their_path() {
    let path = |options: &str| FitOptions::parse(options).unwrap_err().path.unwrap();
    assert_eq!(path(r#"{"steps":1,"optimizer":{"type":"adam","eps":-1}}"#), "optimizer.eps");
    assert_eq!(path(r#"{"steps":1,"optimizer":{"type":"adamw","weightDecay":-1}}"#), "optimizer.weightDecay");
    assert_eq!(path(r#"{"steps":1,"optimizer":{"type":"adamw","lr":-1}}"#), "optimizer.lr");
    assert_eq!(path(r#"{"steps":1,"optimizer":{"type":"sgd","lr":{"type":"linear","start":1,"end":-1,"steps":5}}}"#), "optimizer.lr.end");
    assert_eq!(path(r#"{"steps":0}"#), "steps");
    assert_eq!(path(r#"{"steps":1,"epochs":1}"#), "epochs");
    assert!(FitOptions::parse(r#"{"steps":1,"optimizer":{"type":"adamw","lrr":1}}"#).is_err());
}

#[test]
fn a_checkpoint_without_its_manifest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let model = model();
    model.inner().save_now(&dir).unwrap();
    model.inner().load_now(&dir).unwrap();
    std::fs::remove_file(dir.join("manifest.json")).unwrap();
    let error = model.inner().load_now(&dir).unwrap_err();
    assert_eq!(error.code, "CheckpointError");
    assert!(error.message.contains("not a whole checkpoint"), "{}", error.message);
}

#[test]
fn a_fit_of_a_model_that_its_owner_let_go_of_ends() {
    let model = model();
    let rows = only(&model, ring(100));
    let options = FitOptions::parse(r#"{"steps":1000000,"batchSize":50}"#).unwrap();
    let run = Run::new();
    let mut job = FitJob::new(model.inner().clone(), FitRequest { options, data: rows, validation: None, weight: None }, run.clone());
    assert_eq!((job.step(), job.step()), (Step::Again, Step::Again));
    model.inner().abandon();
    assert_eq!(job.step(), Step::Done);
    assert_eq!(run.steps(), 1);
}
