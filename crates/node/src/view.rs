//! The bytes of a `Uint8Array`, borrowed for as long as no JavaScript runs.
//! napi converts arguments before the export's body runs, but other arguments may run JavaScript, which may detach the bytes.

use napi::bindgen_prelude::{FromNapiValue, Unknown};

use crate::error::ThalwegError;

/// Hands the bytes of `value` to `read`, which runs no JavaScript.
///
/// # Errors
/// `InternalError` where `value` is no `Uint8Array`, or the error of `read`.
pub fn with_bytes<R>(value: &Unknown<'_>, read: impl FnOnce(&[u8]) -> Result<R, ThalwegError>) -> Result<R, ThalwegError> {
    // SAFETY: the handle belongs to the call that is being served. `from_napi_value` checks the type. The slice is valid
    // until JavaScript runs again on this thread, hence not before `read` returns.
    let bytes = unsafe { <&[u8]>::from_napi_value(napi::JsValue::value(value).env, napi::JsValue::value(value).value) }?;
    read(bytes)
}
