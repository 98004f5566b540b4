//! One interval of a Gaussian path in the variable λ = log(s/σ), in which the linear part of the dynamics is solved exactly.
//! Exponential rules differ only in the polynomial that they integrate against the weights given here.

use crate::config::Expansion;
use crate::{Mesh, Quantity, Result, Row, SolverError, Stage};

/// A path at one time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub t: f64,
    pub s: f64,
    pub sigma: f64,
    pub lambda: f64,
}

impl Place {
    /// The path at `t`.
    pub fn at(mesh: &Mesh<'_>, t: f64) -> Result<Place> {
        let schedule = mesh.schedule()?;
        Ok(Place { t, s: schedule.s(t), sigma: schedule.sigma(t), lambda: schedule.lambda(t) })
    }

    /// The path at step end `i` of the mesh.
    pub fn node(mesh: &Mesh<'_>, i: usize) -> Result<Place> {
        Place::at(mesh, mesh.times[i])
    }

    /// The path where λ is `lambda`.
    pub fn where_lambda(mesh: &Mesh<'_>, lambda: f64) -> Result<Place> {
        Place::at(mesh, mesh.schedule()?.t_of_lambda(lambda))
    }
}

/// Which form of the dynamics a rule integrates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// x/s on the noise: x₁ = (s₁/s₀)x − s₁∫e^{−λ}ε dλ (Lu et al. 2022a, proposition 3.1).
    Noise,
    /// x/σ on the datum: x₁ = (σ₁/σ₀)x + σ₁∫e^{λ}D dλ (Lu et al. 2022b, proposition 4.1).
    Data,
    /// The reverse SDE with diffusion g on the datum: x₁ = (σ₁/σ₀)e^{−h}x + 2σ₁e^{−λ₁}∫e^{2λ}D dλ + noise (Lu et al. 2022b, section 5).
    Stochastic,
}

impl Form {
    pub fn quantity(self) -> Quantity {
        if self == Form::Noise { Quantity::Noise } else { Quantity::Data }
    }
}

/// From one place to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leap {
    form: Form,
    from: Place,
    to: Place,
}

impl Leap {
    /// The interval, if the form can start at `from` and go to `to`.
    ///
    /// # Errors
    /// A `ConfigError` at `tSpan` if σ = 0 at the start, s = 0 at the start of the form in ε or at the end, or the SDE runs
    /// towards noise.
    pub fn new(form: Form, from: Place, to: Place) -> Result<Leap> {
        let refuse = |expected: &str, got: String| Err(SolverError::config("tSpan", expected, got));
        if from.sigma == 0.0 {
            return refuse(
                "a start with σ > 0: an exponential rule leaves noise, not data (use an ODESolver)",
                format!("σ = 0 at t = {}", from.t),
            );
        }
        if from.s == 0.0 && form == Form::Noise {
            let remedy = "a start with s > 0: no noise can be told from pure noise (start a little later, or use dpmsolver++ on the datum)";
            return refuse(remedy, format!("s = 0 at t = {}", from.t));
        }
        if to.s == 0.0 {
            return refuse("times with s > 0 after the first (use an ODESolver)", format!("s = 0 at t = {}", to.t));
        }
        let h = to.lambda - from.lambda;
        if h == 0.0 || h.is_nan() || (h < 0.0 && form == Form::Stochastic) {
            let remedy = if form == Form::Stochastic { "times in the direction of data" } else { "times at which log(s/σ) differs" };
            return refuse(remedy, format!("log(s/σ) = {} then {} at t = {}", from.lambda, to.lambda, to.t));
        }
        Ok(Leap { form, from, to })
    }

    /// Change of λ; +∞ from s = 0 or to σ = 0.
    pub fn h(&self) -> f64 {
        self.to.lambda - self.from.lambda
    }

    /// The state at the end if the quantity were 0.
    pub fn x(&self) -> Row {
        let decay = if self.form == Form::Stochastic { (-self.h()).exp() } else { 1.0 };
        let ratio = match self.form {
            Form::Noise => self.to.s / self.from.s,
            Form::Data | Form::Stochastic => self.to.sigma / self.from.sigma * decay,
        };
        Row::x() * ratio
    }

    /// What the quantity uᵏ⁻¹/(k − 1)! adds at the end, u ∈ [0, 1] being the part of the interval in λ: s₁hφₖ(−h) of the datum, −σ₁hφₖ(h)
    /// of the noise, s₁·2hφₖ(−2h) in the SDE. For k = 1 also where h is infinite, as the limit.
    pub fn gain(&self, k: usize) -> f64 {
        let h = self.h();
        match (self.form, k) {
            (Form::Noise, 1) if h.is_infinite() => self.to.sigma - self.to.s / self.from.s * self.from.sigma,
            (Form::Noise, _) => -self.to.sigma * h * phi(k, h),
            (Form::Data, 1) => -self.to.s * (-h).exp_m1(),
            (Form::Data, _) => self.to.s * h * phi(k, -h),
            (Form::Stochastic, 1) => -self.to.s * (-2.0 * h).exp_m1(),
            (Form::Stochastic, _) => self.to.s * 2.0 * h * phi(k, -2.0 * h),
        }
    }

    /// h times the factor in front of the integral: what B(h) = ±h of UniPC's bh1 stands for.
    pub fn plain_gain(&self) -> f64 {
        self.h() * if self.form == Form::Noise { -self.to.sigma } else { self.to.s }
    }

    /// The noise that the SDE adds: σ₁√(1 − e^{−2h}) per standard normal number.
    pub fn spread(&self) -> f64 {
        self.to.sigma * (-(-2.0 * self.h()).exp_m1()).sqrt()
    }

    /// The first-order step with evaluation `m` at the start.
    pub fn first(&self, m: usize) -> Row {
        self.x() + Row::evaluation(m) * self.gain(1)
    }

    /// A stage at the end of the interval.
    pub fn stage(&self, row: Row) -> Stage {
        Stage::new(self.to.t, row)
    }
}

impl Expansion {
    /// The weight of a slope per interval in a formula of order 2.
    pub(super) fn second(self, leap: &Leap) -> f64 {
        match self {
            Expansion::DpmSolver => 0.5 * leap.gain(1),
            Expansion::Taylor => leap.gain(2),
        }
    }
}

/// φₖ(z) = ∫₀¹ e^{(1−u)z} uᵏ⁻¹/(k − 1)! du = Σⱼ zʲ/(j + k)!, k ≥ 1 (Hochbruck & Ostermann 2010, equation 2.10).
pub(super) fn phi(k: usize, z: f64) -> f64 {
    let mut factorial = 1.0;
    if z.abs() < 2.0 {
        (1..=k).for_each(|j| factorial *= j as f64);
        let (mut term, mut sum) = (1.0 / factorial, 0.0);
        for j in 1..40 {
            sum += term;
            term *= z / (j + k) as f64;
        }
        return sum;
    }
    let mut value = z.exp_m1() / z;
    for j in 1..k {
        factorial *= j as f64;
        value = (value - 1.0 / factorial) / z;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::phi;

    #[test]
    fn both_ways_to_phi_agree_where_they_meet_and_satisfy_the_recurrence() {
        for k in 1..5 {
            for z in [-2.0f64, 2.0] {
                assert!((phi(k, z * (1.0 - 1e-15)) / phi(k, z) - 1.0).abs() < 1e-13, "{k} {z}");
            }
            let factorial: f64 = (1..=k).map(|j| j as f64).product();
            for z in [-30.0, -1.9, -0.3, 0.4, 1.5, 7.0] {
                assert!((z * phi(k + 1, z) + 1.0 / factorial - phi(k, z)).abs() < 1e-14 * phi(k, z).max(1.0), "{k} {z}");
            }
        }
    }
}
