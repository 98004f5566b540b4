//! Where the time of a step goes: `npm run profile -- train 512 [steps]` (or `sample`), for the 1.43 M-parameter network of the
//! benchmark. Beside the time of each step stands the limit of its kernel: the rate at which all threads multiply large matrices at once,
//! or at which they copy as many bytes that lie as near (in a cache, or in memory), whichever takes longer.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Instant;
use thalweg_graph::{Builder, DType};
use thalweg_model::engine::profile::{self, Measured};
use thalweg_model::engine::{CompileOptions, Future, Job, Program, Step, Tensor, threads};
use thalweg_model::{Ask, FitJob, FitOptions, FitRequest, Groups, Model, ModelConfig, Rows, Run, SampleJob, SampleOptions, SampleRequest};

const CONFIG: &str = r#"{"xSize":2,"path":{"type":"linear_vp_sde"},"model":{"type":"velocity_function","args":{
    "tEncoder":{"type":"GaussianFourierProjectionTimeEncoder","args":{"embedDim":32,"scale":30}},
    "backbone":{"type":"TemporalSpatialResidualNet","args":{"hiddenSizes":[512,256,128],"outputDim":2,"tDim":32}}}}}"#;

/// Bytes from which a pass counts as one over memory.
const BEYOND_CACHE: usize = 4 << 20;

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

/// The best rate per thread, in units of `amount` a second, at which all threads do `work` at once.
fn rate<W: FnMut()>(amount: f64, threads: usize, work: impl Fn() -> W + Sync) -> f64 {
    let best = || {
        let mut work = work();
        let mut best = f64::INFINITY;
        for _ in 0..40 {
            let start = Instant::now();
            work();
            best = best.min(start.elapsed().as_secs_f64());
        }
        best
    };
    let slowest = std::thread::scope(|scope| {
        // Each in a pool of its own, lest they share their work.
        let alone = || rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(best);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(alone)).collect();
        running.into_iter().map(|each| each.join().unwrap()).fold(0.0, f64::max)
    });
    amount / slowest
}

/// What the machine can do, per thread, with all threads at work.
struct Limits {
    /// Multiplications a second.
    product: f64,
    /// Bytes a second, in a cache and in memory.
    cache: f64,
    memory: f64,
}

impl Limits {
    fn measure(threads: usize) -> Limits {
        let (n, b) = (512, Builder::new());
        let product = b.input("a", DType::F32, &[n, n]).matmul(b.input("b", DType::F32, &[n, n]));
        let program = Program::compile(&b.finish(&[product]).unwrap(), &CompileOptions::default()).unwrap();
        let matrix = Tensor::from_f32(vec![0.5; n * n], &[n, n]).unwrap();
        let product = rate((n * n * n) as f64, threads, || || drop(program.run(vec![matrix.clone(), matrix.clone()]).unwrap()));
        let copy = |bytes: usize| {
            rate(2.0 * bytes as f64, threads, || {
                let (from, mut to) = (vec![1u8; bytes], vec![2u8; bytes]);
                move || black_box(&mut to).copy_from_slice(black_box(&from))
            })
        };
        Limits { product, cache: copy(128 << 10), memory: copy(64 << 20) }
    }

    /// Seconds that one run of a step takes at least, on one thread; `None` if it has no limit of these kinds.
    fn seconds(&self, step: &Measured) -> Option<f64> {
        let bandwidth = if step.bytes < BEYOND_CACHE { self.cache } else { self.memory };
        let seconds = (step.multiplications as f64 / self.product).max(step.bytes as f64 / bandwidth);
        (seconds > 0.0).then_some(seconds)
    }
}

/// A line of the table.
struct Line {
    step: String,
    runs: f64,
    /// Milliseconds of one step of training or sampling, summed over threads.
    spent: f64,
    limit: Option<f64>,
}

fn lines(all: Vec<Measured>, limits: &Limits, steps: usize, threads: usize) -> Vec<Line> {
    let of = |measured: Measured| {
        let workers = if measured.shared { threads as f64 } else { 1.0 };
        let per_step = 1e3 / steps as f64;
        Line {
            runs: measured.count as f64 / steps as f64,
            spent: measured.seconds * workers * per_step,
            limit: limits.seconds(&measured).map(|seconds| seconds * measured.count as f64 * per_step),
            step: measured.step,
        }
    };
    let mut lines: Vec<Line> = all.into_iter().filter(|m| !m.holds_others).map(of).collect();
    lines.sort_by(|a, b| b.spent.total_cmp(&a.spent));
    lines
}

fn print(lines: &[Line]) {
    let total: f64 = lines.iter().map(|l| l.spent).sum();
    println!("| step | runs | ms of thread time | share | its limit, ms | of the limit |\n|---|--:|--:|--:|--:|--:|");
    let row = |name: &str, runs: f64, spent: f64, limit: Option<f64>| {
        let (at, of) = limit.map_or(("".into(), "".into()), |l| (format!("{l:.3}"), format!("{:.0} %", 100.0 * l / spent)));
        println!("| {name} | {runs:.0} | {spent:.3} | {:.1} % | {at} | {of} |", 100.0 * spent / total);
    };
    for line in lines.iter().filter(|l| l.spent >= 0.004 * total) {
        row(&line.step, line.runs, line.spent, line.limit);
    }
    let kinds = [("all products", "product"), ("all passes", "pass"), ("all else", "")];
    let kind = |line: &Line| kinds.iter().position(|(_, start)| line.step.starts_with(start)).unwrap_or(2);
    for (k, (name, _)) in kinds.iter().enumerate() {
        let own: Vec<&Line> = lines.iter().filter(|l| kind(l) == k).collect();
        let sum = |f: &dyn Fn(&Line) -> f64| own.iter().map(|l| f(l)).sum::<f64>();
        let limit = Some(own.iter().filter_map(|l| l.limit).sum()).filter(|sum| *sum > 0.0);
        row(&format!("**{name}**"), sum(&|l| l.runs), sum(&|l| l.spent), limit);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sampling = arguments.first().is_some_and(|a| a == "sample");
    let work = if sampling { sample } else { train };
    let mut numbers = arguments.iter().filter_map(|a| a.parse::<usize>().ok());
    let (batch, steps) = (numbers.next().unwrap_or(512), numbers.next().unwrap_or(20));
    let threads = threads::shared(threads::current).unwrap();
    let model = Model::new(ModelConfig::parse("DiffusionModel", CONFIG).unwrap(), &HashMap::new()).unwrap();
    let limits = Limits::measure(threads);
    work(&model, batch, 2);
    let best = (0..5).map(|_| work(&model, batch, steps) / steps as f64 * 1e3).fold(f64::INFINITY, f64::min);
    profile::measure(true);
    work(&model, batch, steps);
    let what = if sampling { "Euler step of sampling" } else { "training step" };
    println!("One {what}, {batch} rows: {best:.3} ms. Step by step, the time of {threads} threads added up:\n");
    print(&lines(profile::measured(), &limits, steps, threads));
    println!(
        "\nLimits, of each of {threads} threads at work at once: {:.1} GFLOP/s in products, copying {:.1} GB/s in a cache and {:.1} GB/s in memory.",
        2.0 * limits.product / 1e9,
        limits.cache / 1e9,
        limits.memory / 1e9
    );
}
