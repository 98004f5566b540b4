//! A step as data: where the quantity is evaluated, and which linear combinations give the new state and its error.
//! Every rule of this crate makes such steps; one interpreter runs them, on numbers or on graph values.

use crate::{Quantity, Query, Row};

/// What all steps that share a program have in common: everything but the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Structure {
    /// What the stages evaluate.
    pub quantity: Quantity,
    /// Evaluations of earlier steps that rows may use. Slots not filled yet hold zeros and have coefficient 0.
    pub history: usize,
    /// Evaluations of this step.
    pub stages: usize,
    /// Independent standard normal tensors, of the state's shape, that the step uses.
    pub noises: usize,
    /// Which evaluations (index into history ++ stages) are the history of the next step, oldest first.
    pub keep: Vec<usize>,
    /// Estimates of the step's error.
    pub errors: usize,
}

impl Structure {
    /// A step of `stages` evaluations that remembers nothing and uses no noise.
    pub fn new(quantity: Quantity, stages: usize) -> Structure {
        Structure { quantity, history: 0, stages, noises: 0, keep: Vec::new(), errors: 0 }
    }

    /// The same with `noises` noises.
    pub fn with_noises(self, noises: usize) -> Structure {
        Structure { noises, ..self }
    }

    /// The same for a method that remembers `history` evaluations: the newest one is pushed, the oldest one falls out. `newest`
    /// is the stage (of this step) whose evaluation is pushed.
    pub fn remembering(self, history: usize, newest: usize) -> Structure {
        let keep = (1..history).chain((history > 0).then_some(history + newest)).collect();
        Structure { history, keep, ..self }
    }

    /// How many numbers a step of this structure is: per stage a time, a weight of the score and a row; then the row of the new
    /// state; then those of the errors.
    pub fn len(&self) -> usize {
        let row = |stages: usize| 1 + self.history + stages + self.noises;
        let stages: usize = (0..self.stages).map(|i| 2 + row(i)).sum();
        stages + row(self.stages) * (1 + self.errors)
    }

    /// Whether a step of this structure is no number at all. It never is.
    pub fn is_empty(&self) -> bool {
        false
    }
}

/// One evaluation: when, and in the point that `row` combines from the state, the history and the earlier stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage<C = f64> {
    /// Path time.
    pub t: C,
    /// Weight of the score in [`Quantity::Drift`].
    pub score: C,
    /// The point: history + (number of earlier stages) evaluations, all noises.
    pub row: Row<C>,
}

impl Stage {
    /// A stage that asks for a quantity other than a drift.
    pub fn new(t: f64, row: Row) -> Stage {
        Stage { t, score: 0.0, row }
    }
}

/// A step.
///
/// ```
/// use thalweg_solver::{Quantity, Row, Stage, Step, Structure};
/// let structure = Structure::new(Quantity::Velocity, 1);
/// let euler = Step::new(structure.clone(), vec![Stage::new(0.5, Row::x())], Row::x() + Row::evaluation(0) * 0.1, vec![]);
/// let flat = euler.flat();
/// assert_eq!((flat.len(), &flat[..]), (structure.len(), &[0.5, 0.0, 1.0, 1.0, 0.1][..]));
/// assert_eq!(Step::from_flat(&structure, &flat), euler);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Step<C = f64> {
    /// What it shares with other steps.
    pub structure: Structure,
    /// The evaluations, in order.
    pub stages: Vec<Stage<C>>,
    /// The new state.
    pub end: Row<C>,
    /// Its errors, the one of highest order first.
    pub errors: Vec<Row<C>>,
}

impl Step {
    /// A step of this structure. Rows may be shorter than the structure says: coefficients left out are 0.
    ///
    /// # Panics
    /// If a row is longer, or the numbers of stages or errors differ from the structure's.
    pub fn new(structure: Structure, stages: Vec<Stage>, end: Row, errors: Vec<Row>) -> Step {
        assert_eq!((stages.len(), errors.len()), (structure.stages, structure.errors), "a step at odds with its structure");
        let (history, noises) = (structure.history, structure.noises);
        let pad = |row: Row, stages: usize| row.padded(history + stages, noises);
        let stages: Vec<Stage> = stages.into_iter().enumerate().map(|(i, s)| Stage { row: pad(s.row, i), ..s }).collect();
        let end = pad(end, stages.len());
        let errors = errors.into_iter().map(|row| pad(row, structure.stages)).collect();
        Step { structure, stages, end, errors }
    }

    /// The same step among others that remember `history` evaluations: it uses none of them, and keeps its first stage.
    pub(crate) fn remembering(self, history: usize) -> Step {
        let mut step = self.after(history);
        step.structure = step.structure.remembering(history, 0);
        step
    }

    /// The same step after one that keeps `history` evaluations: it uses none of them, and keeps nothing.
    pub(crate) fn after(self, history: usize) -> Step {
        let shift = |row: Row| Row { evaluations: [vec![0.0; history], row.evaluations].concat(), ..row };
        let stages = self.stages.into_iter().map(|s| Stage { row: shift(s.row), ..s }).collect();
        let errors = self.errors.into_iter().map(shift).collect();
        Step::new(Structure { history, ..self.structure }, stages, shift(self.end), errors)
    }

    /// All its numbers in a fixed order; see [`Structure::len`].
    pub fn flat(&self) -> Vec<f64> {
        let mut flat = Vec::with_capacity(self.structure.len());
        let mut push = |row: &Row| flat.extend([row.x].iter().chain(&row.evaluations).chain(&row.noise));
        for stage in &self.stages {
            push(&Row { x: stage.t, evaluations: vec![stage.score], noise: Vec::new() });
            push(&stage.row);
        }
        push(&self.end);
        self.errors.iter().for_each(push);
        flat
    }
}

impl<C: Copy> Step<C> {
    /// The step whose numbers are `flat`, in the order of [`Step::flat`].
    ///
    /// # Panics
    /// If `flat` has not [`Structure::len`] entries.
    pub fn from_flat(structure: &Structure, flat: &[C]) -> Step<C> {
        assert_eq!(flat.len(), structure.len(), "the numbers of a step");
        let mut numbers = flat.iter().copied();
        let stages = (0..structure.stages).map(|i| {
            let [t, score] = take(&mut numbers);
            Stage { t, score, row: row(&mut numbers, structure, i) }
        });
        let stages = stages.collect();
        let end = row(&mut numbers, structure, structure.stages);
        let errors = (0..structure.errors).map(|_| row(&mut numbers, structure, structure.stages)).collect();
        Step { structure: structure.clone(), stages, end, errors }
    }

    /// The question that stage `index` asks.
    pub fn query(&self, index: usize) -> Query<C> {
        let stage = &self.stages[index];
        Query { quantity: self.structure.quantity, t: stage.t, score: stage.score }
    }
}

/// The next `N` numbers, of a list whose length was checked.
fn take<C: Copy, const N: usize>(numbers: &mut impl Iterator<Item = C>) -> [C; N] {
    std::array::from_fn(|_| numbers.next().expect("the length was checked"))
}

/// The row of a point that `stages` stages of this step go before.
fn row<C: Copy>(numbers: &mut impl Iterator<Item = C>, structure: &Structure, stages: usize) -> Row<C> {
    let [x] = take(numbers);
    let evaluations = numbers.by_ref().take(structure.history + stages).collect();
    Row { x, evaluations, noise: numbers.by_ref().take(structure.noises).collect() }
}
