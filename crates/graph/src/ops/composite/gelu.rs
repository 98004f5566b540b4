//! gelu: the Gaussian error linear unit (Hendrycks, Gimpel 2016, eq. 1).

use super::CompositeRule;
use crate::{Result, Type, Var, ops::Rule, ops::unary::Unary};

/// x Φ(x), Φ the standard normal distribution function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gelu;

impl CompositeRule for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        Unary::Erf.infer(inputs)
    }
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Var<'g> {
        let x = inputs[0];
        x * ((x * std::f64::consts::FRAC_1_SQRT_2).erf() + 1.0) * 0.5
    }
}
