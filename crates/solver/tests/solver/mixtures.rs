//! Gaussian mixtures on the line, carried exactly through every path: score, noise, datum, velocity and trajectories.
//! A trajectory of the probability flow keeps its quantile, so that its end is the root of one equation.

use crate::schedules::Path;
use thalweg_solver::{Quantity, Query};

/// One component: weight, mean and variance of the data.
#[derive(Clone, Copy)]
pub struct Component {
    pub weight: f64,
    pub mean: f64,
    pub variance: f64,
}

pub struct Mixture {
    pub name: &'static str,
    pub components: &'static [Component],
}

pub const GAUSSIAN: Mixture = Mixture { name: "gaussian", components: &[Component { weight: 1.0, mean: 0.7, variance: 0.3 }] };

pub const TWO: Mixture = Mixture {
    name: "two components",
    components: &[Component { weight: 0.4, mean: -0.8, variance: 0.25 }, Component { weight: 0.6, mean: 0.9, variance: 0.16 }],
};

/// The standard normal distribution function, by its series or its continued fraction.
fn normal_cdf(z: f64) -> f64 {
    let density = (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    if z.abs() < 3.0 {
        let (mut term, mut sum, mut k) = (z, z, 1.0);
        while term.abs() > 1e-18 {
            k += 2.0;
            term *= z * z / k;
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let fraction = (1..200).rev().fold(z.abs(), |tail, k| z.abs() + f64::from(k) / tail);
    if z > 0.0 { 1.0 - density / fraction } else { density / fraction }
}

impl Mixture {
    /// Per component at time t: weight, mean and variance of x.
    fn marginal(&self, path: &dyn Path, t: f64) -> Vec<Component> {
        let (s, sigma) = (path.s(t), path.sigma(t));
        let carried = |c: &Component| Component { mean: s * c.mean, variance: s * s * c.variance + sigma * sigma, ..*c };
        self.components.iter().map(carried).collect()
    }

    /// S(t, x).
    pub fn score(&self, path: &dyn Path, t: f64, x: f64) -> f64 {
        let parts = self.marginal(path, t);
        let log = |c: &Component| c.weight.ln() - 0.5 * c.variance.ln() - 0.5 * (x - c.mean).powi(2) / c.variance;
        let top = parts.iter().map(log).fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = parts.iter().map(|c| (log(c) - top).exp()).collect();
        let slopes = parts.iter().zip(&weights).map(|(c, w)| w * (c.mean - x) / c.variance);
        slopes.sum::<f64>() / weights.iter().sum::<f64>()
    }

    /// The answer to a query.
    pub fn answer(&self, path: &dyn Path, query: &Query, x: f64) -> f64 {
        let (t, score) = (query.t, self.score(path, query.t, x));
        let (s, sigma, [f, rate]) = (path.s(t), path.sigma(t), path.rates(t));
        // v = fx − ½g²S, g² = −2σ²λ̇; with λ̇ > 0 where time rises towards data the same.
        let velocity = f * x + sigma * sigma * rate * score;
        match query.quantity {
            Quantity::Velocity => velocity,
            Quantity::Drift => velocity + query.score * score,
            Quantity::Noise => -sigma * score,
            Quantity::Data => (x + sigma * sigma * score) / s,
        }
    }

    fn cdf(&self, path: &dyn Path, t: f64, x: f64) -> f64 {
        self.marginal(path, t).iter().map(|c| c.weight * normal_cdf((x - c.mean) / c.variance.sqrt())).sum()
    }

    /// A point at time t: `z` standard deviations right of the first component's mean.
    pub fn start(&self, path: &dyn Path, t: f64, z: f64) -> f64 {
        let first = self.marginal(path, t)[0];
        first.mean + z * first.variance.sqrt()
    }

    /// Where the probability flow takes x at time `t` to at time `end`.
    pub fn flow(&self, path: &dyn Path, t: f64, x: f64, end: f64) -> f64 {
        if let [_] = self.components {
            let (a, b) = (self.marginal(path, t)[0], self.marginal(path, end)[0]);
            return b.mean + (x - a.mean) * (b.variance / a.variance).sqrt();
        }
        let quantile = self.cdf(path, t, x);
        let (mut low, mut high) = (-100.0, 100.0);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if self.cdf(path, end, middle) < quantile { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }
}

#[test]
fn flows_of_mixtures_have_the_velocity_as_their_rate() {
    for (path, mixture) in crate::schedules::paths().into_iter().flat_map(|p| [(p, GAUSSIAN), (p, TWO)]) {
        let [a, b] = path.span();
        for i in 1..10 {
            let t = a + (b - a) * f64::from(i) / 10.0;
            let (x, d) = (mixture.start(path, t, 0.6), 1e-4 * t);
            let rate = (mixture.flow(path, t, x, t + d) - mixture.flow(path, t, x, t - d)) / (2.0 * d);
            let query = Query { quantity: Quantity::Velocity, t, score: 0.0 };
            let velocity = mixture.answer(path, &query, x);
            assert!((rate - velocity).abs() < 1e-5 * velocity.abs().max(1.0), "{} {} {t}: {rate} {velocity}", path.name(), mixture.name);
        }
    }
}
