//! Power-function averages of the parameters, and averages of any other length made of their snapshots when training is over.
//! Karras et al., CVPR 2024, "Analyzing and improving the training dynamics of diffusion models", section 3 and appendix C.

use crate::model::Inner;
use crate::store::{Group, Layout, Store, Weights};
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_engine::Tensor;
use thalweg_graph::Scalar;

/// The length of the average with exponent γ = 0, above which there is none.
const LONGEST: f64 = 0.288_675_134_594_812_9;

/// Averages that are tracked while training, so that others can be had from their snapshots (Karras et al. 2024, EDM2, section 3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PosthocEma {
    /// Their lengths: standard deviation of an average's weights, as a share of the training so far; in (0, 0.288). At least one, all different.
    #[serde(default = "lengths")]
    pub sigma_rel: Vec<f64>,
    /// Steps between two snapshots; ≥ 1. Each keeps one copy of the parameters for each length, in memory and in checkpoints.
    #[schemars(range(min = 1))]
    pub every: u32,
}

fn lengths() -> Vec<f64> {
    vec![0.05, 0.10]
}

impl PosthocEma {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` below `posthocEma`.
    pub fn validate(&self) -> Result<()> {
        if self.every == 0 {
            return Err(ModelError::config("posthocEma.every", "an integer ≥ 1", 0));
        }
        let different = self.sigma_rel.iter().enumerate().all(|(i, s)| !self.sigma_rel[..i].contains(s));
        if self.sigma_rel.is_empty() || !different {
            return Err(ModelError::config("posthocEma.sigmaRel", "at least one length, all different", format!("{:?}", self.sigma_rel)));
        }
        self.sigma_rel.iter().try_for_each(|s| exponent(*s).map(|_| ())).map_err(|e| e.under("posthocEma"))
    }

    /// Their exponents γ.
    ///
    /// # Errors
    /// As [`exponent`].
    pub fn exponents(&self) -> Result<Vec<f64>> {
        self.sigma_rel.iter().map(|s| exponent(*s)).collect()
    }
}

/// σ_rel of the average with exponent γ: √(γ+1) / ((γ+2)√(γ+3)).
///
/// ```
/// use thalweg_model::posthoc::{exponent, length};
/// assert!((length(6.94) - 0.10).abs() < 1e-4);
/// assert!((exponent(0.05).unwrap() - 16.97).abs() < 5e-3);
/// ```
pub fn length(gamma: f64) -> f64 {
    (gamma + 1.0).sqrt() / ((gamma + 2.0) * (gamma + 3.0).sqrt())
}

/// γ ≥ 0 of the average whose weights have the standard deviation `sigma_rel`, by bisection: the length falls with γ, and stays below 1/γ.
///
/// # Errors
/// A `ConfigError` at `sigmaRel` outside (0, 0.2886…).
pub fn exponent(sigma_rel: f64) -> Result<f64> {
    if !(sigma_rel > 0.0 && sigma_rel < LONGEST) {
        return Err(ModelError::config("sigmaRel", format!("a length in (0, {LONGEST:.4})"), sigma_rel));
    }
    let (mut low, mut high) = (0.0, 1.0 / sigma_rel);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            return Ok(middle);
        }
        if length(middle) > sigma_rel { low = middle } else { high = middle }
    }
}

/// What remains of the average at step `n` (from 1): (1 − 1/n)^(γ+1).
pub fn decay<S: Scalar>(gamma: f64, n: S) -> S {
    let left = -n.recip() + 1.0;
    // At the first step, where the logarithm of 0 would be infinite, 1e-300 is as little.
    (left.maximum(n.constant(1e-300)).ln() * (gamma + 1.0)).exp()
}

/// The weights that an average gives to the past: t^γ up to step `end`, and nothing after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Profile {
    /// Exponent.
    pub gamma: f64,
    /// Step at which the average was taken.
    pub end: f64,
}

impl Profile {
    /// ∫ p·q dt of two profiles of integral 1 (appendix C): (γ+1)(δ+1) / ((γ+δ+1)·max) · (min/max)^(exponent of the longer one), of their ends.
    pub fn product(&self, other: &Profile) -> f64 {
        let (first, last) = if self.end <= other.end { (self, other) } else { (other, self) };
        let height = (self.gamma + 1.0) * (other.gamma + 1.0) / (self.gamma + other.gamma + 1.0);
        height / last.end * (first.end / last.end).powf(last.gamma)
    }
}

/// Factors of averages with profiles `known`, whose sum comes nearest to the average with profile `wanted`: the least squares of their profiles.
///
/// # Errors
/// `CheckpointError` where there are none.
pub fn factors(known: &[Profile], wanted: &Profile) -> Result<Vec<f64>> {
    let n = known.len();
    if n == 0 {
        return Err(ModelError::expected(
            "CheckpointError",
            "posthocEma: nothing to reconstruct from",
            "a fit with posthocEma",
            "no snapshots",
        ));
    }
    // Profiles of norm 1 keep the normal equations as well conditioned as they can be.
    let norms: Vec<f64> = known.iter().map(|p| p.product(p).sqrt()).collect();
    let scaled = |i: usize, j: usize| known[i].product(&known[j]) / (norms[i] * norms[j]);
    let mut rows: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| scaled(i, j)).chain([known[i].product(wanted) / norms[i]]).collect()).collect();
    let mut solved = vec![0.0; n];
    let mut order: Vec<Option<usize>> = vec![None; n];
    // Gauss–Jordan with the greatest diagonal first. What is left when that is rounding error depends on the others, and is not needed.
    for _ in 0..n {
        let free = (0..n).filter(|&i| order[i].is_none()).max_by(|&a, &b| rows[a][a].total_cmp(&rows[b][b]));
        let Some(p) = free.filter(|&p| rows[p][p] > 1e-13) else { break };
        order[p] = Some(p);
        let pivot = rows[p].clone();
        for (i, row) in rows.iter_mut().enumerate().filter(|(i, _)| *i != p) {
            let share = row[p] / pivot[p];
            row.iter_mut().zip(&pivot).for_each(|(v, u)| *v -= share * u);
            row[p] = if i == p { row[p] } else { 0.0 };
        }
    }
    for p in order.into_iter().flatten() {
        solved[p] = rows[p][n] / rows[p][p] / norms[p];
    }
    Ok(solved)
}

/// How far a reconstruction may be from what is wanted, in the norm of profiles; EDM2's own are within a few per cent.
const FARTHEST: f64 = 0.5;

/// ‖Σ fᵢpᵢ − p‖/‖p‖ of a reconstruction.
pub fn missed(known: &[Profile], factors: &[f64], wanted: &Profile) -> f64 {
    let mut square = wanted.product(wanted);
    for (p, f) in known.iter().zip(factors) {
        square -= 2.0 * f * p.product(wanted);
        square += f * known.iter().zip(factors).map(|(q, g)| g * p.product(q)).sum::<f64>();
    }
    (square.max(0.0) / wanted.product(wanted)).sqrt()
}

/// One average at one step.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Steps taken when it was made.
    pub step: i64,
    /// Which of the lengths.
    pub which: usize,
    /// The average of the trained groups.
    pub average: [Tensor; 2],
}

/// The averages of a training and their snapshots.
#[derive(Clone, Debug)]
pub struct Tracked {
    /// What is tracked.
    pub settings: PosthocEma,
    /// The present averages, by length.
    pub averages: Vec<[Tensor; 2]>,
    /// Earlier ones, in the order in which they were taken.
    pub snapshots: Vec<Snapshot>,
}

impl Tracked {
    /// Averages that begin at these parameters.
    pub fn new(settings: PosthocEma, parameters: &[Tensor; 3]) -> Tracked {
        let start = [parameters[0].clone(), parameters[1].clone()];
        let averages = vec![start; settings.sigma_rel.len()];
        Tracked { settings, averages, snapshots: Vec::new() }
    }

    /// Takes a snapshot where one is due after `step` steps.
    pub fn observe(&mut self, step: i64) {
        if step > 0 && step % i64::from(self.settings.every) == 0 {
            let now = self.averages.iter().cloned().enumerate();
            self.snapshots.extend(now.map(|(which, average)| Snapshot { step, which, average }));
        }
    }

    /// The average of length `sigma_rel` at `step`, made of all snapshots and of the present averages.
    ///
    /// # Errors
    /// As [`exponent`] and [`factors`].
    pub fn reconstruct(&self, layout: &Layout, sigma_rel: f64, step: i64) -> Result<[Tensor; 2]> {
        let gammas = self.settings.exponents()?;
        let taken = self.snapshots.iter().filter(|s| s.step < step).map(|s| (s.step, s.which, &s.average));
        let now = self.averages.iter().enumerate().map(|(which, average)| (step, which, average));
        let all: Vec<_> = taken.chain(now.filter(|_| step > 0)).collect();
        let known: Vec<Profile> = all.iter().map(|(step, which, _)| Profile { gamma: gammas[*which], end: *step as f64 }).collect();
        let wanted = Profile { gamma: exponent(sigma_rel)?, end: step as f64 };
        let factors = factors(&known, &wanted)?;
        let missed = missed(&known, &factors, &wanted);
        if missed > FARTHEST {
            let expected = "a length nearer to those that were tracked, or a fit with more snapshots (posthocEma.every)";
            let got = format!("{sigma_rel}, whose weights the snapshots miss by {:.0} %", 100.0 * missed);
            return Err(ModelError::config("sigmaRel", expected, got));
        }
        let mut sums = Vec::new();
        for group in Group::TRAINED {
            let mut sum = vec![0.0; layout.size(group)];
            for ((_, _, average), factor) in all.iter().zip(&factors).filter(|(_, f)| **f != 0.0) {
                let values = average[group as usize].to_f64_vec()?;
                sum.iter_mut().zip(values).for_each(|(s, v)| *s += factor * v);
            }
            sums.push(crate::data::tensor_of(sum, &[layout.size(group)], layout.dtype())?);
        }
        sums.try_into().map_err(|_| ModelError::new("InternalError", "a reconstruction has two groups"))
    }
}

impl Store {
    /// Makes the averages ready for a fit: begun anew, or gone on with.
    ///
    /// # Errors
    /// A `ConfigError` at `posthocEma` where a resumed training had others, or none.
    pub fn track(&mut self, wanted: Option<&PosthocEma>, resume: bool) -> Result<()> {
        let Some(wanted) = wanted else {
            self.posthoc = None;
            return Ok(());
        };
        if !resume || self.step == 0 {
            self.posthoc = Some(Tracked::new(wanted.clone(), &self.parameters));
            return Ok(());
        }
        match &self.posthoc {
            Some(tracked) if tracked.settings == *wanted => Ok(()),
            other => {
                let expected = "the settings that the training was begun with: an average needs all of the past";
                let got = other.as_ref().map_or("none".into(), |t| format!("{:?} every {} steps", t.settings.sigma_rel, t.settings.every));
                Err(ModelError::config("posthocEma", expected, format!("others; it was begun with {got}")))
            }
        }
    }
}

impl Inner {
    /// The parameters averaged over a length of `sigma_rel` of the training so far, in declaration order. A model's own energy keeps its average.
    ///
    /// # Errors
    /// A `ConfigError` at `sigmaRel`; a `CheckpointError` where the training tracked no averages.
    pub fn posthoc_ema(&self, sigma_rel: f64) -> Result<Vec<Tensor>> {
        let layout = self.definition.layout();
        let [a, b] = self.with_store(|store| self.averaged(store, sigma_rel))?;
        self.with_store(|store| layout.unflatten(&[a, b, store.parameters[2].clone()]))
    }

    /// Puts [`Inner::posthoc_ema`] in the place of the moving average, so that it is sampled with.
    ///
    /// # Errors
    /// As [`Inner::posthoc_ema`]; `TrainingError` while a fit is under way. Nothing has changed then.
    pub fn use_posthoc_ema(&self, sigma_rel: f64) -> Result<()> {
        self.refuse_while_training("usePosthocEma")?;
        self.with_store(|store| {
            store.ema = Some(self.averaged(store, sigma_rel)?);
            store.version += 1;
            Ok(())
        })
    }

    fn averaged(&self, store: &Store, sigma_rel: f64) -> Result<[Tensor; 2]> {
        let layout = self.definition.layout();
        let none = || ModelError::expected("CheckpointError", "posthocEma: nothing to reconstruct from", "a fit with posthocEma", "none");
        let mut average = store.posthoc.as_ref().ok_or_else(none)?.reconstruct(layout, sigma_rel, store.step)?;
        let (kept, present) = (self.definition.energy_parameters(), store.flat(Weights::Ema));
        if kept.contains(&true) {
            for group in Group::TRAINED {
                let k = group as usize;
                average[k] = layout.merge(group, &present[k], Some(&average[k]), &kept)?;
            }
        }
        Ok(average)
    }
}
