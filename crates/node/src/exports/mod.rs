//! The exports, one file per subject, so that what JavaScript sees can be read off the folder.

pub mod version;
