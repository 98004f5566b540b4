//! The explicit midpoint rule: the slope at the middle of the step. Order 2.
//! Of the two-stage methods, the one that never evaluates at the end of the step, where a path may be singular.

use super::Tableau;

/// Runge 1895, *Math. Ann.* 46; Hairer, Nørsett & Wanner, equation II.1.2.
pub(super) const MIDPOINT: Tableau = Tableau {
    name: "midpoint",
    order: 2,
    error_order: None,
    nodes: &[0.0, 0.5],
    matrix: &[&[], &[0.5]],
    weights: &[0.0, 1.0],
    embedded: &[],
    dense: None,
    fsal: false,
};
