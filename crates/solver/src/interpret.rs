//! The one interpreter of steps, whatever the rule and whatever the numbers.
//! On `f64` it runs on the host; on graph values it writes the program that all steps of a structure share.

use crate::{Query, Row, Step, Structure};
use thalweg_graph::Scalar;

/// What a step gives. Each list of values has one entry per leaf of the state, of the leaf's shape.
#[derive(Clone, Debug)]
pub struct StepResult<S> {
    /// The new state.
    pub x: Vec<S>,
    /// Its errors, as many as the step estimates.
    pub errors: Vec<Vec<S>>,
    /// All evaluations at hand at the end of the step: history ++ stages. Dense output combines these.
    pub evaluations: Vec<Vec<S>>,
}

impl<S: Clone> StepResult<S> {
    /// The history of the next step: the evaluations that `structure`, this step's, keeps.
    pub fn history(&self, structure: &Structure) -> Vec<Vec<S>> {
        structure.keep.iter().map(|&i| self.evaluations[i].clone()).collect()
    }
}

/// Answers a query in a point: one value per leaf.
pub type Evaluate<'f, S> = dyn FnMut(&Query<S>, &[S]) -> Vec<S> + 'f;

/// Runs a step from the state `x`.
///
/// `f` answers a [`Query`] in a point with one value per leaf. `history` has `structure.history` evaluations, oldest first,
/// `noise` has `structure.noises` draws of N(0, 1); each of them has a value per leaf. Coefficients are single numbers of
/// the state's kind.
///
/// ```
/// use thalweg_solver::{Method, interpret};
/// let step = Method::Rk4.tableau().unwrap().step(0.0, 2.0, false);
/// let square = &mut |q: &thalweg_solver::Query, _x: &[f64]| vec![3.0 * q.t * q.t];
/// let result = interpret(&step, square, &[1.0], &[], &[]);
/// assert!((result.x[0] - 9.0).abs() < 1e-14); // 1 + t³, exactly, because Simpson's rule is exact for squares
/// ```
///
/// # Panics
/// If `history` or `noise` are not as many as the structure says.
pub fn interpret<S: Scalar>(step: &Step<S>, f: &mut Evaluate<'_, S>, x: &[S], history: &[Vec<S>], noise: &[Vec<S>]) -> StepResult<S> {
    assert_eq!((history.len(), noise.len()), (step.structure.history, step.structure.noises), "the history and the noises of a step");
    let mut evaluations = history.to_vec();
    for (i, stage) in step.stages.iter().enumerate() {
        let point = combine(&stage.row, x, &evaluations, noise);
        evaluations.push(f(&step.query(i), &point));
    }
    let end = combine(&step.end, x, &evaluations, noise);
    let errors = step.errors.iter().map(|row| combine(row, x, &evaluations, noise)).collect();
    StepResult { x: end, errors, evaluations }
}

/// The combination of a row, per leaf. The small terms are added up before the state.
pub fn combine<S: Scalar>(row: &Row<S>, x: &[S], evaluations: &[Vec<S>], noise: &[Vec<S>]) -> Vec<S> {
    let leaf = |l: usize| {
        let evaluations = row.evaluations.iter().zip(evaluations);
        let terms = evaluations.chain(row.noise.iter().zip(noise)).map(|(&c, values)| values[l] * c);
        let sum = terms.reduce(|a, b| a + b);
        let state = x[l] * row.x;
        sum.map_or(state, |sum| state + sum)
    };
    (0..x.len()).map(leaf).collect()
}
