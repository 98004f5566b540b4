//! Heun's third-order method: slopes at 0, ⅓ and ⅔ of the step. Order 3.
//! Three evaluations, none of them at the end of the step, where a path may be singular.

use super::Tableau;

/// Heun 1900, *Z. Math. Phys.* 45; Hairer, Nørsett & Wanner, table II.1.1.
pub(super) const HEUN3: Tableau = Tableau {
    name: "heun3",
    order: 3,
    error_order: None,
    nodes: &[0.0, 1.0 / 3.0, 2.0 / 3.0],
    matrix: &[&[], &[1.0 / 3.0], &[0.0, 2.0 / 3.0]],
    weights: &[0.25, 0.0, 0.75],
    embedded: &[],
    dense: None,
    fsal: false,
};
