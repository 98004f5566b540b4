//! Concrete tensors: JavaScript's handles of values on the device.
//! Making and reading one copies bytes; everything else happens on the worker's thread.

use std::cell::RefCell;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Object, ObjectFinalize, Uint8Array};
use napi_derive::napi;
use thalweg_model::engine::{Choice, Tensor};
use thalweg_model::{ModelError, Task};

use crate::args;
use crate::bytes;
use crate::error::{ErrorCode, ThalwegError};
use crate::guard::guard;
use crate::live::{Mark, Share};
use crate::promise::promise;
use crate::value::Value;
use crate::worker::{discard, internal, submit};

/// A value of this many bytes is dropped on the worker's thread.
const LARGE: usize = 1 << 18;

struct Held {
    value: Arc<Value>,
    share: Share,
    _mark: Mark,
}

/// A tensor on a device. Its elements may still be computed; `read` waits for them.
#[napi(custom_finalize)]
pub struct NativeTensor {
    held: RefCell<Option<Held>>,
}

/// Tells the garbage collector that this much more, or less, hangs on its objects.
fn tell(env: &Env, bytes: usize, more: bool) -> Result<(), ThalwegError> {
    let amount = i64::try_from(bytes).unwrap_or(i64::MAX);
    env.adjust_external_memory(if more { amount } else { -amount })?;
    Ok(())
}

impl NativeTensor {
    /// A handle of a value that nothing holds yet.
    ///
    /// # Errors
    /// `InternalError` where Node refuses to count its bytes.
    pub fn new(env: &Env, value: Arc<Value>) -> Result<NativeTensor, ThalwegError> {
        let bytes = value.ty().bytes();
        NativeTensor::of(env, value, Share::new(bytes))
    }

    /// Handles of values that nothing holds yet.
    ///
    /// # Errors
    /// As [`NativeTensor::new`].
    pub fn all(env: &Env, values: Vec<Arc<Value>>) -> Result<Vec<NativeTensor>, ThalwegError> {
        values.into_iter().map(|value| NativeTensor::new(env, value)).collect()
    }

    fn of(env: &Env, value: Arc<Value>, share: Share) -> Result<NativeTensor, ThalwegError> {
        if share.take_hold() {
            tell(env, share.bytes(), true)?;
        }
        Ok(NativeTensor { held: RefCell::new(Some(Held { value, share, _mark: Mark::new() })) })
    }

    fn with<R>(&self, read: impl FnOnce(&Held) -> R) -> Result<R, ThalwegError> {
        let disposed = || ThalwegError::new(ErrorCode::DisposedError, "the tensor was disposed of; it has no data any more");
        self.held.borrow().as_ref().map(read).ok_or_else(disposed)
    }

    /// What the handle stands for.
    ///
    /// # Errors
    /// `DisposedError` after `dispose`.
    pub fn value(&self) -> Result<Arc<Value>, ThalwegError> {
        self.with(|held| held.value.clone())
    }

    /// What the handle stands for, and a share of its bytes.
    ///
    /// # Errors
    /// `DisposedError` after `dispose`.
    pub fn shared(&self) -> Result<(Arc<Value>, Share), ThalwegError> {
        self.with(|held| (held.value.clone(), held.share.clone()))
    }

    fn release(&self, env: &Env) -> Result<(), ThalwegError> {
        let Some(Held { value, share, _mark }) = self.held.take() else { return Ok(()) };
        let bytes = share.bytes();
        let last = share.let_go();
        if bytes >= LARGE {
            discard(value);
        }
        if last { tell(env, bytes, false) } else { Ok(()) }
    }
}

impl ObjectFinalize for NativeTensor {
    fn finalize(self, env: Env) -> napi::Result<()> {
        Ok(self.release(&env)?)
    }
}

#[napi]
impl NativeTensor {
    /// Sizes of its dimensions.
    #[napi(getter)]
    pub fn shape(&self) -> napi::Result<Vec<f64>> {
        guard("NativeTensor.shape", || self.with(|held| args::sizes(&held.value.ty().shape)))
    }

    /// Element type: "f32", "f64", "bf16", "i64" or "bool".
    #[napi(getter)]
    pub fn dtype(&self) -> napi::Result<&'static str> {
        guard("NativeTensor.dtype", || self.with(|held| held.value.ty().dtype.name()))
    }

    /// Whether `dispose` was called.
    #[napi(getter)]
    pub fn disposed(&self) -> napi::Result<bool> {
        guard("NativeTensor.disposed", || Ok(self.held.borrow().is_none()))
    }

    /// Little-endian bytes of the elements, row-major (bf16 as f32), once every job before it is done.
    /// Rejects with the error of the job that should have computed them.
    #[napi(ts_return_type = "Promise<Uint8Array>")]
    pub fn read<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeTensor.read";
        guard(NAME, || {
            let value = self.value()?;
            let (settle, object) = promise::<Uint8Array>(NAME, env)?;
            let work = Box::new(|tensors: Vec<Tensor>| match tensors.first() {
                Some(tensor) => bytes::encode(tensor),
                None => Err(internal("a read without a tensor")),
            });
            let deliver = Box::new(move |outcome: Result<Vec<u8>, ModelError>| {
                settle.settle(outcome.map_err(ThalwegError::from), Uint8Array::from);
            });
            submit(Choice::Auto, NAME, Box::new(Task::new(vec![value.getter()], work, deliver)))?;
            Ok(object)
        })
    }

    /// Another handle of the same storage; each is disposed of on its own.
    #[napi]
    pub fn fork(&self, env: &Env) -> napi::Result<NativeTensor> {
        guard("NativeTensor.fork", || {
            let (value, share) = self.shared()?;
            NativeTensor::of(env, value, share)
        })
    }

    /// Frees the storage, once no other handle, recorded graph or pending job uses it. A second call does nothing.
    #[napi]
    pub fn dispose(&self, env: &Env) -> napi::Result<()> {
        guard("NativeTensor.dispose", || self.release(env))
    }
}
