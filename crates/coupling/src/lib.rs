//! Couplings: which source sample meets which datum, within a batch.
//!
//! A [`Coupling`] turns a [`Batch`] of source rows and data rows into a [`Pairing`], two lists of indices by which the caller gathers
//! samples, conditions and weights. It is a function of the batch and of uniform numbers that the caller draws: no generator, no
//! thread, no device.
//!
//! ```
//! use thalweg_coupling::{Batch, Conditions, Coupling};
//! let batch = Batch { source: &[0.0, 10.0, 20.0], data: &[21.0, 1.0, 11.0], dim: 1, conditions: Conditions::None };
//! let pairing = Coupling::exact().pair(&batch, &[])?;
//! assert_eq!((pairing.source, pairing.data), (vec![2, 0, 1], vec![0, 1, 2]));
//! # Ok::<(), thalweg_coupling::CouplingError>(())
//! ```

mod batch;
mod coupling;
mod entropic;
mod error;
mod pairing;

pub use batch::{Batch, Conditions};
pub use coupling::{ConditionDistance, Conditional, Couple, Coupling, Exact, Independent, Paired, Sinkhorn};
pub use entropic::{Convergence, EntropicPlan, Limits, entropic_plan};
pub use error::{CouplingError, Result};
pub use pairing::{Pairing, Report};
