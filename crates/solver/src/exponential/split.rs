//! How a number of evaluations is cut into singlestep steps of up to a given order.
//! Steps join neighbouring cells of a grid, as many as their order, so that `steps` means evaluations for every order.

use super::leap::Place;
use crate::config::StagePlacement;
use crate::{Mesh, Nodes, Result};

/// The order of each step, and where its inner evaluations lie.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SinglestepPlan {
    /// Order of each step: its number of evaluations.
    pub orders: Vec<usize>,
    /// Times of the inner grid points that each step has swallowed; `None` where parts of the step in λ are used.
    inner: Option<Vec<Vec<f64>>>,
}

impl SinglestepPlan {
    /// Where the inner evaluations of step `i` lie, as parts of the step in λ.
    pub fn parts(&self, mesh: &Mesh<'_>, i: usize) -> Result<Vec<f64>> {
        let order = self.orders[i];
        match &self.inner {
            None => Ok((1..order).map(|j| j as f64 / order as f64).collect()),
            Some(inner) => {
                let (from, to) = (Place::node(mesh, i)?.lambda, Place::node(mesh, i + 1)?.lambda);
                inner[i].iter().map(|&t| Ok((Place::at(mesh, t)?.lambda - from) / (to - from))).collect()
            }
        }
    }
}

/// The orders of steps that make `evaluations` evaluations. With `lower_final` the last ones are of lower order, as in DPM-Solver-fast (Lu et al.
/// 2022a, section 3.4; for order 2 as GenerativeRL does); with `to_data` the very last one is of order 1.
fn split(evaluations: usize, order: usize, lower_final: bool, to_data: bool) -> Vec<usize> {
    let (full, rest) = (evaluations / order, evaluations % order);
    let tail = match (order, rest, lower_final) {
        (3, 2, true) if to_data => vec![1, 1],
        (1, _, _) | (_, 0, false) => vec![],
        (_, 0, true) => return [vec![order; full - 1], (1..order).rev().collect(), vec![1; usize::from(order == 2)]].concat(),
        (_, rest, _) => vec![rest],
    };
    [vec![order; full], tail].concat()
}

/// Steps over `grid`, whose cells are evaluations; intervals between outputs are cut by themselves.
pub(crate) fn singlestep_plan(
    grid: &Nodes,
    order: usize,
    lower_final: bool,
    to_data: bool,
    placement: StagePlacement,
) -> (Nodes, SinglestepPlan) {
    let last = grid.outputs.len() - 1;
    let (mut times, mut outputs) = (vec![grid.times[0]], vec![0]);
    let (mut orders, mut inner) = (Vec::new(), Vec::new());
    for (k, ends) in grid.outputs.windows(2).enumerate() {
        let mut at = ends[0];
        for o in split(ends[1] - ends[0], order, lower_final && k + 1 == last, to_data) {
            inner.push(grid.times[at + 1..at + o].to_vec());
            orders.push(o);
            at += o;
            times.push(grid.times[at]);
        }
        outputs.push(times.len() - 1);
    }
    let inner = (placement == StagePlacement::Grid).then_some(inner);
    (Nodes { times, outputs }, SinglestepPlan { orders, inner })
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn every_split_makes_the_evaluations_asked_for() {
        for (order, lower, to_data) in (1..4).flat_map(|o| [(o, false, false), (o, true, false), (o, true, true)]) {
            for n in 1..30 {
                let orders = split(n, order, lower, to_data);
                assert_eq!(orders.iter().sum::<usize>(), n, "{order} {lower} {n}: {orders:?}");
                assert!(orders.iter().all(|&o| (1..=order).contains(&o)));
                assert!(!to_data || orders[orders.len() - 1] == 1, "{order} {n}: {orders:?}");
            }
        }
    }

    #[test]
    fn the_fast_splits_are_the_published_ones() {
        assert_eq!(split(12, 3, true, false), [3, 3, 3, 2, 1]);
        assert_eq!(split(10, 3, true, false), [3, 3, 3, 1]);
        assert_eq!(split(17, 3, true, false), [3, 3, 3, 3, 3, 2]);
        assert_eq!(split(12, 2, true, false), [2, 2, 2, 2, 2, 1, 1]);
        assert_eq!(split(9, 2, true, false), [2, 2, 2, 2, 1]);
        assert_eq!(split(12, 2, false, false), [2; 6]);
    }
}
