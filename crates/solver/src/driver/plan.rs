//! All steps of a fixed grid, made beforehand: what a scan over their coefficients runs, and what a fixed driver hands out one by one.
//! Consecutive steps of one structure are a run: one program, one scan.

use crate::{Mesh, Quantity, Query, Result, Row, Rule, Stage, Step, Structure};

/// A step and the interval that it covers.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedStep {
    /// Present time.
    pub t: f64,
    /// Time after it.
    pub end: f64,
    /// The step.
    pub step: Step,
}

/// The steps of a fixed grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// To be evaluated in the first state, as the newest history of the first step, if the rule wants it.
    pub start: Option<Query>,
    /// The steps, in order.
    pub steps: Vec<PlannedStep>,
    /// Entry i: after how many steps the state is that of output i.
    pub outputs: Vec<usize>,
}

impl Plan {
    /// The steps of `rule` over `mesh`; `outputs` as in [`Plan::outputs`].
    ///
    /// # Errors
    /// As [`Rule::step`].
    pub fn new(rule: &dyn Rule, mesh: &Mesh<'_>, outputs: Vec<usize>) -> Result<Plan> {
        let t = mesh.times[0];
        let start = rule.starts_with_evaluation().then(|| Query { quantity: rule.quantity(), t, score: 0.0 });
        let planned = |i: usize| Ok(PlannedStep { t: mesh.times[i], end: mesh.times[i + 1], step: rule.step(mesh, i)? });
        Ok(Plan { start, steps: (0..mesh.steps()).map(planned).collect::<Result<_>>()?, outputs })
    }

    /// The same with one more step at the end, to the datum; the last output is that datum.
    pub(crate) fn denoised(mut self) -> Plan {
        let Some(last) = self.steps.last() else { return self };
        let mut planned = denoise_step(last.end);
        planned.step = planned.step.after(last.step.structure.keep.len());
        self.steps.push(planned);
        if let Some(output) = self.outputs.last_mut() {
            *output += 1;
        }
        self
    }

    /// Evaluations that all steps make together.
    pub fn nfe(&self) -> usize {
        usize::from(self.start.is_some()) + self.steps.iter().map(|s| s.step.structure.stages).sum::<usize>()
    }

    /// Consecutive steps of equal structure, also cut where an output falls between two steps.
    pub fn runs(&self) -> Vec<Run<'_>> {
        let cut = |i: usize| self.outputs.contains(&i) || self.steps[i].step.structure != self.steps[i - 1].step.structure;
        let mut starts: Vec<usize> = (0..self.steps.len()).filter(|&i| i == 0 || cut(i)).collect();
        starts.push(self.steps.len());
        let run = |w: &[usize]| Run { structure: &self.steps[w[0]].step.structure, first: w[0], steps: &self.steps[w[0]..w[1]] };
        starts.windows(2).filter(|w| w[0] < w[1]).map(run).collect()
    }
}

/// From the state at `t` to the datum predicted from it.
pub(crate) fn denoise_step(t: f64) -> PlannedStep {
    let step = Step::new(Structure::new(Quantity::Data, 1), vec![Stage::new(t, Row::x())], Row::evaluation(0), vec![]);
    PlannedStep { t, end: t, step }
}

/// Consecutive steps that share a structure, with no output between them.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Their structure.
    pub structure: &'a Structure,
    /// Index of the first of them.
    pub first: usize,
    /// The steps.
    pub steps: &'a [PlannedStep],
}

impl Run<'_> {
    /// Their numbers, step after step: `[steps, structure.len()]`, row-major.
    pub fn flat(&self) -> Vec<f64> {
        self.steps.iter().flat_map(|s| s.step.flat()).collect()
    }
}
