//! FNO2dTemporalMultivariable: a Fourier neural operator of several fields over an image, whose weights depend on the time.
//! Every variable has weights of its own at each frequency; GenerativeRL's network of this name cannot run.

use super::fourier::{FourierOperator, FourierOptions, Time};
use crate::{Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `FNO2dTemporalMultivariable`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fno2dTemporalMultivariableConfig {
    /// Kept frequencies along the height, of each sign; at most half of it.
    #[schemars(range(min = 1))]
    pub modes1: usize,
    /// Kept frequencies along the width; at most half of it, and 1.
    #[schemars(range(min = 1))]
    pub modes2: usize,
    /// Variables: states are `[B, inChannels, numVars, height, width]`.
    #[schemars(range(min = 1))]
    pub num_vars: usize,
    /// Channels of each variable.
    #[schemars(range(min = 1))]
    pub in_channels: usize,
    /// Channels of the output.
    #[schemars(range(min = 1))]
    pub out_channels: usize,
    /// Number of Fourier layers.
    #[schemars(range(min = 1))]
    pub num_layers: usize,
}

impl Fno2dTemporalMultivariableConfig {
    /// Declares `time_encoder`, `time_mlp`, `layers.<i>` (`conv`, `w`).
    ///
    /// # Errors
    /// A width or a number of frequencies of 0.
    pub fn build(&self, declare: &mut Declare) -> Result<FourierOperator, NnError> {
        let options = FourierOptions {
            network: "FNO2dTemporalMultivariable",
            modes: &[("modes1", self.modes1), ("modes2", self.modes2)],
            variables: Some(self.num_vars),
            channels: [("inChannels", self.in_channels), ("outChannels", self.out_channels)],
            layers: self.num_layers,
            time: Time::Shared,
        };
        FourierOperator::new(declare, &options)
    }
}
