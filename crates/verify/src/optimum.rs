//! On Gaussian data the exact function is a stationary point of every objective, for every path, parameterization, weight and time sampler.
//! Expectations are Gauss–Hermite sums; a network is moved by a factor and an offset, which span the affine functions that exact ones are here.

use crate::case::Case;
use crate::exact::{Exact, spread};
use crate::gauss::nodes;
use crate::order::weak::GAUSSIAN;
use crate::{Bound, Row};
use serde_json::{Value, json};
use thalweg_graph::{Builder, DType, Leaves, Scalar, Var, grad};
use thalweg_model::engine::{CompileOptions, Program, Tensor};
use thalweg_model::{Fixed, Model, ModelError, Objective, Process, Result};
use thalweg_nn::{Context, Mode};
use thalweg_path::{Expression, Interpolant, Parameterization, Path, StochasticInterpolant, TimeDensity, TimeRange};

/// Quantiles of the times at which a loss is taken.
const QUANTILES: [f64; 5] = [0.1, 0.3, 0.5, 0.7, 0.9];
/// Gradients, relative to the sum of their terms' magnitudes, that count as 0.
const STATIONARY: f64 = 1e-12;
/// What the same number is at least, at some time, for a network that is off by these.
const SEEN: f64 = 1e-3;
const MOVED: [f64; 2] = [1.05, 0.02];
/// Correlations of source and datum in a flow's pairs, and what has them.
const COUPLINGS: [(&str, f64); 3] = [("independent", 0.0), ("entropic", 0.6), ("exact", 1.0)];
const SOURCE: &str = "the conditional expectation minimises a squared error: Vincent 2011; Lipman et al. 2023, theorem 2";

/// The rows of one path.
///
/// # Errors
/// Those of the model.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    match &case.process {
        Process::Gaussian(path) => gaussian(case, path),
        Process::Interpolant(path) => interpolant(case, path),
        Process::Discrete(_) => unreachable!("the cases of a mixture of normal distributions have continuous states"),
    }
}

/// What is random in one term of an expectation.
struct Term {
    x: f64,
    x0: f64,
    noise: f64,
    weight: f64,
}

fn weights() -> Result<Vec<Option<Value>>> {
    let bump = Expression::trace(|t| (t * -2.0).exp() + 0.3)?;
    Ok(vec![
        None,
        Some(json!({ "type": "min_snr", "gamma": 5.0 })),
        Some(json!({ "type": "edm", "sigmaData": 0.5 })),
        Some(json!({ "type": "likelihood" })),
        Some(json!({ "type": "truncated_snr" })),
        Some(json!({ "type": "sigmoid", "bias": 1.0 })),
        Some(json!({ "type": "function", "weight": bump })),
    ])
}

fn samplers() -> Vec<Value> {
    vec![
        json!({ "type": "uniform" }),
        json!({ "type": "inverse_lambda" }),
        json!({ "type": "logit_normal", "mean": 0.0, "std": 1.0 }),
        json!({ "type": "log_normal_sigma", "mean": -0.4, "std": 0.8 }),
        json!({ "type": "weighted", "weight": { "type": "sigmoid", "bias": 0.5 }, "of": "data_prediction_function" }),
    ]
}

fn objective(kind: &str, time: &Value, weight: Option<&Value>) -> Result<Objective> {
    let mut config = json!({ "type": kind, "time": time });
    if let Some(weight) = weight {
        config["weight"] = weight.clone();
    }
    serde_json::from_value(config).map_err(|e| ModelError::config("loss", "an objective", e))
}

fn gaussian(case: &Case, path: &Path) -> Result<Vec<Row>> {
    let component = GAUSSIAN.components[0];
    let terms: Vec<Term> = nodes::<2>()
        .iter()
        .map(|n| Term { x: component.mean[0] + component.variance.sqrt() * n.z[0], x0: 0.0, noise: n.z[1], weight: n.weight })
        .collect();
    let mut out = Vec::new();
    for predicts in Parameterization::ALL {
        let count = terms.len() * QUANTILES.len();
        let exact = Exact { case, predicts, dimensions: 1, rows: &[count], parameters: vec![count, 1] };
        let model = exact.model(&|which, t, x| GAUSSIAN.exact(&case.process, which, spread(t, x), x))?;
        let mut worst = Worst::default();
        for kind in ["score_matching", "flow_matching"] {
            for (time, weight) in samplers().iter().flat_map(|s| weights().into_iter().flatten().map(move |w| (s, w))) {
                let objective = objective(kind, time, weight.as_ref())?;
                objective.validate(model.definition())?;
                let sampler = objective.sampler();
                let drawn = sampler.range(path);
                let range = model.definition().range(objective.target()).map_or(drawn, |finite| finite.intersect(drawn));
                let times = QUANTILES.map(|u| sampler.sample(path, u, range.t_min, range.t_max));
                worst.see(&model, &objective, &times, &terms)?;
            }
        }
        out.extend(worst.rows(&format!("{} on {}", predicts.name(), case.name)));
    }
    Ok(out)
}

fn interpolant(case: &Case, path: &Interpolant) -> Result<Vec<Row>> {
    let component = GAUSSIAN.components[0];
    let (mean, std) = (component.mean[0], component.variance.sqrt());
    let bridge = matches!(path, Interpolant::SchrodingerBridge(_));
    let kinds: &[&str] = if bridge { &["flow_matching", "score_matching", "bridge_matching"] } else { &["flow_matching"] };
    let bump = Expression::trace(|t| (t * -2.0).exp() + 0.3)?;
    let weights = [None, Some(json!({ "type": "function", "weight": bump }))];
    let mut out = Vec::new();
    for (coupling, rho) in COUPLINGS {
        let datum = |z: [f64; 3]| mean + std * (rho * z[0] + (1.0 - rho * rho).sqrt() * z[1]);
        let terms: Vec<Term> = nodes::<3>().iter().map(|n| Term { x: datum(n.z), x0: n.z[0], noise: n.z[2], weight: n.weight }).collect();
        let count = terms.len() * QUANTILES.len();
        let exact = Exact { case, predicts: Parameterization::Velocity, dimensions: 1, rows: &[count], parameters: vec![count, 1] };
        let model = exact.model(&|which, t, x| vec![regression(path, which, spread(t, x), x[0], rho)])?;
        let mut worst = Worst::default();
        let range: TimeRange = path.range();
        for kind in kinds {
            for (time, weight) in [0, 2].into_iter().flat_map(|k| weights.iter().map(move |w| (samplers().swap_remove(k), w))) {
                let objective = objective(kind, &time, weight.as_ref())?;
                let times = QUANTILES.map(|u| objective.sampler().sample(&Path::linear(), u, range.t_min, range.t_max));
                worst.see(&model, &objective, &times, &terms)?;
            }
        }
        out.extend(worst.rows(&format!("{} with {coupling} pairs", case.name)));
    }
    Ok(out)
}

/// E[u | x_t = x] and the score for a standard normal source and [`GAUSSIAN`] data of correlation `rho`: linear regression.
fn regression<S: Scalar>(path: &Interpolant, which: Parameterization, t: S, x: S, rho: f64) -> S {
    let component = GAUSSIAN.components[0];
    let (mean, variance, std) = (component.mean[0], component.variance, component.variance.sqrt());
    let k = path.coefficients(t);
    let total = k.a.square() + k.b.square() * variance + k.a * k.b * (2.0 * rho * std) + k.c.square();
    let slope = (x - k.b * mean) / total;
    if which == Parameterization::Score {
        return -slope;
    }
    let crossed = k.a * k.d_a + k.b * k.d_b * variance + (k.d_a * k.b + k.d_b * k.a) * (rho * std) + k.c * k.d_c;
    k.d_b * mean + crossed * slope
}

/// The largest relative gradients of all objectives that were seen.
#[derive(Default)]
struct Worst {
    exact: f64,
    /// Of each objective the largest over times, of these the smallest.
    moved: Option<f64>,
    objectives: usize,
}

impl Worst {
    fn see(&mut self, model: &Model, objective: &Objective, times: &[f64], terms: &[Term]) -> Result<()> {
        let (exact, moved) = (gradients(model, objective, times, terms, [1.0, 0.0])?, gradients(model, objective, times, terms, MOVED)?);
        // Beside the optimum no term vanishes, also where at it all of them do. Of a bridge one network has nothing to do with the other's part.
        let relative = |g: &Gradient, size: f64| if size == 0.0 { 0.0 } else { g.mean.abs() / size };
        let at_exact = exact.iter().zip(&moved).map(|(g, beside)| relative(g, beside.size.max(g.size)));
        self.exact = at_exact.fold(self.exact, |worst, g| if g <= worst { worst } else { g });
        let moved = moved.iter().map(|g| relative(g, g.size)).fold(0.0, f64::max);
        self.moved = Some(self.moved.map_or(moved, |least| least.min(moved)));
        self.objectives += 1;
        Ok(())
    }

    fn rows(&self, what: &str) -> Vec<Row> {
        let moved = self.moved.unwrap_or(f64::NAN);
        let label = |row: Row| row.label("objectives", self.objectives.to_string());
        vec![
            label(Row::new("optimum", format!("{what}: gradient at the exact function"), self.exact, Bound::AtMost(STATIONARY), SOURCE)),
            label(Row::new("optimum", format!("{what}: gradient beside it"), moved, Bound::AtLeast(SEEN), "the check can fail")),
        ]
    }
}

/// ∂loss in one parameter at one time.
struct Gradient {
    /// E ∂loss.
    mean: f64,
    /// E|∂loss|.
    size: f64,
}

/// The gradients at each time in each parameter.
fn gradients(model: &Model, objective: &Objective, times: &[f64], terms: &[Term], at: [f64; 2]) -> Result<Vec<Gradient>> {
    let count = terms.len() * times.len();
    let column = |of: &dyn Fn(f64, &Term) -> f64| -> Result<Tensor> {
        let values = times.iter().flat_map(|&t| terms.iter().map(move |term| (t, term))).map(|(t, term)| of(t, term)).collect();
        Ok(Tensor::from_f64(values, &[count, 1])?)
    };
    let b = Builder::new();
    let named = |name: &str| b.input(name, DType::F64, &[count, 1]);
    // The model's own order of parameters, whatever networks it has.
    let specs = model.definition().layout().specs();
    let params: Vec<Var> = (0..specs.len()).map(|k| named(&format!("param {k}"))).collect();
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let fixed = Fixed { x0: Some(Leaves::one(named("x0"))), noise: Leaves::one(named("noise")), condition: None };
    let losses = objective.at(model.definition(), &ctx, named("t").reshape(&[count]), &Leaves::one(named("x")), &fixed, None);
    let grads = grad(losses.sum_all(), &params);
    let graph = b.finish(&grads)?;
    let value = |name: &str| match name {
        "t" => column(&|t, _| t),
        "x" => column(&|_, term| term.x),
        "x0" => column(&|_, term| term.x0),
        "noise" => column(&|_, term| term.noise),
        param => {
            let k: usize = param.rsplit(' ').next().and_then(|k| k.parse().ok()).unwrap_or(0);
            let at = if specs[k].name.ends_with("scale") { at[0] } else { at[1] };
            column(&|_, _| at)
        }
    };
    let values = graph.inputs.iter().map(|i| value(&i.name)).collect::<Result<Vec<_>>>()?;
    let mut out = Vec::new();
    for gradient in Program::compile(&graph, &CompileOptions::default())?.run(values)? {
        for at_time in gradient.to_f64_vec()?.chunks_exact(terms.len()) {
            let weighted = || at_time.iter().zip(terms).map(|(g, term)| g * term.weight);
            out.push(Gradient { mean: weighted().sum(), size: weighted().map(f64::abs).sum() });
        }
    }
    Ok(out)
}
