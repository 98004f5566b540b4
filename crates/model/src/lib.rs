//! Objectives, models, sampling, optimisers, training and checkpoints, composed from the crates below.
//!
//! [`Definition`] is a model as a function of graph values; [`Model`] adds parameter values and runs jobs on the device's
//! worker: [`FitJob`], [`SampleJob`] and short tasks. Nothing here knows napi or JavaScript.

mod bind;
pub mod config;
mod convolution;
mod data;
mod definition;
mod discrete_config;
mod distance;
mod error;
pub mod external;
mod fit;
mod groups;
mod measure;
pub mod methods;
mod model;
mod needs;
mod objective;
pub mod optimizer;
mod ordered;
mod ordering;
mod parameters;
pub mod posthoc;
mod process;
mod rearrange;
mod run;
pub mod sampling;
mod save;
pub mod schedule;
mod schemas;
mod step;
mod store;
mod table;
mod task;
mod tokens;
mod train_step;
mod vector;

pub use bind::Bindings;
pub use config::ModelConfig;
pub use definition::{At, Definition, leaf_name};
pub use discrete_config::DiscreteConfig;
pub use distance::sliced_wasserstein;
pub use error::{ModelError, Result};
pub use fit::{Fed, Feed, FitJob, FitOptions, FitRequest, Intake};
pub use groups::{Cuts, Groups};
pub use measure::{Measure, measure};
pub use model::{LossShape, Model};
pub use objective::{Candidates, Contrast, Draw, EnergyMatching, EnergyWeights, Fixed, Objective, ObjectiveKind, Rows, Weighting, per_row};
pub use parameters::Parameters;
pub use process::Process;
pub use run::{Event, Report, Run};
pub use sampling::{
    Ask, DiscreteSampleOptions, DiscreteSampler, LogProbOptions, SampleJob, SampleOptions, SampleRequest, TokenJob, TokenRequest,
};
pub use save::read_config;
pub use schemas::schemas;
pub use step::{Ema, StepGraph, StepRule};
pub use store::{Group, Layout, Normalization, Part, Store, Weights};
pub use table::EncodingConfig;
pub use task::Task;
pub use thalweg_engine as engine;
pub use thalweg_graph as graph;
pub use thalweg_metric as metric;
pub use thalweg_path as path;
pub use tokens::{Positions, Tokens, TokensConfig};
pub use train_step::{TrainStep, TrainStepReport, Trained};
