//! Reads golden cases and builds the models that they were made with.
#![allow(dead_code, reason = "each test file uses its own part")]

use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::PathBuf;
use thalweg_checkpoint::{Tensors, read_safetensors};
use thalweg_model::engine::{CompileOptions, Job, Program, Step, Tensor};
use thalweg_model::graph::{Builder, DType, Var, grad};
use thalweg_model::{Bindings, Fixed, Model, ModelConfig, Objective, ObjectiveKind, Weights};
use thalweg_nn::{Context, Mode};

pub fn golden_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../__test__/golden")
}

/// One section of the golden index with its tensors.
pub struct Section {
    pub cases: Vec<Value>,
    tensors: Tensors,
}

impl Section {
    pub fn open(name: &str) -> Section {
        let text = std::fs::read_to_string(golden_dir().join("index.json")).unwrap();
        let index: Value = serde_json::from_str(&text).unwrap();
        let cases = index["sections"][name]["cases"].as_array().unwrap().clone();
        let tensors = read_safetensors(golden_dir().join(format!("{name}.safetensors"))).unwrap();
        Section { cases, tensors }
    }

    pub fn case(&self, name: &str) -> &Value {
        self.cases.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("no case {name}"))
    }

    /// Shape and values of a tensor listed in the index.
    pub fn read(&self, entry: &Value) -> (Vec<usize>, Vec<f32>) {
        let tensor = self.tensors.require(entry["key"].as_str().unwrap()).unwrap();
        (tensor.shape.clone(), tensor.to_f32().unwrap())
    }

    pub fn tensor(&self, entry: &Value) -> Tensor {
        let (shape, values) = self.read(entry);
        Tensor::from_f32(values, &shape).unwrap()
    }

    /// The state of a case, under our names.
    pub fn state(&self, case: &Value) -> Vec<(String, Tensor)> {
        let state = case["state"].as_object().unwrap();
        state.iter().map(|(name, entry)| (ours(name).to_string(), self.tensor(entry))).collect()
    }
}

/// Our name of one of GenerativeRL's parameters.
pub fn ours(name: &str) -> &str {
    name.strip_prefix("model.model.").unwrap_or(name)
}

/// Class and config of a model of GenerativeRL's in our spelling. Its flows' paths have a sigma and no name; which flow it is, the case's name says.
pub fn class_and_config(name: &str, theirs: &Value) -> (&'static str, Value) {
    let mut out = Map::new();
    out.insert("xSize".into(), theirs["x_size"].clone());
    let mut path = camel(&theirs["path"]);
    let bridge = theirs.get("velocity_model").is_some();
    if path.get("type").is_none() && !bridge {
        path["type"] = "independent".into();
    }
    out.insert("path".into(), path);
    for (key, ours) in [("model", "model"), ("velocity_model", "velocityModel"), ("score_model", "scoreModel")] {
        let Some(network) = theirs.get(key) else { continue };
        out.insert(ours.into(), camel(network));
        if let Some(dim) = network["args"]["backbone"]["args"].get("condition_dim") {
            out.insert("conditionSize".into(), dim.clone());
        }
    }
    let class = match name {
        _ if bridge => "SchrodingerBridgeConditionalFlowModel",
        _ if name.starts_with("otcfm") => "OptimalTransportConditionalFlowModel",
        _ if theirs["path"].get("type").is_none() => "IndependentConditionalFlowModel",
        _ => "DiffusionModel",
    };
    (class, Value::Object(out))
}

/// GenerativeRL's config of a diffusion model in our spelling.
pub fn config(theirs: &Value) -> Value {
    class_and_config("", theirs).1
}

fn fresh(case: &Value) -> Model {
    let (class, config) = class_and_config(case["name"].as_str().unwrap(), &case["config"]);
    Model::new(ModelConfig::parse(class, &config.to_string()).unwrap(), &HashMap::new()).unwrap()
}

fn camel(value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (camel_key(k), camel(v))).collect()),
        Value::Array(list) => Value::Array(list.iter().map(camel).collect()),
        other => other.clone(),
    }
}

fn camel_key(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or("").to_string();
    words.fold(first, |out, word| match word.chars().next() {
        Some(c) => out + &c.to_uppercase().to_string() + &word[c.len_utf8()..],
        None => out,
    })
}

/// The model of a case with the case's own weights, or those of the case it refers to.
pub fn model_of(case: &Value) -> Model {
    let model = fresh(case);
    let state = match case.get("state_ref") {
        Some(reference) => {
            let section = Section::open(reference["section"].as_str().unwrap());
            section.state(section.case(reference["case"].as_str().unwrap()))
        }
        None => unreachable!("a case without weights"),
    };
    model.inner().load_state_dict(&state, true).unwrap();
    model
}

/// The model of a case that carries its weights.
pub fn model_with_state(section: &Section, case: &Value) -> Model {
    let model = fresh(case);
    model.inner().load_state_dict(&section.state(case), true).unwrap();
    model
}

/// What a loss is evaluated at; x0 for models that have a source.
pub struct LossPoint {
    pub t: Tensor,
    pub x0: Option<Tensor>,
    pub x: Tensor,
    pub noise: Tensor,
    pub condition: Option<Tensor>,
}

/// Loss of each row, and the gradient of their mean with respect to all parameters.
pub fn loss_and_gradients(model: &Model, kind: ObjectiveKind, point: LossPoint) -> (Vec<f32>, Vec<Vec<f32>>) {
    let definition = model.definition();
    let rows = point.x.ty().shape[0];
    let b = Builder::new();
    let params = definition.layout().views(&b);
    let ctx = Context { builder: &b, params: &params, mode: Mode::Train, random: None };
    let state = |name: &str| definition.input_leaves(&b, name, definition.x(), rows);
    let condition = definition.condition().map(|sizes| definition.input_leaves(&b, "condition", sizes, rows));
    let fixed = Fixed { x0: point.x0.is_some().then(|| state("x0")), noise: state("noise"), condition };
    let losses = Objective::from(kind).at(definition, &ctx, b.input("t", DType::F32, &[rows]), &state("x"), &fixed, None);
    let grads = grad(losses.mean_all(), &params);
    let graph = b.finish(&[losses].into_iter().chain(grads).collect::<Vec<Var>>()).unwrap();
    let mut bound = Bindings::new();
    model
        .inner()
        .with_store(|store| {
            bound.set_store(store, Weights::Raw);
            Ok(())
        })
        .unwrap();
    let given =
        [("t", Some(point.t)), ("x0", point.x0), ("x", Some(point.x)), ("noise", Some(point.noise)), ("condition", point.condition)];
    for (name, tensor) in given {
        if let Some(tensor) = tensor {
            bound.set(name, tensor);
        }
    }
    let names: Vec<String> = graph.inputs.iter().map(|i| i.name.clone()).collect();
    let program = Program::compile(&graph, &CompileOptions::default()).unwrap();
    let mut out = bound.run(&program, &names, &[]).unwrap().into_iter().map(|t| t.to_f32_vec().unwrap());
    (out.next().unwrap(), out.collect())
}

/// ‖a − b‖∞ ≤ tolerance · max(1, ‖b‖∞).
pub fn assert_close(what: &str, a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len(), "{what}");
    let scale = b.iter().fold(1f32, |m, v| m.max(v.abs()));
    let worst = a.iter().zip(b).fold(0f32, |m, (x, y)| m.max((x - y).abs()));
    assert!(worst <= tolerance * scale, "{what}: differs by {worst:e} at scale {scale:e}");
}

/// Runs a job to its end on this thread.
pub fn run_job(job: &mut dyn Job) {
    while job.step() == Step::Again {}
}
