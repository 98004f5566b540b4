//! Models whose data is normal, so that everything they should do is known in closed form: their networks are the exact functions, in f64.
#![allow(dead_code, reason = "each test file uses its own part")]

use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use thalweg_model::engine::{Future, Job, Step, Tensor};
use thalweg_model::external::{ExternalModule, ExternalParameter};
use thalweg_model::graph::{Builder, DType, Graph, Scalar, Var};
use thalweg_model::sampling::padded;
use thalweg_model::{Ask, Groups, Model, ModelConfig, ModelError, Run, SampleJob, SampleOptions, SampleRequest};
use thalweg_nn::{Init, Mode};
use thalweg_path::{GaussianPath, Parameterization, Path};

/// A normal distribution: its mean, and its variances along orthonormal axes. A condition of its width shifts the mean by `shift` times itself.
#[derive(Clone, Debug)]
pub struct Normal {
    pub mean: Vec<f64>,
    pub axes: Vec<Vec<f64>>,
    pub variances: Vec<f64>,
    pub shift: f64,
}

impl Normal {
    /// One number.
    pub fn line(mean: f64, variance: f64) -> Normal {
        Normal { mean: vec![mean], axes: vec![vec![1.0]], variances: vec![variance], shift: 0.0 }
    }

    /// Two numbers of variance 1 and this correlation.
    pub fn correlated(mean: [f64; 2], rho: f64) -> Normal {
        let h = 0.5f64.sqrt();
        Normal { mean: mean.to_vec(), axes: vec![vec![h, h], vec![h, -h]], variances: vec![1.0 + rho, 1.0 - rho], shift: 0.0 }
    }

    pub fn width(&self) -> usize {
        self.mean.len()
    }

    /// The covariance of coordinates i and j of s·x₀ + σ·ε.
    pub fn covariance(&self, i: usize, j: usize, s: f64, sigma: f64) -> f64 {
        let along = |(axis, v): (&Vec<f64>, &f64)| axis[i] * axis[j] * (s * s * v + sigma * sigma);
        self.axes.iter().zip(&self.variances).map(along).sum()
    }

    /// E[x₀ | x_t = x].
    pub fn data<S: Scalar>(&self, path: &Path, t: S, x: &[S], condition: Option<&[S]>) -> Vec<S> {
        self.quantity(path, Parameterization::Data, t, x, condition)
    }

    /// The exact value of what is predicted; finite wherever the quantity is.
    pub fn quantity<S: Scalar>(&self, path: &Path, which: Parameterization, t: S, x: &[S], condition: Option<&[S]>) -> Vec<S> {
        let (s, sigma) = (path.scale(t), path.std(t));
        let mean: Vec<S> =
            self.mean.iter().enumerate().map(|(i, m)| condition.map_or(t.constant(*m), |c| c[i] * self.shift + *m)).collect();
        // What the quantity is at x_t = s·mean, and by how much it grows along each axis, in units of 1/(s²v + σ²).
        let gain = |v: f64| match which {
            Parameterization::Data => s * v,
            Parameterization::Noise => sigma,
            Parameterization::Score => t.constant(-1.0),
            Parameterization::Velocity => path.d_scale(t) * s * v + path.d_std(t) * sigma,
        };
        let rest = |m: S| match which {
            Parameterization::Data => m,
            Parameterization::Velocity => path.d_scale(t) * m,
            _ => m * 0.0,
        };
        let mut out: Vec<S> = mean.iter().map(|m| rest(*m)).collect();
        for (axis, variance) in self.axes.iter().zip(&self.variances) {
            let zero = x[0] * 0.0;
            let along = x.iter().zip(&mean).zip(axis).fold(zero, |sum, ((x, m), a)| sum + (*x - s * *m) * *a);
            let share = gain(*variance) / (s * s * *variance + sigma * sigma);
            out.iter_mut().zip(axis).for_each(|(o, a)| *o = *o + share * along * *a);
        }
        out
    }

    /// The exact network of this data, of so many rows.
    pub fn network(&self, path: &Path, which: Parameterization, rows: usize, conditional: bool) -> Graph {
        self.graph(rows, conditional, |_, t, x, condition| {
            let columns = self.quantity(path, which, t, x, condition).into_iter().zip(x).map(|(value, x)| value.broadcast_to(&x.shape()));
            Var::concat(&columns.collect::<Vec<_>>(), 1)
        })
    }

    /// A graph of columns `[rows, 1]` of t, x and the condition.
    pub fn graph(
        &self,
        rows: usize,
        conditional: bool,
        f: impl for<'g> Fn(&'g Builder, Var<'g>, &[Var<'g>], Option<&[Var<'g>]>) -> Var<'g>,
    ) -> Graph {
        let b = Builder::new();
        let width = self.width();
        let t = b.input("t", DType::F64, &[rows]).reshape(&[rows, 1]);
        let columns = |name: &str| -> Vec<Var<'_>> {
            let all = b.input(name, DType::F64, &[rows, width]);
            (0..width).map(|i| all.narrow(1, i, 1)).collect()
        };
        let x = columns("x");
        let condition = conditional.then(|| columns("condition"));
        let out = f(&b, t, &x, condition.as_deref());
        b.finish(&[out]).unwrap()
    }
}

fn module(parameters: &[(&str, Init)]) -> ExternalModule {
    let parameter = |(name, init): &(&str, Init)| ExternalParameter {
        name: name.to_string(),
        shape: vec![1],
        init: init.clone(),
        trainable: true,
        decay: true,
    };
    ExternalModule::of(parameters.iter().map(parameter).collect())
}

/// A network written elsewhere, as a config.
pub fn external() -> Value {
    json!({ "backbone": { "type": "Exact", "args": {} } })
}

/// A model of class `class` whose networks, by their places, have these parameters.
pub fn model(class: &str, config: Value, networks: &[(&str, &[(&str, Init)])]) -> Model {
    let modules: HashMap<String, ExternalModule> =
        networks.iter().map(|(place, parameters)| (place.to_string(), module(parameters))).collect();
    Model::new(ModelConfig::parse(class, &config.to_string()).unwrap(), &modules).unwrap()
}

/// Provides the forwards that the model needs for so many rows: `graph(place, rows)`.
pub fn provide(model: &Model, mode: Mode, rows: usize, graph: impl Fn(&str, usize) -> Graph) {
    for need in model.needs(mode, rows) {
        let graph = Arc::new(graph(&need.module, need.inputs[0].shape[0]));
        model.definition().forwards().provide(&need.key, graph);
    }
}

/// A diffusion model of normal data, ready to be sampled in chunks of any number of rows up to `rows`.
pub fn diffusion(data: &Normal, path: &Path, which: Parameterization, rows: usize) -> Model {
    let config = json!({ "xSize": data.width(), "dtype": "f64", "path": path, "model": { "type": which.name(), "args": external() } });
    let model = model("DiffusionModel", config, &[("model.args", &[])]);
    every(rows, |rows| provide(&model, Mode::Sample, rows, |_, rows| data.network(path, which, rows, false)));
    model
}

/// Calls `f` with every padded number of rows up to that of `rows`.
pub fn every(rows: usize, f: impl Fn(usize)) {
    let mut sizes: Vec<usize> = (1..=rows).map(padded).collect();
    sizes.dedup();
    sizes.into_iter().for_each(f);
}

/// A tensor of rows of `width` numbers.
pub fn rows_of(values: Vec<f64>, width: usize) -> Tensor {
    let rows = values.len() / width;
    Tensor::from_f64(values, &[rows, width]).unwrap()
}

/// Samples with these groups and guides.
pub fn sample_with(
    model: &Model,
    options: Value,
    groups: Vec<(&str, Tensor)>,
    guide: impl FnOnce(&mut SampleRequest),
) -> Result<Tensor, ModelError> {
    let given = Groups::of(groups.into_iter().map(|(name, tensor)| (name, vec![Future::ready(Ok(tensor))])).collect());
    let mut request = SampleRequest::new(Ask::Sample(SampleOptions::parse(&options.to_string())?), given);
    guide(&mut request);
    let (setter, getter) = Future::new();
    let run = Run::new();
    let mut job = SampleJob::new(model.inner().clone(), request, run.clone(), vec![setter]);
    while job.step() == Step::Again {}
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    receiver.recv().unwrap()?;
    Ok(getter.wait().unwrap())
}

/// Samples as numbers, row after row.
pub fn sample(model: &Model, options: Value, groups: Vec<(&str, Tensor)>) -> Vec<f64> {
    sample_with(model, options, groups, |_| ()).unwrap().to_f64_vec().unwrap()
}

/// Nodes and weights of E[f(z)], z ~ N(0, 1), exact up to degree 2n − 1 (Gauss–Hermite; the roots by Newton's method, found from the greatest down).
pub fn gauss_hermite(n: usize) -> Vec<(f64, f64)> {
    let value = |x: f64| {
        // Orthonormal Hermite polynomials: x·h_k = √(k+1)·h_{k+1} + √k·h_{k−1}.
        let (mut before, mut now) = (0.0, 1.0);
        for k in 0..n {
            (before, now) = (now, (x * now - (k as f64).sqrt() * before) / ((k + 1) as f64).sqrt());
        }
        (now, before)
    };
    let mut nodes: Vec<(f64, f64)> = Vec::new();
    for i in 0..n {
        let mut x = (2.0 * n as f64 + 1.0).sqrt() * (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        for _ in 0..200 {
            let (h, below) = value(x);
            let slope = (n as f64).sqrt() * below;
            let others: f64 = nodes.iter().map(|(y, _)| 1.0 / (x - y)).sum();
            let step = h / (slope - h * others);
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        nodes.push((x, 1.0 / (n as f64 * value(x).1.powi(2))));
    }
    nodes
}
