//! Parameters in and out: checkpoint folders, foreign weights, state dicts.
//! Files are read and written on the worker's thread.

use std::path::PathBuf;

use napi::Env;
use napi::bindgen_prelude::{Array, Object, Undefined};
use napi_derive::napi;
use serde_json::json;
use thalweg_model::engine::{Choice, Device};
use thalweg_model::graph::Type;
use thalweg_model::{ModelError, Task, posthoc, read_config};

use super::{NativeModel, enqueue_text, getters, weights};
use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::promise::promise;
use crate::value;
use crate::worker::submit;

/// What was missing and what was extra, as JSON.
fn report((missing, extra): (Vec<String>, Vec<String>)) -> String {
    json!({ "missing": missing, "extra": extra }).to_string()
}

#[napi]
impl NativeModel {
    /// Writes a checkpoint folder, as a whole or not at all.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn save<'env>(&self, env: &'env Env, folder: String) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeModel.save";
        guard(NAME, || {
            let model = self.model()?;
            let (settle, object) = promise::<Undefined>(NAME, env)?;
            let device = model.inner().device();
            let work = Box::new(move |_| model.inner().save_now(&PathBuf::from(folder)));
            let deliver = Box::new(move |outcome: Result<(), ModelError>| settle.settle(outcome.map_err(ThalwegError::from), |()| ()));
            submit(device, NAME, Box::new(Task::new(Vec::new(), work, deliver)))?;
            Ok(object)
        })
    }

    /// Reads a checkpoint folder into this model; on an error nothing has changed. Resolves to a report as JSON:
    /// `{ missing, extra }`.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn load<'env>(&self, env: &'env Env, folder: String) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeModel.load";
        guard(NAME, || {
            let model = self.model()?;
            model.inner().refuse_while_training("load")?;
            let (settle, object) = promise(NAME, env)?;
            enqueue_text(model.inner().device(), NAME, Vec::new(), settle, move |_| {
                model.inner().load_now(&PathBuf::from(folder))?;
                Ok(report((Vec::new(), Vec::new())))
            })?;
            Ok(object)
        })
    }

    /// Reads the weights of a `.pt` or `.safetensors` file of GenerativeRL or PyTorch by name; on an error nothing has
    /// changed. Resolves to `{ missing, extra }` as JSON; where `strict`, both are empty.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn import_weights<'env>(&self, env: &'env Env, file: String, strict: bool) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeModel.importWeights";
        guard(NAME, || {
            let model = self.model()?;
            model.inner().refuse_while_training("importWeights")?;
            let (settle, object) = promise(NAME, env)?;
            let device = model.inner().device();
            let work = move |_| model.inner().import_weights(&PathBuf::from(file), strict).map(report);
            enqueue_text(device, NAME, Vec::new(), settle, work)?;
            Ok(object)
        })
    }

    /// All parameters, in the order of `parameters`.
    #[napi]
    pub fn state_dict(&self, env: &Env, #[napi(ts_arg_type = "\"ema\" | \"raw\"")] weights: String) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeModel.stateDict", || {
            let model = self.model()?;
            let which = self::weights(&weights)?;
            let layout = model.definition().layout();
            let types: Vec<Type> = layout.specs().iter().map(|spec| Type::new(layout.dtype(), spec.shape.clone())).collect();
            let work = {
                let model = model.clone();
                move |_| model.inner().state_dict(which)
            };
            NativeTensor::all(env, value::enqueue(model.inner().device(), "NativeModel.stateDict", Vec::new(), &types, work)?)
        })
    }

    /// Sets parameters by name; the moving average and the optimiser's state start anew. Resolves to `{ missing, extra }`
    /// as JSON; where `strict`, both are empty. On an error nothing has changed.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn load_state_dict<'env>(
        &self,
        env: &'env Env,
        #[napi(ts_arg_type = "string[]")] names: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
        strict: bool,
    ) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeModel.loadStateDict";
        guard(NAME, || {
            let names = args::strings(&names, args::VALUES)?;
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let model = self.model()?;
            model.inner().refuse_while_training("loadStateDict")?;
            if names.len() != values.len() {
                let (expected, got) = (format!("{} tensors, one per name", names.len()), values.len());
                return Err(ThalwegError::expected(ErrorCode::CheckpointError, "loadStateDict", expected, got));
            }
            let (settle, object) = promise(NAME, env)?;
            let device = model.inner().device();
            let work = move |tensors: Vec<_>| {
                let named: Vec<_> = names.into_iter().zip(tensors).collect();
                model.inner().load_state_dict(&named, strict).map(report)
            };
            enqueue_text(device, NAME, getters(&values), settle, work)?;
            Ok(object)
        })
    }

    /// The parameters averaged over a length of `sigmaRel` of the training so far, in the order of `parameters`, made of what a fit with
    /// `posthocEma` tracked.
    #[napi]
    pub fn posthoc_ema(&self, env: &Env, sigma_rel: f64) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeModel.posthocEma", || {
            let model = self.model()?;
            posthoc::exponent(sigma_rel)?;
            let layout = model.definition().layout();
            let types: Vec<Type> = layout.specs().iter().map(|spec| Type::new(layout.dtype(), spec.shape.clone())).collect();
            let work = {
                let model = model.clone();
                move |_| model.inner().posthoc_ema(sigma_rel)
            };
            NativeTensor::all(env, value::enqueue(model.inner().device(), "NativeModel.posthocEma", Vec::new(), &types, work)?)
        })
    }

    /// Puts the average of `posthocEma` in the place of the moving average. Resolves to an empty text; on an error nothing has changed.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn use_posthoc_ema<'env>(&self, env: &'env Env, sigma_rel: f64) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeModel.usePosthocEma";
        guard(NAME, || {
            let model = self.model()?;
            model.inner().refuse_while_training("usePosthocEma")?;
            let (settle, object) = promise(NAME, env)?;
            enqueue_text(model.inner().device(), NAME, Vec::new(), settle, move |_| {
                model.inner().use_posthoc_ema(sigma_rel).map(|()| String::new())
            })?;
            Ok(object)
        })
    }

    /// What the model knows about its training, as JSON: `{ device, step, energyStep, posthocSteps, hasEma, normalization }`, where `normalization` lists mean
    /// and standard deviation of each leaf, or is null, and `device` is where it runs.
    #[napi(ts_return_type = "Promise<string>")]
    pub fn info<'env>(&self, env: &'env Env) -> napi::Result<Object<'env>> {
        const NAME: &str = "NativeModel.info";
        guard(NAME, || {
            let model = self.model()?;
            let (settle, object) = promise(NAME, env)?;
            enqueue_text(model.inner().device(), NAME, Vec::new(), settle, move |_| {
                let (steps, has_ema, posthoc, scales) = model.inner().with_store(|s| {
                    let snapshots = s.posthoc.iter().flat_map(|tracked| &tracked.snapshots).filter(|snapshot| snapshot.which == 0);
                    let taken: Vec<i64> = snapshots.map(|snapshot| snapshot.step).collect();
                    Ok(([s.step, s.energy_step], s.ema.is_some(), taken, s.normalization.clone()))
                })?;
                let normalization = scales.map(|scales| {
                    let leaf = |(mean, deviation): &(thalweg_model::engine::Tensor, thalweg_model::engine::Tensor)| {
                        Ok(json!({ "mean": mean.to_f64_vec()?, "std": deviation.to_f64_vec()? }))
                    };
                    scales.leaves.iter().map(leaf).collect::<Result<Vec<_>, ModelError>>()
                });
                let normalization = normalization.transpose()?;
                Ok(json!({ "step": steps[0], "energyStep": steps[1], "device": Device::current()?.to_string(), "posthocSteps": posthoc, "hasEma": has_ema, "normalization": normalization }).to_string())
            })?;
            Ok(object)
        })
    }
}

/// Class and config of a saved model, as JSON: `{ class, config }`.
#[napi(ts_return_type = "Promise<string>")]
pub fn load_model_config<'env>(env: &'env Env, folder: String) -> napi::Result<Object<'env>> {
    const NAME: &str = "loadModelConfig";
    guard(NAME, || {
        let (settle, object) = promise(NAME, env)?;
        enqueue_text(Choice::Auto, NAME, Vec::new(), settle, move |_| {
            let config = read_config(&PathBuf::from(folder))?;
            Ok(format!("{{\"class\":{},\"config\":{}}}", json!(config.class()), config.to_json()?))
        })?;
        Ok(object)
    })
}
