//! What a coupling sees: as many source rows as data rows, and the conditions of the data.
//! Checked once, where a coupling begins.

use crate::{CouplingError, Result};
use thalweg_assignment::{Matrix, Points, squared_distances};

/// Rows to be paired; `T` is `f32` or `f64`, and all sums are in f64.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// Source samples (rows, dim), row-major.
    pub source: &'a [T],
    /// Data samples (rows, dim), row-major.
    pub data: &'a [T],
    /// Numbers per sample, whatever its shape; at least 1.
    pub dim: usize,
    /// The condition of each datum.
    pub conditions: Conditions<'a, T>,
}

/// The condition of each datum; source row i was drawn along with datum i, and counts as a sample of p(source | condition of datum i).
#[derive(Clone, Copy, Debug)]
pub enum Conditions<'a, T> {
    /// The model is unconditional.
    None,
    /// One class per row.
    Discrete(&'a [i64]),
    /// A vector per row, (rows, dim), row-major.
    Continuous {
        /// The coordinates.
        values: &'a [T],
        /// Numbers per row; at least 1.
        dim: usize,
    },
}

impl<T: Copy + Into<f64>> Batch<'_, T> {
    /// Number of pairs.
    ///
    /// # Errors
    /// A `ShapeError` if the batch is empty or its parts have different numbers of rows.
    pub fn rows(&self) -> Result<usize> {
        let rows = whole_rows("the data", self.data.len(), self.dim)?;
        let source = whole_rows("the source", self.source.len(), self.dim)?;
        let conditions = match self.conditions {
            Conditions::None => rows,
            Conditions::Discrete(labels) => labels.len(),
            Conditions::Continuous { values, dim } => whole_rows("the conditions", values.len(), dim)?,
        };
        for (what, got) in [("source rows", source), ("conditions", conditions)] {
            if got != rows {
                return Err(CouplingError::shape(
                    format!("the batch has the wrong number of {what}"),
                    format!("{rows}, as data rows"),
                    got,
                ));
            }
        }
        Ok(rows)
    }

    /// ‖x₀ᵢ − x₁ⱼ‖² of source row i and data row j.
    pub(crate) fn costs(&self) -> Result<Matrix> {
        let (source, data) = (Points::new("the source", self.source, self.dim)?, Points::new("the data", self.data, self.dim)?);
        Ok(squared_distances(&source, &data)?)
    }
}

fn whole_rows(what: &str, numbers: usize, dim: usize) -> Result<usize> {
    if dim == 0 || numbers == 0 || !numbers.is_multiple_of(dim) {
        return Err(CouplingError::shape(format!("{what} has the wrong size"), format!("a positive multiple of {dim} numbers"), numbers));
    }
    Ok(numbers / dim)
}
