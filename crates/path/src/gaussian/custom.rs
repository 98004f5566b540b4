//! custom: a path of one's own, from two functions of t given as data; the identities of Kingma et al. 2021 give everything else.
//! Either log s and log σ on an open interval, or s and σ themselves, which may reach 0 at the ends.

use super::{CUT, GaussianPath, PathError, Result};
use crate::time_range::{DEFAULT_T_MIN, TimeRange};
use crate::{Expression, Jet, differentiate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::Scalar;

/// A path of one's own. Its time derivatives are those of its functions, t(λ) is found by iteration.
///
/// ```
/// use thalweg_path::{Custom, Expression, GaussianPath, Schedule};
/// // The straight path once more.
/// let scale = Expression::trace(|t| t.constant(1.0) - t).unwrap();
/// let std = Expression::trace(|t| t).unwrap();
/// let path = Custom { t_min: 0.0, t_max: 1.0, schedule: Schedule::Plain { scale, std } };
/// assert_eq!(path.validate(), Ok(()));
/// assert_eq!((path.scale(0.25), path.delta(0.25)), (0.75, 1.0));
/// assert!((path.time_of_half_log_snr(3f64.ln()) - 0.25).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "CustomConfig", into = "CustomConfig")]
pub struct Custom {
    /// The data end.
    pub t_min: f64,
    /// The noise end.
    pub t_max: f64,
    /// The two functions.
    pub schedule: Schedule,
}

/// The two functions of t that make a custom path.
#[derive(Clone, Debug, PartialEq)]
pub enum Schedule {
    /// Logarithms, finite inside of the interval: accurate however small s or σ become.
    Log {
        /// log s.
        log_scale: Expression,
        /// log σ.
        log_std: Expression,
    },
    /// The functions themselves.
    Plain {
        /// s, positive inside of the interval.
        scale: Expression,
        /// σ, positive inside of the interval.
        std: Expression,
    },
}

/// A path of one's own: either `logScale` and `logStd`, or `scale` and `std`, functions of t between tMin and tMax.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CustomConfig {
    /// The data end of the path; at least 0. Default 0.
    #[serde(default)]
    t_min: f64,
    /// The noise end of the path; more than tMin. Default 1.
    #[serde(default = "one")]
    t_max: f64,
    /// log s(t), the logarithm of the factor of the data; finite inside of (tMin, tMax).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_scale: Option<Expression>,
    /// log σ(t), the logarithm of the standard deviation of the noise; finite inside of (tMin, tMax), less log s rising strictly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_std: Option<Expression>,
    /// s(t), the factor of the data; positive inside of (tMin, tMax).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale: Option<Expression>,
    /// σ(t), the standard deviation of the noise; positive inside of (tMin, tMax), σ/s rising strictly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    std: Option<Expression>,
}

fn one() -> f64 {
    1.0
}

impl TryFrom<CustomConfig> for Custom {
    type Error = PathError;
    fn try_from(config: CustomConfig) -> Result<Custom> {
        let CustomConfig { t_min, t_max, log_scale, log_std, scale, std } = config;
        let named = [("logScale", &log_scale), ("logStd", &log_std), ("scale", &scale), ("std", &std)];
        let got: Vec<&str> = named.iter().filter(|(_, given)| given.is_some()).map(|(name, _)| *name).collect();
        let got = if got.is_empty() { "neither".into() } else { got.join(" and ") };
        let schedule = match (log_scale, log_std, scale, std) {
            (Some(log_scale), Some(log_std), None, None) => Schedule::Log { log_scale, log_std },
            (None, None, Some(scale), Some(std)) => Schedule::Plain { scale, std },
            _ => return Err(PathError { field: "scale", expected: "either logScale and logStd, or scale and std".into(), got }),
        };
        Ok(Custom { t_min, t_max, schedule })
    }
}

impl From<Custom> for CustomConfig {
    fn from(Custom { t_min, t_max, schedule }: Custom) -> CustomConfig {
        let none = CustomConfig { t_min, t_max, log_scale: None, log_std: None, scale: None, std: None };
        match schedule {
            Schedule::Log { log_scale, log_std } => CustomConfig { log_scale: Some(log_scale), log_std: Some(log_std), ..none },
            Schedule::Plain { scale, std } => CustomConfig { scale: Some(scale), std: Some(std), ..none },
        }
    }
}

/// The value and derivative of an expression.
fn jet<S: Scalar>(expression: &Expression, t: S) -> Jet<S> {
    differentiate(|t| expression.evaluate(t), t)
}

/// Parts into which validation divides the interval.
const PARTS: u32 = 256;
/// Every how many times the inverse is checked.
const INVERTED: usize = 12;
/// Allowed error of λ(t(λ)).
const TOLERANCE: f64 = 1e-9;

impl Custom {
    /// Times inside of the interval: evenly spaced, and dense towards both cuts of the regular range.
    fn grid(&self) -> Vec<f64> {
        let mut fractions: Vec<f64> = (0..PARTS).map(|i| (f64::from(i) + 0.5) / f64::from(PARTS)).collect();
        let ratios = (0..=16).map(|i| f64::from(i) / 16.0);
        fractions.extend(ratios.clone().map(|r| DEFAULT_T_MIN * (1e-2 / DEFAULT_T_MIN).powf(r)));
        fractions.extend(ratios.map(|r| 1.0 - CUT.scale * (1e-2 / CUT.scale).powf(r)));
        fractions.sort_by(f64::total_cmp);
        fractions.into_iter().map(|x| self.t_min + x * (self.t_max - self.t_min)).collect()
    }

    /// The fields of the config that give s and σ.
    fn fields(&self) -> [&'static str; 2] {
        match self.schedule {
            Schedule::Log { .. } => ["logScale", "logStd"],
            Schedule::Plain { .. } => ["scale", "std"],
        }
    }

    /// Checks that s, σ and their slopes are finite inside, s and σ positive.
    fn validate_values(&self) -> Result<()> {
        let [scale, std] = self.fields();
        let inside = format!("in ({}, {})", self.t_min, self.t_max);
        for t in self.grid() {
            let positive = [(scale, self.scale(t)), (std, self.std(t))];
            for (field, value) in positive {
                let expected = format!("a positive finite value of {} at every t {inside}", if field == scale { "s" } else { "σ" });
                PathError::require_at(value.is_finite() && value > 0.0, field, expected, value, t)?;
            }
            for (field, slope) in [(scale, self.d_scale(t)), (std, self.d_std(t))] {
                PathError::require_at(slope.is_finite(), field, format!("a finite derivative at every t {inside}"), slope, t)?;
            }
        }
        let ends = [(scale, "s", self.scale(self.t_min), self.t_min), (std, "σ", self.std(self.t_max), self.t_max)];
        for (field, symbol, value, t) in ends {
            PathError::require_at(value.is_finite() && value > 0.0, field, format!("a positive finite {symbol} at this end"), value, t)?;
        }
        Ok(())
    }

    /// Checks that λ falls and that its inverse is found.
    fn validate_half_log_snr(&self) -> Result<()> {
        let [_, std] = self.fields();
        let falls = "a log signal-to-noise ratio log s − log σ that falls strictly with t";
        let known: Vec<(f64, f64)> = self.grid().into_iter().map(|t| (t, self.half_log_snr(t))).collect();
        for pair in known.windows(2) {
            let ((_, before), (t, after)) = (pair[0], pair[1]);
            PathError::require_at(after < before, std, format!("{falls}: less than {before}"), after, t)?;
        }
        for &(t, _) in &known {
            let delta = self.delta(t);
            PathError::require_at(delta > 0.0, std, format!("{falls}: sσ̇ − ṡσ > 0"), delta, t)?;
        }
        // A search takes dozens of values: a few of them, both ends among them, tell whether it works.
        for (t, lambda) in known.iter().copied().step_by(INVERTED).chain(known.last().copied()) {
            let found = self.half_log_snr(self.time_of_half_log_snr(lambda));
            let error = (found - lambda).abs() / lambda.abs().max(1.0);
            PathError::require_at(error <= TOLERANCE, std, format!("functions smooth enough that t(λ) is found at λ = {lambda}"), found, t)?;
        }
        Ok(())
    }
}

impl GaussianPath for Custom {
    fn validate(&self) -> Result<()> {
        let Custom { t_min, t_max, .. } = *self;
        PathError::require(t_min.is_finite() && t_min >= 0.0, "tMin", "a finite number ≥ 0", t_min)?;
        PathError::require(t_max.is_finite() && t_max > t_min, "tMax", format!("a finite number > tMin ({t_min})"), t_max)?;
        self.validate_values()?;
        self.validate_half_log_snr()
    }

    fn t_min(&self) -> f64 {
        self.t_min
    }

    fn t_max(&self) -> f64 {
        self.t_max
    }

    /// All of it, less 1e-5 of the interval where something is infinite at the data end, and 1e-3 at the noise end.
    fn regular_range(&self) -> TimeRange {
        let span = self.t_max - self.t_min;
        let singular = |t: f64| {
            let values = [self.d_scale(t), self.d_std(t), self.drift_coefficient(t), self.diffusion_squared(t), self.half_log_snr(t)];
            let inverses = [self.scale(t).recip(), self.std(t).recip(), self.delta(t).recip()];
            values.into_iter().chain(inverses).any(|value| !value.is_finite())
        };
        TimeRange::new(
            if singular(self.t_min) { self.t_min + DEFAULT_T_MIN * span } else { self.t_min },
            if singular(self.t_max) { self.t_max - CUT.scale * span } else { self.t_max },
        )
    }

    fn log_scale<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_scale, .. } => log_scale.evaluate(t),
            Schedule::Plain { scale, .. } => scale.evaluate(t).ln(),
        }
    }

    fn scale<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_scale, .. } => log_scale.evaluate(t).exp(),
            Schedule::Plain { scale, .. } => scale.evaluate(t),
        }
    }

    fn std<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_std, .. } => log_std.evaluate(t).exp(),
            Schedule::Plain { std, .. } => std.evaluate(t),
        }
    }

    fn d_scale<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { .. } => self.drift_coefficient(t) * self.scale(t),
            Schedule::Plain { scale, .. } => jet(scale, t).derivative,
        }
    }

    fn d_std<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_std, .. } => {
                let log_std = jet(log_std, t);
                log_std.derivative * log_std.value.exp()
            }
            Schedule::Plain { std, .. } => jet(std, t).derivative,
        }
    }

    fn drift_coefficient<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_scale, .. } => jet(log_scale, t).derivative,
            Schedule::Plain { scale, .. } => {
                let scale = jet(scale, t);
                scale.derivative / scale.value
            }
        }
    }

    /// 2σ²(d log σ − d log s), or 2σΔ/s.
    fn diffusion_squared<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { .. } => self.std(t).square() * self.d_half_log_snr(t) * -2.0,
            Schedule::Plain { .. } => self.std(t) * self.delta(t) / self.scale(t) * 2.0,
        }
    }

    fn half_log_snr<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_scale, log_std } => log_scale.evaluate(t) - log_std.evaluate(t),
            Schedule::Plain { scale, std } => (scale.evaluate(t) / std.evaluate(t)).ln(),
        }
    }

    fn d_half_log_snr<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { log_scale, log_std } => jet(log_scale, t).derivative - jet(log_std, t).derivative,
            Schedule::Plain { .. } => -(self.delta(t) / (self.scale(t) * self.std(t))),
        }
    }

    fn delta<S: Scalar>(&self, t: S) -> S {
        match &self.schedule {
            Schedule::Log { .. } => -(self.d_half_log_snr(t) * self.scale(t) * self.std(t)),
            Schedule::Plain { scale, std } => {
                let (scale, std) = (jet(scale, t), jet(std, t));
                scale.value * std.derivative - scale.derivative * std.value
            }
        }
    }
}
