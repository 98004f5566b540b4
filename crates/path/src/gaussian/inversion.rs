//! t(λ) by bracketed Newton iteration, for paths whose half log-SNR has no closed inverse.
//! A fixed number of steps without any loop on values, so that the same code inverts on the host and on a graph.

use super::GaussianPath;
use thalweg_graph::{Scalar, ops::Comparison};

/// Ends of the table, in the logit of the fraction of the path: fractions from 4e-18 to 1 − 8e-17.
const LOGITS: [f64; 2] = [-40.0, 37.0];
/// Number of intervals of the table.
const INTERVALS: u32 = 32;
/// Steps within an interval: enough for 64-bit numbers by bisection of any function that Newton's step keeps leaving.
const STEPS: u32 = 16;

/// A point of the table: λ at a logit.
struct Knot {
    logit: f64,
    lambda: f64,
}

/// The time at which the half log-SNR of `path` is `lambda`; the path's end where λ lies beyond it.
///
/// Newton's method in z = logit((t − t_min)/(t_max − t_min)), in which λ is nearly linear wherever s or σ vanishes like a power of the
/// distance to an end. A step that leaves the bracket is replaced by bisection. Derivatives with respect to `lambda` are right, too.
///
/// ```
/// use thalweg_path::{GaussianPath, Path, invert_half_log_snr};
/// let path = Path::gvp();
/// let t = invert_half_log_snr(&path, 0.7);
/// assert!((t - path.time_of_half_log_snr(0.7)).abs() < 1e-14);
/// ```
pub fn invert_half_log_snr<P: GaussianPath + ?Sized, S: Scalar>(path: &P, lambda: S) -> S {
    let (start, span) = (path.t_min(), path.t_max() - path.t_min());
    let table = table(path);
    let constant = |value: f64| lambda.constant(value);
    let [first, .., last] = &table[..] else {
        // No two times have different λ; validation refuses such a path.
        return constant(f64::NAN);
    };
    let (mut low, mut high) = bracket(&table, lambda);
    let mut z = (low + high) * 0.5;
    for _ in 0..STEPS {
        let fraction = z.sigmoid();
        let t = fraction * span + start;
        let excess = path.half_log_snr(t) - lambda;
        // λ falls: where it still exceeds the wanted one, the root lies at a later time.
        low = excess.choose(Comparison::Gt, constant(0.0), z, low);
        high = excess.choose(Comparison::Gt, constant(0.0), high, z);
        let slope = path.d_half_log_snr(t) * fraction * (-z).sigmoid() * span;
        let newton = z - excess / slope;
        let middle = (low + high) * 0.5;
        let above = newton.choose(Comparison::Ge, low, newton, middle);
        z = above.choose(Comparison::Le, high, above, middle);
    }
    let t = (z.sigmoid() * span + start).maximum(constant(start)).minimum(constant(start + span));
    let t = lambda.choose(Comparison::Ge, constant(first.lambda), constant(path.t_min()), t);
    lambda.choose(Comparison::Le, constant(last.lambda), constant(path.t_max()), t)
}

/// λ at evenly spaced logits, as far as it is finite and falls; on the host.
fn table<P: GaussianPath + ?Sized>(path: &P) -> Vec<Knot> {
    let [from, to] = LOGITS;
    let mut table: Vec<Knot> = Vec::new();
    for k in 0..=INTERVALS {
        let logit = from + (to - from) * f64::from(k) / f64::from(INTERVALS);
        let lambda = path.half_log_snr(path.t_min() + Scalar::sigmoid(logit) * (path.t_max() - path.t_min()));
        if lambda.is_finite() && table.last().is_none_or(|previous| lambda < previous.lambda) {
            table.push(Knot { logit, lambda });
        }
    }
    table
}

/// The interval of the table that holds λ.
fn bracket<S: Scalar>(table: &[Knot], lambda: S) -> (S, S) {
    let inner = &table[1..table.len() - 1];
    let constant = |value: f64| lambda.constant(value);
    let low = inner
        .iter()
        .fold(constant(table[0].logit), |low, knot| lambda.choose(Comparison::Lt, constant(knot.lambda), constant(knot.logit), low));
    let high = inner.iter().rev().fold(constant(table[table.len() - 1].logit), |high, knot| {
        lambda.choose(Comparison::Lt, constant(knot.lambda), high, constant(knot.logit))
    });
    (low, high)
}
