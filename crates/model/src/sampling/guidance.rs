//! Guidance while sampling: how the predictions with and without a condition, or of two models, become one.
//! All are combinations whose weights add up to 1, so that they mean the same for score, noise, velocity and data; `rescale` alone depends on what is predicted.

use crate::definition::Definition;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Leaves, Scalar, Var, ops::Comparison};

/// Classifier-free guidance (Ho & Salimans 2022): (1 + w)·conditional − w·unconditional.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Guidance {
    /// w. 0 is the conditional model, −1 the unconditional one; diffusers' `guidance_scale` is 1 + w.
    pub scale: f64,
    /// Share φ in [0, 1] in which the prediction is scaled back to the standard deviation of the conditional one, row by row (Lin et al. 2024,
    /// "Common diffusion noise schedules and sample steps are flawed", section 3.4). Default 0.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub rescale: f64,
    /// The times of the model's path, from least to greatest, between which guidance acts; elsewhere w is 0 (Kynkäänniemi et al. 2024). Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
}

impl Guidance {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` below `guidance`.
    pub fn validate(&self) -> Result<()> {
        let fail = |field: &str, expected: &str, got: String| Err(ModelError::config(format!("guidance.{field}"), expected, got));
        if !self.scale.is_finite() {
            return fail("scale", "a finite number", self.scale.to_string());
        }
        if !(0.0..=1.0).contains(&self.rescale) {
            return fail("rescale", "a number in [0, 1]", self.rescale.to_string());
        }
        match self.interval {
            Some([from, to]) if from.partial_cmp(&to) != Some(std::cmp::Ordering::Less) => {
                fail("interval", "two times, the first less than the second", format!("[{from}, {to}]"))
            }
            _ => Ok(()),
        }
    }

    /// Checks that a call of the model can be guided so: `conditioned` says whether it has a condition.
    ///
    /// # Errors
    /// A `ConfigError` at `guidance`.
    pub fn check(&self, definition: &Definition, conditioned: bool) -> Result<()> {
        if self.rescale > 0.0 && definition.x().values().any(|shape| thalweg_graph::count(shape) == 1) {
            let expected = "0 for a state, or a part of one, of a single number, which has no standard deviation";
            return Err(ModelError::config("guidance.rescale", expected, self.rescale));
        }
        if conditioned && definition.has_null_condition() {
            return Ok(());
        }
        let got = if conditioned { "a model without conditionDropout" } else { "no condition" };
        Err(ModelError::config("guidance", "a condition, and a model trained with conditionDropout", got))
    }

    /// w at time t.
    fn weight<S: Scalar>(&self, t: S) -> S {
        let scale = t.constant(self.scale);
        match self.interval {
            None => scale,
            Some([from, to]) => {
                let zero = t.constant(0.0);
                let after = t.choose(Comparison::Ge, t.constant(from), scale, zero);
                t.choose(Comparison::Le, t.constant(to), after, zero)
            }
        }
    }

    /// The guided prediction at the scalar time `t`.
    pub fn combine<'g>(&self, t: Var<'g>, conditional: &Leaves<Var<'g>>, unconditional: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let w = self.weight(t);
        let guided = conditional.zip(unconditional, |c, u| *c + w * (*c - *u));
        if self.rescale == 0.0 {
            return guided;
        }
        guided.zip(conditional, |g, c| {
            let (wanted, spread) = (deviation(*c), deviation(*g));
            // A prediction without any spread has nothing to be scaled back.
            let flat = spread.eq(spread.constant(0.0));
            let factor = flat.select(spread.constant(1.0), wanted / spread);
            *g * (factor * self.rescale + (1.0 - self.rescale))
        })
    }
}

/// Standard deviation of each row, over all its dimensions: `[B, 1, …]`.
fn deviation(x: Var<'_>) -> Var<'_> {
    let axes: Vec<usize> = (1..x.rank()).collect();
    let centred = x - x.mean(&axes).unsqueeze(&axes);
    centred.square().mean(&axes).unsqueeze(&axes).sqrt()
}

/// Two models (Karras et al. 2024, "Guiding a diffusion model with a bad version of itself"; GenerativeRL's guided models): (1 − g)·other + g·own.
pub fn between<'g>(scale: f64, other: &Leaves<Var<'g>>, own: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
    other.zip(own, |other, own| *other + (*own - *other) * scale)
}
