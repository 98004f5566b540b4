//! From the times that users speak of to those of the model's process: the one place that knows which way sampling runs.
//! Ends at which what a solver evaluates is infinite are clamped, and nothing else is.

use super::field::Field;
use crate::process::Process;
use crate::{ModelError, Result};
use thalweg_path::{Diffusion as Spread, GaussianPath, Interpolant, Parameterization, Path, StochasticInterpolant, TimeRange};
use thalweg_solver::{Grid, Quantity, Schedule};

/// Which way a job runs, and what it has to evaluate.
pub struct Course<'a> {
    /// What is integrated.
    pub field: &'a Field,
    /// What the solver evaluates.
    pub quantity: Quantity,
    /// Whether it ends with the predicted datum.
    pub denoises: bool,
    /// The sampler's own diffusion.
    pub spread: &'a Spread,
    /// From data to noise.
    pub forward: bool,
}

impl Course<'_> {
    /// The process's times of `span`, or of the whole process.
    ///
    /// # Errors
    /// A `ConfigError` at `tSpan`; a `ConfigError` at `solver` where the model does not have what the solver evaluates.
    pub fn times(&self, span: Option<&[f64]>) -> Result<Vec<f64>> {
        let process = self.field.process();
        let all = process.times();
        let range = self.range()?;
        let whole = [0.0, if process.data_first() { all.t_max } else { 1.0 }];
        let span = span.unwrap_or(&whole);
        if span.last().is_some_and(|&end| end > whole[1]) {
            return Err(ModelError::config("tSpan", format!("times ≤ {}", whole[1]), span[span.len() - 1]));
        }
        let times: Vec<f64> = span.iter().map(|&t| self.process_time(t).clamp(range.t_min, range.t_max)).collect();
        if times.windows(2).any(|w| w[0] == w[1]) {
            let expected = format!("distinct times within [{}, {}], where what the solver evaluates is finite", range.t_min, range.t_max);
            let at = times.windows(2).position(|w| w[0] == w[1]).unwrap_or(0);
            return Err(ModelError::config("tSpan", expected, format!("{} twice after clamping", times[at])));
        }
        Ok(times)
    }

    /// τ = t_max − t when a diffusion model is sampled, 1 − t when a flow's data goes back to its source; else t itself.
    pub fn process_time(&self, spoken: f64) -> f64 {
        let process = self.field.process();
        match (process.data_first(), self.forward) {
            (true, false) => process.times().t_max - spoken,
            (false, true) => 1.0 - spoken,
            _ => spoken,
        }
    }

    fn range(&self) -> Result<TimeRange> {
        let of = |which: Parameterization| {
            self.field.range(which).ok_or_else(|| {
                let expected =
                    "a solver of the probability-flow ODE (ODESolver): the model has a velocity, and neither score, noise nor data";
                ModelError::config("solver.type", expected, which.name())
            })
        };
        let mut range = match self.quantity {
            Quantity::Velocity => of(Parameterization::Velocity)?,
            Quantity::Noise => of(Parameterization::Noise)?,
            Quantity::Data => of(Parameterization::Data)?,
            Quantity::Drift if self.spread.is_zero() => of(Parameterization::Velocity)?,
            Quantity::Drift => {
                let both = of(Parameterization::Velocity)?.intersect(of(Parameterization::Score)?);
                view(&self.field.process()).map_or(both, |view| both.intersect(view.range(|path| self.spread.range(path))))
            }
        };
        if self.denoises {
            range = range.intersect(of(Parameterization::Data)?);
        }
        if self.field.fixed {
            range = range.intersect(super::fixed::range(&self.field.process()));
        }
        if self.field.energy.is_some() {
            range = view(&self.field.process()).map_or(range, |view| range.intersect(view.range(GaussianPath::regular_range)));
        }
        Ok(range)
    }
}

/// A process as a Gaussian path, if it is one: a flow from a standard normal source is one whose time runs backwards.
pub struct GaussianView {
    /// The path.
    pub path: Path,
    /// Whether the process's time t is the path's 1 − t.
    pub mirrored: bool,
}

/// The Gaussian path that a process is.
pub fn view(process: &Process) -> Option<GaussianView> {
    match process {
        Process::Gaussian(path) => Some(GaussianView { path: path.clone(), mirrored: false }),
        Process::Interpolant(path) => path.as_gaussian().map(|path| GaussianView { path, mirrored: true }),
        Process::Discrete(_) => None,
    }
}

impl GaussianView {
    /// A time of the process as a time of the path, and back.
    pub fn time(&self, t: f64) -> f64 {
        if self.mirrored { 1.0 - t } else { t }
    }

    fn range(&self, of: impl Fn(&Path) -> TimeRange) -> TimeRange {
        let range = of(&self.path);
        if self.mirrored { TimeRange::new(1.0 - range.t_max, 1.0 - range.t_min) } else { range }
    }
}

impl Schedule for GaussianView {
    fn grid(&self) -> Grid {
        // The time of EDM is σ, of which most is far from the data: Karras et al. 2022, table 1.
        if matches!(self.path, Path::Edm(_)) { Grid::Karras { rho: 7.0 } } else { Grid::Uniform {} }
    }

    fn s(&self, t: f64) -> f64 {
        self.path.scale(self.time(t))
    }

    fn sigma(&self, t: f64) -> f64 {
        self.path.std(self.time(t))
    }

    fn lambda(&self, t: f64) -> f64 {
        self.path.half_log_snr(self.time(t))
    }

    fn t_of_lambda(&self, lambda: f64) -> f64 {
        self.time(self.path.time_of_half_log_snr(lambda))
    }
}

/// h(t) of the sampler's own SDE.
pub fn diffusion(process: &Process, spread: &Spread, t: f64) -> f64 {
    match (view(process), process) {
        (Some(view), _) => spread.h(&view.path, view.time(t)),
        (None, Process::Interpolant(Interpolant::SchrodingerBridge(bridge))) if *spread == Spread::Sigma => bridge.sigma,
        (None, _) => spread.h(&Path::linear(), t),
    }
}
