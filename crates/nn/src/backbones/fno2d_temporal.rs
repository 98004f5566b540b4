//! FNO2dTemporal: a Fourier neural operator of fields over an image whose weights depend on the time.
//! GenerativeRL's network for fields of any resolution, also with other channels out than in.

use super::fourier::{FourierOperator, FourierOptions, Time};
use crate::{Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `FNO2dTemporal`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fno2dTemporalConfig {
    /// Kept frequencies along the height, of each sign; at most half of it.
    #[schemars(range(min = 1))]
    pub modes1: usize,
    /// Kept frequencies along the width; at most half of it, and 1.
    #[schemars(range(min = 1))]
    pub modes2: usize,
    /// Channels of the state `[B, inChannels, height, width]`.
    #[schemars(range(min = 1))]
    pub in_channels: usize,
    /// Channels of the output.
    #[schemars(range(min = 1))]
    pub out_channels: usize,
    /// Number of Fourier layers.
    #[schemars(range(min = 1))]
    pub num_layers: usize,
}

impl Fno2dTemporalConfig {
    /// Declares `time_encoder`, `layers1.<i>` (`conv`, `w`), `layer1_w`, and `layers2` and `layer2_w`, which are not used.
    ///
    /// # Errors
    /// A width or a number of frequencies of 0.
    pub fn build(&self, declare: &mut Declare) -> Result<FourierOperator, NnError> {
        let options = FourierOptions {
            network: "FNO2dTemporal",
            modes: &[("modes1", self.modes1), ("modes2", self.modes2)],
            variables: None,
            channels: [("inChannels", self.in_channels), ("outChannels", self.out_channels)],
            layers: self.num_layers,
            time: Time::PerLayer,
        };
        FourierOperator::new(declare, &options)
    }
}
