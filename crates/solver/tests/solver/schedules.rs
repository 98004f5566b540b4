//! Gaussian paths written out for the tests, independently of the path crate, and every solver that runs on them.
//! λ and its inverse keep their digits; a test checks that they do.

use std::f64::consts::PI;
use thalweg_solver::{
    DdimSolver, DeisSolver, DeisStart, DeisVariable, DpmAlgorithm, DpmMethod, DpmSolver, Expansion, Grid, Method, OdeSolver, Schedule,
    SdeMethod, SdeSolver, SolverConfig, StagePlacement, ThirdOrder, UniPcPrediction, UniPcSolver, UniPcVariant,
};

/// A schedule with what exact velocities need besides.
pub trait Path: Schedule {
    fn name(&self) -> &'static str;
    /// ṡ/s and dλ/dt at times where both are finite.
    fn rates(&self, t: f64) -> [f64; 2];
    /// Times between which tests integrate, noise first.
    fn span(&self) -> [f64; 2] {
        [0.95, 0.05]
    }
}

const BETA: [f64; 2] = [0.1, 20.0];

pub struct VpLinear;
pub struct Linear;
pub struct Gvp;
pub struct Ve;
pub struct Edm;
/// The linear path in the time of flows: noise at 0, data at 1.
pub struct Rising;

fn log_s(t: f64) -> f64 {
    -0.25 * t * t * (BETA[1] - BETA[0]) - 0.5 * t * BETA[0]
}

impl Schedule for VpLinear {
    fn s(&self, t: f64) -> f64 {
        log_s(t).exp()
    }
    fn sigma(&self, t: f64) -> f64 {
        (-(2.0 * log_s(t)).exp_m1()).sqrt()
    }
    fn lambda(&self, t: f64) -> f64 {
        log_s(t) - 0.5 * (-(2.0 * log_s(t)).exp_m1()).ln()
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        let l = (-2.0 * lambda).max(0.0) + (-(2.0 * lambda).abs()).exp().ln_1p();
        2.0 * l / ((BETA[0] * BETA[0] + 2.0 * (BETA[1] - BETA[0]) * l).sqrt() + BETA[0])
    }
}

impl Path for VpLinear {
    fn name(&self) -> &'static str {
        "linear_vp_sde"
    }
    fn rates(&self, t: f64) -> [f64; 2] {
        let f = -0.5 * (BETA[0] + t * (BETA[1] - BETA[0]));
        // σ² = 1 − s²: λ̇ = f + f s²/σ².
        [f, f / self.sigma(t).powi(2)]
    }
}

impl Schedule for Linear {
    fn s(&self, t: f64) -> f64 {
        1.0 - t
    }
    fn sigma(&self, t: f64) -> f64 {
        t
    }
    fn lambda(&self, t: f64) -> f64 {
        (-t).ln_1p() - t.ln()
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        1.0 / (1.0 + lambda.exp())
    }
}

impl Path for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }
    fn rates(&self, t: f64) -> [f64; 2] {
        [-1.0 / (1.0 - t), -1.0 / (t * (1.0 - t))]
    }
}

impl Schedule for Gvp {
    fn s(&self, t: f64) -> f64 {
        (PI * (1.0 - t) / 2.0).sin()
    }
    fn sigma(&self, t: f64) -> f64 {
        (PI * t / 2.0).sin()
    }
    fn lambda(&self, t: f64) -> f64 {
        self.s(t).ln() - self.sigma(t).ln()
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        2.0 / PI * (-lambda).exp().atan()
    }
}

impl Path for Gvp {
    fn name(&self) -> &'static str {
        "gvp"
    }
    fn rates(&self, t: f64) -> [f64; 2] {
        [-PI / 2.0 * (PI * t / 2.0).tan(), -PI / (PI * t).sin()]
    }
}

const SIGMA: [f64; 2] = [0.01, 50.0];

impl Schedule for Ve {
    fn s(&self, _: f64) -> f64 {
        1.0
    }
    fn sigma(&self, t: f64) -> f64 {
        SIGMA[0] * (SIGMA[1] / SIGMA[0]).powf(t)
    }
    fn lambda(&self, t: f64) -> f64 {
        -SIGMA[0].ln() - t * (SIGMA[1] / SIGMA[0]).ln()
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        (-lambda - SIGMA[0].ln()) / (SIGMA[1] / SIGMA[0]).ln()
    }
}

impl Path for Ve {
    fn name(&self) -> &'static str {
        "ve"
    }
    fn rates(&self, _: f64) -> [f64; 2] {
        [0.0, -(SIGMA[1] / SIGMA[0]).ln()]
    }
}

impl Schedule for Edm {
    fn s(&self, _: f64) -> f64 {
        1.0
    }
    fn sigma(&self, t: f64) -> f64 {
        t
    }
    fn lambda(&self, t: f64) -> f64 {
        -t.ln()
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        (-lambda).exp()
    }
}

impl Path for Edm {
    fn name(&self) -> &'static str {
        "edm"
    }
    fn rates(&self, t: f64) -> [f64; 2] {
        [0.0, -1.0 / t]
    }
    fn span(&self) -> [f64; 2] {
        [3.0, 0.05]
    }
}

impl Schedule for Rising {
    fn s(&self, t: f64) -> f64 {
        t
    }
    fn sigma(&self, t: f64) -> f64 {
        1.0 - t
    }
    fn lambda(&self, t: f64) -> f64 {
        t.ln() - (-t).ln_1p()
    }
    fn t_of_lambda(&self, lambda: f64) -> f64 {
        1.0 / (1.0 + (-lambda).exp())
    }
}

impl Path for Rising {
    fn name(&self) -> &'static str {
        "linear, rising"
    }
    fn rates(&self, t: f64) -> [f64; 2] {
        [1.0 / t, 1.0 / (t * (1.0 - t))]
    }
    fn span(&self) -> [f64; 2] {
        [0.05, 0.95]
    }
}

pub fn paths() -> [&'static dyn Path; 6] {
    [&VpLinear, &Linear, &Gvp, &Ve, &Edm, &Rising]
}

/// Every solver and variant with fixed steps, `steps` of them.
pub fn every_config(steps: u32) -> Vec<SolverConfig> {
    let ode = Method::ALL.iter().map(|&method| SolverConfig::Ode(OdeSolver { method, steps: Some(steps), ..OdeSolver::default() }));
    let sde = SdeMethod::ALL.iter().map(|&method| SolverConfig::Sde(SdeSolver { method, steps, ..SdeSolver::default() }));
    let ddim = [0.0, 0.5, 1.0].map(|eta| SolverConfig::Ddim(DdimSolver { steps, eta, ..DdimSolver::default() }));
    ode.chain(sde).chain(ddim).chain(exponential_odes(steps, &Grid::default())).chain(sde_dpm(steps)).collect()
}

/// Every exponential solver of ODEs, without lower final orders.
pub fn exponential_odes(steps: u32, grid: &Grid) -> Vec<SolverConfig> {
    let mut all = Vec::new();
    let base = DpmSolver { steps, lower_order_final: Some(false), grid: grid.clone(), ..DpmSolver::default() };
    for (order, algorithm, expansion) in variants() {
        let base = DpmSolver { order, algorithm, expansion, ..base.clone() };
        for stages in [StagePlacement::Fractions, StagePlacement::Grid] {
            all.push(SolverConfig::Dpm(DpmSolver { method: DpmMethod::Singlestep, stages, ..base.clone() }));
        }
        for third_order in [ThirdOrder::Corrected, ThirdOrder::Published] {
            all.push(SolverConfig::Dpm(DpmSolver { method: DpmMethod::Multistep, third_order, ..base.clone() }));
        }
    }
    for (order, variant) in (1..4).flat_map(|o| [(o, UniPcVariant::Bh1), (o, UniPcVariant::Bh2)]) {
        for prediction in [UniPcPrediction::Noise, UniPcPrediction::Data] {
            let lower_order_final = Some(false);
            all.push(SolverConfig::UniPc(UniPcSolver {
                order,
                steps,
                variant,
                prediction,
                lower_order_final,
                grid: grid.clone(),
                ..UniPcSolver::default()
            }));
        }
    }
    for (order, variable) in (1..5).flat_map(|o| [(o, DeisVariable::Time), (o, DeisVariable::LogSnr)]) {
        for start in [DeisStart::Singlestep, DeisStart::LowerOrder] {
            all.push(SolverConfig::Deis(DeisSolver {
                order,
                steps,
                variable,
                start,
                lower_order_final: Some(false),
                grid: grid.clone(),
                ..DeisSolver::default()
            }));
        }
    }
    all
}

fn variants() -> impl Iterator<Item = (u32, DpmAlgorithm, Expansion)> {
    let expansions = [Expansion::DpmSolver, Expansion::Taylor];
    let of_order = move |o| [DpmAlgorithm::Noise, DpmAlgorithm::Data].into_iter().flat_map(move |a| expansions.map(|e| (o, a, e)));
    (1..4).flat_map(of_order)
}

/// SDE-DPM-Solver++ of every order.
pub fn sde_dpm(steps: u32) -> impl Iterator<Item = SolverConfig> {
    let of_order =
        move |order| DpmSolver { order, steps, algorithm: DpmAlgorithm::Sde, lower_order_final: Some(false), ..DpmSolver::default() };
    (1..4).map(move |order| SolverConfig::Dpm(of_order(order)))
}

#[test]
fn lambda_and_its_inverse_and_its_rate_agree_on_every_path() {
    for path in paths() {
        let [a, b] = path.span();
        for i in 0..=20 {
            let t = a + (b - a) * f64::from(i) / 20.0;
            assert!((path.lambda(t) - (path.s(t) / path.sigma(t)).ln()).abs() < 1e-12, "{} {t}", path.name());
            assert!((path.t_of_lambda(path.lambda(t)) / t - 1.0).abs() < 1e-12, "{} {t}", path.name());
            let d = 1e-5 * t;
            let rate = |f: &dyn Fn(f64) -> f64| (f(t + d) - f(t - d)) / (2.0 * d);
            let [f, l] = path.rates(t);
            assert!((rate(&|t| path.s(t).ln()) - f).abs() < 1e-6 * f.abs().max(1.0), "{} {t}", path.name());
            assert!((rate(&|t| path.lambda(t)) - l).abs() < 1e-6 * l.abs(), "{} {t}", path.name());
        }
    }
}
