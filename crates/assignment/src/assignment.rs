//! The linear assignment problem: as many rows as columns, each row to one column, at the least sum of costs.
//! The transportation problem with one unit per row and column; its flows are a permutation.

use crate::shortest_paths::{Optimum, shortest_paths};
use crate::{AssignmentError, Costs, Result};

/// The cheapest assignment, with its proof: u_i + v_j ≤ c_ij everywhere, so that no assignment costs less than `dual`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The column of each row: a permutation.
    pub column_of_row: Vec<usize>,
    /// Σ c over the assigned pairs.
    pub cost: f64,
    /// Σ u + Σ v: the same number up to rounding.
    pub dual: f64,
    /// u, one per row.
    pub row_potentials: Vec<f64>,
    /// v, one per column.
    pub column_potentials: Vec<f64>,
}

/// The assignment of rows to columns with the least sum of costs. O(n³) at worst; memory O(n) beside the costs.
///
/// Equal costs are decided by position, so that the answer is a function of the costs alone.
///
/// # Errors
/// A `ShapeError` if there are not as many rows as columns.
pub fn assignment(costs: &impl Costs) -> Result<Assignment> {
    let (rows, columns) = (costs.rows(), costs.columns());
    if rows != columns || rows == 0 {
        let got = format!("{rows} × {columns}");
        return Err(AssignmentError::shape("an assignment needs as many rows as columns", "a square matrix", got));
    }
    let Optimum { flows, u, v, .. } = shortest_paths(costs);
    let mut column_of_row = vec![0; rows];
    for (column, flows) in flows.iter().enumerate() {
        flows.iter().for_each(|flow| column_of_row[flow.row] = column);
    }
    let mut scratch = vec![0.0; columns];
    let cost = column_of_row.iter().enumerate().map(|(row, &column)| costs.row(row, &mut scratch)[column]).sum();
    let dual = u.iter().sum::<f64>() + v.iter().sum::<f64>();
    Ok(Assignment { column_of_row, cost, dual, row_potentials: u, column_potentials: v })
}
