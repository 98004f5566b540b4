//! Initial distributions of parameters, as data and as graphs of random ops.
//! Data, because networks written in TypeScript declare them too; graphs, because only an engine draws numbers.

use crate::{NnError, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::ops::Distribution;
use thalweg_graph::{Builder, DType, Literal, Type, Var};

/// How a parameter starts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Init {
    /// All zeros.
    Zeros,
    /// All ones.
    Ones,
    /// All equal.
    Constant {
        /// The value of every element.
        value: f64,
    },
    /// Independent, uniform on the open interval (`low`, `high`).
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Independent, normal.
    Normal {
        /// Expectation.
        mean: f64,
        /// Standard deviation.
        std: f64,
    },
}

impl Init {
    /// U(−1/√`fan_in`, 1/√`fan_in`): PyTorch's default of the weight and of the bias of a linear layer with `fan_in` inputs.
    /// Zeros if there is no input.
    pub fn fan_in(fan_in: usize) -> Init {
        if fan_in == 0 {
            return Init::Zeros;
        }
        let bound = 1.0 / (fan_in as f64).sqrt();
        Init::Uniform { low: -bound, high: bound }
    }

    /// Checks that the distribution exists.
    ///
    /// # Errors
    /// A number that is not finite, `low > high`, or `std < 0`; `field` is relative to this value.
    pub fn validate(&self) -> Result<(), NnError> {
        match *self {
            Init::Zeros | Init::Ones => Ok(()),
            Init::Constant { value } => check::finite("value", value).map(drop),
            Init::Uniform { low, high } => {
                check::finite("low", low)?;
                check::finite("high", high)?;
                if low <= high { Ok(()) } else { Err(NnError::new("high", format!("a number ≥ low ({low})"), high)) }
            }
            Init::Normal { mean, std } => {
                check::finite("mean", mean)?;
                check::not_negative("std", std).map(drop)
            }
        }
    }

    /// The initial value of a parameter of this type. A pure function of `seed` (scalar i64), `stream` (derived from the
    /// parameter's full name by the caller) and the element's index, so that the order of declarations does not matter.
    ///
    /// `dtype` is a float type; bf16 values are drawn as f32 and rounded.
    pub fn build<'g>(&self, b: &'g Builder, dtype: DType, shape: &[usize], stream: u64, seed: Var<'g>) -> Var<'g> {
        match *self {
            Init::Zeros => b.full(0.0, dtype, shape),
            Init::Ones => b.full(1.0, dtype, shape),
            Init::Constant { value } => b.full(value, dtype, shape),
            Init::Uniform { low, high } => draw(b, Distribution::Uniform, dtype, shape, stream, seed, high - low, low),
            Init::Normal { mean, std } => draw(b, Distribution::Normal, dtype, shape, stream, seed, std, mean),
        }
    }
}

/// `scale` · draw + `shift`.
#[allow(clippy::too_many_arguments, reason = "the coordinates of a random number, then its scale and shift")]
fn draw<'g>(
    b: &'g Builder,
    distribution: Distribution,
    dtype: DType,
    shape: &[usize],
    stream: u64,
    seed: Var<'g>,
    scale: f64,
    shift: f64,
) -> Var<'g> {
    let drawn = if dtype == DType::BF16 { DType::F32 } else { dtype };
    let counter = b.literal(Literal::splat_i64(0, Vec::new()));
    (b.random(distribution, stream, Type::new(drawn, shape), seed, counter) * scale + shift).cast(dtype)
}
