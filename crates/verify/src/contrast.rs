//! On Gaussian data with a quadratic reward the exact energy log E[exp E(x₀) | x_t] is a stationary point of contrastive energy prediction, with two
//! candidates as with any number; Lu et al. 2023. Expectations over both candidates and their noise are sums over a grid.

use crate::case::Case;
use crate::gauss::line;
use crate::order::weak::GAUSSIAN;
use crate::{Bound, Row};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use thalweg_graph::{Builder, DType, Graph, Leaves, Scalar, Var, grad};
use thalweg_model::engine::{CompileOptions, Program, Tensor};
use thalweg_model::external::{ExternalModule, ExternalParameter};
use thalweg_model::{Contrast, EnergyMatching, Model, ModelConfig, Process, Result};
use thalweg_nn::{Context, Init, Mode};
use thalweg_path::{GaussianPath, Parameterization, Path};

/// E(x) = −½·STIFFNESS·(x − CENTRE)².
const STIFFNESS: f64 = 0.8;
const CENTRE: f64 = -1.1;
/// Where the half log-SNR is, between the ends of the span.
const SHARES: [f64; 3] = [0.2, 0.5, 0.8];
/// Gradients, relative to the sum of their terms' magnitudes, that count as 0: what the grid leaves.
const STATIONARY: f64 = 1e-8;
/// What the same number is at least for an energy that is off by these.
const SEEN: f64 = 1e-3;
const MOVED: [f64; 2] = [1.1, 0.05];
const PLACE: &str = "energyGuidance";
const SOURCE: &str = "Lu et al. 2023, theorem 3.2, with weights up to one constant";

/// The rows of one path of a diffusion model.
///
/// # Errors
/// Those of the model.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    let Process::Gaussian(path) = &case.process else { return Ok(Vec::new()) };
    let pairs = pairs();
    let model = model(case, path, pairs.len())?;
    let [noisy, clean] = case.span.map(|t| path.half_log_snr(t));
    let [mut exact, mut beside] = [0.0, f64::INFINITY];
    for u in SHARES {
        let t = path.time_of_half_log_snr(noisy + u * (clean - noisy));
        let (at, moved) = (gradients(&model, path, t, &pairs, [1.0, 0.0])?, gradients(&model, path, t, &pairs, MOVED)?);
        exact = at.into_iter().fold(exact, |worst: f64, g| if g <= worst { worst } else { g });
        beside = moved.into_iter().fold(0.0, f64::max).min(beside);
    }
    let what = format!("energy_matching on {}", case.name);
    Ok(vec![
        Row::new("optimum", format!("{what}: gradient at the exact function"), exact, Bound::AtMost(STATIONARY), SOURCE),
        Row::new("optimum", format!("{what}: gradient beside it"), beside, Bound::AtLeast(SEEN), "the check can fail"),
    ])
}

/// Two candidates, each a datum and its noise, and the weight of the pair.
struct Pair {
    candidates: [(f64, f64); 2],
    weight: f64,
}

/// Weights below this change nothing.
const NEGLIGIBLE: f64 = 1e-13;

fn pairs() -> Vec<Pair> {
    let component = GAUSSIAN.components[0];
    let datum = |z: f64| component.mean[0] + component.variance.sqrt() * z;
    let one: Vec<(f64, f64, f64)> =
        line().flat_map(|(z, a)| line().map(move |(e, b)| (datum(z), e, a * b))).filter(|(_, _, w)| *w > NEGLIGIBLE).collect();
    let pair = |p: &(f64, f64, f64), q: &(f64, f64, f64)| Pair { candidates: [(p.0, p.1), (q.0, q.1)], weight: p.2 * q.2 };
    let all = one.iter().flat_map(|p| one.iter().map(move |q| pair(p, q)));
    all.filter(|pair| pair.weight > NEGLIGIBLE).collect()
}

/// log E[exp E(x₀) | x_t = x], up to a function of t: x₀ given x_t is normal, with a mean and a variance of t alone.
fn energy<S: Scalar>(path: &Path, t: S, x: S) -> S {
    let component = GAUSSIAN.components[0];
    let (s, sigma) = (path.scale(t), path.std(t));
    let mean = GAUSSIAN.exact(&Process::Gaussian(path.clone()), Parameterization::Data, t, &[x])[0];
    let variance = sigma * sigma * component.variance / (s * s * component.variance + sigma * sigma);
    -(mean - CENTRE).square() * STIFFNESS / (variance * STIFFNESS + 1.0) * 0.5
}

/// A model whose energy is scale·exact + slope·x, with a scale and a slope of each candidate.
fn model(case: &Case, path: &Path, pairs: usize) -> Result<Model> {
    let backbone = json!({ "type": "MultiLayerPerceptron", "args": { "hiddenSizes": [2], "outputSize": 1, "activation": "silu" } });
    let config = json!({
        "xSize": 1, "dtype": "f64", "path": case.path, "model": { "type": "noise_function", "args": { "backbone": backbone } },
        PLACE: { "backbone": { "type": "Exact", "args": {} } },
    });
    let parameter =
        |name: &str, init: Init| ExternalParameter { name: name.into(), shape: vec![2 * pairs, 1], init, trainable: true, decay: true };
    let module = ExternalModule::of(vec![parameter("scale", Init::Ones), parameter("slope", Init::Zeros)]);
    let config = ModelConfig::parse("EnergyConditionalDiffusionModel", &config.to_string())?;
    let model = Model::new(config, &HashMap::from([(PLACE.to_string(), module)]))?;
    for need in model.needs(Mode::Sample, 2 * pairs) {
        model.definition().forwards().provide(&need.key, Arc::new(network(path, 2 * pairs)?));
    }
    Ok(model)
}

fn network(path: &Path, rows: usize) -> Result<Graph> {
    let b = Builder::new();
    let column = |name: &str| b.input(name, DType::F64, &[rows, 1]);
    let (t, x) = (b.input("t", DType::F64, &[rows]).reshape(&[rows, 1]), column("x"));
    let value = energy(path, t, x) * column("param:scale") + x * column("param:slope");
    Ok(b.finish(&[value])?)
}

/// |E ∂loss| / E|∂loss| in scale and slope, at one time.
fn gradients(model: &Model, path: &Path, t: f64, pairs: &[Pair], at: [f64; 2]) -> Result<Vec<f64>> {
    let count = pairs.len();
    let b = Builder::new();
    let specs = model.definition().layout().specs();
    let params: Vec<Var> = specs.iter().map(|s| b.input(&s.name, DType::F64, &s.shape)).collect();
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let candidates = |name: &str| Leaves::one(b.input(name, DType::F64, &[2 * count, 1]));
    let (x, noise) = (candidates("x"), candidates("noise"));
    let contrast = Contrast {
        t: b.input("t", DType::F64, &[count]),
        x: &x,
        noise: &noise,
        condition: None,
        weights: EnergyMatching::default().weights(b.input("energy", DType::F64, &[count, 2])),
    };
    let losses = contrast.loss(model.definition(), &ctx, path);
    let of = |name: &str| specs.iter().zip(&params).filter(|(s, _)| s.name.ends_with(name)).map(|(_, p)| *p).collect::<Vec<Var>>();
    let grads = grad(losses.sum_all(), &[of(".scale"), of(".slope")].concat());
    let graph = b.finish(&grads)?;
    let each = |f: &dyn Fn((f64, f64)) -> f64| pairs.iter().flat_map(|p| p.candidates.map(f)).collect::<Vec<f64>>();
    let value = |name: &str, shape: &[usize]| -> Result<Tensor> {
        let values = match name {
            "t" => vec![t; count],
            "x" => each(&|c| c.0),
            "noise" => each(&|c| c.1),
            "energy" => each(&|c| -0.5 * STIFFNESS * (c.0 - CENTRE).powi(2)),
            name if name.ends_with(".scale") => vec![at[0]; 2 * count],
            name if name.ends_with(".slope") => vec![at[1]; 2 * count],
            // The diffusion model's own network, which the loss of the energy does not read.
            _ => vec![0.0; shape.iter().product()],
        };
        Ok(Tensor::from_f64(values, shape)?)
    };
    let values = graph.inputs.iter().map(|i| value(&i.name, &i.ty.shape)).collect::<Result<Vec<_>>>()?;
    let results = Program::compile(&graph, &CompileOptions::default())?.run(values)?;
    let relative = |gradient: &Tensor| -> Result<f64> {
        let numbers = gradient.to_f64_vec()?;
        let weighted = || numbers.chunks_exact(2).zip(pairs).map(|(g, pair)| (g[0] + g[1]) * pair.weight);
        Ok(weighted().sum::<f64>().abs() / weighted().map(f64::abs).sum::<f64>())
    };
    results.iter().map(relative).collect()
}
