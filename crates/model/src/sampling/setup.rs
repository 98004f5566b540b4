//! What a sampling call comes to: field, solver, diffusion and times. Everything that can be wrong with its options is found here.
//! Jobs and unrolled graphs are set up alike.

use super::density::Divergence;
use super::energy::{Energy, Source};
use super::field::{Field, Other};
use super::options::SampleOptions;
use super::times::{Course, diffusion, view};
use crate::model::Inner;
use crate::process::Process;
use crate::store::Weights;
use crate::{ModelError, Result};
use std::sync::Arc;
use thalweg_engine::Tensor;
use thalweg_graph::{Graph, count};
use thalweg_path::{Diffusion as Spread, ScheduleTransform, StochasticInterpolant};
use thalweg_solver::{Driver, OdeSolver, Plan, Problem, Quantity, Schedule, SolverConfig};

/// What guides, apart from options.
#[derive(Clone, Default)]
pub struct Guides {
    /// Another model.
    pub other: Option<Arc<Inner>>,
    /// An energy, as a function traced for several numbers of rows.
    pub energy: Vec<(usize, Arc<Graph>)>,
}

/// What is known of a call's tensors and of the model's state.
#[derive(Clone, Copy)]
pub struct Given {
    /// Whether a condition is given.
    pub conditioned: bool,
    /// Whether data is normalised.
    pub normalized: bool,
    /// Whether some coordinates are known.
    pub fixed: bool,
}

/// What is integrated, how, and when.
pub struct Setup {
    /// What is evaluated.
    pub field: Field,
    /// The solver, with its grid in the process's times.
    pub solver: SolverConfig,
    /// The sampler's own diffusion.
    pub spread: Spread,
    /// The process's times of the outputs.
    pub times: Vec<f64>,
    /// Whether the last of them is where the data is.
    pub ends_at_data: bool,
}

impl Setup {
    /// The setup of a call.
    ///
    /// # Errors
    /// A `ConfigError` with the option at fault.
    pub fn of(inner: &Arc<Inner>, options: &SampleOptions, guides: Guides, given: Given) -> Result<Setup> {
        let solver = solver(inner, options)?;
        let field = field(inner, options, guides, given, &solver)?;
        let spread = spread(&field, options, &solver)?;
        check_source(inner, &field, options, &solver, &spread)?;
        let (quantity, denoises) = (solver.quantity(), solver.denoises());
        let course = Course { field: &field, quantity, denoises, spread: &spread, forward: options.forward };
        let times = course.times(options.t_span.as_deref())?;
        let ends_at_data = times.last() == course.times(None)?.last();
        let solver = solver.with_times(|t| course.process_time(t));
        Ok(Setup { field, solver, spread, times, ends_at_data })
    }
}

fn solver(inner: &Inner, options: &SampleOptions) -> Result<SolverConfig> {
    let configured = || inner.definition.common().solver.clone();
    let solver = options.solver.clone().unwrap_or_else(configured);
    let solver = undenoised(solver, options)?;
    if !options.log_prob || solver.quantity() == Quantity::Velocity {
        return Ok(solver);
    }
    match &options.solver {
        None => Ok(SolverConfig::Ode(OdeSolver::default())),
        Some(_) => {
            let expected = "an ODESolver: a density is followed along the probability-flow ODE";
            Err(ModelError::config("solver.type", expected, "another solver"))
        }
    }
}

/// Refuses what presumes a score where a flow has none: noise added on the way, an energy, a jump back to noise.
fn check_source(inner: &Inner, field: &Field, options: &SampleOptions, solver: &SolverConfig, spread: &Spread) -> Result<()> {
    let Process::Interpolant(path) = field.process() else { return Ok(()) };
    if path.as_gaussian().is_none() || (inner.definition.has_normal_source() && !inner.source_is_data()) {
        return Ok(());
    }
    let random = solver.is_stochastic() && !(solver.quantity() == Quantity::Drift && spread.is_zero());
    let asked = [
        ("solver", random, "one that adds noise"),
        ("energy", field.energy.is_some(), "an energy"),
        ("resample", options.resample.is_some(), "jumps back"),
    ];
    match asked.into_iter().find(|(_, wanted, _)| *wanted) {
        None => Ok(()),
        Some((option, _, got)) => {
            let expected = format!(
                "{}: this flow has no score, since its source is not normal noise independent of the data",
                if option == "solver" { "a solver without noise (ODESolver, DPMSolver, …)" } else { "none" }
            );
            Err(ModelError::config(option, expected, got))
        }
    }
}

/// Without the last step to the predicted datum where it makes no sense: a density does not survive it, and the way to noise does not end at data. It is
/// left out of the model's own solver, and refused where the call asks for it.
fn undenoised(solver: SolverConfig, options: &SampleOptions) -> Result<SolverConfig> {
    if !solver.denoises() || !(options.log_prob || options.forward) {
        return Ok(solver);
    }
    if options.solver.is_some() {
        let why = if options.log_prob { "the predicted datum has no density" } else { "the way ends at noise" };
        return Err(ModelError::config("solver.args.denoiseFinal", format!("false, since {why}"), true));
    }
    Ok(solver.without_denoising())
}

fn spread(field: &Field, options: &SampleOptions, solver: &SolverConfig) -> Result<Spread> {
    let process = field.process();
    let spread = if solver.quantity() == Quantity::Drift { options.diffusion.clone().unwrap_or_default() } else { Spread::Zero };
    let of_path = matches!(spread, Spread::G | Spread::GScaled { .. });
    if of_path && view(&process).is_none() {
        return Err(ModelError::config("diffusion.type", "a diffusion that is no multiple of g, since a bridge has no g", "g"));
    }
    if let Some(view) = view(&process) {
        spread.validate_on(&view.path).map_err(|e| ModelError::config(format!("diffusion.{}", e.field), e.expected, e.got))?;
    }
    Ok(spread)
}

fn field(inner: &Arc<Inner>, options: &SampleOptions, guides: Guides, given: Given, solver: &SolverConfig) -> Result<Field> {
    let Given { conditioned, normalized, fixed } = given;
    let definition = &inner.definition;
    options.guidance.as_ref().map_or(Ok(()), |guidance| guidance.check(definition, conditioned))?;
    let other = guides.other.map(|other| other_of(inner, other, options, conditioned)).transpose()?;
    let energy = match (&options.energy, guides.energy.is_empty()) {
        (None, true) => None,
        (settings, no_function) => {
            let source = if no_function { Source::Network } else { Source::Function(guides.energy) };
            if no_function && !definition.has_energy() {
                return Err(ModelError::config("energy", "an energy function, or a model with an energy of its own", "neither"));
            }
            if no_function && definition.condition().is_some() && !conditioned {
                return Err(ModelError::config("energy", "a condition, since the model's energy has one", "no condition"));
            }
            let energy = Energy { settings: settings.unwrap_or_default(), source, normalized };
            energy.check(definition)?;
            Some(energy)
        }
    };
    let transform = match (&options.schedule, definition.process()) {
        (None, _) => None,
        (Some(sampled), Process::Gaussian(trained)) => Some(ScheduleTransform { trained: trained.clone(), sampled: sampled.clone() }),
        (Some(_), _) => return Err(ModelError::config("schedule", "a diffusion model", definition.config().class())),
    };
    if transform.is_some() && (other.is_some() || energy.is_some()) {
        return Err(ModelError::config("schedule", "no guide and no energy beside it", "both"));
    }
    let width: usize = definition.x().values().map(|shape| count(shape)).sum();
    let divergence = options.log_prob.then(|| options.divergence.unwrap_or(Divergence::for_dimensions(width)));
    let (guidance, thresholding) = (options.guidance.clone(), solver.thresholding());
    Ok(Field { inner: inner.clone(), conditioned, guidance, other, energy, transform, thresholding, divergence, normalized, fixed })
}

/// The other model, if it fits as far as its config says.
fn other_of(inner: &Inner, other: Arc<Inner>, options: &SampleOptions, conditioned: bool) -> Result<Other> {
    let (own, theirs) = (&inner.definition, &other.definition);
    let fail = |expected: &str, got: String| Err(ModelError::expected("ConfigError", "guide.model does not fit", expected, got));
    if own.x() != theirs.x() || own.dtype() != theirs.dtype() {
        return fail("a model of the same xSize and dtype", format!("{:?} of {}", theirs.common().x_size, theirs.dtype()));
    }
    if own.process() != theirs.process() {
        return fail("a model of the same path", format!("{:?}", theirs.process()));
    }
    let answers = match theirs.condition() {
        None => true,
        Some(_) if conditioned => theirs.condition() == own.condition(),
        Some(_) => theirs.has_null_condition(),
    };
    if !answers {
        let got = if conditioned { "another conditionSize" } else { "one that needs a condition, and none is given" };
        return fail("a model without condition, with the same conditionSize, or that can do without (conditionDropout)", got.into());
    }
    Ok(Other { inner: other, scale: options.other_scale.unwrap_or(1.0) })
}

/// The other model's parameters, if it was normalised as this one.
///
/// # Errors
/// A `ConfigError` if it was not.
pub fn fitting(inner: &Inner, other: &Inner, weights: Weights) -> Result<[Tensor; 3]> {
    let scales = |inner: &Inner| -> Result<Vec<f64>> {
        let normalization = inner.with_store(|store| Ok(store.normalization.clone()))?;
        let tensors = normalization.iter().flat_map(|n| n.leaves.iter().flat_map(|(mean, std)| [mean.clone(), std.clone()]));
        Ok(tensors.map(|t| t.to_f64_vec()).collect::<std::result::Result<Vec<_>, _>>()?.concat())
    };
    let (a, b) = (scales(inner)?, scales(other)?);
    if a.len() != b.len() || a.iter().zip(&b).any(|(a, b)| (a - b).abs() > 1e-5 * a.abs().max(1.0)) {
        let expected = "a model normalised alike: fitted on the same data, or both with normalize: false";
        return Err(ModelError::expected("ConfigError", "guide.model does not fit", expected, "other means or deviations"));
    }
    other.with_store(|store| Ok(store.flat(weights)))
}

/// A driver over the process's times.
///
/// # Errors
/// A `ConfigError` below `solver.args`.
pub fn driver(process: &Process, solver: &SolverConfig, spread: &Spread, times: &[f64]) -> Result<Driver> {
    let view = view(process);
    let h = |t: f64| diffusion(process, spread, t);
    let problem = Problem { schedule: view.as_ref().map(|v| v as &dyn Schedule), diffusion: Some(&h) };
    solver.driver(problem, times).map_err(|e| ModelError::from(e).under("solver.args"))
}

/// All steps over the process's times, of a solver whose steps are known beforehand.
///
/// # Errors
/// As [`driver`].
pub fn plan_of(process: &Process, solver: &SolverConfig, spread: &Spread, times: &[f64]) -> Result<Plan> {
    match driver(process, solver, spread, times)? {
        Driver::Fixed(fixed) => Ok(fixed.plan().clone()),
        Driver::Adaptive(_) => Err(ModelError::new("InternalError", "an adaptive solver has no plan")),
    }
}
