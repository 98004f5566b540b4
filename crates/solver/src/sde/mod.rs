//! Step rules of SDEs whose noise does not depend on the state. One file and one registry line each.
//! The registry is the list of names that configs may use.

mod euler_maruyama;

use crate::{Mesh, Result, Row, Rule, Stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! registry {
    ($($(#[doc = $doc:literal])* $tag:literal => $name:ident = $module:ident :: $rule:ident),* $(,)?) => {
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

            /// The step rule.
            pub fn rule(self) -> &'static dyn Rule {
                match self { $(SdeMethod::$name => &$module::$rule),* }
            }
        }
    };
}

registry! {
    /// Strong order 1, one evaluation per step.
    "euler_maruyama" => EulerMaruyama = euler_maruyama::EulerMaruyama,
}

/// A stage at `t` of a step in the direction of `dt`. With diffusion h, the SDE that has the path's marginals has the drift
/// v + ½h²S where path time rises; where it falls, it has −v + ½h²S per unit of falling time, which is v − ½h²S per unit of t.
fn drift_stage(mesh: &Mesh<'_>, dt: f64, t: f64, row: Row) -> Result<Stage> {
    Ok(Stage { t, score: (0.5 * mesh.diffusion(t)?.powi(2)).copysign(dt), row })
}
