//! Explicit Runge–Kutta methods as Butcher tableaus. One file and one registry line each.
//! A tableau is data: the step rule, the controller and the tests read it, nothing is written per method.

mod dopri5;
mod euler;
mod heun2;
mod midpoint;
mod rk4;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Coefficients of an explicit Runge–Kutta method: kᵢ = f(t + cᵢh, x + h Σⱼ<ᵢ aᵢⱼkⱼ), x₁ = x + h Σ bᵢkᵢ
/// (Butcher 1964; Hairer, Nørsett & Wanner, *Solving Ordinary Differential Equations I*, equation II.1.8).
#[derive(Debug, PartialEq)]
pub struct Tableau {
    /// Name in configs.
    pub name: &'static str,
    /// Order of the step: its local error is O(h^(order+1)).
    pub order: u32,
    /// Order of the embedded solution that the step is compared with, if there is one.
    pub error_order: Option<u32>,
    /// c: times of the stages, as parts of the step.
    pub nodes: &'static [f64],
    /// a: row i has i entries.
    pub matrix: &'static [&'static [f64]],
    /// b: weights of the slopes.
    pub weights: &'static [f64],
    /// b̂: weights of the embedded solution.
    pub embedded: Option<&'static [f64]>,
    /// Dense output. Row i holds the coefficients of the polynomial qᵢ(θ), lowest power first, that gives the weights
    /// bᵢ(θ) = θbᵢ + θ(1 − θ)qᵢ(θ) of the solution at t + θh; it passes through both ends exactly.
    pub dense: Option<&'static [[f64; 3]]>,
    /// First same as last: the last stage is the slope at the end of the step, so that the next step has its first stage.
    pub fsal: bool,
}

impl Tableau {
    /// Number of stages.
    pub fn stages(&self) -> usize {
        self.weights.len()
    }

    /// Evaluations of f in a step; the first slope of a first-same-as-last method is given.
    pub fn evaluations(&self) -> usize {
        self.stages() - usize::from(self.fsal)
    }

    /// Whether steps can be chosen by their error: it has an embedded solution, and dense output to serve times in between.
    pub fn is_adaptive(&self) -> bool {
        self.embedded.is_some() && self.error_order.is_some() && self.dense.is_some()
    }
}

macro_rules! registry {
    ($($tag:literal => $name:ident = $module:ident :: $tableau:ident),* $(,)?) => {
        /// An explicit Runge–Kutta method, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Method {
            $(#[doc = concat!("`", $tag, "`.")] #[serde(rename = $tag)] $name),*
        }

        impl Method {
            /// All of them.
            pub const ALL: &'static [Method] = &[$(Method::$name),*];

            /// Its coefficients.
            pub fn tableau(self) -> &'static Tableau {
                match self { $(Method::$name => &$module::$tableau),* }
            }
        }
    };
}

registry! {
    "euler" => Euler = euler::EULER,
    "midpoint" => Midpoint = midpoint::MIDPOINT,
    "heun2" => Heun2 = heun2::HEUN2,
    "rk4" => Rk4 = rk4::RK4,
    "dopri5" => Dopri5 = dopri5::DOPRI5,
}

impl Method {
    /// The method of this name, if there is one.
    ///
    /// ```
    /// use thalweg_solver::Method;
    /// assert_eq!(Method::parse("rk4").map(|m| m.tableau().order), Some(4));
    /// assert_eq!(Method::parse("rk5"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Method> {
        Method::ALL.iter().copied().find(|m| m.name() == name)
    }

    /// Its name in configs.
    pub fn name(self) -> &'static str {
        self.tableau().name
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
