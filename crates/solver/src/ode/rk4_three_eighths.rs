//! Kutta's other method of order 4: four slopes, at 0, ⅓, ⅔ and 1 of the step. Order 4.
//! Its error is a little smaller than that of the classical one; it is what torchdiffeq calls rk4.

use super::Tableau;

/// Kutta 1901, *Z. Math. Phys.* 46, the 3/8 rule; Hairer, Nørsett & Wanner, table II.1.2, right.
pub(super) const RK4_THREE_EIGHTHS: Tableau = Tableau {
    name: "rk4_three_eighths",
    order: 4,
    error_order: None,
    nodes: &[0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0],
    matrix: &[&[], &[1.0 / 3.0], &[-1.0 / 3.0, 1.0], &[1.0, -1.0, 1.0]],
    weights: &[1.0 / 8.0, 3.0 / 8.0, 3.0 / 8.0, 1.0 / 8.0],
    embedded: &[],
    dense: None,
    fsal: false,
};
