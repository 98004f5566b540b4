//! FNO1dTemporal: a Fourier neural operator of fields over a series whose weights depend on the time.
//! GenerativeRL's network for fields of any resolution, also with other channels out than in.

use super::fourier::{FourierOperator, FourierOptions, Time};
use crate::{Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `FNO1dTemporal`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fno1dTemporalConfig {
    /// Kept frequencies; at most half the length, and 1.
    #[schemars(range(min = 1))]
    pub modes1: usize,
    /// Channels of the state `[B, inChannels, length]`.
    #[schemars(range(min = 1))]
    pub in_channels: usize,
    /// Channels of the output.
    #[schemars(range(min = 1))]
    pub out_channels: usize,
    /// Number of Fourier layers.
    #[schemars(range(min = 1))]
    pub num_layers: usize,
}

impl Fno1dTemporalConfig {
    /// Declares `time_encoder`, `layers1.<i>` (`conv`, `w`), `layer1_w`, and `layers2` and `layer2_w`, which are not used.
    ///
    /// # Errors
    /// A width or a number of frequencies of 0.
    pub fn build(&self, declare: &mut Declare) -> Result<FourierOperator, NnError> {
        let options = FourierOptions {
            network: "FNO1dTemporal",
            modes: &[("modes1", self.modes1)],
            variables: None,
            channels: [("inChannels", self.in_channels), ("outChannels", self.out_channels)],
            layers: self.num_layers,
            time: Time::PerLayer,
        };
        FourierOperator::new(declare, &options)
    }
}
