//! Bogacki and Shampine's 3(2) pair with cubic dense output: a cheap adaptive method.
//! Three evaluations per step; for loose tolerances, and fields that are not smooth enough for more.

use super::tableau::{Dense, Tableau};

/// Bogacki & Shampine 1989, *Appl. Math. Lett.* 2. Dense output is the cubic through both ends and their slopes.
pub(super) const BOSH3: Tableau = Tableau {
    name: "bosh3",
    order: 3,
    error_order: Some(2),
    nodes: &[0.0, 0.5, 0.75, 1.0],
    matrix: &[&[], &[0.5], &[0.0, 0.75], &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0]],
    weights: &[2.0 / 9.0, 1.0 / 3.0, 4.0 / 9.0, 0.0],
    embedded: &[&[7.0 / 24.0, 0.25, 1.0 / 3.0, 0.125]],
    dense: Some(Dense {
        order: 3,
        nodes: &[],
        matrix: &[],
        weights: &[&[1.0 - 2.0 / 9.0, 4.0 / 9.0 - 1.0], &[-1.0 / 3.0, 2.0 / 3.0], &[-4.0 / 9.0, 8.0 / 9.0], &[0.0, -1.0]],
    }),
    fsal: true,
};
