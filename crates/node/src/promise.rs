//! A JavaScript promise that another thread settles, once.
//! It keeps the process alive until then, and is rejected where its job is given up.

use napi::bindgen_prelude::{Object, ToNapiValue};
use napi::{Env, JsDeferred};

use crate::error::{ErrorCode, ThalwegError};
use crate::guard::timed;

type Resolver<T> = Box<dyn FnOnce(Env) -> napi::Result<T>>;

/// The side of a promise that settles it; dropped unsettled, it rejects with an `AbortError`.
pub struct Settle<T: ToNapiValue + 'static> {
    name: &'static str,
    deferred: Option<JsDeferred<T, Resolver<T>>>,
}

/// A pending promise for the export `name`, and what settles it.
///
/// # Errors
/// `InternalError` where Node cannot make a promise.
pub fn promise<'env, T: ToNapiValue>(name: &'static str, env: &'env Env) -> Result<(Settle<T>, Object<'env>), ThalwegError> {
    let (deferred, object) = env.create_deferred()?;
    Ok((Settle { name, deferred: Some(deferred) }, object))
}

impl<T: ToNapiValue> Settle<T> {
    /// Settles the promise; `convert` makes the JavaScript value, on the main thread.
    pub fn settle<V: Send + 'static>(mut self, outcome: Result<V, ThalwegError>, convert: fn(V) -> T) {
        let Some(deferred) = self.deferred.take() else { return };
        let name = self.name;
        match outcome {
            Ok(value) => deferred.resolve(Box::new(move |_| Ok(timed(name, || convert(value))))),
            Err(error) => deferred.reject(error.into()),
        }
    }
}

impl<T: ToNapiValue> Drop for Settle<T> {
    fn drop(&mut self) {
        if let Some(deferred) = self.deferred.take() {
            let error = ThalwegError::new(ErrorCode::AbortError, "the job was given up before it was done");
            deferred.reject(error.with_place(self.name).into());
        }
    }
}
