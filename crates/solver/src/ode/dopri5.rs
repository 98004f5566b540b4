//! Dormand and Prince's 5(4) pair with its dense output of order 4: the default adaptive method.
//! Seven stages, the last of which is the first of the next step.

use super::tableau::{Dense, Tableau};

/// Dormand & Prince 1980, *J. Comput. Appl. Math.* 6; Hairer, Nørsett & Wanner, table II.5.2.
pub(super) const DOPRI5: Tableau = Tableau {
    name: "dopri5",
    order: 5,
    error_order: Some(4),
    nodes: &[0.0, 1.0 / 5.0, 3.0 / 10.0, 4.0 / 5.0, 8.0 / 9.0, 1.0, 1.0],
    matrix: &[
        &[],
        &[1.0 / 5.0],
        &[3.0 / 40.0, 9.0 / 40.0],
        &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
        &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
        &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
        &[B[0], B[1], B[2], B[3], B[4], B[5]],
    ],
    weights: &B,
    embedded: &[&[5179.0 / 57600.0, 0.0, 7571.0 / 16695.0, 393.0 / 640.0, -92097.0 / 339200.0, 187.0 / 2100.0, 1.0 / 40.0]],
    dense: Some(Dense {
        order: 4,
        nodes: &[],
        matrix: &[],
        weights: &[
            &[1.0 - B[0], 2.0 * B[0] + D[0] - 1.0, -D[0]],
            &[0.0],
            &[-B[2], 2.0 * B[2] + D[2], -D[2]],
            &[-B[3], 2.0 * B[3] + D[3], -D[3]],
            &[-B[4], 2.0 * B[4] + D[4], -D[4]],
            &[-B[5], 2.0 * B[5] + D[5], -D[5]],
            &[0.0, D[6] - 1.0, -D[6]],
        ],
    }),
    fsal: true,
};

const B: [f64; 7] = [35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0, 0.0];

/// Weights of θ²(1 − θ)² in the dense output, which otherwise is the cubic through both ends and their slopes (Shampine
/// 1986, *Math. Comp.* 46; Hairer, Nørsett & Wanner, section II.6, with the free parameter as in their code).
const D: [f64; 7] = [
    -12715105075.0 / 11282082432.0,
    0.0,
    87487479700.0 / 32700410799.0,
    -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0,
    -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0,
];
