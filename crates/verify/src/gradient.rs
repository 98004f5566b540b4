//! Gradients of log p, in the data and in parameters, through the unrolled sampler: against finite differences and exact scores.
//! The graph that is differentiated gives the same numbers as the job that takes the same steps.

use crate::case::Case;
use crate::exact::{Exact, spread};
use crate::mixture::THREE;
use crate::{Bound, Row, call};
use serde_json::{Value, json};
use thalweg_graph::{Builder, Graph, Var, grad};
use thalweg_model::engine::{CompileOptions, Program, Tensor};
use thalweg_model::sampling::Unrolled;
use thalweg_model::{Model, ModelError, Result, Weights};

const POINTS: [[f64; 2]; 2] = [[-0.6, 0.5], [0.7, 0.2]];
const SOURCE: &str = "discretise, then optimise: the derivative of the steps themselves";

/// The rows of one path.
///
/// # Errors
/// Those of the model.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    let mut out = Vec::new();
    for &predicts in case.predictions {
        let exact = Exact { case, predicts, dimensions: 2, rows: &[POINTS.len()], parameters: vec![1] };
        let model = exact.model(&|which, t, x| THREE.exact(&case.process, which, spread(t, x), x))?;
        let [noise, data] = case.span;
        let spoken = |t: f64| if case.process.data_first() { t } else { 1.0 - t };
        let solver = json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 24, "grid": case.grid } });
        let options = json!({ "solver": solver, "tSpan": [spoken(data), spoken(noise)] });
        let name = |what: &str| format!("{what} on {} from {}", case.name, predicts.name());
        let checked = check(&model, &options)?;
        let row = |what: &str, measured: f64, bound: f64| {
            Row::new("gradients", name(what), measured, Bound::AtMost(bound), SOURCE).label("path", case.name)
        };
        out.push(row("log p as a graph less that of the job", checked.job, 1e-11));
        out.push(row("∂ log p/∂x less finite differences, relative", checked.x, 1e-8));
        out.push(row("∂ log p/∂θ less finite differences, relative", checked.parameters, 1e-8));
    }
    Ok(out)
}

/// Largest differences.
struct Checked {
    job: f64,
    x: f64,
    parameters: f64,
}

/// A graph and the values of its inputs.
struct Point {
    graph: Graph,
    inputs: Vec<Tensor>,
}

impl Point {
    fn run(&self, program: &Program) -> Result<Vec<Vec<f64>>> {
        program.run(self.inputs.clone())?.iter().map(|t| Ok(t.to_f64_vec()?)).collect()
    }

    /// Central differences of the sum of log p in element `element` of input `k`.
    fn difference(&self, program: &Program, k: usize, element: usize) -> Result<f64> {
        const STEP: f64 = 1e-5;
        let moved = |by: f64| -> Result<f64> {
            let mut inputs = self.inputs.clone();
            let mut values = inputs[k].to_f64_vec()?;
            values[element] += by;
            inputs[k] = Tensor::from_f64(values, &self.graph.inputs[k].ty.shape)?;
            Ok(program.run(inputs)?[0].to_f64_vec()?.iter().sum())
        };
        // Richardson: fourth order, so that a larger step leaves more digits.
        let central = |h: f64| -> Result<f64> { Ok((moved(h)? - moved(-h)?) / (2.0 * h)) };
        Ok((4.0 * central(10.0 * STEP)? - central(20.0 * STEP)?) / 3.0)
    }
}

fn check(model: &Model, options: &Value) -> Result<Checked> {
    let flat = POINTS.concat();
    let graph = Unrolled::of(model.inner(), &call::log_prob(options)?, POINTS.len(), false, Vec::new())?.graph()?;
    let point = Point { inputs: inputs(model, &graph, &flat)?, graph };
    let program = Program::compile(&point.graph, &CompileOptions::default())?;
    let values = point.run(&program)?.swap_remove(0);
    let job = call::job(model, call::log_prob(options)?, &flat, 2)?.swap_remove(0);
    let job = values.iter().zip(&job).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let wrt: Vec<usize> = (0..point.graph.inputs.len()).filter(|&k| point.graph.inputs[k].ty.dtype.is_float()).collect();
    let with_gradients = gradients(&point.graph, &wrt)?;
    let gradients = Program::compile(&with_gradients, &CompileOptions::default())?.run(point.inputs.clone())?;
    let mut checked = Checked { job, x: 0.0, parameters: 0.0 };
    for (&k, gradient) in wrt.iter().zip(&gradients) {
        for (element, got) in gradient.to_f64_vec()?.into_iter().enumerate() {
            let wanted = point.difference(&program, k, element)?;
            let error = (got - wanted).abs() / wanted.abs().max(1.0);
            let worst = if point.graph.inputs[k].name == "x0" { &mut checked.x } else { &mut checked.parameters };
            *worst = if error <= *worst { *worst } else { error };
        }
    }
    Ok(checked)
}

/// The gradient of the sum of the first output in these inputs.
fn gradients(graph: &Graph, wrt: &[usize]) -> Result<Graph> {
    let b = Builder::new();
    let args: Vec<Var> = graph.inputs.iter().map(|i| b.input(&i.name, i.ty.dtype, &i.ty.shape)).collect();
    let total = b.inline(graph, &args)[0].sum_all();
    Ok(b.finish(&grad(total, &wrt.iter().map(|&k| args[k]).collect::<Vec<_>>()))?)
}

/// Data, parameters as they are.
fn inputs(model: &Model, graph: &Graph, x: &[f64]) -> Result<Vec<Tensor>> {
    let state = model.inner().state_dict(Weights::Raw)?;
    let specs = model.definition().layout().specs();
    let value = |name: &str| -> Result<Tensor> {
        if name == "x0" {
            return Ok(Tensor::from_f64(x.to_vec(), &[x.len() / 2, 2])?);
        }
        let own = name.strip_prefix("param:").and_then(|own| specs.iter().position(|s| s.name == own));
        own.map(|k| state[k].clone())
            .ok_or_else(|| ModelError::expected("InternalError", "inputs of a likelihood", "x0 and parameters", name))
    };
    graph.inputs.iter().map(|i| value(&i.name)).collect()
}
