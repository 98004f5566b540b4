//! The couplings. Each is one file; to add one: a file that implements [`Couple`], and one line in the registry at the end.

use crate::{Batch, CouplingError, Pairing, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A rule that pairs source rows with data rows.
pub trait Couple {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// A `ConfigError` with the first field that breaks a rule.
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    /// How many uniform numbers it needs for a batch of `rows`.
    fn draws(&self, rows: usize) -> usize;

    /// The pairs of a batch of `rows`, already counted, with `draws(rows)` uniform numbers, already checked.
    ///
    /// # Errors
    /// A `CouplingError` if a number is not finite or the rule cannot be followed.
    fn couple<T: Copy + Into<f64>>(&self, batch: &Batch<'_, T>, rows: usize, uniforms: &[f64]) -> Result<Pairing>;
}

macro_rules! registry {
    ($($(#[$doc:meta])* $module:ident :: $name:ident = $tag:literal),* $(,)?) => {
        $(mod $module;)*
        $(pub use $module::$name;)*

        /// Which source sample meets which datum, within a batch.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(tag = "type")]
        pub enum Coupling {
            $($(#[$doc])* #[serde(rename = $tag)] $name($name),)*
        }

        impl Coupling {
            /// The names of all couplings, as a config's `type` spells them.
            pub const NAMES: &'static [&'static str] = &[$($tag),*];

            /// Its name, as a config's `type` spells it.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Coupling::$name(_) => $tag,)*
                }
            }
        }

        $(impl From<$name> for Coupling {
            fn from(coupling: $name) -> Coupling {
                Coupling::$name(coupling)
            }
        })*

        impl Couple for Coupling {
            fn validate(&self) -> Result<()> {
                match self { $(Coupling::$name(coupling) => coupling.validate(),)* }
            }
            fn draws(&self, rows: usize) -> usize {
                match self { $(Coupling::$name(coupling) => coupling.draws(rows),)* }
            }
            fn couple<T: Copy + Into<f64>>(&self, batch: &Batch<'_, T>, rows: usize, uniforms: &[f64]) -> Result<Pairing> {
                match self { $(Coupling::$name(coupling) => coupling.couple(batch, rows, uniforms),)* }
            }
        }
    };
}

registry! {
    /// Each datum meets a source sample chosen without regard to either (Lipman et al. 2023; Tong et al. 2024, I-CFM).
    independent::Independent = "independent",
    /// The pairs of least total squared distance (Tong et al. 2024, OT-CFM; Pooladian et al. 2023).
    exact::Exact = "exact",
    /// Pairs drawn from the entropic plan: between exact and independent (Cuturi 2013; Tong et al. 2024, SF2M).
    sinkhorn::Sinkhorn = "sinkhorn",
    /// The pairs of least total squared distance that leave p(source | condition) as it is (Cheng & Schwing 2025, C²OT).
    conditional::Conditional = "conditional",
    /// Source row k belongs to data row k (Albergo et al. 2024, data-dependent couplings).
    paired::Paired = "paired",
}

pub use conditional::ConditionDistance;

impl Coupling {
    /// Independent pairs.
    pub fn independent() -> Coupling {
        Independent {}.into()
    }

    /// Exact minibatch optimal transport.
    pub fn exact() -> Coupling {
        Exact {}.into()
    }

    /// Pairs as they come.
    pub fn paired() -> Coupling {
        Paired {}.into()
    }

    /// Pairs the rows of `batch`. `uniforms`: `draws(rows)` independent numbers in [0, 1), one per pair or none.
    ///
    /// # Errors
    /// A `ConfigError` if the coupling is not valid, or does not converge; a `ShapeError` if the batch is empty or its parts differ in
    /// rows, or there are not as many uniforms as needed; a `DataError` if a number is not finite, a uniform is outside [0, 1), or
    /// conditions are needed and not there.
    pub fn pair<T: Copy + Into<f64>>(&self, batch: &Batch<'_, T>, uniforms: &[f64]) -> Result<Pairing> {
        self.validate()?;
        let rows = batch.rows()?;
        let draws = self.draws(rows);
        if uniforms.len() != draws {
            let message = format!("{} coupling of {rows} rows got the wrong number of uniforms", self.name());
            return Err(CouplingError::shape(message, draws, uniforms.len()));
        }
        if let Some(k) = uniforms.iter().position(|u| !(0.0..1.0).contains(u)) {
            return Err(CouplingError::data(
                "a uniform number is out of range",
                "at least 0 and below 1",
                format!("{} at {k}", uniforms[k]),
            ));
        }
        self.couple(batch, rows, uniforms)
    }
}

impl Default for Coupling {
    fn default() -> Coupling {
        Coupling::independent()
    }
}
