//! Adams–Bashforth methods on any grid: the polynomial through the last slopes is integrated over the step.
//! One evaluation per step at any order; a Runge–Kutta method of sufficient order makes the first steps.

use super::Tableau;
use super::{heun2::HEUN2, rk4::RK4};
use crate::quadrature::{integrate, lagrange};
use crate::{Mesh, Quantity, Result, Row, Rule, Stage, Step, Structure};

/// x₁ = x + Σⱼ f₋ⱼ ∫ Lⱼ(t) dt, Lⱼ the Lagrange polynomials of the last `order` step ends (Bashforth & Adams 1883; Hairer, Nørsett &
/// Wanner, section III.5 for steps that vary).
#[derive(Debug)]
pub struct AdamsBashforth {
    /// Order, and number of slopes used.
    pub order: usize,
    /// Makes the first `order` − 1 steps; of order ≥ `order` − 1.
    pub starter: &'static Tableau,
}

pub(super) const AB2: AdamsBashforth = AdamsBashforth { order: 2, starter: &HEUN2 };
pub(super) const AB4: AdamsBashforth = AdamsBashforth { order: 4, starter: &RK4 };

impl Rule for AdamsBashforth {
    fn quantity(&self) -> Quantity {
        Quantity::Velocity
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let history = self.order - 1;
        if i < history {
            return Ok(self.starter.step(mesh.times[i], mesh.h(i), false).remembering(history));
        }
        let nodes: Vec<f64> = (0..self.order).map(|j| mesh.times[i - j] - mesh.times[i]).collect();
        let weight = |j: usize| integrate(0.0, mesh.h(i), 1, |t| lagrange(&nodes, j, t));
        let sum = (0..self.order).map(|j| Row::evaluation(history - j) * weight(j)).fold(Row::x(), |a, b| a + b);
        let structure = Structure::new(Quantity::Velocity, 1).remembering(history, 0);
        Ok(Step::new(structure, vec![Stage::new(mesh.times[i], Row::x())], sum, vec![]))
    }
}
