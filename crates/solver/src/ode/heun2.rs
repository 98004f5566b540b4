//! Heun's method: the mean of the slopes at both ends of the step, the second one predicted by Euler. Order 2.
//! The sampler of EDM (Karras et al. 2022, algorithm 1) is this method on its own time grid.

use super::Tableau;

/// Heun 1900, *Z. Math. Phys.* 45, two stages; also called the explicit trapezoidal rule.
pub(super) const HEUN2: Tableau = Tableau {
    name: "heun2",
    order: 2,
    error_order: None,
    nodes: &[0.0, 1.0],
    matrix: &[&[], &[1.0]],
    weights: &[0.5, 0.5],
    embedded: &[],
    dense: None,
    fsal: false,
};
