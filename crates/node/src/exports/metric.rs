//! Distances between samples, and other measures, computed on the worker's thread.

use napi::Env;
use napi::bindgen_prelude::{Array, BigInt, ClassInstance, Either, Object};
use napi_derive::napi;
use thalweg_model::engine::{Choice, Tensor};
use thalweg_model::{Measure, ModelError, Task, config, sliced_wasserstein as distance};

use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::promise::promise;
use crate::worker::{internal, submit};

/// A count ≥ 1 that fits into 32 bits.
fn positive(what: &'static str, value: f64) -> Result<u32, ThalwegError> {
    let wrong = || ThalwegError::expected(ErrorCode::ConfigError, what, "an integer ≥ 1", value).with_path(what);
    args::natural(value).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).ok_or_else(wrong)
}

/// The sliced Wasserstein distance of order `p` between the rows of `a` and `b`, over random directions.
#[napi(ts_return_type = "Promise<number>")]
pub fn sliced_wasserstein<'env>(
    env: &'env Env,
    a: ClassInstance<'_, NativeTensor>,
    b: ClassInstance<'_, NativeTensor>,
    projections: f64,
    p: f64,
    seed: Either<f64, BigInt>,
) -> napi::Result<Object<'env>> {
    const NAME: &str = "slicedWasserstein";
    guard(NAME, || {
        let inputs = vec![a.value()?.getter(), b.value()?.getter()];
        let (projections, p) = (positive("projections", projections)? as usize, positive("p", p)?);
        let seed = args::integer("seed", seed)?;
        let (settle, object) = promise::<f64>(NAME, env)?;
        let work = Box::new(move |tensors: Vec<Tensor>| match tensors.as_slice() {
            [a, b] => distance(a, b, projections, p, seed),
            _ => Err(internal("a distance needs two tensors")),
        });
        let deliver = Box::new(move |outcome: Result<f64, ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |value| value));
        submit(Choice::Auto, NAME, Box::new(Task::new(inputs, work, deliver)))?;
        Ok(object)
    })
}

/// A measure of samples, trajectories or log densities: what it is as JSON, `{ type, … }`; resolves to its numbers as JSON.
#[napi(ts_return_type = "Promise<string>")]
pub fn measure<'env>(
    env: &'env Env,
    what: String,
    #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
) -> napi::Result<Object<'env>> {
    const NAME: &str = "measure";
    guard(NAME, || {
        let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
        let what: Measure = config::parse(&what)?;
        let (settle, object) = promise::<String>(NAME, env)?;
        let work = Box::new(move |tensors: Vec<Tensor>| thalweg_model::measure(&what, &tensors).map(|numbers| numbers.to_string()));
        let deliver = Box::new(move |outcome: Result<String, ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |text| text));
        submit(Choice::Auto, NAME, Box::new(Task::new(values.iter().map(|value| value.getter()).collect(), work, deliver)))?;
        Ok(object)
    })
}
