//! Where the time of a step goes: `cargo run --release -p thalweg-model --example profile -- train 512 20` (or `sample`).
//! Batch size and number of steps; the network is the 1.43 M-parameter one of the benchmark.

use std::collections::HashMap;
use std::time::Instant;
use thalweg_model::engine::{Future, Job, Step, Tensor, profile, threads};
use thalweg_model::{Ask, FitJob, FitOptions, FitRequest, Groups, Model, ModelConfig, Rows, Run, SampleJob, SampleOptions, SampleRequest};

const CONFIG: &str = r#"{"xSize":2,"path":{"type":"linear_vp_sde"},"model":{"type":"velocity_function","args":{
    "tEncoder":{"type":"GaussianFourierProjectionTimeEncoder","args":{"embedDim":32,"scale":30}},
    "backbone":{"type":"TemporalSpatialResidualNet","args":{"hiddenSizes":[512,256,128],"outputDim":2,"tDim":32}}}}}"#;

fn timed(work: impl FnOnce() + Send) -> f64 {
    let start = Instant::now();
    threads::shared(work).unwrap();
    start.elapsed().as_secs_f64()
}

/// Seconds of so many training steps.
fn train(model: &Model, batch: usize, steps: usize) -> f64 {
    let data = Tensor::from_f32((0..20_000).map(|i| (i as f32 * 0.7).sin() * 3.0).collect(), &[10_000, 2]).unwrap();
    let options = format!(
        r#"{{"steps":{steps},"batchSize":{batch},"ema":0.999,"loss":"flow_matching","optimizer":{{"type":"adamw","clipNorm":1}}}}"#
    );
    let x = model.inner().check_x("data", std::slice::from_ref(&data)).unwrap();
    let rows = Rows { x, x0: None, condition: None, weight: None, candidates: None };
    let request = FitRequest { options: FitOptions::parse(&options).unwrap(), data: rows, validation: None, weight: None };
    let mut job = FitJob::new(model.inner().clone(), request, Run::new());
    timed(move || while matches!(job.step(), Step::Again) {})
}

/// Seconds of sampling in so many Euler steps.
fn sample(model: &Model, batch: usize, steps: usize) -> f64 {
    let options = format!(r#"{{"batchSize":{batch},"solver":{{"type":"ODESolver","args":{{"method":"euler","steps":{steps}}}}}}}"#);
    let request = SampleRequest::new(Ask::Sample(SampleOptions::parse(&options).unwrap()), Groups::of(Vec::new()));
    let mut job = SampleJob::new(model.inner().clone(), request, Run::new(), vec![Future::new().0]);
    timed(move || while matches!(job.step(), Step::Again) {})
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let work = if arguments.first().is_some_and(|a| a == "sample") { sample } else { train };
    let mut numbers = arguments.iter().filter_map(|a| a.parse::<usize>().ok());
    let (batch, steps) = (numbers.next().unwrap_or(512), numbers.next().unwrap_or(20));
    let model = Model::new(ModelConfig::parse("DiffusionModel", CONFIG).unwrap(), &HashMap::new()).unwrap();
    let first = work(&model, batch, 1);
    let times: Vec<f64> = (0..5).map(|_| work(&model, batch, steps) / steps as f64 * 1e3).collect();
    println!("first step {:.0} ms, then {:.3?} ms a step", first * 1e3, times);
    profile::measure(true);
    work(&model, batch, steps);
    let mut all = profile::measured();
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    println!("{:>9.3} ms in all steps", all.iter().map(|a| a.2).sum::<f64>() * 1e3 / steps as f64);
    for (name, count, seconds) in all.iter().take(60) {
        println!("{:>9.3} ms {:>6.1} × {name}", seconds * 1e3 / steps as f64, *count as f64 / steps as f64);
    }
}
