//! Sampling as one job; its results are tensors, one per leaf of the state.

use napi::Env;
use napi::bindgen_prelude::Array;
use napi_derive::napi;
use thalweg_model::engine::Future;
use thalweg_model::{Run, SampleJob, SampleOptions, SampleRequest};

use super::run::{NativeRun, end_with};
use super::{NativeModel, getters};
use crate::args;
use crate::exports::tensor::NativeTensor;
use crate::guard::guard;
use crate::worker::{submit, waker};

#[napi]
impl NativeModel {
    /// Starts sampling with options as JSON, from starts `x0` and for conditions, if there are any (one tensor per leaf).
    #[napi]
    pub fn sample(
        &self,
        env: &Env,
        options: String,
        #[napi(ts_arg_type = "NativeTensor[]")] x0: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] condition: Array<'_>,
    ) -> napi::Result<NativeRun> {
        guard("NativeModel.sample", || {
            let take = |values: &Array<'_>| args::instances(values, args::VALUES, NativeTensor::value);
            let (x0, condition) = (take(&x0)?, take(&condition)?);
            let model = self.model()?;
            let options = SampleOptions::parse(&options)?;
            let run = Run::new();
            run.attach(waker()?);
            end_with(env, &run)?;
            let (setters, results) = model.diffusion().x().values().map(|_| Future::new()).unzip();
            let request = SampleRequest { options, x0: getters(&x0), condition: getters(&condition) };
            let job = SampleJob::new(model.inner().clone(), request, run.clone(), setters);
            submit("NativeModel.sample", Box::new(job))?;
            Ok(NativeRun::new(run, Future::ready(Ok(())), results))
        })
    }
}
