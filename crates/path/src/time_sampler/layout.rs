//! How the uniform numbers that times are drawn from are laid out over a batch: each is U(0, 1), together they cover it better.
//! Independent of the density: any of them may be laid out in any way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Scalar, ops::Comparison};

/// How uniform numbers are laid out over the rows of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeLayout {
    /// Each row has its own number.
    #[default]
    Independent,
    /// Row i of B has a number between i/B and (i + 1)/B: the mean over a batch varies least.
    Stratified,
    /// Rows 2k and 2k + 1 have u and 1 − u.
    Antithetic,
}

/// The largest 32-bit number below 1.
const BELOW_ONE: f64 = 1.0 - 1.0 / (1u32 << 24) as f64;

impl TimeLayout {
    /// The row whose random number row `row` uses: [`layout`] must be given that number.
    pub fn source(self, row: usize) -> usize {
        match self {
            TimeLayout::Independent | TimeLayout::Stratified => row,
            TimeLayout::Antithetic => row - row % 2,
        }
    }
}

/// The uniform number of row `index` of `batch`, from the random number `u` in (0, 1) of row [`source`](TimeLayout::source)`(index)`.
///
/// `index` holds the number of each row, exact up to 2²⁴ in 32 bits; the result has its shape and u's. It lies in (0, 1).
///
/// ```
/// use thalweg_path::{TimeLayout, layout};
/// assert_eq!(layout(TimeLayout::Stratified, 0.5, 3.0, 4), 0.875);
/// assert_eq!(layout(TimeLayout::Antithetic, 0.25, 6.0, 8), 0.25);
/// assert_eq!(layout(TimeLayout::Antithetic, 0.25, 7.0, 8), 0.75);
/// ```
pub fn layout<S: Scalar>(layout: TimeLayout, u: S, index: S, batch: usize) -> S {
    match layout {
        TimeLayout::Independent => u,
        // In 32 bits the largest number of the last row would round to 1.
        TimeLayout::Stratified => ((index + u) / batch as f64).minimum(u.constant(BELOW_ONE)),
        TimeLayout::Antithetic => {
            let half = index.constant(0.5);
            parity(index, batch).choose(Comparison::Gt, half, u.constant(1.0) - u, u)
        }
    }
}

/// `index` modulo 2, by taking away the powers of two from the largest down: exact, unlike a function of π·index.
fn parity<S: Scalar>(index: S, batch: usize) -> S {
    let bits = usize::BITS - batch.leading_zeros();
    (1..bits).rev().fold(index, |rest, bit| {
        let power = rest.constant((1u64 << bit) as f64);
        rest.choose(Comparison::Ge, power, rest - power, rest)
    })
}
