//! function: a κ of one's own, a function of t as data.
//! Its derivative, which nobody wrote down, is had by dual numbers.

use super::MixtureSchedule;
use crate::Expression;
use crate::error::{PathError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// How many equal intervals of [0, 1] a function is looked at in.
const INTERVALS: usize = 1024;
/// By how much κ may miss 0 and 1 at the ends, and fall between two points, through rounding.
const TOLERANCE: f64 = 1e-9;

/// κ as a function of t.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Function {
    /// κ(t), a traced function of t that does not decrease from κ(0) = 0 to κ(1) = 1.
    pub kappa: Expression,
}

impl MixtureSchedule for Function {
    /// Looks at 1025 points.
    fn validate(&self) -> Result<()> {
        let at = |t: f64| self.kappa.evaluate(t);
        PathError::require(at(0.0).abs() <= TOLERANCE, "kappa", "κ(0) = 0", at(0.0))?;
        PathError::require((at(1.0) - 1.0).abs() <= TOLERANCE, "kappa", "κ(1) = 1", at(1.0))?;
        let mut last = 0.0;
        for i in 1..=INTERVALS {
            let t = i as f64 / INTERVALS as f64;
            // Written so that NaN is refused.
            PathError::require_at(at(t) >= last - TOLERANCE, "kappa", format!("a number ≥ {last}, since κ must not decrease"), at(t), t)?;
            last = at(t);
        }
        Ok(())
    }

    fn kappa<S: Scalar>(&self, t: S) -> S {
        self.kappa.evaluate(t)
    }
}
