//! function: a weight of one's own, a function of t as data, which multiplies the loss as it is.
//! The one weight that depends on what the loss compares.

use crate::Expression;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A function of t by which the loss is multiplied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Function {
    /// w(t), a traced function of t; finite and at least 0.
    pub weight: Expression,
}
