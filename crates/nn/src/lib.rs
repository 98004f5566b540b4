//! Networks: layers, encoders and backbones, with GenerativeRL's parameter names and shapes.
//!
//! A network is built once from its configuration: it *declares* its parameters (name, shape, initial distribution) through a
//! [`Declare`] and keeps handles to them. Its `forward` is then traced as often as needed, each time given the parameters'
//! values as graph values in a [`Context`]. The crate knows no device and holds no number: initial values are graphs of
//! random ops ([`Init::build`]), which an engine runs.
//!
//! ```
//! use thalweg_graph::{Builder, DType, Leaves, Var};
//! use thalweg_nn::{Context, Declare, IntrinsicConfig, IntrinsicModel, Mode, no_external};
//!
//! let config: IntrinsicConfig = serde_json::from_str(
//!     r#"{
//!         "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 32 } },
//!         "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [64, 32], "outputDim": 2, "tDim": 32 } }
//!     }"#,
//! )?;
//! let mut declare = Declare::new();
//! let model = IntrinsicModel::build(&config, &mut declare, &no_external)?;
//! let specs = declare.finish()?;
//! assert_eq!(specs[0].name, "t_encoder.W");
//! assert_eq!(specs[0].shape, [16]);
//!
//! let b = Builder::new();
//! let params: Vec<Var> = specs.iter().map(|s| b.input(&s.name, DType::F32, &s.shape)).collect();
//! let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
//! let (t, x) = (b.input("t", DType::F32, &[5]), b.input("x", DType::F32, &[5, 2]));
//! let y = model.forward(&ctx, t, &Leaves::one(x), None);
//! assert_eq!(y.first().shape(), [5, 2]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod activations;
pub mod backbones;
mod check;
mod context;
mod declare;
pub mod encoders;
mod error;
mod init;
mod intrinsic;
mod join;
pub mod layers;
mod tagged;

pub use activations::{Activate, Activation};
pub use backbones::{Backbone, BackboneConfig, External, ExternalConfig, Widths, no_external};
pub use context::{Context, Mode, RandomSource};
pub use declare::{Declare, Param, ParamSpec};
pub use encoders::{Encoder, EncoderConfig};
pub use error::{NnError, nearest};
pub use init::{Coordinate, Init};
pub use intrinsic::{IntrinsicConfig, IntrinsicModel};
pub use layers::Layer;
