//! Distances between samples, on the host in f64.
//!
//! ```
//! use thalweg_metric::sliced_wasserstein;
//! let (a, b) = ([0.0, 0.0, 1.0, 2.0], [3.0, 0.0, 4.0, 2.0]); // two points each, moved by (3, 0)
//! let axes = [1.0, 0.0, 0.0, 1.0];
//! let distance = sliced_wasserstein(&a, &b, 2, &axes, 2)?; // √((3² + 0²)/2)
//! assert!((distance - 4.5f64.sqrt()).abs() < 1e-15);
//! # Ok::<(), thalweg_metric::MetricError>(())
//! ```

mod directions;
mod error;
mod sliced_wasserstein;
mod wasserstein;

pub use directions::directions;
pub use error::{MetricError, Result};
pub use sliced_wasserstein::sliced_wasserstein;
