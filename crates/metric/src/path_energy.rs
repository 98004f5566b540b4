//! Path energy ∫E‖v‖²dt and its excess over W₂², the least that any flow between the ends needs (Benamou & Brenier 2000).
//! The normalised path energy of Tong et al. 2024 (OT-CFM): 0 for the optimal flow.

use crate::trajectories::{Trajectories, check_times};
use crate::{ExactWasserstein, MetricError, Result};
use serde::Serialize;

/// The excess of a path's energy over the least possible.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NormalizedPathEnergy {
    /// ∫₀¹ E‖v‖² dt, in squared units of the points.
    pub path_energy: f64,
    /// W₂² between the ends, not halved.
    pub wasserstein_squared: f64,
    /// (path energy − W₂²)/W₂².
    pub normalized: f64,
}

/// Σ E‖Δx‖²/Δt with time scaled to [0, 1]: ∫E‖v‖²dt of the trajectories as they are stored, straight between their times. Curves between
/// them would add to it.
pub fn path_energy(trajectories: &Trajectories<'_>) -> f64 {
    trajectories.energy_about(None)
}

/// ∫E‖v‖²dt by the trapezoidal rule from E‖v‖² at `times`, which need not be equally spaced; time is scaled to [0, 1].
/// `mean_squared_speeds` are with respect to the times as given.
///
/// # Errors
/// A `ShapeError` if there are fewer than two times or not one speed each; a `DataError` if times do not ascend, or a squared speed is
/// negative or not finite.
pub fn path_energy_of_speeds(times: &[f64], mean_squared_speeds: &[f64]) -> Result<f64> {
    check_times(times)?;
    if mean_squared_speeds.len() != times.len() {
        return Err(MetricError::shape("there is not one squared speed per time", times.len(), mean_squared_speeds.len()));
    }
    if let Some(k) = mean_squared_speeds.iter().position(|s| !(s.is_finite() && *s >= 0.0)) {
        return Err(MetricError::data("a squared speed is wrong", "finite numbers ≥ 0", format!("{} at {k}", mean_squared_speeds[k])));
    }
    let intervals = times.windows(2).zip(mean_squared_speeds.windows(2));
    let integral: f64 = intervals.map(|(t, s)| 0.5 * (t[1] - t[0]) * (s[0] + s[1])).sum();
    // In scaled time the path takes 1/span as long, at span times the speed.
    Ok(integral * (times[times.len() - 1] - times[0]))
}

/// (path energy − W₂²)/W₂². With W₂ between the first and last states of the same trajectories it is ≥ 0 by Jensen's inequality; with W₂
/// between source and data it can be negative, where the flow stops short of the data. Papers that print its absolute value hide that.
///
/// # Errors
/// A `DataError` if the path energy is not finite or negative, or W₂ is 0.
pub fn normalized_path_energy(path_energy: f64, wasserstein: &ExactWasserstein) -> Result<NormalizedPathEnergy> {
    if !(path_energy.is_finite() && path_energy >= 0.0) {
        return Err(MetricError::data("the path energy is wrong", "a finite number ≥ 0", path_energy));
    }
    let least = wasserstein.squared;
    if !(least.is_finite() && least > 0.0) {
        return Err(MetricError::data("the path energy cannot be normalised, because its ends do not differ", "W₂² > 0", least));
    }
    Ok(NormalizedPathEnergy { path_energy, wasserstein_squared: least, normalized: (path_energy - least) / least })
}
