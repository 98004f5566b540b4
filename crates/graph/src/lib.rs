//! Typed tensor graphs: shapes, ops, differentiation, simplification.
//!
//! Everything numerical in thalweg is a [`Graph`]: a static single-assignment list of typed tensor ops, built once with a
//! [`Builder`] and run many times by an executor. Formulas are written with [`Var`], which overloads the arithmetic
//! operators; [`grad`], [`jvp`] append to the same builder, so that they nest. The crate knows no device, no file and no thread.
//!
//! ```
//! use thalweg_graph::{Builder, DType, grad};
//!
//! let b = Builder::new();
//! let x = b.input("x", DType::F64, &[3]);
//! let y = (x * x * 0.5).sum_all();
//! let dy = grad(y, &[x])[0];
//! let graph = b.finish(&[y, dy]).unwrap();
//! assert_eq!(graph.output_types()[1].shape, vec![3]);
//! ```

mod autodiff;
mod builder;
mod dtype;
mod error;
mod graph;
mod leaves;
mod literal;
pub mod ops;
mod order;
mod scalar;
mod shape;
mod transform;
mod var;

pub use autodiff::{grad, jvp, vjp};
pub use builder::{Builder, Held, Scope};
pub use dtype::DType;
pub use error::{ErrorCode, GraphError, Result};
pub use graph::{Graph, Input, Node, NodeId};
pub use leaves::Leaves;
pub use literal::{Literal, Number, Values};
pub use ops::Op;
pub use scalar::Scalar;
pub use shape::{Type, broadcast, count, strides};
pub use transform::{grad_graph, jvp_graph, rewrite, simplify, value_and_grad_graph};
pub use var::Var;
