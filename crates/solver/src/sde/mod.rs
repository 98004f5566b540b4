//! Step rules of SDEs whose noise does not depend on the state. One file and one registry line each.
//! The registry is the list of names that configs may use.

mod ancestral;
mod edm;
mod euler_maruyama;
mod heun;
mod sra1;

use crate::config::SdeSolver;
use crate::{Mesh, Result, Row, Rule, Stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! registry {
    ($($(#[doc = $doc:literal])* $tag:literal => $name:ident = $module:ident($brownian:literal)),* $(,)?) => {
        /// A step rule of SDEs, by name.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum SdeMethod {
            #[default]
            $($(#[doc = $doc])* #[serde(rename = $tag)] $name),*
        }

        impl SdeMethod {
            /// All of them.
            pub const ALL: &'static [SdeMethod] = &[$(SdeMethod::$name),*];

            /// Its name in configs.
            pub fn name(self) -> &'static str {
                match self { $(SdeMethod::$name => $tag),* }
            }

            /// Whether its noises are the increment W of a Brownian path over the step, as W/√|h|, and (the second one, if there is one) its
            /// space-time Lévy area H, as H·√(12/|h|); else they belong to no path.
            pub fn is_brownian(self) -> bool {
                match self { $(SdeMethod::$name => $brownian),* }
            }

            /// The step rule with these settings.
            pub(crate) fn rule(self, settings: &SdeSolver) -> Box<dyn Rule> {
                match self { $(SdeMethod::$name => Box::new($module::rule(settings))),* }
            }
        }
    };
}

registry! {
    /// Strong order 1, one evaluation per step (Maruyama 1955; Kloeden & Platen 1992, section 10.2).
    "euler_maruyama" => EulerMaruyama = euler_maruyama(true),
    /// Strong order 1, weak order 2 in the drift, two evaluations per step, at both ends (Rümelin 1982).
    "heun" => Heun = heun(true),
    /// Strong order 1.5, two evaluations per step (Rößler 2010).
    "sra1" => Sra1 = sra1(true),
    /// Heun steps along the ODE, each after as much new noise as `churn` says (Karras et al. 2022, algorithm 2); ignores the diffusion.
    "edm" => Edm = edm(false),
    /// Draws from the posterior of the predicted datum (Ho et al. 2020, DDPM); ignores the diffusion.
    "ancestral" => Ancestral = ancestral(false),
}

/// A stage at `t` of a step in the direction of `dt`. With diffusion h, the SDE that has the path's marginals has the drift
/// v + ½h²S where path time rises; where it falls, it has −v + ½h²S per unit of falling time, which is v − ½h²S per unit of t.
fn drift_stage(mesh: &Mesh<'_>, dt: f64, t: f64, row: Row) -> Result<Stage> {
    Ok(Stage { t, score: (0.5 * mesh.diffusion(t)?.powi(2)).copysign(dt), row })
}
