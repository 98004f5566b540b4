//! Builders of `.pt` files for tests: a zip writer that can lie, and a pickle writer byte by byte.
//! Hostile files cannot be made with sound writers, so these are small and unchecked.

#![allow(dead_code, reason = "each test file uses a part")]

pub mod counting;
pub mod pickle;
pub mod zip;

use std::path::PathBuf;

/// A file of the golden data.
pub fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../__test__/golden").join(name)
}

/// The three checkpoints of the reference system, which hold the same numbers.
pub const CHECKPOINTS: [&str; 3] =
    ["checkpoint/checkpoint_7.pt", "checkpoint/module_checkpoint_7.pt", "checkpoint/orig_mod_checkpoint_7.pt"];
