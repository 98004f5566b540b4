//! FNO2d: a Fourier neural operator of fields over an image, the same at all times (Li et al. 2021).
//! For maps between fields; as the network of a model it gives a velocity that does not depend on the time.

use super::fourier::{FourierOperator, FourierOptions, Time};
use crate::{Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `FNO2d`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fno2dConfig {
    /// Kept frequencies along the height, of each sign; at most half of it.
    #[schemars(range(min = 1))]
    pub modes1: usize,
    /// Kept frequencies along the width; at most half of it, and 1.
    #[schemars(range(min = 1))]
    pub modes2: usize,
    /// Fields beside each other: states are `[B, width, numVars, height, width]`.
    #[schemars(range(min = 1))]
    pub num_vars: usize,
    /// Channels.
    #[schemars(range(min = 1))]
    pub width: usize,
    /// Number of Fourier layers.
    #[schemars(range(min = 1))]
    pub num_layers: usize,
}

impl Fno2dConfig {
    /// Declares `layers.<i>` (`conv`, `w`).
    ///
    /// # Errors
    /// A width or a number of frequencies of 0.
    pub fn build(&self, declare: &mut Declare) -> Result<FourierOperator, NnError> {
        let options = FourierOptions {
            network: "FNO2d",
            modes: &[("modes1", self.modes1), ("modes2", self.modes2)],
            variables: Some(self.num_vars),
            channels: [("width", self.width); 2],
            layers: self.num_layers,
            time: Time::Absent,
        };
        FourierOperator::new(declare, &options)
    }
}
