//! What step rules must know of a path: its schedule, and the diffusion that the sampler chose.
//! The path crate is a sibling, so whoever combines the two adapts one to the other.

use crate::Grid;

/// A Gaussian path x = s·x₀ + σ·ε, seen by a solver: four functions of path time, in f64.
pub trait Schedule {
    /// s(t): part of the datum; ≥ 0.
    fn s(&self, t: f64) -> f64;
    /// σ(t): part of the noise; ≥ 0.
    fn sigma(&self, t: f64) -> f64;
    /// λ(t) = log(s/σ), strictly monotone: −∞ where s = 0, +∞ where σ = 0. It keeps its digits where s or σ are close to 0 or 1.
    fn lambda(&self, t: f64) -> f64;
    /// How steps are spread in its time where nobody says.
    fn grid(&self) -> Grid {
        Grid::Uniform {}
    }
    /// The time at which λ is `lambda`, a finite number within the path's range.
    fn t_of_lambda(&self, lambda: f64) -> f64;
}

/// What a solver integrates, as far as step rules depend on it. ODE rules need nothing of it.
#[derive(Clone, Copy, Default)]
pub struct Problem<'a> {
    /// The Gaussian path, if it is one. Exponential rules and grids in λ need it.
    pub schedule: Option<&'a dyn Schedule>,
    /// h(t) ≥ 0: coefficient of dW of the sampler's own diffusion. SDE rules need it.
    pub diffusion: Option<&'a dyn Fn(f64) -> f64>,
}
