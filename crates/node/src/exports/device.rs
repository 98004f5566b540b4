//! Devices: what TypeScript tells of the process, whether a device is there, and what the machine has.

use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use serde_json::{Value as Json, json};
use thalweg_model::engine::{Choice, Device, EngineError, Future, Tensor, survey};
use thalweg_model::{ModelError, Task};

use crate::device::{self, Host};
use crate::error::ThalwegError;
use crate::guard::guard;
use crate::promise::promise;
use crate::worker::submit;

/// Says what runs JavaScript here, which file this addon is, and, where it is not the one with CUDA, why. The first call counts.
#[napi]
pub fn host_addon(node: String, addon: String, without: Option<String>) -> napi::Result<()> {
    guard("hostAddon", || {
        device::host(Host { node, addon, without });
        Ok(())
    })
}

/// Resolves to the name of the device that jobs for `device` run on, such as "cuda:0" for "auto"; rejects where it is not there.
#[napi(ts_return_type = "Promise<string>")]
pub fn device_of(env: &Env, device: String) -> napi::Result<Object<'_>> {
    const NAME: &str = "deviceOf";
    guard(NAME, || {
        let device = device::named(&device)?;
        let (settle, object) = promise::<String>(NAME, env)?;
        let work = Box::new(|_: Vec<Tensor>| {
            let device = Device::current()?;
            device::check(device)?;
            Ok(device.to_string())
        });
        let deliver = Box::new(move |outcome: Result<String, ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |name| name));
        submit(device, NAME, Box::new(Task::new(Vec::new(), work, deliver)))?;
        Ok(object)
    })
}

/// What the machine has, as JSON: `{ cpu, cuda, products }`. With `times` it multiplies matrices on each device, `products: [{ device, gflops }]`.
/// It blocks, and starts the driver: it is for processes that do nothing else.
#[napi]
pub fn survey(times: bool) -> napi::Result<String> {
    guard("survey", || {
        let mut devices = vec![Device::Cpu];
        let cuda = cfg!(feature = "cuda").then(|| {
            let gpus = survey::gpus();
            if gpus.error.is_none() {
                devices.extend((0..gpus.devices.len()).map(Device::Cuda));
            }
            described(&gpus)
        });
        let products: Vec<Json> = devices.into_iter().filter(|_| times).map(product).collect();
        Ok(json!({ "cpu": host()?, "cuda": cuda, "products": products }).to_string())
    })
}

fn host() -> Result<Json, EngineError> {
    let host = survey::host()?;
    Ok(
        json!({ "features": host.features, "kernels": host.kernels, "machineCode": host.machine_code, "threads": host.threads, "processors": host.processors, "freeMemory": host.free }),
    )
}

fn described(gpus: &survey::Gpus) -> Json {
    let library = |library: &survey::Library| json!({ "name": library.name, "version": library.version, "needed": library.needed });
    let device = |gpu: &survey::Gpu| json!({ "name": gpu.name, "memory": gpu.memory, "capability": gpu.capability });
    json!({
        "driver": gpus.driver,
        "libraries": gpus.libraries.iter().map(library).collect::<Vec<_>>(),
        "devices": gpus.devices.iter().map(device).collect::<Vec<_>>(),
        "error": gpus.error.as_ref().map(ToString::to_string),
    })
}

/// The rate of a product, measured by a job of the device, as all work is.
fn product(device: Device) -> Json {
    let (done, rate) = Future::new();
    let work = Box::new(|_: Vec<Tensor>| Ok(survey::product_rate()?));
    let deliver = Box::new(move |outcome: Result<f64, ModelError>| done.set(outcome.map_err(EngineError::from)));
    let submitted = submit(Choice::Named(device), "survey", Box::new(Task::new(Vec::new(), work, deliver)));
    match submitted.and_then(|()| rate.wait().map_err(ThalwegError::from)) {
        Ok(rate) => json!({ "device": device.to_string(), "gflops": rate / 1e9 }),
        Err(error) => json!({ "device": device.to_string(), "error": error.message }),
    }
}
