//! A model's own energy, on concrete tensors and inside a recording.
//! Its loss is that of `loss` and `fit`, by the name `energy_matching`.

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use thalweg_model::engine::Tensor;
use thalweg_model::graph::Type;
use thalweg_model::{Cuts, Groups, ModelError, config};

use super::loss::Given;
use super::{NativeModel, getters};
use crate::args;
use crate::exports::tensor::NativeTensor;
use crate::exports::trace::{NativeTrace, TracedValue};
use crate::guard::guard;
use crate::value;

#[napi]
impl NativeModel {
    /// The energy `[N]` at times `t [N]` and states `x [N, …]`, in the units that the network sees.
    #[napi]
    pub fn energy(
        &self,
        env: &Env,
        t: ClassInstance<'_, NativeTensor>,
        #[napi(ts_arg_type = "NativeTensor[]")] x: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] condition: Array<'_>,
        #[napi(ts_arg_type = "\"ema\" | \"raw\"")] weights: String,
    ) -> napi::Result<NativeTensor> {
        guard("NativeModel.energy", || {
            let take = |values: &Array<'_>| args::instances(values, args::VALUES, NativeTensor::value);
            let (t, x, condition) = (t.value()?, take(&x)?, take(&condition)?);
            let (model, weights) = (self.model()?, super::weights(&weights)?);
            let types = [Type::new(model.definition().dtype(), t.ty().shape.clone())];
            let leaves = x.len();
            let inputs = [vec![t.getter()], getters(&x), getters(&condition)].concat();
            let work = move |tensors: Vec<Tensor>| {
                let (times, rest) = tensors.split_first().ok_or_else(|| ModelError::new("InternalError", "no times"))?;
                let (x, condition) = rest.split_at(leaves);
                let inner = model.inner();
                let (x, condition) = (inner.check_x("x", x)?, inner.check_condition(condition)?);
                Ok(vec![inner.energy(times, &x, condition.as_ref(), weights)?])
            };
            let results = value::enqueue("NativeModel.energy", inputs, &types, work)?;
            Ok(NativeTensor::all(env, results)?.remove(0))
        })
    }

    /// As `energy`, inside a recording, of the groups `t`, `x` and `condition`: the model's parameters are inputs by reference.
    #[napi]
    pub fn trace_energy(
        &self,
        trace: ClassInstance<'_, NativeTrace>,
        groups: String,
        #[napi(ts_arg_type = "number[]")] values: Array<'_>,
    ) -> napi::Result<TracedValue> {
        guard("NativeModel.traceEnergy", || {
            let ids = args::ids(&values, args::VALUES)?;
            let groups: Groups<f64> = config::parse::<Cuts>(&groups)?.apply(ids)?;
            let model = self.model()?;
            trace.one(|recording| {
                let given = Given::of(recording, &model, &groups)?;
                let training = recording.tape()?.training();
                let graph = model.inner().energy_graph(given.rows, training)?;
                Ok(given.inline(recording, &model, &graph, None)?[0])
            })
        })
    }
}
