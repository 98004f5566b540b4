//! gelu with the tanh approximation of Φ (Hendrycks, Gimpel 2016, section 2).
//! What DiT was trained with.

use super::Formula;
use thalweg_graph::Scalar;

/// √(2/π).
const SCALE: f64 = 0.797_884_560_802_865_4;
const CUBIC: f64 = 0.044715;

/// ½x (1 + tanh(√(2/π)(x + 0.044715 x³))).
pub struct GeluTanh;

impl Formula for GeluTanh {
    fn eval<S: Scalar>(x: S, _beta: S) -> S {
        let inner = (x + x * x * x * CUBIC) * SCALE;
        x * (inner.tanh() + 1.0) * 0.5
    }
}
