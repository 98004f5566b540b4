//! Ralston's second-order method: the slope at two thirds of the step, weighted three to one. Order 2.
//! Of the two-stage methods of order 2, the one with the smallest bound on its local error.

use super::Tableau;

/// Ralston 1962, *Math. Comp.* 16.
pub(super) const RALSTON: Tableau = Tableau {
    name: "ralston",
    order: 2,
    error_order: None,
    nodes: &[0.0, 2.0 / 3.0],
    matrix: &[&[], &[2.0 / 3.0]],
    weights: &[0.25, 0.75],
    embedded: &[],
    dense: None,
    fsal: false,
};
