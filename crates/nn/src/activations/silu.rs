//! silu, the sigmoid-weighted linear unit (Elfwing, Uchibe, Doya 2018, eq. 3).
//! The activation of the temporal-spatial networks.

use super::Formula;
use thalweg_graph::Scalar;

/// x · sigmoid(x).
pub struct Silu;

impl Formula for Silu {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        x * x.sigmoid()
    }
}
