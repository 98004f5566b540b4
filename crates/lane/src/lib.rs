//! Kernels for runs of contiguous numbers in the first-level cache: elementary functions, reductions, products with a small side.
//! Compiled for each instruction set and chosen at run time; knows no tensor, no file and no thread.
//!
//! ```
//! use thalweg_graph::ops::{binary::Binary, unary::Unary};
//! use thalweg_lane::{Operand, Real};
//! let mut x = [0.0, 1.0, 2.0];
//! f64::unary_in_place(Unary::Sqrt, &mut x);
//! f64::binary_left(Binary::Mul, &mut x, Operand::Splat(2.0));
//! assert_eq!(x, [0.0, 2.0, 8f64.sqrt()]);
//! assert_eq!(f64::sum(&[1.0, 2.0, 3.0]), 6.0);
//! ```

#![forbid(unsafe_code)]
#![allow(clippy::needless_range_loop, reason = "one index runs through several runs or registers, and is what the compiler vectorises")]

mod binary;
mod float;
mod functions;
mod isa;
mod logic;
mod matrix;
mod number;
mod operand;
mod real;
mod reduce;
mod skinny;
mod taps;
mod transpose;
mod unary;
mod vector;

pub use functions::function;
pub use isa::kernels;
pub use matrix::{Rows, RowsMut};
pub use number::{Fused, Integer, Number};
pub use operand::Operand;
pub use real::Real;
pub use skinny::FEW;
pub use taps::ROWS as TILE_ROWS;
