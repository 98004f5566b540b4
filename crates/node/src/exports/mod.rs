//! The exports, one file per subject, so that what JavaScript sees can be read off the folder.

pub mod create;
pub mod device;
pub mod eager;
pub mod graph;
pub mod memory;
pub mod metric;
pub mod model;
pub mod parameters;
pub mod profile;
pub mod tensor;
pub mod trace;
pub mod train_step;
pub mod version;
