//! A model's own energy, on concrete tensors and inside a recording.
//! Its loss is that of `loss` and `fit`, by the name `energy_matching`.

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use thalweg_model::graph::Type;

use super::NativeModel;
use super::loss::{Given, Point, traced_groups};
use crate::exports::tensor::NativeTensor;
use crate::exports::trace::{NativeTrace, TracedValue};
use crate::guard::guard;

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
            let point = Point::of(&t, &x, &condition)?;
            let (model, weights) = (self.model()?, super::weights(&weights)?);
            let types = [Type::new(model.definition().dtype(), point.t.ty().shape.clone())];
            let energy = point.evaluate(env, "NativeModel.energy", model, &types, move |model, t, x, condition| {
                Ok(vec![model.inner().energy(t, x, condition, weights)?])
            });
            Ok(energy?.remove(0))
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
            let groups = traced_groups(&groups, &values)?;
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
