//! Costs of a transport problem, row by row.
//! The solvers read whole rows only, so that costs may be computed when they are asked for instead of stored.

use crate::{AssignmentError, Result};

/// Costs beyond this are refused, so that no sum of them overflows: 1e150.
pub const LARGEST_COST: f64 = 1e150;

/// Costs of moving each row's mass to each column; finite and at most [`LARGEST_COST`] in size.
pub trait Costs {
    /// Number of rows, at least 1.
    fn rows(&self) -> usize;

    /// Number of columns, at least 1.
    fn columns(&self) -> usize;

    /// The costs of `row`: a stored slice, or `scratch` (one number per column) filled.
    fn row<'a>(&'a self, row: usize, scratch: &'a mut [f64]) -> &'a [f64];
}

/// Costs stored row-major.
#[derive(Clone, Debug)]
pub struct Matrix {
    columns: usize,
    values: Vec<f64>,
}

impl Matrix {
    /// `rows` × `columns` costs, row-major.
    ///
    /// # Errors
    /// A `ShapeError` if there are none or their number is not `rows` · `columns`; a `DataError` if one is not finite or larger than
    /// [`LARGEST_COST`].
    pub fn new(rows: usize, columns: usize, values: Vec<f64>) -> Result<Matrix> {
        if rows == 0 || columns == 0 || rows.checked_mul(columns) != Some(values.len()) {
            let expected = format!("{rows} × {columns} numbers, at least one");
            return Err(AssignmentError::shape("the cost matrix has the wrong size", expected, values.len()));
        }
        // A NaN is not at most anything.
        let fits = |cost: &f64| cost.abs() <= LARGEST_COST;
        match values.iter().position(|cost| !fits(cost)) {
            None => Ok(Matrix { columns, values }),
            Some(at) => {
                let got = format!("{} at row {}, column {}", values[at], at / columns, at % columns);
                Err(AssignmentError::data("a cost is out of range", format!("a finite number of size at most {LARGEST_COST:e}"), got))
            }
        }
    }

    /// Every `stride`-th row and column of other costs.
    pub(crate) fn every(costs: &impl Costs, stride: usize) -> Matrix {
        let mut scratch = vec![0.0; costs.columns()];
        let mut values = Vec::with_capacity(costs.rows().div_ceil(stride) * costs.columns().div_ceil(stride));
        for row in (0..costs.rows()).step_by(stride) {
            values.extend(costs.row(row, &mut scratch).iter().step_by(stride));
        }
        Matrix { columns: costs.columns().div_ceil(stride), values }
    }

    /// The costs, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
}

impl Costs for Matrix {
    fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    fn columns(&self) -> usize {
        self.columns
    }

    fn row<'a>(&'a self, row: usize, _: &'a mut [f64]) -> &'a [f64] {
        &self.values[row * self.columns..][..self.columns]
    }
}
