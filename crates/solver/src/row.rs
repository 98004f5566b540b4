//! A linear combination of what a step has at hand: the state, evaluations, noises.
//! On the host rows are added and scaled like vectors, so that a step rule reads like its formula.

use std::ops::{Add, Mul, Neg, Sub};

/// Coefficients of x, of the evaluations (history, oldest first, then the step's own stages in order), and of the noises.
///
/// ```
/// use thalweg_solver::Row;
/// let euler = Row::x() + Row::evaluation(0) * 0.1;
/// assert_eq!((euler.x, euler.evaluations), (1.0, vec![0.1]));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row<C = f64> {
    /// Coefficient of the state before the step.
    pub x: C,
    /// Coefficients of the evaluations.
    pub evaluations: Vec<C>,
    /// Coefficients of the standard normal numbers.
    pub noise: Vec<C>,
}

impl Row {
    /// The state itself.
    pub fn x() -> Row {
        Row { x: 1.0, ..Row::default() }
    }

    /// Evaluation `index`.
    pub fn evaluation(index: usize) -> Row {
        Row { evaluations: unit(index), ..Row::default() }
    }

    /// Noise `index`.
    pub fn noise(index: usize) -> Row {
        Row { noise: unit(index), ..Row::default() }
    }

    /// The same combination with zeros up to these lengths.
    ///
    /// # Panics
    /// If it has a coefficient beyond them: a step rule at odds with its own structure.
    pub(crate) fn padded(mut self, evaluations: usize, noises: usize) -> Row {
        let (e, n) = (self.evaluations.len(), self.noise.len());
        assert!(e <= evaluations && n <= noises, "a row of {e} evaluations and {n} noises where there are {evaluations} and {noises}");
        self.evaluations.resize(evaluations, 0.0);
        self.noise.resize(noises, 0.0);
        self
    }
}

fn unit(index: usize) -> Vec<f64> {
    let mut unit = vec![0.0; index + 1];
    unit[index] = 1.0;
    unit
}

/// Elementwise sum, the shorter list taken to end in zeros.
fn sum(a: Vec<f64>, b: Vec<f64>) -> Vec<f64> {
    let (mut long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.iter_mut().zip(short).for_each(|(a, b)| *a += b);
    long
}

impl Add for Row {
    type Output = Row;
    fn add(self, other: Row) -> Row {
        Row { x: self.x + other.x, evaluations: sum(self.evaluations, other.evaluations), noise: sum(self.noise, other.noise) }
    }
}

impl Mul<f64> for Row {
    type Output = Row;
    fn mul(mut self, factor: f64) -> Row {
        self.x *= factor;
        self.evaluations.iter_mut().chain(&mut self.noise).for_each(|c| *c *= factor);
        self
    }
}

impl Neg for Row {
    type Output = Row;
    fn neg(self) -> Row {
        self * -1.0
    }
}

impl Sub for Row {
    type Output = Row;
    fn sub(self, other: Row) -> Row {
        self + -other
    }
}
