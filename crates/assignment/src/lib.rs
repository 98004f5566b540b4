//! Exact optimal transport between finite sets, on the host in f64.
//! A crate of its own because couplings (minibatches) and metrics (W₂) both need it and may not use each other.
//!
//! - [`Matrix`], [`SquaredDistances`]: costs, stored or computed row by row; both are [`Costs`].
//! - [`assignment`]: as many rows as columns, each of mass 1: a permutation.
//! - [`transportation`]: any two sizes, rows of equal mass against columns of equal mass.
//!
//! Both answers carry dual potentials, and so their own proof: the dual value bounds the cost of every plan from below.
//!
//! ```
//! use thalweg_assignment::{Matrix, assignment};
//! let costs = Matrix::new(3, 3, vec![4.0, 1.0, 3.0, 2.0, 0.0, 5.0, 3.0, 2.0, 2.0])?;
//! let best = assignment(&costs)?;
//! assert_eq!(best.column_of_row, [1, 0, 2]);
//! assert_eq!((best.cost, best.dual), (5.0, 5.0));
//! # Ok::<(), thalweg_assignment::AssignmentError>(())
//! ```
//!
//! The solvers are ours because no crate gives potentials or costs computed on the fly, and the nearest one compares distances with an
//! absolute tolerance, so that small costs are all ties.

mod assignment;
mod costs;
mod error;
mod frontier;
mod shortest_paths;
mod squared_distances;
mod transportation;

pub use assignment::{Assignment, assignment};
pub use costs::{Costs, LARGEST_COST, Matrix};
pub use error::{AssignmentError, Result};
pub use squared_distances::{Points, SquaredDistances, squared_distances};
pub use transportation::{Shipment, Transportation, transportation};
