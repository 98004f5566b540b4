//! The configuration of a model, as users write it. Read once, here; inside, types carry the guarantees.
//! TypeScript's schemas and types are generated from these types (see `schemas`).

use crate::{ModelError, Result};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thalweg_graph::{DType, Leaves};
use thalweg_nn::IntrinsicConfig;
use thalweg_path::{GaussianPath, Parameterization, Path};
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
    /// The network.
    pub args: IntrinsicConfig,
}

/// A diffusion model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DiffusionConfig {
    /// `"cpu"`, `"cuda"`, `"cuda:1"`, or `"auto"`: the best one there is.
    #[serde(default = "auto")]
    pub device: String,
    /// Shape of one sample.
    pub x_size: Size,
    /// Shape of one condition, for conditional models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition_size: Option<Size>,
    /// Seed of the parameters' initial values.
    #[serde(default)]
    pub seed: i64,
    /// Element type of parameters and computation.
    #[serde(default)]
    pub dtype: Precision,
    /// How samples are integrated, unless a call says otherwise.
    #[serde(default)]
    pub solver: SolverConfig,
    /// The probability path between data and noise.
    pub path: Path,
    /// The network and what it predicts.
    pub model: NetworkConfig,
}

fn auto() -> String {
    "auto".into()
}

impl DiffusionConfig {
    /// Reads and validates a configuration.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn parse(json: &str) -> Result<DiffusionConfig> {
        let config: DiffusionConfig = parse(json)?;
        config.path.validate().map_err(|e| ModelError::config(format!("path.{}", e.field), e.expected, e.got))?;
        for (name, size) in [("xSize", Some(&config.x_size)), ("conditionSize", config.condition_size.as_ref())] {
            let Some(size) = size else { continue };
            let leaves = size.leaves();
            if leaves.is_empty() || leaves.values().any(|shape| shape.contains(&0)) {
                let got = serde_json::to_string(size).unwrap_or_default();
                return Err(ModelError::config(name, "positive sizes", got));
            }
        }
        Ok(config)
    }
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
        let mut error = ModelError::new("ConfigError", if path == "." { message.clone() } else { format!("{path}: {message}") });
        error.got = Some(message);
        error.path = Some(path);
        error
    })
}
