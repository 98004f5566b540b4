//! New tensors: from JavaScript's bytes, of one number, of random numbers, and initial values of parameters.
//! Bytes are copied before the call returns, because JavaScript may change them afterwards.

use std::cell::RefCell;
use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Array, BigInt, Either, Unknown};
use napi_derive::napi;
use serde_json::json;
use thalweg_model::engine::{Choice, Future, Tensor, random};
use thalweg_model::external::ExternalParameter;
use thalweg_model::graph::ops::Distribution;
use thalweg_model::graph::{Builder, DType, Graph, Type};

use crate::args;
use crate::bytes;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::plan::{Key, plan};
use crate::value::{self, Value};
use crate::view::with_bytes;
use crate::worker::internal;

/// Stream of the random numbers of `tensorRandom`.
const STREAM: &str = "tensor.random";

fn type_of(dtype: &str, shape: &Array<'_>) -> Result<Type, ThalwegError> {
    let dtype = args::dtype(dtype)?;
    Ok(Type::new(dtype, args::shape(shape)?))
}

/// The value of bytes that nobody else has; they are decoded on the worker's thread.
fn decoded(name: &'static str, bytes: Vec<u8>, ty: Type) -> Result<Arc<Value>, ThalwegError> {
    let types = [ty.clone()];
    let values = value::enqueue(Choice::Auto, name, Vec::new(), &types, move |_| Ok(vec![bytes::decode(&bytes, &ty)?]))?;
    values.into_iter().next().ok_or_else(|| internal("no value was made").into())
}

/// A tensor of the elements of a typed array, given as a view of its bytes (bf16 as f32). They are copied.
///
/// A call takes 1 to 2 ms for 4 MiB; `NativeTensorWriter` takes more in pieces.
#[napi]
pub fn tensor_from(
    env: &Env,
    #[napi(ts_arg_type = "Uint8Array")] data: Unknown<'_>,
    dtype: String,
    #[napi(ts_arg_type = "number[]")] shape: Array<'_>,
) -> napi::Result<NativeTensor> {
    guard("tensorFrom", || {
        let ty = type_of(&dtype, &shape)?;
        let copy = with_bytes(&data, |bytes| {
            bytes::check(&ty, bytes.len())?;
            value::require([&ty])?;
            Ok(bytes.to_vec())
        })?;
        NativeTensor::new(env, decoded("tensorFrom", copy, ty)?)
    })
}

struct Writing {
    ty: Type,
    total: usize,
    bytes: Vec<u8>,
}

/// Makes a large tensor of bytes in pieces, so that no single call takes long.
#[napi]
pub struct NativeTensorWriter {
    writing: RefCell<Option<Writing>>,
}

#[napi]
impl NativeTensorWriter {
    /// Starts a tensor; refuses one that would not fit into memory.
    #[napi(constructor)]
    pub fn new(dtype: String, #[napi(ts_arg_type = "number[]")] shape: Array<'_>) -> napi::Result<Self> {
        guard("NativeTensorWriter", || {
            let ty = type_of(&dtype, &shape)?;
            value::require([&ty, &ty])?;
            let total = ty.count().saturating_mul(bytes::width(ty.dtype));
            let mut bytes = Vec::new();
            let refused = || ThalwegError::new(ErrorCode::MemoryError, format!("{total} bytes for {ty} cannot be had"));
            bytes.try_reserve_exact(total).map_err(|_| refused())?;
            Ok(NativeTensorWriter { writing: RefCell::new(Some(Writing { ty, total, bytes })) })
        })
    }

    /// Copies the next bytes. Pieces of 4 MiB take 1 to 2 ms each.
    #[napi]
    pub fn write(&self, #[napi(ts_arg_type = "Uint8Array")] data: Unknown<'_>) -> napi::Result<()> {
        guard("NativeTensorWriter.write", || {
            let mut slot = self.writing.borrow_mut();
            let writing = slot.as_mut().ok_or_else(finished)?;
            with_bytes(&data, |bytes| {
                if bytes.len() > writing.total - writing.bytes.len() {
                    return bytes::check(&writing.ty, writing.bytes.len() + bytes.len());
                }
                writing.bytes.extend_from_slice(bytes);
                Ok(())
            })
        })
    }

    /// The tensor; all of its bytes must be there.
    #[napi]
    pub fn finish(&self, env: &Env) -> napi::Result<NativeTensor> {
        guard("NativeTensorWriter.finish", || {
            let mut slot = self.writing.borrow_mut();
            let writing = slot.as_ref().ok_or_else(finished)?;
            bytes::check(&writing.ty, writing.bytes.len())?;
            let Writing { ty, bytes, .. } = slot.take().ok_or_else(finished)?;
            NativeTensor::new(env, decoded("NativeTensorWriter.finish", bytes, ty)?)
        })
    }
}

fn finished() -> ThalwegError {
    ThalwegError::new(ErrorCode::DisposedError, "the tensor was finished; its writer takes no more bytes")
}

/// A tensor of one number.
#[napi]
pub fn tensor_full(env: &Env, value: f64, dtype: String, #[napi(ts_arg_type = "number[]")] shape: Array<'_>) -> napi::Result<NativeTensor> {
    guard("tensorFull", || {
        let ty = type_of(&dtype, &shape)?;
        value::require([&ty])?;
        let attrs = format!("{:x} {ty}", value.to_bits());
        let build = |_: &Key| {
            let b = Builder::new();
            let full = b.full(value, ty.dtype, &ty.shape);
            Ok(b.finish(&[full])?)
        };
        made(env, "tensorFull", attrs, Vec::new(), build)
    })
}

/// A tensor of random numbers, a pure function of the seed and each element's index: `uniform` in (0, 1), or `normal`.
#[napi]
pub fn tensor_random(
    env: &Env,
    #[napi(ts_arg_type = "\"uniform\" | \"normal\"")] kind: String,
    seed: Either<f64, BigInt>,
    dtype: String,
    #[napi(ts_arg_type = "number[]")] shape: Array<'_>,
) -> napi::Result<NativeTensor> {
    guard("tensorRandom", || {
        let distribution = match kind.as_str() {
            "uniform" => Distribution::Uniform,
            "normal" => Distribution::Normal,
            other => {
                let got = args::quoted(other);
                return Err(ThalwegError::expected(ErrorCode::ConfigError, "distribution", "\"uniform\" or \"normal\"", got));
            }
        };
        let ty = type_of(&dtype, &shape)?;
        value::require([&ty])?;
        let seed = args::integer("seed", seed)?;
        let build = |_: &Key| {
            let b = Builder::new();
            let key = b.input("seed", DType::I64, &[]);
            let counter = b.full(0.0, DType::I64, &[]);
            let numbers = b.random(distribution, random::stream_of(STREAM), ty.clone(), key, counter);
            Ok(b.finish(&[numbers])?)
        };
        made(env, "tensorRandom", format!("{kind} {ty}"), vec![seed], build)
    })
}

/// The initial value of a parameter: a pure function of its initialiser (JSON), the seed, its full name, type and shape.
#[napi]
pub fn initialise(
    env: &Env,
    init: String,
    seed: Either<f64, BigInt>,
    name: String,
    dtype: String,
    #[napi(ts_arg_type = "number[]")] shape: Array<'_>,
) -> napi::Result<NativeTensor> {
    guard("initialise", || {
        let ty = type_of(&dtype, &shape)?;
        value::require([&ty])?;
        let seed = args::integer("seed", seed)?;
        let build = |_: &Key| initial(&init, &name, &ty);
        made(env, "initialise", format!("{init} {name} {ty}"), vec![seed], build)
    })
}

fn initial(init: &str, name: &str, ty: &Type) -> Result<Graph, ThalwegError> {
    let wrong = |got: String| ThalwegError::expected(ErrorCode::ConfigError, "init", "an initialiser", got);
    let init: serde_json::Value = serde_json::from_str(init).map_err(|e| wrong(e.to_string()))?;
    let declared = json!({ "name": name, "shape": ty.shape, "init": init });
    let parameter: ExternalParameter = serde_json::from_value(declared).map_err(|e| wrong(e.to_string()))?;
    parameter
        .init
        .validate()
        .and_then(|()| parameter.init.fits(&ty.shape))
        .map_err(|e| ThalwegError::expected(ErrorCode::ConfigError, format!("init.{}", e.field), &e.expected, e.got))?;
    let b = Builder::new();
    let key = b.input("seed", DType::I64, &[]);
    let value = parameter.init.build(&b, ty.dtype, &ty.shape, random::stream_of(name), key);
    Ok(b.finish(&[value])?)
}

/// One tensor that a plan makes of integers.
fn made(
    env: &Env,
    name: &'static str,
    attrs: String,
    integers: Vec<i64>,
    build: impl FnOnce(&Key) -> Result<Graph, ThalwegError>,
) -> Result<NativeTensor, ThalwegError> {
    let plan = plan(Key { name: name.into(), attrs, types: Vec::new() }, build)?;
    let inputs = integers.into_iter().map(|value| Future::ready(Tensor::from_i64(vec![value], &[]))).collect();
    let mut values = plan.enqueue(name, inputs)?;
    let value = values.pop().ok_or_else(|| internal("no value was made"))?;
    NativeTensor::new(env, value)
}
