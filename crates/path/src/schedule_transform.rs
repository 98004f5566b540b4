//! Sampling a model trained on one path along another: at equal λ both paths see the same noise and data, up to a factor of x.
//! Karras et al. 2022, section 4 (the choice of schedule is the sampler's); Lipman et al. 2024 (flow-matching guide), post-training scheduler change.

use crate::Parameterization::{self, Data, Noise, Score, Velocity};
use crate::{GaussianPath, Path, TimeRange, convert, target};
use thalweg_graph::Scalar;

/// A model trained on one path, seen from another.
///
/// ```
/// use thalweg_path::{Parameterization::{Noise, Velocity}, Path, ScheduleTransform};
/// let transform = ScheduleTransform { trained: Path::default(), sampled: Path::linear() };
/// // Data N(0, 1) on linear_vp_sde: the network ε(t, x) = σ(t) x. On linear the exact velocity is (2r − 1)x/(r² + (1 − r)²).
/// let (r, x) = (0.25, 0.8);
/// let point = transform.trained_point(r, x);
/// let network = thalweg_path::GaussianPath::std(&transform.trained, point.t) * point.x;
/// let velocity = transform.convert(Noise, Velocity, r, x, network);
/// assert!((velocity - -0.5 / 0.625 * x).abs() < 1e-13);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleTransform {
    /// Path A, which the network knows.
    pub trained: Path,
    /// Path B, along which a sampler goes.
    pub sampled: Path,
}

/// Where the network is asked.
#[derive(Clone, Copy, Debug)]
pub struct TrainedPoint<S> {
    /// t_A, the time of equal λ on the trained path; the shape of r.
    pub t: S,
    /// x_A = x_B s_A/s_B.
    pub x: S,
}

impl ScheduleTransform {
    /// t_A(r), the time on the trained path at which λ is that of the sampled path at `r`; kept within the trained path.
    pub fn trained_time<S: Scalar>(&self, r: S) -> S {
        let t = self.trained.time_of_half_log_snr(self.sampled.half_log_snr(r));
        t.maximum(r.constant(self.trained.t_min())).minimum(r.constant(self.trained.t_max()))
    }

    /// x_A/x_B = s_A/s_B = σ_A/σ_B, as √((s_A² + σ_A²)/(s_B² + σ_B²)): neither s nor σ may be 0 at an end, both never are.
    fn ratio<S: Scalar>(&self, t: S, r: S) -> S {
        let size = |path: &Path, t: S| path.scale(t).square() + path.std(t).square();
        (size(&self.trained, t) / size(&self.sampled, r)).sqrt()
    }

    /// Where the network, trained on A, has to be evaluated for a sample `x` at time `r` of B. r broadcasts against x.
    pub fn trained_point<S: Scalar>(&self, r: S, x: S) -> TrainedPoint<S> {
        let t = self.trained_time(r);
        TrainedPoint { t, x: self.ratio(t, r) * x }
    }

    /// `value`, of kind `from` on A at [`trained_point`](ScheduleTransform::trained_point)`(r, x)`, as a prediction of kind `to` on B at (r, x).
    ///
    /// Noise and data are the same functions on both paths, a score grows by s_A/s_B, and a velocity becomes noise and data together, so
    /// that what is finite from velocity on A stays so.
    pub fn convert<S: Scalar>(&self, from: Parameterization, to: Parameterization, r: S, x: S, value: S) -> S {
        let TrainedPoint { t, x: x_trained } = self.trained_point(r, x);
        match from {
            Noise | Data => convert(&self.sampled, from, to, r, x, value),
            Score => convert(&self.sampled, Score, to, r, x, self.ratio(t, r) * value),
            Velocity => {
                let [data, noise] = [Data, Noise].map(|kind| convert(&self.trained, Velocity, kind, t, x_trained, value));
                target(&self.sampled, to, r, data, noise)
            }
        }
    }

    /// The times of B at which [`convert`](ScheduleTransform::convert) is finite and the network was trained: λ must occur on A.
    pub fn range(&self, from: Parameterization, to: Parameterization) -> TimeRange {
        let finite = |r: f64| self.convert(from, to, r, 1.0, 0.5).is_finite() && self.trained_time(r).is_finite();
        let all = self
            .common(TimeRange::new(self.trained.t_min(), self.trained.t_max()), TimeRange::new(self.sampled.t_min(), self.sampled.t_max()));
        let regular = self.common(self.trained.regular_range(), self.sampled.regular_range());
        TimeRange {
            t_min: if finite(all.t_min) { all.t_min } else { regular.t_min },
            t_max: if finite(all.t_max) { all.t_max } else { regular.t_max },
        }
    }

    /// The times of `sampled` whose λ occurs within `trained`.
    fn common(&self, trained: TimeRange, sampled: TimeRange) -> TimeRange {
        let lambda = |t: f64| self.trained.half_log_snr(t);
        let reaches = |r: f64| self.sampled.half_log_snr(r);
        let time = |lambda: f64| self.sampled.time_of_half_log_snr(lambda).clamp(sampled.t_min, sampled.t_max);
        let (data, noise) = (lambda(trained.t_min), lambda(trained.t_max));
        TimeRange {
            t_min: if reaches(sampled.t_min) > data { time(data) } else { sampled.t_min },
            t_max: if reaches(sampled.t_max) < noise { time(noise) } else { sampled.t_max },
        }
    }
}
