//! DPM-Solver and DPM-Solver++, multistep, and SDE-DPM-Solver++: one evaluation per step, the last ones remembered.
//! The published third order is a second one; both are here, by name.

use super::dpm_singlestep::second_order;
use super::leap::{Form, Leap, Place};
use super::order::multistep_order;
use crate::config::{Expansion, ThirdOrder};
use crate::{Mesh, Quantity, Result, Row, Rule, Stage, Step, Structure};

/// Lu et al. 2022b: multistep DPM-Solver++ (algorithm 2), the same on the noise as in the authors' code, and SDE-DPM-Solver++ (section 5);
/// order 3 of the SDE as in k-diffusion.
pub(crate) struct Multistep {
    pub form: Form,
    pub order: usize,
    pub expansion: Expansion,
    pub third: ThirdOrder,
    pub lower_final: bool,
}

impl Multistep {
    /// Evaluations remembered; this step's own, at its start, comes after them.
    fn history(&self) -> usize {
        self.order - 1
    }

    /// Whether step `i` is one of the singlestep steps that order 3 needs in front: the first two must be of order ≥ 2.
    fn is_start(&self, mesh: &Mesh<'_>, i: usize) -> Result<bool> {
        let starts = self.order == 3 && self.third == ThirdOrder::Corrected && self.form != Form::Stochastic;
        Ok(starts && i < 2 && Place::node(mesh, i)?.lambda.is_finite() && Place::node(mesh, i + 1)?.lambda.is_finite())
    }

    /// What the present and the earlier evaluations say beyond the first order.
    fn correction(&self, mesh: &Mesh<'_>, i: usize, order: usize, leap: &Leap) -> Result<Row> {
        let newest = self.history();
        // Divided difference of evaluations j and j + 1 steps back, per interval of this step's length.
        let part = |j: usize| -> Result<f64> { Ok((Place::node(mesh, i - j)?.lambda - Place::node(mesh, i - j - 1)?.lambda) / leap.h()) };
        let slope = |j: usize| -> Result<Row> { Ok((Row::evaluation(newest - j) - Row::evaluation(newest - j - 1)) * (1.0 / part(j)?)) };
        match order {
            1 => Ok(Row::default()),
            2 => Ok(slope(0)? * self.expansion.second(leap)),
            _ => {
                let (r0, r1) = (part(0)?, part(1)?);
                let bend = (slope(0)? - slope(1)?) * (1.0 / (r0 + r1));
                let first = slope(0)? + bend.clone() * r0;
                // h²D″ is twice the second divided difference.
                let factor = if self.third == ThirdOrder::Corrected { 2.0 } else { 1.0 };
                Ok(first * leap.gain(2) + bend * (factor * leap.gain(3)))
            }
        }
    }
}

impl Rule for Multistep {
    fn quantity(&self) -> Quantity {
        self.form.quantity()
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let (from, to, history) = (Place::node(mesh, i)?, Place::node(mesh, i + 1)?, self.history());
        let order = multistep_order(mesh, i, self.order, self.lower_final)?;
        if self.is_start(mesh, i)? && !(self.lower_final && i + 1 == mesh.steps()) {
            let formula = second_order(mesh, self.form, self.expansion, [from, to], 0.5, history)?;
            let structure = Structure::new(self.quantity(), 2).remembering(history, 0);
            return Ok(Step::new(structure, formula.stages, formula.end, vec![]));
        }
        let leap = Leap::new(self.form, from, to)?;
        let mut structure = Structure::new(self.quantity(), 1).remembering(history, 0);
        let mut end = leap.first(history) + self.correction(mesh, i, order, &leap)?;
        if self.form == Form::Stochastic {
            structure = structure.with_noises(1);
            end = end + Row::noise(0) * leap.spread();
        }
        Ok(Step::new(structure, vec![Stage::new(from.t, Row::x())], end, vec![]))
    }
}
