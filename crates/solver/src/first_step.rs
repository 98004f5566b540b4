//! How long the first step should be, before any error is known.
//! Two slopes suffice: one at the start, one a short trial step later.

/// Length of the trial step (Hairer, Nørsett & Wanner, section II.4, starting step size, parts a and b): a step of Euler's
/// method of this length changes the state by about a hundredth.
///
/// `state` and `slope` are norms of x and f(t₀, x), each element in units of atol + rtol·|x|. The result is in units of t, > 0.
pub fn trial_step(state: f64, slope: f64) -> f64 {
    if state < 1e-5 || slope < 1e-5 { 1e-6 } else { 0.01 * (state / slope) }
}

/// Length of the first step (the same, parts d to f): that at which the method's error would be about a hundredth of what is
/// tolerated.
///
/// `trial` is the length of the trial step, `slope` as above, `curvature` the norm of the change of slope over the trial step,
/// divided by its length; `error_order` the order of the solution whose error is estimated. In units of t, > 0, ≤ 100·`trial`.
///
/// ```
/// use thalweg_solver::first_step;
/// assert!((first_step(0.1, 32.0, 10.0, 4) - (0.01f64 / 32.0).powf(0.2)).abs() < 1e-15);
/// ```
pub fn first_step(trial: f64, slope: f64, curvature: f64, error_order: u32) -> f64 {
    let steepest = slope.max(curvature);
    let wanted = if steepest <= 1e-15 { (trial * 1e-3).max(1e-6) } else { (0.01 / steepest).powf(1.0 / f64::from(error_order + 1)) };
    wanted.min(100.0 * trial)
}
