//! Weak order of SDE solvers on Gaussian data: mean and variance of the end follow from the steps' own coefficients, without Monte Carlo.
//! A step is affine in the state and its noises; a column is carried for the constant, the start and every noise.

use crate::case::Case;
use crate::mixture::{Component, Mixture};
use crate::slope::{Found, ROUNDING, Search};
use crate::{Bound, Row};
use serde_json::{Value, json};
use thalweg_model::{ModelError, Process, Result};
use thalweg_path::{Diffusion, GaussianPath, Parameterization, Path, convert};
use thalweg_solver::{Driver, Problem, Quantity, Query, Schedule, SolverConfig, interpret};

/// The data: one component.
pub const GAUSSIAN: Mixture = Mixture { components: &[Component { weight: 1.0, mean: &[0.7], variance: 0.3 }] };

/// A Gaussian path as solvers see it.
struct View<'a>(&'a Path);

impl Schedule for View<'_> {
    fn s(&self, t: f64) -> f64 {
        self.0.scale(t)
    }
    fn sigma(&self, t: f64) -> f64 {
        self.0.std(t)
    }
    fn lambda(&self, t: f64) -> f64 {
        self.0.half_log_snr(t)
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        self.0.time_of_half_log_snr(lambda)
    }
}

/// A solver of SDEs: name, order, source, settings.
fn solvers() -> Vec<(String, f64, &'static str, Value)> {
    let sde = |method: &str| json!({ "type": "SDESolver", "args": { "method": method } });
    let mut all = vec![
        ("euler_maruyama".into(), 1.0, "Kloeden & Platen 1992, 14.1", sde("euler_maruyama")),
        ("heun".into(), 2.0, "Kloeden & Platen 1992, 15.1: noise is additive", sde("heun")),
        ("sra1".into(), 2.0, "Rößler 2010", sde("sra1")),
        ("ancestral".into(), 1.0, "Ho et al. 2020", sde("ancestral")),
        ("edm, churn 0".into(), 2.0, "Karras et al. 2022, algorithm 2", sde("edm")),
        (
            "edm, churn 4".into(),
            2.0,
            "Karras et al. 2022, algorithm 2: churn keeps marginals",
            json!({ "type": "SDESolver", "args": { "method": "edm", "churn": 4.0 } }),
        ),
    ];
    for (order, stated) in [(1, 1.0), (2, 2.0), (3, 2.0)] {
        let args = json!({ "algorithm": "sde-dpmsolver++", "order": order, "method": "multistep", "lowerOrderFinal": false });
        all.push((
            format!("sde-dpmsolver++ {order}M"),
            stated,
            "Lu et al. 2022, DPM-Solver++, section 5",
            json!({ "type": "DPMSolver", "args": args }),
        ));
    }
    for eta in [0.3, 1.0] {
        all.push((format!("ddim, eta {eta}"), 1.0, "Song et al. 2021, DDIM", json!({ "type": "DDIMSolver", "args": { "eta": eta } })));
    }
    all
}

/// The rows of one path of a diffusion model.
///
/// # Errors
/// Those of the solvers.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    let mut out = Vec::new();
    let Process::Gaussian(path) = &case.process else { return Ok(out) };
    for (name, stated, source, settings) in solvers() {
        for from in Parameterization::ALL {
            let moments = |steps: usize| -> Result<(f64, f64)> {
                let mut settings = settings.clone();
                settings["args"]["steps"] = steps.into();
                settings["args"]["grid"] = case.grid.clone();
                let config: SolverConfig = serde_json::from_value(settings).map_err(|e| ModelError::config("solver", "settings", e))?;
                let view = View(path);
                let h = |t: f64| 0.7 * Diffusion::Sigma.h(path, t);
                let problem = Problem { schedule: Some(&view), diffusion: Some(&h) };
                let start = marginal(&case.process, case.span[0]);
                let through = |query: &Query, x: f64| answer(path, from, query, x);
                ended(&config, problem, &case.span, start, &through)
            };
            let (mean, std) = marginal(&case.process, case.span[1]);
            let found = Search { first: 50, most: 6400 }.order(stated, |steps| {
                let (m, variance) = moments(steps)?;
                Ok::<f64, ModelError>((m - mean).abs() + (variance - std * std).abs())
            })?;
            let (measured, bound) = match found {
                Found::Slope(slope) => (slope, Bound::AtLeast(stated - 0.1)),
                Found::Exact(error) => (error, Bound::AtMost(ROUNDING)),
            };
            let row = Row::new("weak order", format!("{name} on {} from {}", case.name, from.name()), measured, bound, source);
            let row = row.label("solver", &name).label("path", case.name).label("parameterization", from.name());
            out.push(row.label("theory", stated.to_string()));
        }
    }
    Ok(out)
}

/// Mean and standard deviation of x_t of [`GAUSSIAN`].
pub fn marginal(process: &Process, t: f64) -> (f64, f64) {
    let mean = GAUSSIAN.point(process, t, 0.0);
    (mean, GAUSSIAN.point(process, t, 1.0) - mean)
}

/// The answer to a query by way of an exact network of the kind `from`.
fn answer(path: &Path, from: Parameterization, query: &Query, x: f64) -> f64 {
    let process = Process::Gaussian(path.clone());
    let predicted = GAUSSIAN.exact(&process, from, query.t, &[x])[0];
    let quantity = |which| convert(path, from, which, query.t, x, predicted);
    match query.quantity {
        Quantity::Velocity => quantity(Parameterization::Velocity),
        Quantity::Drift => quantity(Parameterization::Velocity) + query.score * quantity(Parameterization::Score),
        Quantity::Noise => quantity(Parameterization::Noise),
        Quantity::Data => quantity(Parameterization::Data),
    }
}

/// Mean and variance after all steps, from mean and standard deviation before them, where every answer is affine in x.
///
/// # Errors
/// Those of the solver.
pub fn ended(
    config: &SolverConfig,
    problem: Problem<'_>,
    span: &[f64],
    start: (f64, f64),
    answer: &dyn Fn(&Query, f64) -> f64,
) -> Result<(f64, f64)> {
    let Driver::Fixed(fixed) = config.driver(problem, span)? else {
        return Err(ModelError::config("solver", "fixed steps", "adaptive ones"));
    };
    let steps = &fixed.plan().steps;
    let columns = 2 + steps.iter().map(|s| s.step.structure.noises).sum::<usize>();
    // Column 0: the affine map at 0; the others: its linear part along one direction.
    let affine = |query: &Query, x: &[f64]| -> Vec<f64> {
        let zero = answer(query, 0.0);
        let gain = answer(query, 1.0) - zero;
        x.iter().enumerate().map(|(k, x)| gain * x + if k == 0 { zero } else { 0.0 }).collect()
    };
    let mut x = vec![0.0; columns];
    (x[0], x[1]) = start;
    let first_history = steps.first().map_or(0, |s| s.step.structure.history);
    let (mut history, mut used) = (vec![vec![0.0; columns]; first_history], 2);
    for planned in steps {
        let unit = |j: usize| (0..columns).map(|k| f64::from(u8::from(k == j))).collect();
        let noise: Vec<Vec<f64>> = (0..planned.step.structure.noises).map(|j| unit(used + j)).collect();
        used += noise.len();
        let result = interpret(&planned.step, &mut |q: &Query, x: &[f64]| affine(q, x), &x, &history, &noise);
        history = result.history(&planned.step.structure);
        x = result.x;
    }
    Ok((x[0], x[1..].iter().map(|c| c * c).sum()))
}
