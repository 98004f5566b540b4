//! Straightness ∫E‖(x₁ − x₀) − v_t‖²dt of a flow's trajectories; Liu et al. 2023 (rectified flow).
//! 0 for straight lines at constant speed, which one Euler step follows exactly.

use crate::trajectories::Trajectories;

/// ∫₀¹ E‖(x₁ − x₀) − v_t‖² dt of the trajectories as they are stored, time scaled to [0, 1]; in squared units of the points.
///
/// x₀ and x₁ are the first and last states, so that it equals the path energy minus E‖x₁ − x₀‖².
///
/// ```
/// use thalweg_metric::{Trajectories, straightness};
/// // One sample goes 0 → 3 → 4: velocities 6 and 2 around the mean 4.
/// let bent = Trajectories::new(&[0.0, 0.5, 1.0], &[0.0, 3.0, 4.0], 1, 1)?;
/// assert_eq!(straightness(&bent), 4.0);
/// # Ok::<(), thalweg_metric::MetricError>(())
/// ```
pub fn straightness(trajectories: &Trajectories<'_>) -> f64 {
    let displacement: Vec<f64> = trajectories.start().iter().zip(trajectories.end()).map(|(x, y)| y - x).collect();
    trajectories.energy_about(Some(&displacement))
}
