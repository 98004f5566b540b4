//! Ops on concrete tensors: checked at once, enqueued, computed in order on the worker's thread.
//! The op table is the model crate's, the one that traced ops use.

use napi::Env;
use napi::bindgen_prelude::Array;
use napi_derive::napi;

use crate::args;
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::plan::of_method;

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
        let plan = of_method(op, attrs, types)?;
        let results = plan.enqueue("eager", values.iter().map(|value| value.getter()).collect())?;
        NativeTensor::all(env, results)
    })
}
