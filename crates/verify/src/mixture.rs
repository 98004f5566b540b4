//! Gaussian mixtures carried exactly along a process: score, noise, velocity, datum, density and trajectories.
//! Formulas are generic over `Scalar`: the same text is the exact network of a model and the reference on the host.

use thalweg_graph::{Scalar, ops::Comparison};
use thalweg_model::Process;
use thalweg_path::{GaussianPath, Parameterization, StochasticInterpolant};

/// One component: weight, mean and variance of each coordinate.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// Weight; those of a mixture add up to 1.
    pub weight: f64,
    /// Mean, one number per coordinate.
    pub mean: &'static [f64],
    /// Variance of every coordinate.
    pub variance: f64,
}

/// The data.
#[derive(Clone, Copy, Debug)]
pub struct Mixture {
    /// The components.
    pub components: &'static [Component],
}

/// Two components on the line.
pub const TWO: Mixture = Mixture {
    components: &[Component { weight: 0.4, mean: &[-0.8], variance: 0.25 }, Component { weight: 0.6, mean: &[0.9], variance: 0.16 }],
};

/// Three components in the plane.
pub const THREE: Mixture = Mixture {
    components: &[
        Component { weight: 0.3, mean: &[-0.9, 0.4], variance: 0.3 },
        Component { weight: 0.5, mean: &[0.8, 0.6], variance: 0.2 },
        Component { weight: 0.2, mean: &[0.1, -1.1], variance: 0.4 },
    ],
};

/// x_t = s·x₁ + a·x₀ + c·ε of a datum x₁ and standard normal x₀ and ε, and the rates of the three factors.
#[derive(Clone, Copy)]
struct Factors<S> {
    s: S,
    a: S,
    c: S,
    d_s: S,
    d_a: S,
    d_c: S,
}

impl<S: Scalar> Factors<S> {
    fn at(process: &Process, t: S) -> Factors<S> {
        match process {
            Process::Gaussian(path) => {
                let zero = t.constant(0.0);
                Factors { s: path.scale(t), a: path.std(t), c: zero, d_s: path.d_scale(t), d_a: path.d_std(t), d_c: zero }
            }
            Process::Interpolant(path) => {
                let k = path.coefficients(t);
                Factors { s: k.b, a: k.a, c: k.c, d_s: k.d_b, d_a: k.d_a, d_c: k.d_c }
            }
            Process::Discrete(_) => unreachable!("the cases of a mixture of normal distributions have continuous states"),
        }
    }

    /// Variance of a coordinate of x_t.
    fn variance(&self, of_data: f64) -> S {
        self.s.square() * of_data + self.a.square() + self.c.square()
    }
}

impl Mixture {
    /// Number of coordinates.
    pub fn dimensions(&self) -> usize {
        self.components[0].mean.len()
    }

    /// The quantity `which` at the point `x` of time t, coordinate by coordinate.
    pub fn exact<S: Scalar>(&self, process: &Process, which: Parameterization, t: S, x: &[S]) -> Vec<S> {
        let factors = Factors::at(process, t);
        let logs = self.log_parts(&factors, x);
        let top = logs.iter().skip(1).fold(logs[0], |top, &l| top.maximum(l));
        let weights: Vec<S> = logs.iter().map(|&l| (l - top).exp()).collect();
        let total = sum(weights.iter().copied());
        let coordinate = |d: usize| {
            let part = |(component, &weight): (&Component, &S)| weight / total * component.quantity(&factors, which, x[d], d);
            sum(self.components.iter().zip(&weights).map(part))
        };
        (0..x.len()).map(coordinate).collect()
    }

    /// log of the density of x_t.
    pub fn log_density<S: Scalar>(&self, process: &Process, t: S, x: &[S]) -> S {
        let logs = self.log_parts(&Factors::at(process, t), x);
        let top = logs.iter().skip(1).fold(logs[0], |top, &l| top.maximum(l));
        top + sum(logs.iter().map(|&l| (l - top).exp())).ln() - 0.5 * x.len() as f64 * std::f64::consts::TAU.ln()
    }

    /// log of each component's weight and density, less the constant of the normal density.
    fn log_parts<S: Scalar>(&self, factors: &Factors<S>, x: &[S]) -> Vec<S> {
        let log = |component: &Component| {
            let variance = factors.variance(component.variance);
            let squares = sum(x.iter().zip(component.mean).map(|(&x, &mean)| (x - factors.s * mean).square()));
            squares / variance * -0.5 - variance.ln() * (0.5 * x.len() as f64) + component.weight.ln()
        };
        self.components.iter().map(log).collect()
    }

    /// Where the probability flow takes the points `x` of the line from time `t` to `end`: a trajectory keeps its quantile.
    pub fn flow(&self, process: &Process, t: f64, x: f64, end: f64) -> f64 {
        let quantile = self.distribution(process, t, x);
        let (mut low, mut high) = (-1e3, 1e3);
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if self.distribution(process, end, middle) < quantile { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// A point of time t, `z` standard deviations from the mean of x_t.
    pub fn point(&self, process: &Process, t: f64, z: f64) -> f64 {
        let factors = Factors::at(process, t);
        let mean: f64 = self.components.iter().map(|c| c.weight * factors.s * c.mean[0]).sum();
        let second: f64 = self.components.iter().map(|c| c.weight * (factors.variance(c.variance) + (factors.s * c.mean[0]).powi(2))).sum();
        mean + z * (second - mean * mean).sqrt()
    }

    /// Distribution function of x_t on the line.
    fn distribution(&self, process: &Process, t: f64, x: f64) -> f64 {
        let factors = Factors::at(process, t);
        let part = |c: &Component| {
            let z = (x - factors.s * c.mean[0]) / (2.0 * factors.variance(c.variance)).sqrt();
            0.5 * c.weight * (1.0 + Scalar::erf(z))
        };
        self.components.iter().map(part).sum()
    }
}

impl Component {
    /// The quantity `which` in coordinate `d` if this were the only component.
    fn quantity<S: Scalar>(&self, factors: &Factors<S>, which: Parameterization, x: S, d: usize) -> S {
        let slope = (x - factors.s * self.mean[d]) / factors.variance(self.variance);
        let data = factors.s * slope * self.variance + self.mean[d];
        match which {
            Parameterization::Score => -slope,
            Parameterization::Noise => factors.a * slope,
            Parameterization::Data => data,
            // E[ẋ | x]: c ċ stays finite where ċ does not.
            Parameterization::Velocity => factors.d_s * data + factors.d_a * factors.a * slope + finite(factors) * slope,
        }
    }
}

/// c ċ.
fn finite<S: Scalar>(factors: &Factors<S>) -> S {
    let zero = factors.c.constant(0.0);
    factors.c.choose(Comparison::Gt, zero, factors.c * factors.d_c, zero)
}

/// The sum of at least one number.
fn sum<S: Scalar>(mut values: impl Iterator<Item = S>) -> S {
    match values.next() {
        Some(first) => values.fold(first, |sum, v| sum + v),
        None => unreachable!("a mixture has a component, a point a coordinate"),
    }
}
