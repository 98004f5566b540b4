//! What each op computes on the host, one file per kind of op.
//! Inputs are views of any stride; outputs are fresh, or the buffer of an operand that is not needed any more.

pub(crate) mod along;
pub(crate) mod arg_sort;
pub(crate) mod binary;
pub(crate) mod concat;
pub(crate) mod conv;
pub(crate) mod copy;
pub(crate) mod cum_sum;
pub(crate) mod index;
pub(crate) mod matmul;
pub(crate) mod pad;
pub(crate) mod parallel;
pub(crate) mod product;
pub(crate) mod reduce;
pub(crate) mod select;
pub(crate) mod source;
pub(crate) mod strided;
pub(crate) mod unary;
