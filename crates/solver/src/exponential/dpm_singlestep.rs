//! DPM-Solver and DPM-Solver++, singlestep: one, two or three evaluations within a step, nothing remembered.
//! Each order is one function of the interval; how steps are cut is the planner's business.

use super::SinglestepPlan;
use super::leap::{Form, Leap, Place};
use super::order::check_final;
use crate::config::Expansion;
use crate::{Mesh, Quantity, Result, Row, Rule, Stage, Step, Structure};

/// Lu et al. 2022a (DPM-Solver, algorithms 1 and 2, section D for order 3) and 2022b (DPM-Solver++, 2S), with `expansion` "taylor" as in the
/// authors' code.
pub(crate) struct Singlestep {
    pub form: Form,
    pub expansion: Expansion,
    pub plan: SinglestepPlan,
}

/// Stages and the end of a step.
pub(crate) struct Formula {
    pub stages: Vec<Stage>,
    pub end: Row,
}

/// Order 1: DDIM without noise.
pub(super) fn first_order(form: Form, from: Place, to: Place, m: usize) -> Result<Formula> {
    let leap = Leap::new(form, from, to)?;
    Ok(Formula { stages: vec![at(from)], end: leap.first(m) })
}

/// Order 2, with its second evaluation a part `r` of the way in λ; the evaluations of this step begin at index `m`.
pub(super) fn second_order(mesh: &Mesh<'_>, form: Form, expansion: Expansion, ends: [Place; 2], r: f64, m: usize) -> Result<Formula> {
    let leap = Leap::new(form, ends[0], ends[1])?;
    let inner = Leap::new(form, ends[0], Place::where_lambda(mesh, ends[0].lambda + r * leap.h())?)?;
    let slope = (Row::evaluation(m + 1) - Row::evaluation(m)) * (1.0 / r);
    let end = leap.first(m) + slope * expansion.second(&leap);
    Ok(Formula { stages: vec![at(ends[0]), inner.stage(inner.first(m))], end })
}

/// Order 3, with evaluations parts `r` of the way in λ; the evaluations of this step begin at index `m`.
pub(super) fn third_order(mesh: &Mesh<'_>, form: Form, expansion: Expansion, ends: [Place; 2], r: [f64; 2], m: usize) -> Result<Formula> {
    let leap = Leap::new(form, ends[0], ends[1])?;
    let inner = |r: f64| Leap::new(form, ends[0], Place::where_lambda(mesh, ends[0].lambda + r * leap.h())?);
    let (one, two) = (inner(r[0])?, inner(r[1])?);
    let difference = |i: usize| Row::evaluation(m + i) - Row::evaluation(m);
    let second = two.first(m) + difference(1) * (two.gain(2) * r[1] / r[0]);
    let end = match expansion {
        Expansion::DpmSolver => leap.first(m) + difference(2) * (leap.gain(2) / r[1]),
        Expansion::Taylor => {
            let (a, b) = (difference(1) * (1.0 / r[0]), difference(2) * (1.0 / r[1]));
            let slope = (a.clone() * r[1] - b.clone() * r[0]) * (1.0 / (r[1] - r[0]));
            let curvature = (b - a) * (2.0 / (r[1] - r[0]));
            leap.first(m) + slope * leap.gain(2) + curvature * leap.gain(3)
        }
    };
    Ok(Formula { stages: vec![at(ends[0]), one.stage(one.first(m)), two.stage(second)], end })
}

/// The evaluation of the state at hand.
fn at(place: Place) -> Stage {
    Stage::new(place.t, Row::x())
}

impl Rule for Singlestep {
    fn quantity(&self) -> Quantity {
        self.form.quantity()
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let ends = [Place::node(mesh, i)?, Place::node(mesh, i + 1)?];
        // From s = 0 the parts of an infinite interval mean nothing: the limit of order 1 is exact up to O(h²).
        let order = if ends[0].lambda.is_finite() { self.plan.orders[i] } else { 1 };
        check_final(mesh, i, order)?;
        let r = self.plan.parts(mesh, i)?;
        let formula = match order {
            1 => first_order(self.form, ends[0], ends[1], 0)?,
            2 => second_order(mesh, self.form, self.expansion, ends, r[0], 0)?,
            _ => third_order(mesh, self.form, self.expansion, ends, [r[0], r[1]], 0)?,
        };
        let structure = Structure::new(self.quantity(), formula.stages.len());
        Ok(Step::new(structure, formula.stages, formula.end, vec![]))
    }
}
