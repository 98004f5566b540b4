//! The Schrödinger bridge between two Gaussians, whose marginals and plan are known in closed form.
//! Bunne et al. 2023, "The Schrödinger bridge between Gaussian measures has a closed form"; Tong et al. 2024, section 5.

use crate::case::{BRIDGE, Case, all};
use crate::exact::{Exact, spread};
use crate::order::weak::ended;
use crate::{Bound, Row, call};
use serde_json::json;
use thalweg_assignment::Matrix;
use thalweg_coupling::{Limits, entropic_plan};
use thalweg_graph::Scalar;
use thalweg_model::engine::random;
use thalweg_model::{Model, ModelError, Result};
use thalweg_path::{Parameterization, normal_quantile};
use thalweg_solver::{Host, PlannedStep, Problem, Quantity, Query, SdeMethod, SdeSolver, SolverConfig, solve};

/// Means of source and data are ∓ this.
const SHIFT: f64 = 0.1;
/// Diffusion of the reference process.
const SIGMA: f64 = 1.0;
const SOURCE: &str = "Bunne et al. 2023: N(0.2t − 0.1, t(1 − t)√(4 + σ⁴) + (1 − t)² + t²)";

/// Mean and variance of a coordinate at t.
fn marginal<S: Scalar>(t: S) -> (S, S) {
    let left = t.constant(1.0) - t;
    let variance = t * left * (4.0 + SIGMA.powi(4)).sqrt() + left.square() + t.square();
    (t * (2.0 * SHIFT) - SHIFT, variance)
}

/// Velocity of the probability flow, or the score.
fn exact<S: Scalar>(which: Parameterization, t: S, x: S) -> S {
    let (mean, variance) = marginal(t);
    let slope = (x - mean) / variance;
    let rate = (t.constant(1.0) - t * 2.0) * (4.0 + SIGMA.powi(4)).sqrt() - (t.constant(1.0) - t) * 2.0 + t * 2.0;
    if which == Parameterization::Score { -slope } else { slope * rate * 0.5 + 2.0 * SHIFT }
}

/// The rows.
///
/// # Errors
/// Those of the jobs.
pub fn rows() -> Result<Vec<Row>> {
    let case = all()?.into_iter().find(|c| c.class == BRIDGE).ok_or_else(|| ModelError::new("InternalError", "no bridge"))?;
    let times = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0];
    let exact_model = Exact { case: &case, predicts: Parameterization::Velocity, dimensions: 1, rows: &[1, 2], parameters: vec![1] };
    let model = exact_model.model(&|which, t, x| vec![exact(which, spread(t, x), x[0])])?;
    let mut out =
        vec![Row::new("bridge", "mean and variance of the ODE at 7 times", ode(&model, &case, &times)?, Bound::AtMost(1e-8), SOURCE)];
    for (method, bound) in [(SdeMethod::Heun, 1e-5), (SdeMethod::Sra1, 1e-5)] {
        let name = format!("mean and variance of the SDE at 6 times, {} in steps of 1/1000", method.name());
        out.push(Row::new("bridge", name, sde(method, &times)?, Bound::AtMost(bound), SOURCE));
    }
    for method in [SdeMethod::EulerMaruyama, SdeMethod::Heun, SdeMethod::Sra1] {
        let name = format!("the model's SDE takes these steps: {}", method.name());
        out.push(Row::new("bridge", name, same_steps(&model, &case, method)?, Bound::AtMost(1e-11), "the same numbers on the host"));
    }
    out.push(plan()?);
    Ok(out)
}

/// The flow of Gaussian marginals is affine: two trajectories say what it does to mean and variance.
fn ode(model: &Model, case: &Case, times: &[f64]) -> Result<f64> {
    let solver = json!({ "type": "ODESolver", "args": { "method": "dopri8", "rtol": 1e-11, "atol": 1e-11 } });
    let states = call::states(model, case, times, &[0.0, 1.0], json!({ "solver": solver, "trajectory": true }))?;
    let (mean, variance) = marginal(0.0f64);
    let errors = states.chunks_exact(2).zip(times).map(|(at, &t)| {
        let gain = at[1] - at[0];
        let wanted = marginal(t);
        (at[0] + gain * mean - wanted.0).abs() + (gain * gain * variance - wanted.1).abs()
    });
    Ok(errors.fold(0.0, f64::max))
}

fn answer(query: &Query, x: f64) -> f64 {
    let velocity = exact(Parameterization::Velocity, query.t, x);
    match query.quantity {
        Quantity::Drift => velocity + query.score * exact(Parameterization::Score, query.t, x),
        _ => velocity,
    }
}

fn settings(method: SdeMethod, steps: u32) -> SolverConfig {
    SolverConfig::Sde(SdeSolver { method, steps, ..SdeSolver::default() })
}

/// Moments of the SDE with diffusion σ, recursively.
fn sde(method: SdeMethod, times: &[f64]) -> Result<f64> {
    let h = |_: f64| SIGMA;
    let mut worst = 0.0f64;
    for &t in &times[1..] {
        let problem = Problem { schedule: None, diffusion: Some(&h) };
        let (mean, variance) = marginal(0.0f64);
        let (m, v) = ended(&settings(method, (1000.0 * t).round() as u32), problem, &[0.0, t], (mean, variance.sqrt()), &answer)?;
        let wanted = marginal(t);
        worst = worst.max((m - wanted.0).abs() + (v - wanted.1).abs());
    }
    Ok(worst)
}

/// The host with the noise that a sampling job draws for its first row.
struct Drawn {
    seed: i64,
    step: i64,
}

impl Host for Drawn {
    fn evaluate(&mut self, query: &Query, x: &[f64]) -> Vec<f64> {
        x.iter().map(|&x| answer(query, x)).collect()
    }

    fn noise(&mut self, planned: &PlannedStep, elements: usize) -> thalweg_solver::Result<Vec<Vec<f64>>> {
        let draw = |k: usize| {
            let stream = if k == 0 { "sample.noise.".into() } else { format!("sample.noise{k}.") };
            let mut out = vec![0.0; elements];
            random::normal_f64(self.seed, random::stream_of(&stream), self.step, 0, &mut out);
            out
        };
        let noises = (0..planned.step.structure.noises).map(draw).collect();
        self.step += 1;
        Ok(noises)
    }
}

/// Difference between a sampling job's end and that of the steps whose moments are checked, on the same noise.
fn same_steps(model: &Model, case: &Case, method: SdeMethod) -> Result<f64> {
    let (steps, seed, start) = (40, 9, 0.4);
    let solver = json!({ "type": "SDESolver", "args": { "method": method.name(), "steps": steps } });
    let got = call::states(model, case, &[0.0, 1.0], &[start], json!({ "solver": solver, "seed": seed }))?;
    let h = |_: f64| SIGMA;
    let problem = Problem { schedule: None, diffusion: Some(&h) };
    let wanted = solve(&settings(method, steps), problem, &mut Drawn { seed, step: 0 }, &[0.0, 1.0], &[start])?;
    Ok((got[0] - wanted.states[1][0]).abs())
}

/// The entropic plan at ε = 2σ² between quantiles of both Gaussians: its covariance is (√(4 + σ⁴) − σ²)/2.
fn plan() -> Result<Row> {
    const N: usize = 600;
    let quantiles: Vec<f64> = (0..N).map(|i| normal_quantile((i as f64 + 0.5) / N as f64)).collect();
    let spread = (quantiles.iter().map(|z| z * z).sum::<f64>() / N as f64).sqrt();
    // Scaled to variance 1, so that only their number is approximate.
    let unit: Vec<f64> = quantiles.iter().map(|z| z / spread).collect();
    let costs: Vec<f64> = unit.iter().flat_map(|a| unit.iter().map(move |b| (b - a + 2.0 * SHIFT).powi(2))).collect();
    let costs = Matrix::new(N, N, costs).map_err(|e| ModelError::new("InternalError", e.to_string()))?;
    let masses = vec![1.0 / N as f64; N];
    let limits = Limits { max_iterations: 10_000, tolerance: 1e-10 };
    let entropic = entropic_plan(&costs, &masses, &masses, 2.0 * SIGMA * SIGMA, limits)?;
    let covariance: f64 = entropic.plan.iter().enumerate().map(|(k, p)| p * unit[k / N] * unit[k % N]).sum();
    let wanted = 0.5 * ((4.0 + SIGMA.powi(4)).sqrt() - SIGMA.powi(2));
    let source = "Janati et al. 2020, theorem 1; Bunne et al. 2023";
    Ok(Row::new(
        "bridge",
        format!("covariance of the entropic plan between {N} quantiles"),
        (covariance - wanted).abs(),
        Bound::AtMost(2e-3),
        source,
    ))
}
