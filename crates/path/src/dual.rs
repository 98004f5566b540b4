//! Numbers that carry their derivative along: forward-mode differentiation of any generic formula, on the host and on a graph.
//! The derivative of a user's schedule, which nobody wrote down, is had from here.

use std::ops::{Add, Div, Mul, Neg, Sub};
use thalweg_graph::{Scalar, ops::Comparison};

/// A value and its derivative with respect to one variable; `None` is zero. Nests: `Dual<Dual<f64>>` has second derivatives.
///
/// The rules are those of the graph's own `jvp`: at a tie, maximum and minimum take the mean of both sides, and |x| has slope 0 at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dual<S> {
    /// The value.
    pub value: S,
    /// Its derivative.
    pub tangent: Option<S>,
}

/// f(t) and ḟ(t).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jet<S> {
    /// f(t).
    pub value: S,
    /// ḟ(t).
    pub derivative: S,
}

/// The value and the derivative of `f` at `t`.
///
/// ```
/// use thalweg_graph::Scalar;
/// use thalweg_path::{Dual, differentiate};
/// let cube = differentiate(|t| t * t * t, 2.0);
/// assert_eq!((cube.value, cube.derivative), (8.0, 12.0));
/// let second = differentiate(|t| differentiate(|t: Dual<Dual<f64>>| t * t * t, t).derivative, 2.0);
/// assert_eq!(second.derivative, 12.0);
/// ```
pub fn differentiate<S: Scalar>(f: impl FnOnce(Dual<S>) -> Dual<S>, t: S) -> Jet<S> {
    let Dual { value, tangent } = f(Dual { value: t, tangent: Some(t.constant(1.0)) });
    Jet { value, derivative: tangent.unwrap_or(value.constant(0.0)) }
}

impl<S: Scalar> Dual<S> {
    /// f(x), where `slope` is f′(x).
    fn chain(self, value: S, slope: S) -> Dual<S> {
        Dual { value, tangent: self.tangent.map(|dx| dx * slope) }
    }

    /// The tangent, zero if there is none.
    fn dense(self) -> S {
        self.tangent.unwrap_or(self.value.constant(0.0))
    }
}

/// a + b, where `None` is zero.
fn sum<S: Scalar>(a: Option<S>, b: Option<S>) -> Option<S> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a + b),
        (a, b) => a.or(b),
    }
}

impl<S: Scalar> Neg for Dual<S> {
    type Output = Dual<S>;
    fn neg(self) -> Dual<S> {
        Dual { value: -self.value, tangent: self.tangent.map(|dx| -dx) }
    }
}

impl<S: Scalar> Add for Dual<S> {
    type Output = Dual<S>;
    fn add(self, other: Dual<S>) -> Dual<S> {
        Dual { value: self.value + other.value, tangent: sum(self.tangent, other.tangent) }
    }
}

impl<S: Scalar> Sub for Dual<S> {
    type Output = Dual<S>;
    fn sub(self, other: Dual<S>) -> Dual<S> {
        Dual { value: self.value - other.value, tangent: sum(self.tangent, other.tangent.map(|dy| -dy)) }
    }
}

impl<S: Scalar> Mul for Dual<S> {
    type Output = Dual<S>;
    fn mul(self, other: Dual<S>) -> Dual<S> {
        let terms = (self.tangent.map(|dx| dx * other.value), other.tangent.map(|dy| dy * self.value));
        Dual { value: self.value * other.value, tangent: sum(terms.0, terms.1) }
    }
}

impl<S: Scalar> Div for Dual<S> {
    type Output = Dual<S>;
    fn div(self, other: Dual<S>) -> Dual<S> {
        let value = self.value / other.value;
        let by_divisor = other.chain(value, -(value / other.value)).tangent;
        Dual { value, tangent: sum(self.tangent.map(|dx| dx / other.value), by_divisor) }
    }
}

impl<S: Scalar> Add<f64> for Dual<S> {
    type Output = Dual<S>;
    fn add(self, other: f64) -> Dual<S> {
        Dual { value: self.value + other, ..self }
    }
}

impl<S: Scalar> Sub<f64> for Dual<S> {
    type Output = Dual<S>;
    fn sub(self, other: f64) -> Dual<S> {
        Dual { value: self.value - other, ..self }
    }
}

impl<S: Scalar> Mul<f64> for Dual<S> {
    type Output = Dual<S>;
    fn mul(self, other: f64) -> Dual<S> {
        Dual { value: self.value * other, tangent: self.tangent.map(|dx| dx * other) }
    }
}

impl<S: Scalar> Div<f64> for Dual<S> {
    type Output = Dual<S>;
    fn div(self, other: f64) -> Dual<S> {
        Dual { value: self.value / other, tangent: self.tangent.map(|dx| dx / other) }
    }
}

impl<S: Scalar> Scalar for Dual<S> {
    fn constant(self, value: f64) -> Self {
        Dual { value: self.value.constant(value), tangent: None }
    }
    fn abs(self) -> Self {
        let (x, [minus, zero, one]) = (self.value, [-1.0, 0.0, 1.0].map(|c| self.value.constant(c)));
        self.chain(x.abs(), x.choose(Comparison::Gt, zero, one, x.choose(Comparison::Lt, zero, minus, zero)))
    }
    fn exp(self) -> Self {
        let y = self.value.exp();
        self.chain(y, y)
    }
    fn exp_m1(self) -> Self {
        self.chain(self.value.exp_m1(), self.value.exp())
    }
    fn ln(self) -> Self {
        self.chain(self.value.ln(), self.value.recip())
    }
    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), (self.value + 1.0).recip())
    }
    fn sqrt(self) -> Self {
        let y = self.value.sqrt();
        self.chain(y, y.recip() * 0.5)
    }
    fn recip(self) -> Self {
        let y = self.value.recip();
        self.chain(y, -y.square())
    }
    fn sin(self) -> Self {
        self.chain(self.value.sin(), self.value.cos())
    }
    fn cos(self) -> Self {
        self.chain(self.value.cos(), -self.value.sin())
    }
    fn tan(self) -> Self {
        let y = self.value.tan();
        self.chain(y, y.square() + 1.0)
    }
    fn atan(self) -> Self {
        self.chain(self.value.atan(), (self.value.square() + 1.0).recip())
    }
    fn tanh(self) -> Self {
        let y = self.value.tanh();
        self.chain(y, -y.square() + 1.0)
    }
    fn sigmoid(self) -> Self {
        let y = self.value.sigmoid();
        self.chain(y, y * (-self.value).sigmoid())
    }
    fn erf(self) -> Self {
        self.chain(self.value.erf(), (-self.value.square()).exp() * std::f64::consts::FRAC_2_SQRT_PI)
    }
    /// ∂/∂e is 0 where x ≤ 0.
    fn pow(self, exponent: Self) -> Self {
        let (x, e) = (self.value, exponent.value);
        let y = x.pow(e);
        let by_base = self.tangent.map(|dx| dx * e * x.pow(e - 1.0));
        let by_exponent = exponent.tangent.map(|de| {
            let (zero, one) = (x.constant(0.0), x.constant(1.0));
            let log = x.choose(Comparison::Gt, zero, x, one).ln();
            x.choose(Comparison::Gt, zero, de * y * log, zero)
        });
        Dual { value: y, tangent: sum(by_base, by_exponent) }
    }
    fn maximum(self, other: Self) -> Self {
        let value = self.value.maximum(other.value);
        Dual { value, ..self.pick(Comparison::Gt, other) }
    }
    fn minimum(self, other: Self) -> Self {
        let value = self.value.minimum(other.value);
        Dual { value, ..self.pick(Comparison::Lt, other) }
    }
    fn choose(self, comparison: Comparison, other: Self, then: Self, otherwise: Self) -> Self {
        let choose = |a: S, b: S| self.value.choose(comparison, other.value, a, b);
        let tangent = (then.tangent.is_some() || otherwise.tangent.is_some()).then(|| choose(then.dense(), otherwise.dense()));
        Dual { value: choose(then.value, otherwise.value), tangent }
    }
}

impl<S: Scalar> Dual<S> {
    /// The tangent of the side that `comparison` prefers; of both, halved, at a tie.
    fn pick(self, comparison: Comparison, other: Self) -> Self {
        if self.tangent.is_none() && other.tangent.is_none() {
            return Dual { value: self.value, tangent: None };
        }
        let (a, b) = (self.dense(), other.dense());
        let strict = self.value.choose(comparison, other.value, a, b);
        let tangent = Some(self.value.choose(Comparison::Eq, other.value, (a + b) * 0.5, strict));
        Dual { value: self.value, tangent }
    }
}
