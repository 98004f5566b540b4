//! DDIM: back to the datum and forward again to less noise, a part η of it drawn anew.
//! η = 0 is deterministic and of order 1; η = 1 draws from the exact posterior of a known datum, as ancestral sampling does.

use super::leap::{Form, Leap, Place};
use crate::{Mesh, Quantity, Result, Row, Rule, Stage, Step, Structure};

/// Song, Meng & Ermon 2021, equations 12 and 16, for any s and σ: x₁ = s₁D + √(σ₁² − c²)ε + cξ, c = ησ₁√(1 − e^{−2h}), written in x and D
/// alone, so that it starts also where s = 0.
pub(crate) struct Ddim {
    pub eta: f64,
}

impl Rule for Ddim {
    fn quantity(&self) -> Quantity {
        Quantity::Data
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let (from, to) = (Place::node(mesh, i)?, Place::node(mesh, i + 1)?);
        let form = if self.eta > 0.0 { Form::Stochastic } else { Form::Data };
        let leap = Leap::new(form, from, to)?;
        let stages = vec![Stage::new(from.t, Row::x())];
        if self.eta == 0.0 {
            return Ok(Step::new(Structure::new(Quantity::Data, 1), stages, leap.first(0), vec![]));
        }
        // √(σ₁² − c²)/σ₁ = √(1 − η²(1 − e^{−2h})); s₀σ₁/σ₀ = s₁e^{−h}.
        let kept = (1.0 + self.eta.powi(2) * (-2.0 * leap.h()).exp_m1()).max(0.0).sqrt();
        let datum = to.s * (1.0 - (-leap.h()).exp() * kept);
        let end = Row::x() * (to.sigma / from.sigma * kept) + Row::evaluation(0) * datum + Row::noise(0) * (self.eta * leap.spread());
        Ok(Step::new(Structure::new(Quantity::Data, 1).with_noises(1), stages, end, vec![]))
    }
}
