//! unet_1D: the U-Net of series `[channels, length]`, with attention on coarse grids (Nichol, Dhariwal 2021).
//! For signals and forecasts of any length.

use super::unet::{UNet, UNetConfig};
use crate::{Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `unet_1D`, whose states are `[B, inChannels, length]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UNet1dConfig(pub UNetConfig);

impl UNet1dConfig {
    /// Declares `time_embed`, `label_emb` (with a condition), `input_blocks`, `middle_block`, `output_blocks`, `out`.
    ///
    /// # Errors
    /// A width of 0, heads that do not divide a width, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<UNet, NnError> {
        UNet::new(declare, "unet_1D", 1, &self.0)
    }
}
