//! The configuration of a model, as users write it. Read once, here; inside, types carry the guarantees.
//! TypeScript's schemas and types are generated from these types (see `schemas`).

use crate::discrete_config::DiscreteConfig;
use crate::ordered::Ordered;
use crate::process::roles;
use crate::table::EncodingConfig;
use crate::{ModelError, Result};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thalweg_coupling::{Couple, Coupling};
use thalweg_engine::Choice;
use thalweg_graph::{DType, Leaves};
use thalweg_nn::IntrinsicConfig;
use thalweg_path::interpolant::SchrodingerBridge;
use thalweg_path::{GaussianPath, Interpolant, Parameterization, Path, Preconditioning, StochasticInterpolant};
use thalweg_solver::SolverConfig;

/// The shape of one sample of a state or a condition: a width, a shape, or named parts that are either.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Size {
    /// A vector of this width.
    Width(usize),
    /// A tensor of this shape; an image is `[channels, height, width]`.
    Shape(Vec<usize>),
    /// Named parts.
    Parts(IndexMap<String, Size>),
}

impl Size {
    /// The shapes of the leaves, named by their dotted paths.
    pub fn leaves(&self) -> Leaves<Vec<usize>> {
        let mut entries = Vec::new();
        self.collect("", &mut entries);
        Leaves::new(entries)
    }

    fn collect(&self, name: &str, out: &mut Vec<(String, Vec<usize>)>) {
        match self {
            Size::Width(width) => out.push((name.to_string(), vec![*width])),
            Size::Shape(shape) => out.push((name.to_string(), shape.clone())),
            Size::Parts(parts) => {
                for (part, size) in parts {
                    let full = if name.is_empty() { part.clone() } else { format!("{name}.{part}") };
                    size.collect(&full, out);
                }
            }
        }
    }
}

/// Element type of parameters and computation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    F32,
    /// 64-bit floats.
    F64,
}

impl Precision {
    /// As an element type.
    pub fn dtype(self) -> DType {
        match self {
            Precision::F32 => DType::F32,
            Precision::F64 => DType::F64,
        }
    }
}

/// What the network predicts, and the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkConfig {
    /// The quantity that the network's output is read as.
    #[serde(rename = "type")]
    pub parameterization: Parameterization,
    /// EDM's preconditioning around a `data_prediction_function` (Karras et al. 2022): the network then sees inputs and is fitted to targets of unit variance at
    /// every noise level, and its time is ¼ log(σ/s).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preconditioning: Option<Preconditioning>,
    /// The network.
    pub args: IntrinsicConfig,
}

/// What every model is configured with.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"`.
    pub device: String,
    /// Shape of one sample.
    pub x_size: Size,
    /// Shape of one condition.
    pub condition_size: Option<Size>,
    /// Share of the conditions that training hides.
    pub condition_dropout: Option<f64>,
    /// Seed of the parameters' initial values.
    pub seed: i64,
    /// Element type.
    pub dtype: Precision,
    /// How samples are integrated.
    pub solver: SolverConfig,
}

pub(crate) fn auto() -> String {
    "auto".into()
}

/// The config of one model: the fields that all models have, then its own. `$config => $solver` is the solver of one.
macro_rules! config_of {
    ($(#[$doc:meta])* $name:ident($config:ident => $solver:expr) { $($(#[$field_doc:meta])* $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            /// Where the model's jobs run: `"cpu"`, `"cuda"` (the first GPU), `"cuda:1"` …, or `"auto"`: where `THALWEG_DEVICE` says, else on the first
            /// GPU if there is one and the CUDA addon, else on the CPU.
            #[serde(default = "auto")]
            pub device: String,
            /// Shape of one sample.
            pub x_size: Size,
            /// Shape of one condition, for conditional models.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub condition_size: Option<Size>,
            /// Share of the conditions, in [0, 1), that training replaces by a learned "no condition", so that the model can be sampled
            /// without one and with classifier-free guidance.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 0), extend("exclusiveMaximum" = 1))]
            pub condition_dropout: Option<f64>,
            /// Seed of the parameters' initial values.
            #[serde(default)]
            pub seed: i64,
            /// Element type of parameters and computation.
            #[serde(default)]
            pub dtype: Precision,
            $($(#[$field_doc])* pub $field: $ty,)*
        }

        impl $name {
            pub(crate) fn common(&self) -> Common {
                let $config = self;
                Common {
                    device: self.device.clone(),
                    x_size: self.x_size.clone(),
                    condition_size: self.condition_size.clone(),
                    condition_dropout: self.condition_dropout,
                    seed: self.seed,
                    dtype: self.dtype,
                    solver: $solver,
                }
            }
        }
    };
}
pub(crate) use config_of;

/// The config of a model whose samples are integrated.
macro_rules! model_config {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        config_of! {
            $(#[$doc])*
            $name(config => config.solver.clone()) {
                /// How samples are integrated, unless a call says otherwise.
                #[serde(default)]
                solver: SolverConfig,
                /// How tables become states and conditions: what `fitEncoding` gives. With it the model is fitted to tables, and samples come back as tables.
                #[serde(default, skip_serializing_if = "Option::is_none")]
                data: Option<EncodingConfig>,
                $($fields)*
            }
        }
    };
}

model_config! {
    /// A diffusion model.
    DiffusionConfig {
        /// The probability path between data and noise.
        path: Path,
        /// The network and what it predicts.
        model: NetworkConfig,
    }
}

model_config! {
    /// A flow model: a velocity that carries a source distribution (t = 0) to the data (t = 1).
    FlowConfig {
        /// The path from a source sample to a datum, given both.
        #[serde(default)]
        path: Interpolant,
        /// Which source sample meets which datum. By default what the model's name says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupling: Option<Coupling>,
        /// The network; it predicts the velocity.
        model: NetworkConfig,
    }
}

model_config! {
    /// A Schrödinger bridge: a velocity and a score, fitted together, between two distributions.
    BridgeConfig {
        /// The Brownian bridge from a source sample to a datum, given both.
        path: SchrodingerBridge,
        /// Which source sample meets which datum; by default the exact transport plan of each batch.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coupling: Option<Coupling>,
        /// The network of the velocity.
        velocity_model: NetworkConfig,
        /// The network of the score.
        score_model: NetworkConfig,
    }
}

model_config! {
    /// A diffusion model with an energy that guides it: samples come from p·exp(E) for an energy E of the data (Lu et al. 2023, contrastive energy prediction).
    EnergyConfig {
        /// The probability path between data and noise.
        path: Path,
        /// The network of the diffusion model and what it predicts.
        model: NetworkConfig,
        /// The network of the energy at each time; its output has one number per row.
        energy_guidance: IntrinsicConfig,
    }
}

/// The registry of models: the class of TypeScript, and its config.
macro_rules! models {
    ($($(#[$doc:meta])* $variant:ident($config:ident) = $name:literal),* $(,)?) => {
        /// The config of any model, by the name of its class.
        #[derive(Clone, Debug, PartialEq)]
        pub enum ModelConfig {
            $($(#[$doc])* $variant($config),)*
        }

        impl ModelConfig {
            /// The classes' names.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// Reads and validates the config of the model `class`.
            ///
            /// # Errors
            /// A `ConfigError` with the path of the field at fault.
            pub fn parse(class: &str, json: &str) -> Result<ModelConfig> {
                let config = match class {
                    $($name => ModelConfig::$variant(parse(json)?),)*
                    other => return Err(ModelError::config("model", ModelConfig::NAMES.join(", "), other)),
                };
                config.validate()?;
                Ok(config)
            }

            /// The name of its class.
            pub fn class(&self) -> &'static str {
                match self { $(ModelConfig::$variant(_) => $name,)* }
            }

            /// What all models have.
            pub fn common(&self) -> Common {
                match self { $(ModelConfig::$variant(config) => config.common(),)* }
            }

            /// The same config with another device.
            #[must_use]
            pub fn on(mut self, device: Choice) -> ModelConfig {
                match &mut self { $(ModelConfig::$variant(config) => config.device = device.to_string(),)* }
                self
            }

            /// As JSON, with all defaults and the parts of states in their order.
            ///
            /// # Errors
            /// `InternalError` where it cannot be written.
            pub fn to_json(&self) -> Result<Ordered> {
                match self { $(ModelConfig::$variant(config) => Ordered::of(config),)* }
            }
        }
    };
}

models! {
    /// See [`DiffusionConfig`].
    Diffusion(DiffusionConfig) = "DiffusionModel",
    /// Source samples and data meet at random.
    IndependentFlow(FlowConfig) = "IndependentConditionalFlowModel",
    /// Source samples and data meet by optimal transport within each batch.
    OptimalTransportFlow(FlowConfig) = "OptimalTransportConditionalFlowModel",
    /// See [`EnergyConfig`].
    EnergyDiffusion(EnergyConfig) = "EnergyConditionalDiffusionModel",
    /// See [`BridgeConfig`].
    SchrodingerBridge(BridgeConfig) = "SchrodingerBridgeConditionalFlowModel",
    /// See [`DiscreteConfig`].
    DiscreteFlow(DiscreteConfig) = "DiscreteFlowMatchingModel",
}

impl ModelConfig {
    /// How tables become its states.
    fn data(&self) -> Option<&EncodingConfig> {
        match self {
            ModelConfig::Diffusion(config) => config.data.as_ref(),
            ModelConfig::IndependentFlow(config) | ModelConfig::OptimalTransportFlow(config) => config.data.as_ref(),
            ModelConfig::EnergyDiffusion(config) => config.data.as_ref(),
            ModelConfig::SchrodingerBridge(config) => config.data.as_ref(),
            ModelConfig::DiscreteFlow(_) => None,
        }
    }

    fn validate(&self) -> Result<()> {
        let at_path = |e: thalweg_path::PathError| ModelError::config(format!("path.{}", e.field), e.expected, e.got);
        match self {
            ModelConfig::Diffusion(config) => config.path.validate().map_err(at_path)?,
            ModelConfig::EnergyDiffusion(config) => config.path.validate().map_err(at_path)?,
            ModelConfig::IndependentFlow(config) | ModelConfig::OptimalTransportFlow(config) => {
                config.path.validate().map_err(at_path)?;
                check_coupling(config.coupling.as_ref())?;
                predicts("model.type", &config.model, Parameterization::Velocity)?;
            }
            ModelConfig::SchrodingerBridge(config) => {
                config.path.validate().map_err(at_path)?;
                check_coupling(config.coupling.as_ref())?;
                predicts("velocityModel.type", &config.velocity_model, Parameterization::Velocity)?;
                predicts("scoreModel.type", &config.score_model, Parameterization::Score)?;
            }
            ModelConfig::DiscreteFlow(config) => config.validate()?,
        }
        for role in roles(self) {
            check_preconditioning(role.path, role.config, matches!(self, ModelConfig::Diffusion(_) | ModelConfig::EnergyDiffusion(_)))?;
        }
        let common = self.common();
        if let Some(data) = self.data() {
            data.validate(&common.x_size, common.condition_size.as_ref())?;
        }
        for (name, size) in [("xSize", Some(&common.x_size)), ("conditionSize", common.condition_size.as_ref())] {
            let Some(size) = size else { continue };
            let leaves = size.leaves();
            if leaves.is_empty() || leaves.values().any(|shape| shape.contains(&0)) {
                let got = serde_json::to_string(size).unwrap_or_default();
                return Err(ModelError::config(name, "positive sizes", got));
            }
        }
        match common.condition_dropout {
            Some(_) if common.condition_size.is_none() => {
                Err(ModelError::config("conditionDropout", "a conditionSize beside it, or no conditionDropout", "no conditionSize"))
            }
            Some(share) if !(0.0..1.0).contains(&share) => Err(ModelError::config("conditionDropout", "a number in [0, 1)", share)),
            _ => Ok(common.solver.validate().map_err(|e| ModelError::from(e).under("solver.args"))?),
        }
    }
}

/// Refuses a preconditioning that is wrong or in the wrong place.
fn check_preconditioning(path: &str, network: &NetworkConfig, diffusion: bool) -> Result<()> {
    let Some(preconditioning) = &network.preconditioning else { return Ok(()) };
    let place = path.replace("args", "preconditioning");
    preconditioning.validate().map_err(|e| ModelError::config(format!("{place}.{}", e.field), e.expected, e.got))?;
    if !diffusion || network.parameterization != Parameterization::Data {
        let expected = "a diffusion model whose type is data_prediction_function, or no preconditioning";
        return Err(ModelError::config(place, expected, network.parameterization.name()));
    }
    Ok(())
}

/// Checks a coupling.
fn check_coupling(coupling: Option<&Coupling>) -> Result<()> {
    coupling.map_or(Ok(()), |coupling| Ok(Couple::validate(coupling)?))
}

/// Refuses a network that predicts something else.
pub(crate) fn predicts(path: &str, network: &NetworkConfig, wanted: Parameterization) -> Result<()> {
    if network.parameterization == wanted {
        return Ok(());
    }
    Err(ModelError::config(path, format!("{:?}", wanted.name()), format!("{:?}", network.parameterization.name())))
}

/// Reads JSON into a type, with the path of whatever does not fit.
///
/// # Errors
/// A `ConfigError`.
pub fn parse<T: DeserializeOwned>(json: &str) -> Result<T> {
    let mut reader = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut reader).map_err(|e| {
        let path = e.path().to_string();
        let message = e.inner().to_string();
        // A place in the text that crossed the boundary says nothing to who wrote an object.
        let message = message.split(" at line ").next().unwrap_or_default().to_string();
        let mut error = ModelError::new("ConfigError", if path == "." { message.clone() } else { format!("{path}: {message}") });
        error.got = Some(message);
        error.path = Some(path);
        error
    })
}
