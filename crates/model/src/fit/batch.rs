//! The loss of one batch, gathered from the data set inside the training program.
//! Rows come by a shuffled order, or by the pairs that a planner coupled.

use crate::Result;
use crate::bind::{normalize, random_inputs};
use crate::model::{Inner, flat_candidates, of_candidates};
use crate::objective::{Candidates, Draw, Objective, Rows, SOURCE, mode};
use thalweg_graph::{Builder, DType, Graph, Leaves, Var};
use thalweg_nn::{Context, RandomSource};

/// Random counters of one step's batches start this far apart from those of the next step.
pub(crate) const PARTS: i64 = 4096;

/// What a batch's rows come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sources {
    /// Rows of the data set.
    pub rows: usize,
    /// Rows of the set of source samples; without one, sources are normal numbers.
    pub source_rows: Option<usize>,
    /// Whether rows have weights.
    pub weighted: bool,
    /// Whether data are normalised.
    pub normalized: bool,
    /// The number of candidates of a row, of an energy's loss.
    pub candidates: Option<usize>,
    /// Whether pairs are planned, so that the program is given their indices.
    pub planned: bool,
}

/// The inputs of a batch's pairs.
pub(crate) fn pair_input(which: &str, part: usize) -> String {
    format!("pairs.{which}.{part}")
}

/// The loss of one batch.
pub(crate) struct BatchLoss<'a> {
    pub inner: &'a Inner,
    pub objective: &'a Objective,
    pub batch: usize,
    pub sources: Sources,
    /// A factor of the loss as a function of time.
    pub weight: Option<&'a Graph>,
}

impl BatchLoss<'_> {
    /// The mean loss of batch `part` of a step.
    pub fn loss<'g>(&self, b: &'g Builder, params: &[Var<'g>], part: usize) -> Result<Var<'g>> {
        let definition = &self.inner.definition;
        let Sources { rows, source_rows, weighted, normalized, candidates, planned } = self.sources;
        let (seed, counter) = random_inputs(b);
        let counter = counter * PARTS as f64 + part as f64;
        let draw = Draw { seed, counter };
        let planned_rows = |which: &str| b.input(&pair_input(which, part), DType::I64, &[self.batch]);
        let picked = if planned { planned_rows("data") } else { self.shuffled(b, part) };
        let gather = |leaves: Leaves<Var<'g>>, indices: Var<'g>| leaves.map(|x| x.gather(0, indices));
        let x = match candidates {
            None => gather(definition.state_leaves(b, "data", rows), picked),
            Some(k) => flat_candidates(&gather(definition.input_leaves(b, "data", &of_candidates(definition.x(), k), rows), picked)),
        };
        let x = normalize(b, &x, normalized);
        let x0 = match source_rows {
            Some(n) => {
                let all = definition.state_leaves(b, "source", n);
                Some(normalize(b, &gather(all, planned_rows("source")), normalized))
            }
            None if planned => Some(gather(draw.normal(SOURCE, &x), planned_rows("source"))),
            None => None,
        };
        let condition = definition.condition().map(|sizes| gather(definition.input_leaves(b, "condition", sizes, rows), picked));
        let weight = weighted.then(|| b.input("weight", definition.dtype(), &[rows]).gather(0, picked));
        let candidates = candidates.map(|k| Candidates::Weights(b.input("energy", definition.dtype(), &[rows, k]).gather(0, picked)));
        let ctx = Context { builder: b, params, mode: mode(true), random: Some(RandomSource::new(seed, counter)) };
        let given = Rows { x, x0, condition, weight, candidates };
        Ok(self.objective.per_sample(definition, &ctx, &given, self.weight, draw).mean_all())
    }

    /// Indices of the rows of batch `part`, from the epoch's order.
    fn shuffled<'g>(&self, b: &'g Builder, part: usize) -> Var<'g> {
        let order = b.input("permutation", DType::I64, &[self.sources.rows]);
        let offset = b.input("offset", DType::I64, &[]);
        order.gather(0, b.iota(DType::I64, self.batch) + offset + (part * self.batch) as f64)
    }
}
