//! The one trait through which all kernels are called.

use crate::float::Float;
use crate::matrix::{Rows, RowsMut};
use crate::operand::Operand;
use crate::{binary, logic, reduce, skinny, taps, transpose, unary};
use thalweg_graph::ops::Comparison;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;

macro_rules! real {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $output:ty)? = $body:path;)*) => {
        /// An element type of kernels: f32 or f64. Sealed.
        ///
        /// Every kernel panics if the lengths of its operands differ.
        pub trait Real: Float {
            $($(#[$doc])* fn $name($($argument: $type),*) $(-> $output)?;)*
        }

        real! { @impl f32 $(fn $name($($argument: $type),*) $(-> $output)? = $body;)* }
        real! { @impl f64 $(fn $name($($argument: $type),*) $(-> $output)? = $body;)* }
    };
    (@impl $float:ident $(fn $name:ident($($argument:ident: $type:ty),*) $(-> $output:ty)? = $body:path;)*) => {
        impl Real for $float {
            $(fn $name($($argument: $type),*) $(-> $output)? {
                $body($($argument),*)
            })*
        }
    };
}

real! {
    /// `out[i] = f(x[i])`.
    fn unary(op: Unary, x: &[Self], out: &mut [Self]) = unary::unary;
    /// `x[i] = f(x[i])`; the same bits as [`Real::unary`].
    fn unary_in_place(op: Unary, x: &mut [Self]) = unary::unary_in_place;
    /// `out[i] = f(a[i], b[i])`.
    fn binary(op: Binary, a: Operand<Self>, b: Operand<Self>, out: &mut [Self]) = binary::binary;
    /// `a[i] = f(a[i], b[i])`; the same bits as [`Real::binary`].
    fn binary_left(op: Binary, a: &mut [Self], b: Operand<Self>) = binary::binary_left;
    /// `b[i] = f(a[i], b[i])`; the same bits as [`Real::binary`].
    fn binary_right(op: Binary, a: Operand<Self>, b: &mut [Self]) = binary::binary_right;
    /// `out[i] = a[i] b[i] + c[i]`, rounded once where the machine can.
    fn multiply_add(a: Operand<Self>, b: Operand<Self>, c: Operand<Self>, out: &mut [Self]) = logic::mul_add;
    /// `out[i] = a[i] b[i] + c[i] d[i]`; the second product is rounded by itself.
    fn two_products(a: Operand<Self>, b: Operand<Self>, c: Operand<Self>, d: Operand<Self>, out: &mut [Self]) = logic::two_products;
    /// `out[i]` = 1 where the relation holds between `a[i]` and `b[i]`, else 0.
    fn compare(op: Comparison, a: Operand<Self>, b: Operand<Self>, out: &mut [u8]) = logic::compare;
    /// `out[i] = a[i]` where `condition[i]` is not 0, else `b[i]`.
    fn select(condition: &[u8], a: Operand<Self>, b: Operand<Self>, out: &mut [Self]) = logic::select;
    /// `out[i]` = 1 where `x[i]` is neither infinite nor NaN, else 0.
    fn finite(x: &[Self], out: &mut [u8]) = logic::is_finite;
    /// Σ x, in an order that depends on the length alone; the rounding error grows with log n.
    fn sum(x: &[Self]) -> Self = reduce::sum;
    /// The largest element; NaN if an element is; −∞ of nothing.
    fn largest(x: &[Self]) -> Self = reduce::max;
    /// `sums[i] += x[i]`.
    fn add_to(sums: &mut [Self], x: &[Self]) = reduce::add_to;
    /// `best[i] = max(best[i], x[i])`; NaN if one is.
    fn max_to(best: &mut [Self], x: &[Self]) = reduce::max_to;
    /// Σ a b, in the order of [`Real::sum`]; `dot(x, x)` is the sum of squares.
    fn dot(a: &[Self], b: &[Self]) -> Self = reduce::dot;
    /// `out[m, n] = x[m, k] w[k, n]`, or `+=`, for m ≤ [`FEW`](crate::FEW).
    fn few_rows(x: Rows<Self>, w: Rows<Self>, out: RowsMut<Self>, accumulate: bool) = skinny::few_rows;
    /// `out[m, n] = x[m, k] w[n, k]ᵀ`, or `+=`, for m ≤ [`FEW`](crate::FEW). The order of its sums depends on the width of a register.
    fn few_rows_transposed(x: Rows<Self>, w: Rows<Self>, out: RowsMut<Self>, accumulate: bool) = skinny::few_rows_transposed;
    /// `out[m, n] = x[m, k] w[k, n]`, or `+=`, for k ≤ [`FEW`](crate::FEW). For one step, and beyond four, a general product that
    /// packs its operands is as fast or faster (`examples/timing.rs`).
    fn few_inner(x: Rows<Self>, w: Rows<Self>, out: RowsMut<Self>, accumulate: bool) = skinny::few_inner;
    /// `out[m, n] = x[m, k] w[n, k]ᵀ`, or `+=`, for n ≤ [`FEW`](crate::FEW).
    fn few_columns(x: Rows<Self>, w: Rows<Self>, out: RowsMut<Self>, accumulate: bool) = skinny::few_columns;
    /// The gradient of a matrix: `out[k, n] = x[m, k]ᵀ g[m, n]`, or `+=`, for k ≤ [`FEW`](crate::FEW) or n ≤ [`FEW`](crate::FEW).
    /// For k > [`FEW`](crate::FEW), `scratch` has room for k n numbers.
    fn few_outer(x: Rows<Self>, g: Rows<Self>, out: RowsMut<Self>, accumulate: bool, scratch: &mut [Self]) = skinny::few_outer;
    /// `out[j, i] = x[i, j]`.
    fn transpose(x: Rows<Self>, out: RowsMut<Self>) = transpose::transpose;
    /// Columns of a tile of the two kernels that follow: two registers of this machine.
    fn tile_columns() -> usize = taps::columns::<Self>;
    /// A tile of a convolution, [`TILE_ROWS`](crate::TILE_ROWS) × [`Real::tile_columns`]: `out[i · stride + t] (+)= Σₚ weights[p][i] x[taps[p] + t]`.
    fn correlate(weights: &[[Self; taps::ROWS]], taps: &[usize], x: &[Self], out: &mut [Self], stride: usize, accumulate: bool) = taps::correlate;
    /// A tile of a convolution's gradient: `out[i][j] += Σ x[rows[i] + line · pitch + t] values[line][t][j]` over lines and t < `length`.
    fn correlated(x: &[Self], rows: [usize; taps::ROWS], pitch: usize, values: &[Self], length: usize, out: &mut [Self]) = taps::correlated;
}
