//! Distances between samples, and measures of paths and likelihoods, on the host in f64.
//!
//! | question | metric | cost |
//! |---|---|---|
//! | how far must mass move? | [`exact_wasserstein`] | up to n³; n = 10 000 in the plane takes half a minute |
//! | the same, for many points | [`sliced_wasserstein`] | n log n per direction |
//! | do two samples come from one distribution? | [`mmd`], [`energy_distance`] | n² |
//! | are the first two moments right? | [`moment_errors`] | n D² |
//! | how much longer than needed are the paths? | [`normalized_path_energy`], [`straightness`] | n · times |
//! | how likely are data? | [`nll`], [`bits_per_dimension`] | n |
//!
//! Points are row-major, (n, dim). Memory is O(n dim) except where [`exact_wasserstein`] stores its costs.
//!
//! ```
//! use thalweg_metric::{exact_wasserstein, sliced_wasserstein};
//! let (a, b) = ([0.0, 0.0, 1.0, 2.0], [3.0, 0.0, 4.0, 2.0]); // two points each, moved by (3, 0)
//! let axes = [1.0, 0.0, 0.0, 1.0];
//! let distance = sliced_wasserstein(&a, &b, 2, &axes, 2)?; // √((3² + 0²)/2)
//! assert!((distance - 4.5f64.sqrt()).abs() < 1e-15);
//! assert_eq!(exact_wasserstein(&a, &b, 2)?.distance, 3.0);
//! # Ok::<(), thalweg_metric::MetricError>(())
//! ```

mod directions;
mod energy_distance;
mod error;
mod exact_wasserstein;
mod likelihood;
mod median;
mod mmd;
mod moments;
mod pairs;
mod path_energy;
mod sliced_wasserstein;
mod straightness;
mod trajectories;
mod wasserstein;

pub use directions::directions;
pub use energy_distance::{EnergyDistance, energy_distance};
pub use error::{MetricError, Result};
pub use exact_wasserstein::{ExactWasserstein, exact_wasserstein};
pub use likelihood::{Nll, bits_per_dimension, nll};
pub use median::median_distance;
pub use mmd::{Mmd, MmdOptions, mmd};
pub use moments::{MomentErrors, Moments, moment_errors, moments};
pub use path_energy::{NormalizedPathEnergy, normalized_path_energy, path_energy, path_energy_of_speeds};
pub use sliced_wasserstein::sliced_wasserstein;
pub use straightness::straightness;
pub use trajectories::Trajectories;
