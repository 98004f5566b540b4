//! Gaussian probability paths, their schedules, and conversions between parameterizations.
//!
//! A path joins data (t = [`t_min`](GaussianPath::t_min), mostly 0) to noise (t = [`t_max`](GaussianPath::t_max)):
//! x_t = s(t) x₀ + σ(t) ε with ε ~ N(0, I). Every formula is written once, generic over [`Scalar`](thalweg_graph::Scalar): `f64` on the
//! host, a graph value on a device. The crate knows no network, no solver and no tensor storage.
//!
//! - [`Path`], [`GaussianPath`]: s, σ, ṡ, σ̇, f, g², λ, t(λ), Δ of each path, and where they are finite ([`TimeRange`]).
//! - [`Parameterization`], [`convert`]: score, noise, velocity, data, each from any other.
//! - [`interpolate`], [`target`]: what a loss is fitted to.
//! - [`pf_ode_drift`], [`reverse_sde_drift`], [`forward_sde_drift`], [`Diffusion`]: the dynamics that share the path's marginals.
//! - [`TimeSampler`], [`TimeLayout`], [`Weight`]: how a loss draws t, and how much it counts there.
//! - [`Preconditioning`]: the network of EDM, on every path. [`ScheduleTransform`]: a model sampled along another path than it was trained on.
//! - [`Interpolant`]: flow and bridge models, from a source (t = 0) to data (t = 1).
//! - [`discrete`]: the paths of tokens, from masked or random ones to data, and the steps of their Markov chain.
//! - [`Expression`], [`Dual`]: functions of t as data, and the derivative of any formula.
//!
//! ```
//! use thalweg_path::{GaussianPath, Parameterization, Path, convert, interpolate, target};
//!
//! let path = Path::linear_vp_sde(0.1, 20.0);
//! let (t, x0, noise) = (0.3, 0.7, -1.1);
//! let x = interpolate(&path, t, x0, noise);
//! let velocity = convert(&path, Parameterization::Noise, Parameterization::Velocity, t, x, noise);
//! assert!((velocity - target(&path, Parameterization::Velocity, t, x0, noise)).abs() < 1e-13);
//! assert!((path.scale(t).powi(2) + path.std(t).powi(2) - 1.0).abs() < 1e-15);
//! ```

mod coefficients;
pub mod discrete;
mod dual;
mod dynamics;
mod error;
mod expression;
mod gaussian;
pub mod interpolant;
mod normal;
mod objective;
mod parameterization;
mod preconditioning;
mod registry;
mod schedule_transform;
mod time_range;
mod time_sampler;
pub mod weight;

pub use coefficients::Coefficients;
pub use discrete::{DiscretePath, Jump, JumpRule, Mixture, MixtureSchedule, TokenSource};
pub use dual::{Dual, Jet, differentiate};
pub use dynamics::{Diffusion, dynamics_range, forward_sde_drift, pf_ode_drift, reverse_sde_drift};
pub use error::{CODE, PathError, Result};
pub use expression::{Expression, Function, MAX_STEPS, Operator, Relation, Step};
pub use gaussian::{
    CosineVp, Custom, Edm, GaussianPath, Gvp, Linear, LinearVpSde, Path, Polynomial, PolynomialConvex, Schedule, SubVp, Ve,
    invert_half_log_snr,
};
pub use interpolant::{Interpolant, InterpolantCoefficients, StochasticInterpolant};
pub use normal::normal_quantile;
pub use objective::{interpolate, noise_target, target, velocity_target};
pub use parameterization::{Parameterization, conversion_range, convert};
pub use preconditioning::{Preconditioning, PreconditioningCoefficients};
pub use schedule_transform::{ScheduleTransform, TrainedPoint};
pub use time_range::{DEFAULT_T_MIN, TimeRange};
pub use time_sampler::{
    InverseLambda, LogNormalSigma, LogitNormal, TimeDensity, TimeLayout, TimeSampler, Uniform, Weighted, layout, likelihood_weight,
};
pub use weight::{DataWeight, Weight, error_gain, snr};
