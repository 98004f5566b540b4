//! Euler's method: one slope, at the start of the step. Order 1.
//! The cheapest step, and what most published samplers mean by "n steps".

use super::Tableau;

/// Euler 1768, *Institutiones calculi integralis* I, § 650.
pub(super) const EULER: Tableau = Tableau {
    name: "euler",
    order: 1,
    error_order: None,
    nodes: &[0.0],
    matrix: &[&[]],
    weights: &[1.0],
    embedded: &[],
    dense: None,
    fsal: false,
};
