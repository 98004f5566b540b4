//! Explicit Runge–Kutta methods as Butcher tableaus: coefficients, and the steps that they give.
//! A tableau is data: the step rule, the controller and the tests read it, nothing is written per method.

use crate::{Mesh, Quantity, Result, Row, Rule, Stage, Step, Structure};

/// Coefficients of an explicit Runge–Kutta method: kᵢ = f(t + cᵢh, x + h Σⱼ<ᵢ aᵢⱼkⱼ), x₁ = x + h Σ bᵢkᵢ
/// (Butcher 1964; Hairer, Nørsett & Wanner, *Solving Ordinary Differential Equations I*, equation II.1.8).
#[derive(Debug, PartialEq)]
pub struct Tableau {
    /// Name in configs.
    pub name: &'static str,
    /// Order of the step: its local error is O(h^(order+1)).
    pub order: u32,
    /// The error estimate of an adaptive step is O(h^(error_order+1)); it is the order of the embedded solution if there is one alone.
    pub error_order: Option<u32>,
    /// c: times of the stages, as parts of the step.
    pub nodes: &'static [f64],
    /// a: row i has i entries.
    pub matrix: &'static [&'static [f64]],
    /// b: weights of the slopes.
    pub weights: &'static [f64],
    /// b̂: weights of the embedded solutions, the one of highest order first. Two of them give the error e₁²/√(e₁² + e₂²/100), e₁ and e₂ being the
    /// norms of their differences (Hairer, Nørsett & Wanner, equation II.10.17).
    pub embedded: &'static [&'static [f64]],
    /// Dense output, if there is one.
    pub dense: Option<Dense>,
    /// First same as last: the last stage is the slope at the end of the step, so that the next step has its first stage.
    pub fsal: bool,
}

/// The solution between the ends of a step: x(θ) = x₀ + θ(x₁ − x₀) + θ(1 − θ)h Σ qᵢ(θ)kᵢ (the continuous Runge–Kutta methods of Hairer,
/// Nørsett & Wanner, section II.6, written so that both ends are exact).
#[derive(Debug, PartialEq)]
pub struct Dense {
    /// Order of the interpolant: its error within a step is O(h^(order+1)).
    pub order: u32,
    /// c of stages that only the dense output needs.
    pub nodes: &'static [f64],
    /// a of these stages; row i has stages + i entries.
    pub matrix: &'static [&'static [f64]],
    /// Row i: the coefficients of qᵢ, lowest power first.
    pub weights: &'static [&'static [f64]],
}

impl Tableau {
    /// Number of stages.
    pub fn stages(&self) -> usize {
        self.weights.len()
    }

    /// Whether steps can be chosen by their error: it has an embedded solution, dense output to serve times in between, and is
    /// first-same-as-last, so that the evaluation that a starting step needs is not lost.
    pub fn is_adaptive(&self) -> bool {
        !self.embedded.is_empty() && self.error_order.is_some() && self.dense.is_some() && self.fsal
    }

    /// The step from `t` to `t` + `h` on a velocity. `adaptive`: with its error; the first slope is given as the only history, the
    /// last one is kept. Else it has no history, and evaluates nothing at the end only for a step that follows.
    pub fn step(&self, t: f64, h: f64, adaptive: bool) -> Step {
        let last = if self.fsal && !adaptive { self.stages() - 1 } else { self.stages() };
        let given = usize::from(adaptive);
        let stages = (given..last).map(|i| Stage::new(t + self.nodes[i] * h, Row::x() + slopes(self.matrix[i]) * h)).collect();
        let mut structure = Structure::new(Quantity::Velocity, last - given);
        let weights = &self.weights[..last];
        let end = Row::x() + slopes(weights) * h;
        if !adaptive {
            return Step::new(structure, stages, end, vec![]);
        }
        structure = Structure { errors: self.embedded.len(), ..structure.remembering(1, last - 2) };
        let errors = self.embedded.iter().map(|embedded| (slopes(weights) - slopes(embedded)) * h).collect();
        Step::new(structure, stages, end, errors)
    }

    /// The solution at `t` + θ`h`, 0 ≤ θ ≤ 1: a step from the state before an adaptive step, whose history are all evaluations of
    /// that step. `None` if the tableau has no dense output.
    pub fn dense_step(&self, t: f64, h: f64, theta: f64) -> Option<Step> {
        let dense = self.dense.as_ref()?;
        let structure = Structure { history: self.stages(), ..Structure::new(Quantity::Velocity, dense.nodes.len()) };
        let stages = dense.nodes.iter().zip(dense.matrix).map(|(c, a)| Stage::new(t + c * h, Row::x() + slopes(a) * h));
        let polynomials: Vec<f64> = dense.weights.iter().map(|q| horner(q, theta)).collect();
        let end = Row::x() + slopes(self.weights) * (theta * h) + slopes(&polynomials) * (theta * (1.0 - theta) * h);
        Some(Step::new(structure, stages.collect(), end, vec![]))
    }
}

/// Σ cᵢkᵢ.
fn slopes(coefficients: &[f64]) -> Row {
    Row { x: 0.0, evaluations: coefficients.to_vec(), noise: Vec::new() }
}

/// Σ cⱼθʲ.
fn horner(coefficients: &[f64], theta: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, &c| sum * theta + c)
}

impl Rule for Tableau {
    fn quantity(&self) -> Quantity {
        Quantity::Velocity
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        Ok(self.step(mesh.times[i], mesh.h(i), false))
    }
}
