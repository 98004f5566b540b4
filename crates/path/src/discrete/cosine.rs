//! cosine: 1 − κ = cos(πt/2), the share of masked tokens of Chang et al. 2022, "MaskGIT".
//! Data comes in slowly at first: few tokens are fixed while little is known.

use super::MixtureSchedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4};
use thalweg_graph::Scalar;

/// κ = 1 − cos(πt/2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cosine {}

impl MixtureSchedule for Cosine {
    /// 2 sin²(πt/4), which does not cancel near t = 0.
    fn kappa<S: Scalar>(&self, t: S) -> S {
        (t * FRAC_PI_4).sin().square() * 2.0
    }

    /// sin(π(1 − t)/2), which is exactly 0 at t = 1.
    fn remaining<S: Scalar>(&self, t: S) -> S {
        ((t.constant(1.0) - t) * FRAC_PI_2).sin()
    }

    fn d_kappa<S: Scalar>(&self, t: S) -> S {
        (t * FRAC_PI_2).sin() * FRAC_PI_2
    }
}
