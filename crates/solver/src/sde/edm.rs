//! The stochastic sampler of EDM: back to a little more noise, then one Heun step of the ODE in σ̃ = σ/s = e^{−λ}.
//! With `churn` 0 it is Heun's method on that variable, and draws nothing that counts.

use crate::config::SdeSolver;
use crate::{Mesh, Quantity, Result, Row, Rule, SolverError, Stage, Step, Structure};

/// Karras et al. 2022, algorithm 2, on x̃ = x/s of any Gaussian path. New noise never exceeds the noise at the start of the grid, beyond which the
/// path may end.
pub(super) struct Edm {
    churn: f64,
    s_min: f64,
    s_max: f64,
    s_noise: f64,
}

pub(super) fn rule(settings: &SdeSolver) -> Edm {
    let SdeSolver { churn, s_min, s_max, s_noise, .. } = *settings;
    Edm { churn, s_min, s_max: s_max.unwrap_or(f64::INFINITY), s_noise }
}

impl Edm {
    /// σ̂: the noise level after churning.
    fn raised(&self, mesh: &Mesh<'_>, sigma: f64, first: f64) -> f64 {
        let within = (self.s_min..=self.s_max).contains(&sigma);
        let gamma = if within { (self.churn / mesh.steps() as f64).min(std::f64::consts::SQRT_2 - 1.0) } else { 0.0 };
        (sigma * (1.0 + gamma)).min(first.max(sigma))
    }
}

impl Rule for Edm {
    fn quantity(&self) -> Quantity {
        Quantity::Data
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let schedule = mesh.schedule()?;
        let (t, end) = (mesh.times[i], mesh.times[i + 1]);
        let level = |t: f64| (-schedule.lambda(t)).exp();
        let (sigma, to) = (level(t), level(end));
        if !(sigma.is_finite() && to.is_finite() && to < sigma) {
            let expected = "times with s > 0, in the direction of data (start a little later, or use an ODESolver)";
            return Err(SolverError::config("tSpan", expected, format!("σ/s = {sigma} then {to} at t = {t}")));
        }
        let raised = self.raised(mesh, sigma, level(mesh.times[0]));
        let churned_t = if raised > sigma { schedule.t_of_lambda(-raised.ln()) } else { t };
        let scale = |row: Row, t: f64| row * schedule.s(t);
        let noise = Row::noise(0) * (self.s_noise * (raised * raised - sigma * sigma).max(0.0).sqrt());
        let churned = Row::x() * (1.0 / schedule.s(t)) + noise;
        // dx̃/dσ̃ = (x̃ − D)/σ̃.
        let slope = (churned.clone() - Row::evaluation(0)) * (1.0 / raised);
        let euler = churned.clone() + slope.clone() * (to - raised);
        let mut stages = vec![Stage::new(churned_t, scale(churned.clone(), churned_t))];
        let mut x = scale(euler.clone(), end);
        if to > 0.0 {
            stages.push(Stage::new(end, x));
            let other = (euler - Row::evaluation(1)) * (1.0 / to);
            x = scale(churned + (slope + other) * (0.5 * (to - raised)), end);
        }
        Ok(Step::new(Structure::new(Quantity::Data, stages.len()).with_noises(1), stages, x, vec![]))
    }
}
