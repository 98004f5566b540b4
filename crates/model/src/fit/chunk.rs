//! The rows that are trained on now, with the programs of their steps: all that there are, or those of a stream that came last.
//! A stream's chunk is one pass over its rows, shuffled; what was given at once is passed over again and again.

use super::batch::{BatchLoss, Sources, pair_input};
use super::planner::{HostRows, PlanRequest, Planner};
use super::{Batches, FitJob, Progress, batches};
use crate::bind::{self, Bindings};
use crate::data;
use crate::objective::{Objective, Rows};
use crate::process::coupling;
use crate::step::{self, StepGraph, StepRule};
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_coupling::Coupling;
use thalweg_engine::{Program, Tensor, random};
use thalweg_graph::Leaves;

pub(super) struct Compiled {
    pub program: Arc<Program>,
    pub inputs: Vec<String>,
    pub state: Vec<String>,
    rows: usize,
}

/// Where rows stand among all that are trained on.
#[derive(Clone, Copy)]
struct Place {
    /// The first step on them.
    begin: u64,
    /// How many orders of rows there were before.
    passes: u64,
}

pub(super) struct Chunk {
    place: Place,
    /// The pass over a stream that it is of.
    epoch: Option<u64>,
    rows: usize,
    per_epoch: u64,
    planner: Option<Planner>,
    permutation: Option<(u64, Tensor)>,
    fixed: Bindings,
    full: Compiled,
    last: Option<Compiled>,
}

impl Chunk {
    /// What couples its batches, where rows do not simply come by a shuffled order.
    pub fn planner(&self) -> Option<&Planner> {
        self.planner.as_ref()
    }

    /// The pass over the data that step `index` is of.
    pub fn epoch(&self, index: u64) -> u64 {
        self.epoch.unwrap_or((index - self.place.begin) / self.per_epoch)
    }

    /// The program of step `index`, and what it reads of the data.
    ///
    /// # Errors
    /// Those of the coupling.
    pub fn step(&mut self, index: u64, seed: i64) -> Result<(&Compiled, Bindings)> {
        let since = index - self.place.begin;
        let (pass, within) = (self.place.passes + since / self.per_epoch, since % self.per_epoch);
        let mut bound = self.fixed.clone();
        match &self.planner {
            Some(planner) => {
                for (part, pairs) in planner.next()?.into_iter().enumerate() {
                    for (which, rows) in [("data", pairs.data), ("source", pairs.source)] {
                        let shape = [rows.len()];
                        bound.set(pair_input(which, part), Tensor::from_i64(rows, &shape)?);
                    }
                }
            }
            None => {
                bound.set("permutation", self.order(pass, seed)?);
                bound.set_i64("offset", (within as usize * self.full.rows) as i64)?;
            }
        }
        let compiled = match &self.last {
            Some(last) if within + 1 == self.per_epoch => last,
            _ => &self.full,
        };
        Ok((compiled, bound))
    }

    /// The order of the rows in a pass.
    fn order(&mut self, pass: u64, seed: i64) -> Result<Tensor> {
        match &self.permutation {
            Some((of, order)) if *of == pass => Ok(order.clone()),
            _ => {
                let order = random::permutation(self.rows, seed, random::stream_of("fit.permutation"), pass as i64);
                Ok(self.permutation.insert((pass, Tensor::from_i64(order, &[self.rows])?)).1.clone())
            }
        }
    }
}

impl FitJob {
    /// Has the run go on with these rows, of the pass `epoch` over a stream. Rows that a resumed run was trained on before are passed over.
    pub(super) fn take(&self, p: &mut Progress, rows: Rows, epoch: u64) -> Result<()> {
        let streamed = self.intake.is_some();
        let plan = batches(&self.options, data::rows(&rows.x));
        let place = Place { begin: p.until, passes: p.chunks };
        p.chunks += 1;
        p.until = if streamed { place.begin + plan.per_epoch } else { u64::MAX };
        if !p.is_hungry() {
            p.chunk = Some(self.chunk(p, &rows, &plan, place, streamed.then_some(epoch))?);
        }
        Ok(())
    }

    fn chunk(&self, p: &Progress, given: &Rows, plan: &Batches, place: Place, epoch: Option<u64>) -> Result<Chunk> {
        let Batches { batch, per_step, rest, per_epoch } = *plan;
        let weights = given.candidates.as_ref().map(|c| self.inner.candidate_weights(&p.objective, c)).transpose()?;
        let planner = self.planner(p, given, plan, place)?;
        let rows = data::rows(&given.x);
        let sources = Sources {
            rows,
            source_rows: given.x0.as_ref().map(data::rows),
            weighted: given.weight.is_some(),
            normalized: self.inner.with_store(|s| Ok(s.normalization.is_some()))?,
            candidates: weights.as_ref().map(|w| w.numbers().ty().shape[1]),
            planned: planner.is_some(),
        };
        let full = self.compile(&p.rule, &p.objective, batch, per_step, sources)?;
        let last = if rest > 0 { Some(self.compile(&p.rule, &p.objective, rest, rest, sources)?) } else { None };
        let mut fixed = Bindings::new();
        fixed.set_leaves("data", &given.x);
        for (name, leaves) in [("source", &given.x0), ("condition", &given.condition)] {
            if let Some(leaves) = leaves {
                fixed.set_leaves(name, leaves);
            }
        }
        if let Some(weight) = &given.weight {
            fixed.set("weight", weight.clone());
        }
        if let Some(weights) = &weights {
            fixed.set("energy", weights.numbers().clone());
        }
        fixed.set_i64("random.seed", self.options.seed)?;
        Ok(Chunk { place, epoch, rows, per_epoch, planner, permutation: None, fixed, full, last })
    }

    fn planner(&self, p: &Progress, given: &Rows, plan: &Batches, place: Place) -> Result<Option<Planner>> {
        let coupling = coupling(self.inner.definition.config());
        let definition = &self.inner.definition;
        if definition.process().gaussian().is_some() {
            return match given.x0 {
                Some(_) => {
                    Err(ModelError::expected("DataError", "x0: not wanted", "data alone: a diffusion model makes its own noise", "x0"))
                }
                None => Ok(None),
            };
        }
        // Tokens of the source are independent of each other: whichever meets which datum.
        let alike = matches!(coupling, Coupling::Independent(_)) || definition.tokens().is_some();
        if alike && given.x0.is_none() {
            return Ok(None);
        }
        if let (Coupling::Paired(_), Some(x0)) = (&coupling, &given.x0)
            && data::rows(x0) != data::rows(&given.x)
        {
            let message = "x0: a paired coupling takes one source sample per datum";
            return Err(ModelError::expected("DataError", message, data::rows(&given.x), data::rows(x0)));
        }
        let normalization = self.inner.with_store(|store| Ok(store.normalization.clone()))?;
        let host = |leaves: &Leaves<Tensor>, normalized: bool| -> Result<HostRows> {
            data::host_rows(leaves, normalization.as_ref().filter(|_| normalized)).map(|(width, values)| HostRows { width, values })
        };
        let request = PlanRequest {
            coupling,
            x: host(&given.x, true)?,
            x0: given.x0.as_ref().map(|x0| host(x0, true)).transpose()?,
            condition: given.condition.as_ref().map(|c| host(c, false)).transpose()?,
            sizes: definition.x().clone(),
            dtype: definition.dtype(),
            seed: self.options.seed,
            batch: plan.batch,
            parts: plan.per_step / plan.batch.max(1),
            rest: plan.rest,
            per_epoch: plan.per_epoch,
            begin: place.begin,
            passes: place.passes,
        };
        let run = self.run.clone();
        let last = p.until.min(p.steps.unwrap_or(u64::MAX));
        Planner::start(request, p.index(), last, move || run.wake()).map(Some)
    }

    /// The graph of a step over `per_step` rows, in batches of `batch`.
    pub(super) fn step_graph(
        &self,
        rule: &StepRule,
        objective: &Objective,
        batch: usize,
        per_step: usize,
        sources: Sources,
    ) -> Result<StepGraph> {
        let rule = StepRule { accumulate: per_step / batch, ..rule.clone() };
        let build = BatchLoss { inner: &self.inner, objective, batch, sources, weight: self.weight.as_deref() };
        let layout = self.inner.definition.layout();
        step::build(layout, &rule, &|b, params, part| build.loss(b, params, part))
    }

    fn compile(&self, rule: &StepRule, objective: &Objective, batch: usize, per_step: usize, sources: Sources) -> Result<Compiled> {
        let StepGraph { graph, options, state, .. } = self.step_graph(rule, objective, batch, per_step, sources)?;
        let program = Arc::new(Program::compile(&graph, &options)?);
        Ok(Compiled { program, inputs: bind::names(&graph), state, rows: per_step })
    }
}
