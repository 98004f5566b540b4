//! Derivatives by Richardson extrapolation of finite differences, central or one-sided.

use thalweg_path::{GaussianPath, Path};

const LEVELS: usize = 8;

/// An extrapolated derivative and how far its neighbours in the table are from it.
struct Estimate {
    value: f64,
    error: f64,
}

/// f′(t), from values of f in [0, 1] only.
pub fn derivative(f: impl Fn(f64) -> f64, t: f64) -> f64 {
    between(0.0, 1.0, f, t)
}

/// f′(t), from values of f within `path` only; cosine_vp goes on beyond its end, to where it is singular.
pub fn along(path: &Path, f: impl Fn(f64) -> f64, t: f64) -> f64 {
    let end = if matches!(path, Path::CosineVp(_)) { 1.0 } else { path.t_max() };
    between(path.t_min(), end, f, t)
}

/// Of the central, forward and backward estimates that have room, the one that agrees best with itself: near an end where f is smooth a
/// one-sided one with larger steps, where f is singular the central one. A start beyond 0 may be near a singularity at 0.
fn between(start: f64, end: f64, f: impl Fn(f64) -> f64, t: f64) -> f64 {
    let most = if start > 0.0 { (0.02 * (end - start)).min(0.25 * t) } else { 0.02 * (end - start) };
    let room = |distance: f64| (0.5 * distance).min(most);
    let central = room((t - start).min(end - t));
    let slope = |h: f64| (f(t + h) - f(t)) / h;
    let magnitude = 1.0 + f(t).abs();
    let mut estimates = Vec::new();
    if central > 0.0 {
        estimates.push(extrapolate(|h| (f(t + h) - f(t - h)) / (2.0 * h), central, 4.0, magnitude));
    }
    for step in [room(end - t), -room(t - start)] {
        if step != 0.0 {
            estimates.push(extrapolate(slope, step, 2.0, magnitude));
        }
    }
    estimates.into_iter().min_by(|a, b| a.error.total_cmp(&b.error)).expect("t lies in the interval").value
}

/// Halves the step and removes error terms one after the other; each is `ratio` times smaller than the one before (Ridders 1982).
/// `magnitude` is that of the values whose rounding limits a difference.
fn extrapolate(difference: impl Fn(f64) -> f64, step: f64, ratio: f64, magnitude: f64) -> Estimate {
    let mut previous: Vec<f64> = vec![difference(step)];
    let mut best = Estimate { value: previous[0], error: f64::INFINITY };
    for k in 1..LEVELS {
        let h = step / f64::from(1u32 << k);
        let rounding = f64::EPSILON * magnitude / h.abs();
        let mut row = vec![difference(h)];
        for j in 0..k {
            let factor = ratio.powi(j as i32 + 1);
            row.push((factor * row[j] - previous[j]) / (factor - 1.0));
            let error = (row[j + 1] - row[j]).abs().max((row[j + 1] - previous[j]).abs()) + rounding;
            if error < best.error {
                best = Estimate { value: row[j + 1], error };
            }
        }
        previous = row;
    }
    best
}
