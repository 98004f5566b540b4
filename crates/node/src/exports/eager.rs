//! Ops on concrete tensors: checked at once, enqueued, computed in order on the worker's thread.
//! The op table is the model crate's, the one that traced ops use.

use napi::Env;
use napi::bindgen_prelude::Array;
use napi_derive::napi;
use serde_json::Value as Json;
use thalweg_model::graph::{Builder, Graph, Var};
use thalweg_model::methods;

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::plan::{Key, plan};

/// The arguments of a method.
///
/// # Errors
/// `TraceError` where they are not JSON.
pub fn attributes(op: &str, attrs: &str) -> Result<Json, ThalwegError> {
    let wrong = |e: serde_json::Error| {
        let message = format!("{}: arguments do not fit", args::quoted(op));
        ThalwegError::expected(ErrorCode::TraceError, message, "a JSON object", e)
    };
    if attrs.is_empty() { Ok(Json::Object(serde_json::Map::new())) } else { serde_json::from_str(attrs).map_err(wrong) }
}

fn build(key: &Key) -> Result<Graph, ThalwegError> {
    let attrs = attributes(&key.name, &key.attrs)?;
    let b = Builder::new();
    let input = |(i, ty): (usize, &thalweg_model::graph::Type)| b.input(&format!("x{i}"), ty.dtype, &ty.shape);
    let inputs: Vec<Var<'_>> = key.types.iter().enumerate().map(input).collect();
    let outputs = methods::apply(&b, &key.name, &attrs, &inputs, None)?;
    Ok(b.finish(&outputs)?)
}

/// Applies the method `op` with arguments `attrs` (JSON). Shapes and element types are checked before the call returns;
/// the results are computed later, in the order of the calls. An error of an input's own job becomes the results' error.
#[napi]
pub fn eager(
    env: &Env,
    op: String,
    attrs: String,
    #[napi(ts_arg_type = "NativeTensor[]")] inputs: Array<'_>,
) -> napi::Result<Vec<NativeTensor>> {
    guard("eager", || {
        let values = args::instances(&inputs, args::OPERANDS, NativeTensor::value)?;
        let types = values.iter().map(|value| value.ty().clone()).collect();
        let plan = plan(Key { name: op, attrs, types }, build)?;
        let results = plan.enqueue("eager", values.iter().map(|value| value.getter()).collect())?;
        NativeTensor::all(env, results)
    })
}
