//! JSON schemas of everything users configure, from the types that read it: the source of TypeScript's schemas and types.

use crate::config::{BridgeConfig, DiffusionConfig, EnergyConfig, FlowConfig};
use crate::discrete_config::DiscreteConfig;
use crate::fit::FitOptions;
use crate::objective::Objective;
use crate::optimizer::Optimizer;
use crate::sampling::{DiscreteSampleOptions, LogProbOptions, SampleOptions};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value};

fn schema<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// Schemas by name.
pub fn schemas() -> Value {
    let mut all = Map::new();
    all.insert("DiffusionConfig".into(), schema::<DiffusionConfig>());
    all.insert("FlowConfig".into(), schema::<FlowConfig>());
    all.insert("BridgeConfig".into(), schema::<BridgeConfig>());
    all.insert("DiscreteConfig".into(), schema::<DiscreteConfig>());
    all.insert("DiscreteSampleOptions".into(), schema::<DiscreteSampleOptions>());
    all.insert("EnergyConfig".into(), schema::<EnergyConfig>());
    all.insert("LogProbOptions".into(), schema::<LogProbOptions>());
    all.insert("FitOptions".into(), schema::<FitOptions>());
    all.insert("SampleOptions".into(), schema::<SampleOptions>());
    all.insert("Objective".into(), schema::<Objective>());
    all.insert("Optimizer".into(), schema::<Optimizer>());
    Value::Object(all)
}
