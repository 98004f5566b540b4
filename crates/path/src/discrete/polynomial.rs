//! polynomial: κ = tⁿ; Gat et al. 2024, "Discrete flow matching".
//! With n > 1 data comes in late, where more of it is there to look at.

use super::MixtureSchedule;
use crate::error::{PathError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// κ = t^exponent.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Polynomial {
    /// n; a finite number ≥ 1.
    #[schemars(range(min = 1))]
    pub exponent: f64,
}

impl MixtureSchedule for Polynomial {
    fn validate(&self) -> Result<()> {
        let holds = self.exponent.is_finite() && self.exponent >= 1.0;
        PathError::require(holds, "exponent", "a finite number ≥ 1", self.exponent)
    }

    fn kappa<S: Scalar>(&self, t: S) -> S {
        t.pow(t.constant(self.exponent))
    }

    /// −expm1(n log t): exact near t = 1, where 1 − tⁿ cancels.
    fn remaining<S: Scalar>(&self, t: S) -> S {
        -(t.ln() * self.exponent).exp_m1()
    }

    fn d_kappa<S: Scalar>(&self, t: S) -> S {
        t.pow(t.constant(self.exponent - 1.0)) * self.exponent
    }
}
