//! DEIS: the noise is extrapolated by a polynomial through remembered evaluations, and integrated exactly.
//! The polynomial is in time (tAB), or in λ.

use super::dpm_singlestep::{Formula, second_order, third_order};
use super::leap::{Form, Leap, Place};
use super::order::multistep_order;
use crate::config::{DeisVariable, Expansion};
use crate::quadrature::{integrate, lagrange};
use crate::{Mesh, Quantity, Result, Row, Rule, Stage, Step, Structure};

/// Zhang & Chen 2023, tAB-DEIS: x₁ = (s₁/s₀)x + s₁ Σⱼ εⱼ ∫ Lⱼ d(σ/s).
pub(crate) struct Deis {
    pub order: usize,
    pub variable: DeisVariable,
    pub singlestep_start: bool,
    pub lower_final: bool,
}

/// e^{−λ} is less than rounding of what matters this far beyond the start.
const HORIZON: f64 = 40.0;

impl Deis {
    /// −s₁∫ Lⱼ e^{−λ} dλ over the step, relative to −s₁e^{−λ₀}: panels of length ≤ 1 in λ, in which every path is smooth.
    fn weight(&self, mesh: &Mesh<'_>, nodes: &[f64], j: usize, from: Place, h: f64) -> Result<f64> {
        let schedule = mesh.schedule()?;
        let variable = |u: f64| match self.variable {
            DeisVariable::Time => schedule.t_of_lambda(from.lambda + u),
            DeisVariable::LogSnr => from.lambda + u,
        };
        let length = h.min(HORIZON);
        let panels = length.abs().ceil().max(1.0) as usize;
        Ok(integrate(0.0, length, panels, |u| lagrange(nodes, j, variable(u)) * (-u).exp()))
    }

    /// The polynomial through the last `order` evaluations, integrated.
    fn extrapolated(&self, mesh: &Mesh<'_>, i: usize, order: usize, leap: &Leap) -> Result<Row> {
        let newest = self.order - 1;
        if order == 1 {
            return Ok(leap.first(newest));
        }
        let (from, to) = (Place::node(mesh, i)?, Place::node(mesh, i + 1)?);
        let node = |j: usize| Place::node(mesh, i - j).map(|p| if self.variable == DeisVariable::Time { p.t } else { p.lambda });
        let nodes = (0..order).map(node).collect::<Result<Vec<_>>>()?;
        // s₁e^{−λ₀} = s₁σ₀/s₀.
        let scale = -to.s * from.sigma / from.s;
        let mut end = leap.x();
        for j in 0..order {
            end = end + Row::evaluation(newest - j) * (scale * self.weight(mesh, &nodes, j, from, leap.h())?);
        }
        Ok(end)
    }

    /// A step within which all evaluations lie, of an order that is enough in front of steps of this one.
    fn starting(&self, mesh: &Mesh<'_>, ends: [Place; 2]) -> Result<Formula> {
        let m = self.order - 1;
        match self.order {
            3 => second_order(mesh, Form::Noise, Expansion::Taylor, ends, 0.5, m),
            _ => third_order(mesh, Form::Noise, Expansion::Taylor, ends, [1.0 / 3.0, 2.0 / 3.0], m),
        }
    }
}

impl Rule for Deis {
    fn quantity(&self) -> Quantity {
        Quantity::Noise
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let (from, to, history) = (Place::node(mesh, i)?, Place::node(mesh, i + 1)?, self.order - 1);
        let order = multistep_order(mesh, i, self.order, self.lower_final)?;
        let last = self.lower_final && i + 1 == mesh.steps();
        if self.singlestep_start && self.order > 2 && i < history && to.lambda.is_finite() && !last {
            let formula = self.starting(mesh, [from, to])?;
            let structure = Structure::new(Quantity::Noise, formula.stages.len()).remembering(history, 0);
            return Ok(Step::new(structure, formula.stages, formula.end, vec![]));
        }
        let end = self.extrapolated(mesh, i, order, &Leap::new(Form::Noise, from, to)?)?;
        let structure = Structure::new(Quantity::Noise, 1).remembering(history, 0);
        Ok(Step::new(structure, vec![Stage::new(from.t, Row::x())], end, vec![]))
    }
}
