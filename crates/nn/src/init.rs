//! Initial distributions of parameters, as data and as graphs of random ops.
//! Data, because networks written in TypeScript declare them too; graphs, because only an engine draws numbers.

use crate::{NnError, check};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::ops::Distribution;
use thalweg_graph::{Builder, DType, Literal, Type, Var};

/// How a parameter starts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Sines and cosines of the places of a grid, the same for every seed (Vaswani et al. 2017, section 3.5). The shape is the grid, or
    /// the number of its places, then the width; sizes of 1 may stand before.
    #[serde(rename_all = "camelCase")]
    SinCos {
        /// Places along each dimension.
        grid: Vec<usize>,
        /// Which coordinate fills which part of the width, in this order.
        features: Vec<Coordinate>,
    },
}

/// A part of a table of places that encodes one coordinate: sines, then cosines, of the place times 10000^{−2i/width}.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Coordinate {
    /// The dimension of the grid.
    pub axis: usize,
    /// How much of the width; an even number.
    pub width: usize,
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

    /// U(±√(6/(inputs + outputs))) (Glorot, Bengio 2010, eq. 16).
    pub fn xavier(inputs: usize, outputs: usize) -> Init {
        let bound = (6.0 / (inputs + outputs).max(1) as f64).sqrt();
        Init::Uniform { low: -bound, high: bound }
    }

    /// Checks that the distribution exists.
    ///
    /// # Errors
    /// A number that is not finite, `low > high`, or `std < 0`; `field` is relative to this value.
    pub fn validate(&self) -> Result<(), NnError> {
        match *self {
            Init::Zeros | Init::Ones => Ok(()),
            Init::SinCos { ref grid, ref features } => {
                if features.is_empty() {
                    return Err(NnError::new("features", "at least one coordinate", "[]"));
                }
                let fits = |f: &Coordinate| f.axis < grid.len() && f.width >= 2 && f.width.is_multiple_of(2);
                match features.iter().find(|f| !fits(f)) {
                    Some(wrong) => Err(NnError::new("features", "an axis of the grid and an even width", format!("{wrong:?}"))),
                    None => Ok(()),
                }
            }
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

    /// Checks that it has a value for every element of this shape.
    ///
    /// # Errors
    /// A table of another size.
    pub fn fits(&self, shape: &[usize]) -> Result<(), NnError> {
        let Init::SinCos { grid, features } = self else { return Ok(()) };
        let width = features.iter().fold(0usize, |sum, f| sum.saturating_add(f.width));
        let elements = thalweg_graph::count(grid).saturating_mul(width);
        if elements == thalweg_graph::count(shape) {
            return Ok(());
        }
        Err(NnError::new("grid", format!("a grid and widths that fill {shape:?}"), format!("{elements} elements")))
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
            Init::SinCos { ref grid, ref features } => places(b, dtype, shape, grid, features),
            Init::Normal { mean, std } => draw(b, Distribution::Normal, dtype, shape, stream, seed, std, mean),
        }
    }
}

/// The table of [`Init::SinCos`]. Angles are computed as f64, since they grow with the grid.
fn places<'g>(b: &'g Builder, dtype: DType, shape: &[usize], grid: &[usize], features: &[Coordinate]) -> Var<'g> {
    let part = |&Coordinate { axis, width }: &Coordinate| {
        let frequencies: Vec<f64> = (0..width / 2).map(|i| 10_000f64.powf(-2.0 * i as f64 / width as f64)).collect();
        let frequencies = b.literal(Literal::dense(&frequencies, Type::new(DType::F64, vec![width / 2])));
        let angles = b.iota(DType::F64, grid[axis]).unsqueeze(&[1]) * frequencies;
        let mut along = vec![1; grid.len()];
        along[axis] = grid[axis];
        let one = Var::concat(&[angles.sin(), angles.cos()], 1).reshape(&[&along[..], &[width]].concat());
        one.broadcast_to(&[grid, &[width]].concat())
    };
    Var::concat(&features.iter().map(part).collect::<Vec<_>>(), grid.len()).reshape(shape).cast(dtype)
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
