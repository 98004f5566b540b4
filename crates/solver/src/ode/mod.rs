//! Step rules of ODEs: Runge–Kutta tableaus and multistep methods. One file and one registry line each.
//! The registry is the list of names that configs may use.

mod tableau;

mod adams_bashforth;
mod bosh3;
mod dopri5;
mod dopri8;
mod euler;
mod heun2;
mod heun3;
mod midpoint;
mod ralston;
mod rk4;
mod rk4_three_eighths;
mod tsit5;

use adams_bashforth::AdamsBashforth;

pub use tableau::{Dense, Tableau};

use crate::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A step rule of this registry.
enum OdeRule {
    RungeKutta(&'static Tableau),
    Multistep(&'static AdamsBashforth),
}

macro_rules! registry {
    ($($(#[doc = $doc:literal])* $tag:literal => $name:ident = $kind:ident($module:ident :: $rule:ident)),* $(,)?) => {
        /// A step rule of ODEs, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Method {
            $($(#[doc = $doc])* #[serde(rename = $tag)] $name),*
        }

        impl Method {
            /// All of them.
            pub const ALL: &'static [Method] = &[$(Method::$name),*];

            /// Its name in configs.
            pub fn name(self) -> &'static str {
                match self { $(Method::$name => $tag),* }
            }

            fn entry(self) -> OdeRule {
                match self { $(Method::$name => OdeRule::$kind(&$module::$rule)),* }
            }
        }
    };
}

registry! {
    /// Order 1, one evaluation per step (Euler 1768).
    "euler" => Euler = RungeKutta(euler::EULER),
    /// Order 2, two evaluations per step, none of them at its end (Runge 1895).
    "midpoint" => Midpoint = RungeKutta(midpoint::MIDPOINT),
    /// Order 2, two evaluations per step, at both ends (Heun 1900; Karras et al. 2022, algorithm 1).
    "heun2" => Heun2 = RungeKutta(heun2::HEUN2),
    /// Order 2, two evaluations per step, none of them at its end; smallest error bound of its kind (Ralston 1962).
    "ralston" => Ralston = RungeKutta(ralston::RALSTON),
    /// Order 3, three evaluations per step, none of them at its end (Heun 1900).
    "heun3" => Heun3 = RungeKutta(heun3::HEUN3),
    /// Order 4, four evaluations per step (Kutta 1901).
    "rk4" => Rk4 = RungeKutta(rk4::RK4),
    /// Order 4, four evaluations per step; torchdiffeq's rk4 (Kutta 1901, the 3/8 rule).
    "rk4_three_eighths" => Rk4ThreeEighths = RungeKutta(rk4_three_eighths::RK4_THREE_EIGHTHS),
    /// Order 5, six evaluations per step; chooses its steps (Dormand & Prince 1980).
    "dopri5" => Dopri5 = RungeKutta(dopri5::DOPRI5),
    /// Order 3, three evaluations per step; chooses its steps. For loose tolerances (Bogacki & Shampine 1989).
    "bosh3" => Bosh3 = RungeKutta(bosh3::BOSH3),
    /// Order 5, six evaluations per step; chooses its steps (Tsitouras 2011).
    "tsit5" => Tsit5 = RungeKutta(tsit5::TSIT5),
    /// Order 8, twelve evaluations per step; chooses its steps. For tight tolerances. An output between two steps costs three evaluations (Prince & Dormand
    /// 1981; Hairer, Nørsett & Wanner, the code DOP853).
    "dopri8" => Dopri8 = RungeKutta(dopri8::DOPRI8),
    /// Order 2, one evaluation per step (Bashforth & Adams 1883).
    "ab2" => Ab2 = Multistep(adams_bashforth::AB2),
    /// Order 4, one evaluation per step (Bashforth & Adams 1883).
    "ab4" => Ab4 = Multistep(adams_bashforth::AB4),
}

impl Method {
    /// The method of this name, if there is one.
    ///
    /// ```
    /// use thalweg_solver::Method;
    /// assert_eq!(Method::parse("rk4"), Some(Method::Rk4));
    /// assert_eq!(Method::parse("rk5"), None);
    /// ```
    pub fn parse(name: &str) -> Option<Method> {
        Method::ALL.iter().copied().find(|m| m.name() == name)
    }

    /// Its order.
    pub fn order(self) -> u32 {
        match self.entry() {
            OdeRule::RungeKutta(tableau) => tableau.order,
            OdeRule::Multistep(method) => method.order as u32,
        }
    }

    /// Its coefficients, if it is a Runge–Kutta method.
    pub fn tableau(self) -> Option<&'static Tableau> {
        match self.entry() {
            OdeRule::RungeKutta(tableau) => Some(tableau),
            OdeRule::Multistep(_) => None,
        }
    }

    /// Its tableau, if it can choose its steps by their error.
    pub fn adaptive(self) -> Option<&'static Tableau> {
        self.tableau().filter(|t| t.is_adaptive())
    }

    /// The step rule on a fixed grid.
    pub(crate) fn rule(self) -> Box<dyn Rule> {
        match self.entry() {
            OdeRule::RungeKutta(tableau) => Box::new(tableau),
            OdeRule::Multistep(method) => Box::new(method),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
