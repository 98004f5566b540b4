//! Losses and the four functions of a model, on concrete tensors and inside a recording.
//! Both come from the model crate's one definition.

use std::sync::Arc;

use napi::Env;
use napi::bindgen_prelude::{Array, ClassInstance};
use napi_derive::napi;
use serde::Deserialize;
use serde_json::json;
use thalweg_model::engine::Tensor;
use thalweg_model::graph::{Graph, Leaves, Type};
use thalweg_model::{Candidates, Cuts, Groups, LossShape, Model, ModelError, Objective, Weights, config, leaf_name};

use super::{NativeModel, getters, weights};
use crate::args;
use crate::error::{ErrorCode, ThalwegError};
use crate::exports::graph::NativeGraph;
use crate::exports::tensor::NativeTensor;
use crate::exports::trace::{NativeTrace, TracedValue};
use crate::guard::guard;
use crate::part::Owner;
use crate::plan::of_method;
use crate::recording::Recording;
use crate::value::{self, Value};
use crate::worker::internal;

/// How losses of rows become the result.
#[derive(Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// One per row.
    None,
}

/// Options of a loss.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LossOptions {
    objective: Objective,
    #[serde(default)]
    reduction: Reduction,
    seed: Option<i64>,
    #[serde(default = "raw")]
    weights: Weights,
}

fn raw() -> Weights {
    Weights::Raw
}

/// One of the four functions: the model crate's names of what networks predict.
fn function<T: serde::de::DeserializeOwned>(name: &str) -> Result<T, ThalwegError> {
    let known = ["score", "noise", "velocity", "data"];
    let wrong = || {
        let error = ThalwegError::expected(ErrorCode::ConfigError, "function", known.join(", "), args::quoted(name));
        error.with_path("name")
    };
    if !known.contains(&name) {
        return Err(wrong());
    }
    let long = if name == "data" { "data_prediction_function".to_string() } else { format!("{name}_function") };
    serde_json::from_value(json!(long)).map_err(|_| wrong())
}

/// The number of rows of the first leaf of the state.
fn rows(ty: Option<&Type>) -> Result<usize, ThalwegError> {
    let rows = ty.and_then(|ty| ty.shape.first().copied()).unwrap_or(0);
    if rows == 0 {
        return Err(ThalwegError::expected(ErrorCode::DataError, "no data", "at least one row", "0 rows"));
    }
    Ok(rows)
}

#[napi]
impl NativeModel {
    /// The loss of rows in the user's units, at random times and noise: a number, or one per row (`reduction`: "none").
    /// Options as JSON: `{ objective, reduction, seed, weights }`; groups of tensors: `x`, `x0`, `condition`, `sampleWeight`, `energy`;
    /// `weight` is a graph of the rows' times that their losses are multiplied by.
    #[napi]
    pub fn loss(
        &self,
        env: &Env,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "NativeTensor[]")] tensors: Array<'_>,
        weight: Option<ClassInstance<'_, NativeGraph>>,
    ) -> napi::Result<NativeTensor> {
        guard("NativeModel.loss", || {
            let values = args::instances(&tensors, args::VALUES, NativeTensor::value)?;
            let cuts: Cuts = config::parse(&groups)?;
            let model = self.model()?;
            let options: LossOptions = config::parse(&options)?;
            options.objective.validate(model.definition()).map_err(|e| e.under("loss"))?;
            let rows = rows(values.first().map(|value| value.ty()))?;
            let shape = if options.reduction == Reduction::Mean { Vec::new() } else { vec![rows] };
            let types = [Type::new(model.definition().dtype(), shape)];
            let weight = weight.map(|graph| graph.source().clone());
            let device = model.inner().device();
            let work = move |tensors: Vec<Tensor>| {
                let weight = weight.map(|source| source.function("a weight")).transpose()?;
                losses(&model, &options, weight.as_deref(), &cuts.apply(tensors)?)
            };
            let results = value::enqueue(device, "NativeModel.loss", getters(&values), &types, work)?;
            Ok(NativeTensor::all(env, results)?.remove(0))
        })
    }

    /// One of the model's four functions (`score`, `noise`, `velocity`, `data`) at times `t [N]` and states `x [N, …]`, in the
    /// units that the network sees; one tensor per leaf.
    #[napi]
    #[allow(clippy::too_many_arguments, reason = "Node's handle and the five arguments of the boundary")]
    pub fn call(
        &self,
        env: &Env,
        #[napi(ts_arg_type = "\"score\" | \"noise\" | \"velocity\" | \"data\"")] name: String,
        t: ClassInstance<'_, NativeTensor>,
        #[napi(ts_arg_type = "NativeTensor[]")] x: Array<'_>,
        #[napi(ts_arg_type = "NativeTensor[]")] condition: Array<'_>,
        #[napi(ts_arg_type = "\"ema\" | \"raw\"")] weights: String,
    ) -> napi::Result<Vec<NativeTensor>> {
        guard("NativeModel.call", || {
            let point = Point::of(&t, &x, &condition)?;
            let model = self.model()?;
            let (which, weights) = (function(&name)?, self::weights(&weights)?);
            let rows = rows(point.x.first().map(|value| value.ty()))?;
            let types: Vec<Type> = quantity_types(&model, rows).values().cloned().collect();
            point.evaluate(env, "NativeModel.call", model, &types, move |model, t, x, condition| {
                model.inner().call(which, t, x, condition, weights)
            })
        })
    }

    /// As `loss`, inside a recording, with dropout as its mode says. The model's parameters are inputs by reference. Each
    /// run draws new times and noise.
    #[napi]
    pub fn trace_loss(
        &self,
        trace: ClassInstance<'_, NativeTrace>,
        options: String,
        groups: String,
        #[napi(ts_arg_type = "number[]")] values: Array<'_>,
        weight: Option<ClassInstance<'_, NativeGraph>>,
    ) -> napi::Result<TracedValue> {
        guard("NativeModel.traceLoss", || {
            let groups = traced_groups(&groups, &values)?;
            let model = self.model()?;
            let options: LossOptions = config::parse(&options)?;
            options.objective.validate(model.definition()).map_err(|e| e.under("loss"))?;
            let weight = weight.map(|graph| graph.source().function("a weight")).transpose()?;
            trace.one(|recording| {
                let given = Given::of(recording, &model, &groups)?;
                model.inner().check_candidates(&options.objective, given.candidates.is_some())?;
                let training = recording.tape()?.training();
                let shape = LossShape {
                    rows: given.rows,
                    x0: !groups.get("x0").is_empty(),
                    weighted: !groups.get("sampleWeight").is_empty(),
                    normalized: model.inner().is_normalized(),
                    candidates: given.candidates.map(Candidates::Energies),
                };
                let graph = model.inner().loss_graph(&options.objective, training, shape, weight.as_deref())?;
                let losses = given.inline(recording, &model, &graph, options.seed)?;
                match options.reduction {
                    Reduction::None => Ok(losses[0]),
                    Reduction::Mean => Ok(recording.tape()?.op("mean", &json!({}), &losses)?[0]),
                }
            })
        })
    }

    /// As `call`, inside a recording: the model's parameters are inputs by reference.
    #[napi]
    pub fn trace_call(
        &self,
        trace: ClassInstance<'_, NativeTrace>,
        #[napi(ts_arg_type = "\"score\" | \"noise\" | \"velocity\" | \"data\"")] name: String,
        groups: String,
        #[napi(ts_arg_type = "number[]")] values: Array<'_>,
    ) -> napi::Result<Vec<TracedValue>> {
        guard("NativeModel.traceCall", || {
            let groups = traced_groups(&groups, &values)?;
            let model = self.model()?;
            let which = function(&name)?;
            trace.several(|recording| {
                let given = Given::of(recording, &model, &groups)?;
                let training = recording.tape()?.training();
                let graph = model.inner().call_graph(which, given.rows, training)?;
                given.inline(recording, &model, &graph, None)
            })
        })
    }
}

/// Losses of groups of tensors.
fn losses(model: &Model, options: &LossOptions, weight: Option<&Graph>, groups: &Groups<Tensor>) -> Result<Vec<Tensor>, ModelError> {
    let inner = model.inner();
    let rows = inner.check_rows("", groups)?;
    inner.check_candidates(&options.objective, rows.candidates.is_some())?;
    let random = (options.seed.unwrap_or(0), 0);
    let losses = inner.losses(&options.objective, false, &rows, weight, random, options.weights)?;
    if options.reduction == Reduction::None {
        return Ok(vec![losses]);
    }
    let mean = of_method("mean".into(), "{}".into(), vec![losses.ty().clone()]).map_err(|error| internal(&error.message))?;
    mean.run(vec![losses])
}

/// The types of a quantity's leaves, of so many rows.
fn quantity_types(model: &Model, rows: usize) -> Leaves<Type> {
    let dtype = model.definition().dtype();
    model.definition().x().map(|shape| Type::new(dtype, [&[rows], &model.definition().quantity_shape(shape)[..]].concat()))
}

/// Recorded values, in their groups.
pub(super) fn traced_groups(groups: &str, values: &Array<'_>) -> Result<Groups<f64>, ThalwegError> {
    Ok(config::parse::<Cuts>(groups)?.apply(args::ids(values, args::VALUES)?)?)
}

/// Where a function of the model is evaluated: times, states and conditions.
pub(super) struct Point {
    pub(super) t: Arc<Value>,
    x: Vec<Arc<Value>>,
    condition: Vec<Arc<Value>>,
}

impl Point {
    /// Of the handles that JavaScript gives.
    pub(super) fn of(t: &NativeTensor, x: &Array<'_>, condition: &Array<'_>) -> Result<Point, ThalwegError> {
        let take = |values: &Array<'_>| args::instances(values, args::VALUES, NativeTensor::value);
        Ok(Point { t: t.value()?, x: take(x)?, condition: take(condition)? })
    }

    /// Enqueues `function`, whose results have these types.
    pub(super) fn evaluate(
        self,
        env: &Env,
        name: &'static str,
        model: Model,
        types: &[Type],
        function: impl FnOnce(&Model, &Tensor, &Leaves<Tensor>, Option<&Leaves<Tensor>>) -> Result<Vec<Tensor>, ModelError> + Send + 'static,
    ) -> Result<Vec<NativeTensor>, ThalwegError> {
        let leaves = self.x.len();
        let inputs = [vec![self.t.getter()], getters(&self.x), getters(&self.condition)].concat();
        let device = model.inner().device();
        let work = move |tensors: Vec<Tensor>| {
            let (times, rest) = tensors.split_first().ok_or_else(|| ModelError::new("InternalError", "no times"))?;
            let (x, condition) = rest.split_at(leaves);
            let inner = model.inner();
            let (x, condition) = (inner.check_x("x", x)?, inner.check_condition(condition)?);
            function(&model, times, &x, condition.as_ref())
        };
        NativeTensor::all(env, value::enqueue(device, name, inputs, types, work)?)
    }
}

/// Values that a model's graph is given inside a recording, by the names of its inputs.
pub(super) struct Given {
    pub(super) rows: usize,
    /// The number of candidates of a row, if their energies are given.
    candidates: Option<usize>,
    named: Vec<(String, usize)>,
}

impl Given {
    /// Checks the leaves of `x`, `x0` and `condition`, and takes `t`, `sampleWeight` and `energy` as they are.
    pub(super) fn of(recording: &mut Recording, model: &Model, groups: &Groups<f64>) -> Result<Given, ThalwegError> {
        Given::by(recording, model, groups, "x")
    }

    /// As [`Given::of`], where the state is `x0`: starts of samples, or data.
    pub(super) fn of_starts(recording: &mut Recording, model: &Model, groups: &Groups<f64>) -> Result<Given, ThalwegError> {
        Given::by(recording, model, groups, "x0")
    }

    /// The values of the groups, of which `state` must be there.
    fn by(recording: &mut Recording, model: &Model, groups: &Groups<f64>, state: &str) -> Result<Given, ThalwegError> {
        let definition = model.definition();
        let first = groups.get(state).first().map(|&id| recording.number(id)).transpose()?;
        let ty = first.map(|number| recording.tape().map(|tape| tape.ty(number))).transpose()?;
        let rows = rows(ty.as_ref())?;
        let mut named = Vec::new();
        for (group, input) in [("t", "t"), ("sampleWeight", "weight"), ("energy", "energy")] {
            for &id in groups.get(group) {
                named.push((input.to_string(), recording.number(id)?));
            }
        }
        for (prefix, sizes) in [("x", Some(definition.x())), ("x0", Some(definition.x())), ("condition", definition.condition())] {
            let ids = groups.get(prefix);
            let names: Vec<&str> = sizes.into_iter().flat_map(|leaves| leaves.iter().map(|(name, _)| name)).collect();
            let optional = prefix != state && (prefix != "condition" || definition.has_null_condition());
            if names.len() != ids.len() && !(optional && ids.is_empty()) {
                let message = format!("{prefix}: wrong number of parts");
                return Err(ThalwegError::expected(ErrorCode::DataError, message, names.len(), ids.len()));
            }
            for (name, &id) in names.iter().zip(ids) {
                named.push((leaf_name(prefix, name), recording.number(id)?));
            }
        }
        let energy = groups.get("energy").first().map(|&id| recording.number(id)).transpose()?;
        let energy = energy.map(|number| recording.tape().map(|tape| tape.ty(number))).transpose()?;
        let candidates = energy.map(|ty| ty.shape.get(1).copied().unwrap_or(0));
        Ok(Given { rows, candidates, named })
    }

    /// Puts the graph into the recording: values by name, random numbers of its own, the rest parts of the model.
    pub(super) fn inline(
        &self,
        recording: &mut Recording,
        model: &Model,
        graph: &Graph,
        seed: Option<i64>,
    ) -> Result<Vec<usize>, ThalwegError> {
        let [key, counter] = recording.draw(seed)?;
        let owner = Owner::Model(model.clone());
        let mut values = Vec::with_capacity(graph.inputs.len());
        for input in &graph.inputs {
            let known = self.named.iter().find(|(name, _)| *name == input.name).map(|(_, number)| *number);
            values.push(match (known, input.name.as_str()) {
                (Some(number), _) => number,
                (None, "random.seed") => key,
                (None, "random.counter") => counter,
                (None, name) => recording.bind(&owner, name, &input.ty)?,
            });
        }
        Ok(recording.tape()?.inline(graph, &values)?)
    }
}
