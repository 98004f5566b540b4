//! Backbones: the networks between encoded inputs and the predicted quantity.
//! To add one: a file with its configuration and network, and a line in the registry below.

mod fourier;
mod residual_block;
mod residual_u;
mod shaped;
mod transformer;
mod unet;

use crate::{Context, Declare, NnError, tagged, tagged::registry};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thalweg_graph::{Leaves, Var};

pub use fourier::FourierOperator;
pub use residual_block::TemporalSpatialResBlock;
pub use unet::{UNet, UNetConfig};

/// Maps a time, a state and perhaps a condition to a prediction.
pub trait Backbone {
    /// The prediction for states `x` `[B, …]` at encoded times `t` `[B, tDim]`, or at plain times `[B]` where there is no time
    /// encoder. Inputs that do not fit are errors of the graph.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>>;

    /// The widths that it was built for, as far as it has any.
    fn widths(&self) -> Widths {
        Widths::default()
    }

    /// Whether it reads a state of one part in its own shape, `[B, …]`, and not as one vector per row.
    fn keeps_shape(&self) -> bool {
        false
    }

    /// The number that stands for "no label", if conditions of `size` numbers are labels.
    fn no_label(&self, size: usize) -> Option<f64> {
        let _ = size;
        None
    }
}

/// What a backbone was built for: last dimensions of its inputs; `None` where any will do or only a sum is fixed. The fields that
/// say so are `args.tDim`, `args.inputDim` and `args.conditionDim`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    /// Of the encoded time; 1 is a plain time.
    pub t: Option<usize>,
    /// Of the (encoded) state.
    pub x: Option<usize>,
    /// Of the (encoded) condition; 0 where there must be none.
    pub condition: Option<usize>,
}

/// A boxed backbone, free to move between threads.
pub type BoxedBackbone = Box<dyn Backbone + Send + Sync>;

/// Builds a backbone whose type is registered elsewhere, given type, arguments and place; `None` if it does not know the type.
pub type External<'a> = dyn Fn(&str, &Value, &mut Declare) -> Option<Result<BoxedBackbone, NnError>> + 'a;

/// For models without types registered elsewhere.
pub fn no_external(_name: &str, _args: &Value, _declare: &mut Declare) -> Option<Result<BoxedBackbone, NnError>> {
    None
}

registry! {
    /// A backbone and its arguments.
    BackboneConfig of "backbone", built as BoxedBackbone, otherwise
    /// A type that is registered elsewhere, such as a module written in TypeScript.
    External(ExternalConfig);

    /// Fully connected layers over time, state and condition joined; of GenerativeRL.
    multi_layer_perceptron::MultiLayerPerceptronConfig as MultiLayerPerceptron;
    /// The same network under GenerativeRL's names for joined inputs.
    concatenate_mlp::ConcatenateMlpConfig as ConcatenateMLP;
    /// A U-shaped net of residual blocks, each fed by the time and the condition; of GenerativeRL.
    temporal_spatial_residual_net::TemporalSpatialResidualNetConfig as TemporalSpatialResidualNet;
    /// The same blocks, fed with state and condition joined; of GenerativeRL.
    temporal_spatial_conditional_residual_net::TemporalSpatialConditionalResidualNetConfig as TemporalSpatialConditionalResidualNet;
    /// Time, state and condition side by side; of GenerativeRL.
    concatenate_layer::ConcatenateLayerConfig as ConcatenateLayer;
    /// Residual blocks of two dense layers over all inputs joined (Hansen-Estruch et al. 2023, IDQL).
    mlp_res_net::MlpResNetConfig as MLPResNet;
    /// The same, with a small network for the time; of GenerativeRL.
    temporal_concatenate_mlp_res_net::TemporalConcatenateMlpResNetConfig as TemporalConcatenateMLPResNet;
    /// A diffusion transformer of images (Peebles & Xie 2023).
    dit::DitConfig as DiT;
    /// A diffusion transformer of series: the blocks of DiT (Peebles & Xie 2023) over tokens along the time.
    dit1d::Dit1dConfig as DiT1D;
    /// A diffusion transformer of videos and volumes: the blocks of DiT (Peebles & Xie 2023) over patches of time and space.
    dit3d::Dit3dConfig as DiT3D;
    /// A U-Net of series (Nichol & Dhariwal 2021, improved-diffusion).
    unet_1d::UNet1dConfig as unet_1D;
    /// A U-Net of images (Nichol & Dhariwal 2021, improved-diffusion).
    unet_2d::UNet2dConfig as unet_2D;
    /// A vision transformer of images with long skips (Bao et al. 2023, "All are worth words").
    uvit::UvitConfig as UViT;
    /// A Fourier neural operator over series, the same at all times (Li et al. 2021).
    fno1d::Fno1dConfig as FNO1d;
    /// A Fourier neural operator over images, the same at all times (Li et al. 2021).
    fno2d::Fno2dConfig as FNO2d;
    /// A Fourier neural operator over series (Li et al. 2021), whose weights depend on the time; of GenerativeRL.
    fno1d_temporal::Fno1dTemporalConfig as FNO1dTemporal;
    /// A Fourier neural operator over images (Li et al. 2021), whose weights depend on the time; of GenerativeRL.
    fno2d_temporal::Fno2dTemporalConfig as FNO2dTemporal;
    /// A Fourier neural operator over several fields of an image (Li et al. 2021), whose weights depend on the time; of GenerativeRL.
    fno2d_temporal_multivariable::Fno2dTemporalMultivariableConfig as FNO2dTemporalMultivariable;
}

/// The configuration of a type that is registered elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExternalConfig {
    /// Its registered name.
    #[serde(rename = "type")]
    pub name: String,
    /// Its arguments, in whatever form it takes them.
    pub args: Value,
}

impl BackboneConfig {
    /// Declares the backbone's parameters and returns the backbone. `external` builds types that are not registered here.
    ///
    /// # Errors
    /// The field at fault, relative to this configuration: `"args.hiddenSizes[1]"`; or `"type"`, with the known names and the
    /// nearest of them, if nobody knows the type.
    pub fn build(&self, declare: &mut Declare, external: &External) -> Result<BoxedBackbone, NnError> {
        if let Some(built) = self.build_registered(declare) {
            return built;
        }
        let (name, args) = match self {
            BackboneConfig::External(config) => (config.name.as_str(), config.args.clone()),
            _ => ("", Value::Object(Map::new())),
        };
        let unknown = || Err(NnError::new("type", tagged::known(name, Self::NAMES), format!("{name:?}")));
        external(name, &args, declare).unwrap_or_else(unknown)
    }
}
