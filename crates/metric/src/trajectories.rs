//! Trajectories of samples at common times, as a sampler returns them: what measures of a path are computed from.
//! Time is scaled to [0, 1], so that a flow in t and a diffusion in τ are measured alike.

use crate::{MetricError, Result};

/// States (times, rows, dim), row-major, at ascending times; between two times a sample moves on a straight line.
#[derive(Clone, Copy, Debug)]
pub struct Trajectories<'a> {
    times: &'a [f64],
    states: &'a [f64],
    rows: usize,
    dim: usize,
}

impl<'a> Trajectories<'a> {
    /// States of `rows` samples of `dim` coordinates at each of `times`, time first.
    ///
    /// # Errors
    /// A `ShapeError` if there are fewer than two times, no samples, or not times · rows · dim numbers; a `DataError` if times do not
    /// ascend or a number is not finite.
    pub fn new(times: &'a [f64], states: &'a [f64], rows: usize, dim: usize) -> Result<Trajectories<'a>> {
        check_times(times)?;
        let expected = rows.checked_mul(dim).and_then(|n| n.checked_mul(times.len()));
        if rows == 0 || dim == 0 || expected != Some(states.len()) {
            let expected = format!("{} × {rows} × {dim} numbers, at least one a time", times.len());
            return Err(MetricError::shape("the trajectories have the wrong size", expected, states.len()));
        }
        match states.iter().position(|x| !x.is_finite()) {
            None => Ok(Trajectories { times, states, rows, dim }),
            Some(at) => {
                let (time, row, column) = (at / (rows * dim), at / dim % rows, at % dim);
                let got = format!("{} at time {time}, row {row}, column {column}", states[at]);
                Err(MetricError::data("the trajectories hold a number that is not finite", "finite numbers", got))
            }
        }
    }

    /// All states at the first time, (rows, dim).
    pub fn start(&self) -> &'a [f64] {
        &self.states[..self.rows * self.dim]
    }

    /// All states at the last time, (rows, dim).
    pub fn end(&self) -> &'a [f64] {
        &self.states[self.states.len() - self.rows * self.dim..]
    }

    /// Σ over intervals of Δs · E‖v − c‖², v the velocity in scaled time s and c = `reference` (rows, dim), or 0.
    pub(crate) fn energy_about(&self, reference: Option<&[f64]>) -> f64 {
        let size = self.rows * self.dim;
        let span = self.times[self.times.len() - 1] - self.times[0];
        let mut energy = 0.0;
        for (times, at) in self.times.windows(2).zip(self.states.chunks_exact(size).zip(self.states[size..].chunks_exact(size))) {
            let duration = (times[1] - times[0]) / span;
            let velocity = at.0.iter().zip(at.1).map(|(x, y)| (y - x) / duration);
            let squares: f64 = match reference {
                Some(reference) => velocity.zip(reference).map(|(v, c)| (v - c) * (v - c)).sum(),
                None => velocity.map(|v| v * v).sum(),
            };
            energy += duration * squares;
        }
        energy / self.rows as f64
    }
}

/// At least two finite times, ascending.
pub(crate) fn check_times(times: &[f64]) -> Result<()> {
    if times.len() < 2 {
        return Err(MetricError::shape("there are too few times", "at least 2", times.len()));
    }
    if let Some(k) = times.iter().position(|t| !t.is_finite()) {
        return Err(MetricError::data("a time is not finite", "finite numbers", format!("{} at {k}", times[k])));
    }
    match times.windows(2).position(|pair| pair[1] <= pair[0]) {
        None => Ok(()),
        Some(k) => {
            Err(MetricError::data("times do not ascend", format!("a time > {}", times[k]), format!("{} at {}", times[k + 1], k + 1)))
        }
    }
}
