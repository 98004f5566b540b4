//! unet_2D: the U-Net of images `[channels, height, width]`, with attention on coarse grids (Nichol, Dhariwal 2021).
//! The first choice for small images; of any size, also an odd one.

use super::unet::{UNet, UNetConfig};
use crate::{Declare, NnError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `unet_2D`, whose states are `[B, inChannels, height, width]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct UNet2dConfig(pub UNetConfig);

impl UNet2dConfig {
    /// Declares `time_embed`, `label_emb` (with a condition), `input_blocks`, `middle_block`, `output_blocks`, `out`.
    ///
    /// # Errors
    /// A width of 0, heads that do not divide a width, or a number out of range.
    pub fn build(&self, declare: &mut Declare) -> Result<UNet, NnError> {
        UNet::new(declare, "unet_2D", 2, &self.0)
    }
}
