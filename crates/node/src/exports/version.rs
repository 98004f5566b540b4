//! Which build of the addon is loaded, so that TypeScript can refuse one that is not its own.

use napi_derive::napi;

use crate::guard::guard;

/// The version of the addon, equal to the version of the npm package it belongs to.
#[napi]
pub fn version() -> napi::Result<String> {
    guard("version", || Ok(env!("CARGO_PKG_VERSION").to_owned()))
}
