//! What is alive, so that users and tests can see leaks.

use napi_derive::napi;

use crate::guard::guard;
use crate::live;

/// What is alive in this process.
#[napi(object)]
pub struct Memory {
    /// Tensors that were neither disposed of nor collected.
    pub live_tensors: f64,
    /// Bytes of the storage of these and of what recorded graphs captured; handles of one storage count it once.
    pub live_bytes: f64,
}

/// How many tensors are alive, and their bytes.
#[napi]
pub fn memory() -> napi::Result<Memory> {
    guard("memory", || Ok(Memory { live_tensors: live::tensors() as f64, live_bytes: live::bytes() as f64 }))
}
