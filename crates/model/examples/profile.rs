//! Where the time of a training step goes: `cargo run --release -p thalweg-model --example profile -- 512 20`.
//! Batch size and number of steps; the network is the 1.43 M-parameter one of the benchmark.

use std::collections::HashMap;
use std::time::Instant;
use thalweg_model::engine::{Job, Step, Tensor, profile, threads};
use thalweg_model::{FitJob, FitOptions, FitRequest, Model, ModelConfig, Rows, Run};

const CONFIG: &str = r#"{"xSize":2,"path":{"type":"linear_vp_sde"},"model":{"type":"velocity_function","args":{
    "tEncoder":{"type":"GaussianFourierProjectionTimeEncoder","args":{"embedDim":32,"scale":30}},
    "backbone":{"type":"TemporalSpatialResidualNet","args":{"hiddenSizes":[512,256,128],"outputDim":2,"tDim":32}}}}}"#;

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|a| a.parse::<usize>().ok());
    let (batch, steps) = (arguments.next().unwrap_or(512), arguments.next().unwrap_or(20));
    let model = Model::new(ModelConfig::parse("DiffusionModel", CONFIG).unwrap(), &HashMap::new()).unwrap();
    let data = Tensor::from_f32((0..20_000).map(|i| (i as f32 * 0.7).sin() * 3.0).collect(), &[10_000, 2]).unwrap();
    let fit = |steps: usize| {
        let options = format!(
            r#"{{"steps":{steps},"batchSize":{batch},"ema":0.999,"loss":"flow_matching","optimizer":{{"type":"adamw","clipNorm":1}}}}"#
        );
        let x = model.inner().check_x("data", std::slice::from_ref(&data)).unwrap();
        let rows = Rows { x, x0: None, condition: None, weight: None, candidates: None };
        let request = FitRequest { options: FitOptions::parse(&options).unwrap(), data: rows, validation: None, weight: None };
        let mut job = FitJob::new(model.inner().clone(), request, Run::new());
        let work = move || while matches!(job.step(), Step::Again) {};
        let start = Instant::now();
        threads::shared(work).unwrap();
        start.elapsed().as_secs_f64()
    };
    let first = fit(1);
    let times: Vec<f64> = (0..5).map(|_| fit(steps) / steps as f64 * 1e3).collect();
    println!("first step {:.0} ms, then {:.2?} ms a step", first * 1e3, times);
    profile::measure(true);
    fit(steps);
    let mut all = profile::measured();
    all.sort_by(|a, b| b.2.total_cmp(&a.2));
    for (name, count, seconds) in all.iter().take(60) {
        println!("{:>9.3} ms {:>6} × {name}", seconds * 1e3 / steps as f64, count / steps as u64);
    }
}
