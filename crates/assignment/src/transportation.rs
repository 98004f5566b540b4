//! The transportation problem between n rows of equal mass and m columns of equal mass, at the least mean cost.
//! Masses are whole numbers (m/g per row, n/g per column, g the greatest common divisor), so that none is lost to rounding.

use crate::Costs;
use crate::shortest_paths::{Optimum, shortest_paths};

/// Mass that goes from a row to a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shipment {
    /// Where it comes from.
    pub row: usize,
    /// Where it goes.
    pub column: usize,
    /// How much; all of them sum to 1.
    pub mass: f64,
}

/// The cheapest plan, with its proof: u_i + v_j ≤ c_ij everywhere, so that no plan costs less than `dual`.
#[derive(Clone, Debug, PartialEq)]
pub struct Transportation {
    /// The plan, by row, then by column; every row sends 1/n, every column receives 1/m.
    pub shipments: Vec<Shipment>,
    /// Σ mass · c.
    pub cost: f64,
    /// mean u + mean v: the same number up to rounding.
    pub dual: f64,
    /// u, one per row.
    pub row_potentials: Vec<f64>,
    /// v, one per column.
    pub column_potentials: Vec<f64>,
}

/// The plan between rows of mass 1/n and columns of mass 1/m with the least mean cost; any n and m.
///
/// ```
/// use thalweg_assignment::{Matrix, transportation};
/// let plan = transportation(&Matrix::new(1, 2, vec![1.0, 9.0])?);
/// assert_eq!((plan.cost, plan.dual), (5.0, 5.0));
/// # Ok::<(), thalweg_assignment::AssignmentError>(())
/// ```
pub fn transportation(costs: &impl Costs) -> Transportation {
    let Optimum { flows, supply, u, v } = shortest_paths(costs);
    let units = costs.rows() as f64 * supply as f64;
    let by_column = flows.iter().enumerate();
    let mut shipments: Vec<Shipment> = by_column
        .flat_map(|(column, flows)| flows.iter().map(move |f| Shipment { row: f.row, column, mass: f.units as f64 / units }))
        .collect();
    shipments.sort_unstable_by_key(|s| (s.row, s.column));
    let (mut cost, mut scratch) = (0.0, vec![0.0; v.len()]);
    for of_row in shipments.chunk_by(|a, b| a.row == b.row) {
        let costs = costs.row(of_row[0].row, &mut scratch);
        cost += of_row.iter().map(|s| s.mass * costs[s.column]).sum::<f64>();
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let dual = mean(&u) + mean(&v);
    Transportation { shipments, cost, dual, row_potentials: u, column_potentials: v }
}
