//! Objectives, models, sampling, optimisers, training and checkpoints, composed from the crates below.
//!
//! [`Diffusion`] is a model as a function of graph values; [`Model`] adds parameter values and runs jobs on the device's
//! worker: [`FitJob`], [`SampleJob`] and short tasks. Nothing here knows napi or JavaScript.

mod bind;
pub mod config;
mod data;
mod diffusion;
mod distance;
mod dynamics;
mod error;
pub mod external;
mod fit;
mod fit_options;
pub mod methods;
mod model;
mod needs;
mod objective;
pub mod optimizer;
mod ordering;
mod rearrange;
mod run;
mod sample;
mod save;
pub mod schedule;
mod schemas;
mod step;
mod store;
mod task;
mod train_step;

pub use bind::Bindings;
pub use config::DiffusionConfig;
pub use data::Rows;
pub use diffusion::{Diffusion, leaf_name};
pub use distance::sliced_wasserstein;
pub use error::{ModelError, Result};
pub use fit::{FitJob, FitRequest};
pub use fit_options::FitOptions;
pub use model::Model;
pub use objective::{Draw, Objective, ObjectiveKind, Weighting, per_row};
pub use run::{Event, Report, Run};
pub use sample::{SampleJob, SampleOptions, SampleRequest};
pub use save::read_config;
pub use schemas::schemas;
pub use step::{Ema, StepGraph, StepRule};
pub use store::{Group, Layout, Normalization, Store, Weights};
pub use task::Task;
pub use thalweg_engine as engine;
pub use thalweg_graph as graph;
pub use thalweg_metric as metric;
pub use train_step::TrainStep;
