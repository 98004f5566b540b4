//! The classical Runge–Kutta method: four slopes, at 0, ½, ½ and 1 of the step. Order 4.
//! The fixed-step method of choice where the right-hand side is smooth.

use super::Tableau;

/// Kutta 1901, *Z. Math. Phys.* 46; Hairer, Nørsett & Wanner, table II.1.2, left.
pub(super) const RK4: Tableau = Tableau {
    name: "rk4",
    order: 4,
    error_order: None,
    nodes: &[0.0, 0.5, 0.5, 1.0],
    matrix: &[&[], &[0.5], &[0.0, 0.5], &[0.0, 0.0, 1.0]],
    weights: &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0],
    embedded: &[],
    dense: None,
    fsal: false,
};
