//! The pairs that a coupling makes, as row numbers.
//! Whatever belongs to a datum (condition, weight) is gathered by the datum's number, whatever belongs to a source sample by the source's.

use crate::Convergence;

/// Pair k joins source row `source[k]` and data row `data[k]`.
///
/// Every coupling of this crate keeps the data in order, each datum once: `data[k]` = k. So conditions and weights stay beside their
/// data even if a caller forgets to gather them, and the data's marginal is exact in every batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairing {
    /// Row of the source sample of each pair.
    pub source: Vec<usize>,
    /// Row of the datum of each pair.
    pub data: Vec<usize>,
    /// What was found on the way.
    pub report: Report,
}

/// Numbers to log beside the loss.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Report {
    /// How far Sinkhorn's iterations got.
    pub convergence: Option<Convergence>,
    /// The weight w of the condition distance, where there is one.
    pub condition_weight: Option<f64>,
}

impl Pairing {
    /// Datum k with source row `source[k]`.
    pub(crate) fn in_data_order(source: Vec<usize>) -> Pairing {
        let data = (0..source.len()).collect();
        Pairing { source, data, report: Report::default() }
    }

    /// Rows of `width` values of the source, in the order of the pairs.
    ///
    /// # Panics
    /// If `values` has fewer rows than the batch.
    pub fn gather_source<T: Copy>(&self, values: &[T], width: usize) -> Vec<T> {
        gather(&self.source, values, width)
    }

    /// Rows of `width` values of the data (samples, conditions, weights), in the order of the pairs.
    ///
    /// # Panics
    /// If `values` has fewer rows than the batch.
    pub fn gather_data<T: Copy>(&self, values: &[T], width: usize) -> Vec<T> {
        gather(&self.data, values, width)
    }
}

fn gather<T: Copy>(rows: &[usize], values: &[T], width: usize) -> Vec<T> {
    rows.iter().flat_map(|&row| &values[row * width..(row + 1) * width]).copied().collect()
}
