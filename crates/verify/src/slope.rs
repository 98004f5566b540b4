//! Measured order: the steps are doubled until the slope of the error has settled, or rounding is reached.
//! A method of lower order never settles at the stated slope.

/// What a search for the asymptotic order found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Found {
    /// The slope of log error over log steps between the two finest grids.
    Slope(f64),
    /// An error below what rounding leaves to measure.
    Exact(f64),
}

/// Errors below this are rounding.
pub const ROUNDING: f64 = 1e-11;

/// How many steps a search takes.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// Steps of the coarsest grid.
    pub first: usize,
    /// Most steps.
    pub most: usize,
}

/// How much a slope may change in the last doubling.
const SETTLED: f64 = 0.1;

impl Search {
    /// Doubles the steps until the slope is above `stated` − 0.1 and has settled, or `most` steps are reached. The slope differs from the order by
    /// O(h), so that it may settle slowly.
    ///
    /// # Errors
    /// Those of `error`.
    pub fn order<E>(self, stated: f64, mut error: impl FnMut(usize) -> Result<f64, E>) -> Result<Found, E> {
        let (mut steps, mut slope) = (self.first, f64::INFINITY);
        let mut before = error(steps)?;
        loop {
            if before < ROUNDING {
                return Ok(Found::Exact(before));
            }
            steps *= 2;
            if steps > self.most {
                return Ok(Found::Slope(slope));
            }
            let present = error(steps)?;
            if present < ROUNDING {
                return Ok(Found::Exact(present));
            }
            let next = (before / present).log2();
            let settled = (next - slope).abs() < SETTLED;
            (before, slope) = (present, next);
            if settled && slope > stated - 0.1 {
                return Ok(Found::Slope(slope));
            }
        }
    }
}
