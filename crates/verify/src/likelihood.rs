//! Log densities of a mixture in the plane against the exact ones, for every path and parameterization, and Hutchinson's estimate of them.
//! The prior that a model starts from is not quite the exact distribution at the last time: its difference, known exactly, is taken out.

use crate::case::Case;
use crate::exact::{Exact, spread};
use crate::mixture::{Component, Mixture, THREE};
use crate::{Bound, Row, call};
use serde_json::{Value, json};
use thalweg_model::{Model, Result};
use thalweg_path::Parameterization;

/// Data, one row each, and their number.
const POINTS: [[f64; 2]; 4] = [[-0.9, 0.4], [0.5, 0.9], [0.3, -1.0], [1.4, -0.2]];
const WITHIN: f64 = 1e-6;
const SOURCE: &str = "instantaneous change of variables: Chen et al. 2018, theorem 1; Song et al. 2021, eq. 39";
const HUTCHINSON: &str = "Hutchinson 1990; Grathwohl et al. 2019: E εᵀJε = tr J";

/// Correlated coordinates have no isotropic components: two far apart along the diagonal.
const DIAGONAL: Mixture = Mixture {
    components: &[
        Component { weight: 0.5, mean: &[-0.7, -0.7], variance: 0.4 },
        Component { weight: 0.5, mean: &[0.7, 0.7], variance: 0.4 },
    ],
};

fn exact(case: &Case, predicts: Parameterization, mixture: &Mixture, rows: usize) -> Result<Model> {
    let exact = Exact { case, predicts, dimensions: 2, rows: &[rows], parameters: vec![1] };
    exact.model(&|which, t, x| mixture.exact(&case.process, which, spread(t, x), x))
}

fn tight() -> Value {
    json!({ "type": "ODESolver", "args": { "method": "dopri8", "rtol": 1e-10, "atol": 1e-10 } })
}

/// The rows of one path.
///
/// # Errors
/// Those of the jobs.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    let mut out = Vec::new();
    for &predicts in case.predictions {
        let model = exact(case, predicts, &THREE, POINTS.len())?;
        let name = |what: &str| format!("{what} on {} from {}", case.name, predicts.name());
        let label = |row: Row| row.label("path", case.name).label("parameterization", predicts.name());
        out.push(label(Row::new("likelihood", name("log p"), error_within(case, &model)?, Bound::AtMost(WITHIN), SOURCE)));
        if starts_exactly(case) {
            out.push(label(Row::new(
                "likelihood",
                name("log p of the data, whole path"),
                error_of_data(case, &model)?,
                Bound::AtMost(WITHIN),
                SOURCE,
            )));
        }
    }
    out.extend(hutchinson(case)?);
    Ok(out)
}

/// Whether all of the path can be followed and its distribution at the noise's end is the prior.
fn starts_exactly(case: &Case) -> bool {
    matches!(case.name, "independent" | "variance_preserving")
}

fn flat() -> Vec<f64> {
    POINTS.concat()
}

/// From the data's end of the span to the noise's, in the direction of a likelihood.
fn backwards(case: &Case) -> [f64; 2] {
    // A likelihood counts from the data: t of a diffusion model, 1 − t of a flow.
    let [noise, data] = case.span;
    let spoken = |t: f64| if case.process.data_first() { t } else { 1.0 - t };
    [spoken(data), spoken(noise)]
}

/// Largest error of log p at the data's end of the span.
fn error_within(case: &Case, model: &Model) -> Result<f64> {
    let [noise, data] = case.span;
    let options = json!({ "solver": tight(), "tSpan": backwards(case) });
    let log_p = call::job(model, call::log_prob(&options)?, &flat(), 2)?.swap_remove(0);
    let mut forward = options;
    forward["forward"] = true.into();
    let ends = call::job(model, call::sample(&forward)?, &flat(), 2)?.swap_remove(0);
    let std = case.process.prior_std();
    let mut worst = 0.0f64;
    for ((x, end), log_p) in POINTS.iter().zip(ends.chunks_exact(2)).zip(log_p) {
        let squares: f64 = end.iter().map(|x| (x / std).powi(2)).sum();
        let prior = -0.5 * squares - 2.0 * std.ln() - std::f64::consts::TAU.ln();
        let instead = THREE.log_density(&case.process, noise, end) - prior;
        let error = log_p + instead - THREE.log_density(&case.process, data, x);
        worst = if error.abs() <= worst { worst } else { error.abs() };
    }
    Ok(worst)
}

/// Largest error of log p of the data, over the whole path.
fn error_of_data(case: &Case, model: &Model) -> Result<f64> {
    let log_p = call::job(model, call::log_prob(&json!({ "solver": tight() }))?, &flat(), 2)?.swap_remove(0);
    let end = if case.process.data_first() { 0.0 } else { 1.0 };
    let errors = POINTS.iter().zip(log_p).map(|(x, log_p)| (log_p - THREE.log_density(&case.process, end, x)).abs());
    Ok(errors.fold(0.0, f64::max))
}

/// On the line through the middle of two components the Jacobian is symmetric with off-diagonal entries. Along one trajectory the estimate takes one of
/// two values, with probe signs that agree or differ, whose mean is exact.
fn hutchinson(case: &Case) -> Result<Vec<Row>> {
    const ROWS: usize = 16;
    let predicts = case.predictions[0];
    let model = exact(case, predicts, &DIAGONAL, ROWS)?;
    let x: Vec<f64> = [0.3, -0.2].repeat(ROWS);
    let log_p = |divergence: &str| -> Result<Vec<f64>> {
        let solver = json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 40 } });
        let options = json!({ "solver": solver, "tSpan": backwards(case), "divergence": divergence, "seed": 1 });
        Ok(call::job(&model, call::log_prob(&options)?, &x, 2)?.swap_remove(0))
    };
    let (exact, estimates) = (log_p("exact")?, log_p("hutchinson")?);
    let (least, most) = estimates.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), &e| (l.min(e), m.max(e)));
    let between = estimates.iter().map(|e| (e - least).abs().min((e - most).abs())).fold(0.0, f64::max);
    let bias = (0.5 * (least + most) - exact[0]).abs().max(between);
    let name = |what: &str| format!("Hutchinson's estimate on {}: {what}", case.name);
    Ok(vec![
        Row::new("likelihood", name("mean over all probes less the exact value"), bias, Bound::AtMost(1e-10), HUTCHINSON)
            .label("path", case.name),
        Row::new("likelihood", name("distance of its two values"), most - least, Bound::AtLeast(1e-3), "the check can fail")
            .label("path", case.name),
    ])
}
