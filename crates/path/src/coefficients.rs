//! All coefficients of a path at one time, by the letters of the theory.
//! Formulas that need several of them read like the paper.

use crate::{GaussianPath, Path};
use thalweg_graph::Scalar;

/// The coefficients of a [`Path`] at t. All have the shape of t.
///
/// On a graph, those that no result uses are dropped when the graph is finished, and equal subexpressions are shared: asking for
/// all of them costs nothing at run time. At a singular end some are infinite; the others are still right.
#[derive(Clone, Copy, Debug)]
pub struct Coefficients<S> {
    /// s(t), the factor of the data.
    pub s: S,
    /// σ(t), the standard deviation of the noise.
    pub sigma: S,
    /// ṡ(t).
    pub d_s: S,
    /// σ̇(t).
    pub d_sigma: S,
    /// f = ṡ/s, the drift coefficient of the forward SDE.
    pub f: S,
    /// g², the squared diffusion coefficient of the forward SDE.
    pub g2: S,
    /// λ = log(s/σ), half the log signal-to-noise ratio.
    pub lambda: S,
    /// Δ = sσ̇ − ṡσ, positive inside of the path.
    pub delta: S,
}

impl<S: Scalar> Coefficients<S> {
    /// The coefficients of `path` at `t` in [t_min, t_max].
    pub fn at(path: &Path, t: S) -> Coefficients<S> {
        Coefficients {
            s: path.scale(t),
            sigma: path.std(t),
            d_s: path.d_scale(t),
            d_sigma: path.d_std(t),
            f: path.drift_coefficient(t),
            g2: path.diffusion_squared(t),
            lambda: path.half_log_snr(t),
            delta: path.delta(t),
        }
    }
}
