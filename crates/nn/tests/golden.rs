//! Outputs and parameters of GenerativeRL's networks (recorded; see `__test__/golden/README.md`) against ours.
//! Every case of the three sections is either compared here or named among those that are still to be built.

#[path = "support/engine.rs"]
mod engine;
mod support;

use engine::{initial, run};
use indexmap::IndexMap;
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use support::{build, trace};
use thalweg_engine::Tensor;
use thalweg_graph::{Builder, DType, Leaves, Var};
use thalweg_nn::backbones::MlpResNetConfig;
use thalweg_nn::{
    BackboneConfig, Context, Declare, EncoderConfig, Init, IntrinsicConfig, IntrinsicModel, Layer, Mode, ParamSpec, no_external,
};

/// Compared here.
const COVERED: &[&str] = &[
    "backbones/TemporalSpatialResidualNet",
    "backbones/TemporalSpatialResidualNet_condition",
    "backbones/TemporalSpatialResidualNet_condition_thidden_input_dim",
    "backbones/TemporalSpatialResidualNet_unequal_t",
    "backbones/MultiLayerPerceptron_relu",
    "backbones/MultiLayerPerceptron_tanh",
    "backbones/MultiLayerPerceptron_mish",
    "backbones/MultiLayerPerceptron_softplus",
    "backbones/MultiLayerPerceptron_elu",
    "backbones/MultiLayerPerceptron_silu",
    "backbones/MultiLayerPerceptron_swish",
    "backbones/MultiLayerPerceptron_square",
    "backbones/MultiLayerPerceptron_identity",
    "backbones/MultiLayerPerceptron_act_list_final_scale",
    "backbones/MultiLayerPerceptron_shrink",
    "backbones/MultiLayerPerceptron_layernorm_one",
    "backbones/MultiLayerPerceptron_layernorm_two",
    "backbones/MultiLayerPerceptron_dropout_eval",
    "backbones/ConcatenateMLP",
    "backbones/ConcatenateMLP_three",
    "backbones/TemporalSpatialConditionalResidualNet",
    "backbones/ConcatenateLayer",
    "backbones/MLPResNet",
    "backbones/MLPResNet_layer_norm",
    "backbones/TemporalConcatenateMLPResNet",
    "backbones/DiT_2D",
    "backbones/DiT_2D_learn_sigma",
    "backbones/DiT_2D_class",
    "backbones/DiT3D_int_channels",
    "backbones/DiT3D_list_channels",
    "backbones/DiT3D_convolved",
    "backbones/FNO2d",
    "backbones/FNO2dTemporal",
    "backbones/unet_2D",
    "encoders/DiscreteEmbeddingEncoder",
    "encoders/TensorDictConcatenateEncoder_dict",
    "encoders/TensorDictConcatenateEncoder_TensorDict",
    "encoders/GaussianFourierProjectionTimeEncoder",
    "encoders/GaussianFourierProjectionTimeEncoder_scale1_train",
    "encoders/GaussianFourierProjectionTimeEncoder_scalar_t",
    "encoders/GaussianFourierProjectionEncoder_flatten",
    "encoders/GaussianFourierProjectionEncoder_no_flatten",
    "encoders/GaussianFourierProjectionEncoder_2d",
    "encoders/ExponentialFourierProjectionTimeEncoder",
    "encoders/ExponentialFourierProjectionTimeEncoder_default_freq",
    "encoders/ExponentialFourierProjectionTimeEncoder_odd",
    "encoders/ExponentialFourierProjectionTimeEncoder_scalar_t",
    "encoders/SinusoidalPosEmb",
    "encoders/SinusoidalPosEmb_odd",
    "intrinsic/swiss_roll",
    "intrinsic/swiss_roll_condition",
    "intrinsic/swiss_roll_condition_encoder",
    "intrinsic/x_encoder_and_exponential_t",
    "intrinsic/tensordict_condition_mlpresnet",
    "intrinsic/dit_no_t_encoder",
    "intrinsic/freshly_initialised_DiT_is_zero",
];

/// What is not compared, and why.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("backbones/DiT3D_list_channels_learn_sigma", "a list of channels times 2 is a list twice as long there: 9 channels in place of 6"),
    ("backbones/Sequential_TimeExtension_IntrinsicModel", "a container; times of any rank are read by our networks themselves"),
];

/// Networks that GenerativeRL can't build or run and that run here.
const FAILURES_COVERED: &[&str] = &[
    "TemporalSpatialResidualNet_not_halving",
    "MultiLayerPerceptron_layernorm_two_unequal",
    "TemporalSpatialConditionalResidualNet_no_condition_call",
    "TemporalSpatialConditionalResidualNet_default_t_hidden_dim",
    "TemporalConcatenateMLPResNet_no_condition",
    "TemporalConcatenateMLPResNet_t_dim_32",
    "DiT1D",
    "DiT1D_with_initialize_weights_skipped",
    "DiT3D_int_channels_learn_sigma",
    "DiT3D_int_patch_size",
    "FNO2dTemporal_in_ne_out",
    "FNO2dTemporalMultivariable",
    "unet_2D_conv_resample_False",
    "unet_2D_model_channels_16",
    "UViT",
    "UViT_patch4",
];

/// What is no network of this crate: a classifier of torchvision's, and a container whose parts do not fit each other.
const FAILURES_ABSENT: &[&str] = &["MaxViT_t_input_64", "Sequential"];

/// How failures of other crates' matters begin.
const FAILURES_ELSEWHERE: &[&str] = &["path ", "dm ", "icfm ", "dpm ", "ICFM."];

#[derive(Deserialize)]
struct Index {
    sections: IndexMap<String, Section>,
    failures: Vec<Failure>,
}

#[derive(Deserialize)]
struct Section {
    file: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Failure {
    what: String,
    config: Value,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    #[serde(default)]
    config: Value,
    #[serde(default)]
    state: IndexMap<String, Entry>,
    #[serde(default)]
    inputs: IndexMap<String, Entry>,
    #[serde(default)]
    outputs: IndexMap<String, Entry>,
    #[serde(default)]
    known_defect: bool,
    known_quirk: Option<String>,
}

#[derive(Deserialize)]
struct Entry {
    key: String,
    shape: Vec<usize>,
}

fn golden(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../__test__/golden").join(file)
}

fn index() -> Index {
    serde_json::from_slice(&std::fs::read(golden("index.json")).expect("the golden index")).expect("an index")
}

/// GenerativeRL's configuration with our spelling of keys.
fn ours(config: &Value) -> Value {
    let camel = |key: &str| {
        let mut parts = key.split('_');
        let first = parts.next().unwrap_or_default().to_string();
        parts.fold(first, |all, part| all + &part[..1].to_uppercase() + &part[1..])
    };
    match config {
        Value::Object(map) => Value::Object(map.iter().map(|(k, v)| (camel(k), ours(v))).collect::<Map<_, _>>()),
        other => other.clone(),
    }
}

/// A backbone's configuration: names that stand for one network, a switch that the number of classes makes needless, and norms of 32 groups,
/// which undo the time in nets as narrow as the recorded one; ours have fewer by default.
fn our_backbone(config: &Value) -> Value {
    let mut config = ours(config);
    if ["DiT2D", "DiT_2D"].contains(&config["type"].as_str().unwrap_or_default()) {
        config["type"] = json!("DiT");
    }
    if config["type"] == json!("unet_2D") {
        config["args"]["numGroups"] = json!(32);
    }
    if let Some(args) = config["args"].as_object_mut()
        && let Some(condition) = args.remove("condition")
        && condition == json!(false)
    {
        args.remove("numClasses");
    }
    config
}

/// A case with its tensors.
struct Golden<'a> {
    case: &'a Case,
    tensors: SafeTensors<'a>,
}

impl Golden<'_> {
    fn tensor(&self, entry: &Entry) -> Tensor {
        let view = self.tensors.tensor(&entry.key).expect("the index's key");
        assert_eq!((view.dtype(), view.shape()), (safetensors::Dtype::F32, &entry.shape[..]), "{}", entry.key);
        let numbers = view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Tensor::from_f32(numbers, &entry.shape).expect("a tensor")
    }

    /// The parameters' values, once names, shapes and order are GenerativeRL's; `prefix` is what it puts before every name.
    fn state(&self, specs: &[ParamSpec], prefix: &str) -> Vec<Tensor> {
        let name = &self.case.name;
        let theirs: Vec<(String, &[usize])> = self.case.state.iter().map(|(k, e)| (k.clone(), &e.shape[..])).collect();
        let declared: Vec<(String, &[usize])> = specs.iter().map(|s| (format!("{prefix}{}", s.name), &s.shape[..])).collect();
        assert_eq!(declared, theirs, "{name}: names, shapes and order of the parameters");
        self.case.state.values().map(|e| self.tensor(e)).collect()
    }

    fn input<'g>(&self, b: &'g Builder, name: &str, given: &mut Vec<Tensor>) -> Option<Var<'g>> {
        let entry = self.case.inputs.get(name)?;
        given.push(self.tensor(entry));
        Some(b.input(name, DType::F32, &entry.shape))
    }

    /// All inputs but these, in their order; one called `x` or `condition` is a single tensor.
    fn leaves<'g>(&self, b: &'g Builder, but: &[&str], given: &mut Vec<Tensor>) -> Leaves<Var<'g>> {
        let names = self.case.inputs.keys().filter(|name| !but.contains(&name.as_str()));
        let name_of = |name: &str| if ["x", "condition"].contains(&name) { String::new() } else { name.to_string() };
        Leaves::new(names.map(|name| (name_of(name), self.input(b, name, given).expect("an input"))).collect())
    }

    /// ‖ours − theirs‖∞ ≤ 1e-5 · max(1, ‖theirs‖∞), and the shapes agree.
    fn compare(&self, b: &Builder, y: Var, inputs: Vec<Tensor>) {
        let name = &self.case.name;
        let graph = b.finish(&[y]).unwrap_or_else(|e| panic!("{name}: {e}"));
        let expected = self.tensor(&self.case.outputs["y"]);
        assert_eq!(graph.output_types()[0], *expected.ty(), "{name}");
        let (got, want) = (&run(&graph, inputs)[0], engine::values(&expected));
        let norm = want.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let error = got.iter().zip(&want).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(error <= 1e-5 * norm, "{name}: differs by {error:e}, norm {norm}");
    }
}

/// Calls `check` with every covered case of `section`.
fn each_case(section: &str, check: impl Fn(&Golden)) {
    let index = index();
    let section_of = &index.sections[section];
    let bytes = std::fs::read(golden(&section_of.file)).expect("golden tensors");
    let covered = |case: &&Case| COVERED.contains(&format!("{section}/{}", case.name).as_str());
    for case in section_of.cases.iter().filter(covered) {
        assert!(!case.known_defect, "{} is no reference", case.name);
        check(&Golden { case, tensors: SafeTensors::deserialize(&bytes).expect("golden tensors") });
    }
}

fn inputs<'g>(b: &'g Builder, specs: &[ParamSpec]) -> Vec<Var<'g>> {
    specs.iter().map(|s| b.input(&s.name, DType::F32, &s.shape)).collect()
}

#[test]
fn every_case_is_compared_or_listed() {
    let index = index();
    let mut listed: Vec<&str> = COVERED.iter().copied().chain(NOT_COMPARED.iter().map(|(name, _)| *name)).collect();
    let mut present: Vec<String> = Vec::new();
    for section in ["backbones", "encoders", "intrinsic"] {
        present.extend(index.sections[section].cases.iter().map(|c| format!("{section}/{}", c.name)));
    }
    listed.sort_unstable();
    present.sort_unstable();
    assert_eq!(listed, present);
}

#[test]
fn every_failure_is_tested_or_listed() {
    let mut listed: Vec<&str> = FAILURES_COVERED.iter().chain(FAILURES_ABSENT).copied().collect();
    let index = index();
    let elsewhere = |what: &str| FAILURES_ELSEWHERE.iter().any(|start| what.starts_with(start));
    let mut present: Vec<&str> = index.failures.iter().map(|f| f.what.as_str()).filter(|what| !elsewhere(what)).collect();
    listed.sort_unstable();
    present.sort_unstable();
    assert_eq!(listed, present);
}

#[test]
fn encoders_give_the_recorded_features() {
    each_case("encoders", |golden| {
        let config: EncoderConfig = serde_json::from_value(ours(&golden.case.config)).expect("a config");
        let mut declare = Declare::new();
        let encoder = config.build(&mut declare).expect("an encoder");
        let specs = declare.finish().expect("declarations");
        assert!(specs.iter().all(|s| s.name != "W" || s.trainable == (golden.case.config["args"]["requires_grad"] == json!(true))));
        let b = Builder::new();
        let params = inputs(&b, &specs);
        let mut given = golden.state(&specs, "");
        let x = golden.leaves(&b, &[], &mut given);
        let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
        let y = encoder.forward(&ctx, &x);
        let shape = encoder.output_shape().unwrap_or_default();
        assert!(y.shape().ends_with(&shape), "{}: {:?} promised, {:?} given", golden.case.name, shape, y.shape());
        golden.compare(&b, y, given);
    });
}

#[test]
fn backbones_give_the_recorded_outputs() {
    each_case("backbones", |golden| {
        let mut config = our_backbone(&golden.case.config);
        if golden.case.known_quirk.is_some() {
            // Two norms that share one name, so that only the first exists: what `"first"` asks for.
            assert_eq!(config["args"]["layernorm"], json!(true), "{}: another quirk", golden.case.name);
            config["args"]["layernorm"] = json!("first");
        }
        let config: BackboneConfig = serde_json::from_value(config).expect("a config");
        let mut declare = Declare::new();
        let b = Builder::new();
        // What is called on one tensor is a layer; as a backbone it would read a time as well.
        let layer: Option<Box<dyn Layer>> = match &config {
            BackboneConfig::MultiLayerPerceptron(config) => Some(Box::new(config.build(&mut declare).expect("a layer"))),
            BackboneConfig::MLPResNet(config) => {
                // Theirs adds 128, the width of the time in the one net that it was written for.
                let config = MlpResNetConfig { input_dim: config.input_dim + 128, ..config.clone() };
                Some(Box::new(config.build(&mut declare).expect("a layer")))
            }
            _ => None,
        };
        if let Some(layer) = layer {
            let specs = declare.finish().expect("declarations");
            let params = inputs(&b, &specs);
            let mut given = golden.state(&specs, "");
            let x = golden.input(&b, "x", &mut given).expect("an input");
            let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
            return golden.compare(&b, layer.forward(&ctx, x), given);
        }
        let backbone = config.build(&mut declare, &no_external).expect("a backbone");
        let specs = declare.finish().expect("declarations");
        let params = inputs(&b, &specs);
        let mut given = golden.state(&specs, "");
        let mut input = |names: &[&str]| names.iter().find_map(|name| golden.input(&b, name, &mut given));
        // Some take no time, which then does not matter.
        let t = input(&["t", "timesteps", "x0"]).unwrap_or_else(|| b.full(0.5, DType::F32, &[1]));
        let x = input(&["x", "x1"]).expect("a state");
        let condition = input(&["condition", "x2"]).map(Leaves::one);
        let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
        let y = backbone.forward(&ctx, t, &Leaves::one(x), condition.as_ref());
        golden.compare(&b, *y.first(), given);
    });
}

#[test]
fn intrinsic_models_give_the_recorded_outputs() {
    each_case("intrinsic", |golden| {
        let mut config = ours(&golden.case.config);
        config["backbone"] = our_backbone(&golden.case.config["backbone"]);
        let config: IntrinsicConfig = serde_json::from_value(config).expect("a config");
        let mut declare = Declare::new();
        let model = IntrinsicModel::build(&config, &mut declare, &no_external).expect("a model");
        let specs = declare.finish().expect("declarations");
        let b = Builder::new();
        let params = inputs(&b, &specs);
        let mut given = golden.state(&specs, "model.");
        let mut input = |name: &str| golden.input(&b, name, &mut given);
        let (t, x) = (input("t").expect("a time"), input("x").expect("a state"));
        let condition = Some(golden.leaves(&b, &["t", "x"], &mut given)).filter(|leaves| !leaves.is_empty());
        let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
        let y = model.forward(&ctx, t, &Leaves::one(x), condition.as_ref());
        golden.compare(&b, *y.first(), given);
    });
}

/// Networks that start with a table of places have GenerativeRL's.
#[test]
fn tables_of_places_start_as_recorded() {
    each_case("backbones", |golden| {
        let Some(entry) = golden.case.state.get("pos_embed") else { return };
        let config: BackboneConfig = serde_json::from_value(our_backbone(&golden.case.config)).expect("a config");
        let mut declare = Declare::new();
        config.build(&mut declare, &no_external).expect("a backbone");
        let specs = declare.finish().expect("declarations");
        assert!(specs[0].name == "pos_embed" && !specs[0].trainable, "{}", golden.case.name);
        let (ours, theirs) = (engine::values(&initial(&specs[..1], DType::F32, 0)[0]), engine::values(&golden.tensor(entry)));
        let error = ours.iter().zip(&theirs).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(ours.len() == theirs.len() && error < 1e-6, "{}: differs by {error:e}", golden.case.name);
    });
}

/// The shapes of a state and its prediction, for the network of a failure.
fn shapes_of(kind: &str, args: &Value) -> (Vec<usize>, Vec<usize>) {
    let of = |name: &str| args[name].as_u64().unwrap_or_else(|| panic!("{kind} has {name}")) as usize;
    let same = |shape: Vec<usize>| (shape.clone(), shape);
    match kind {
        "MultiLayerPerceptron" => (vec![of("hiddenSizes_0") - 1], vec![of("outputSize")]),
        "TemporalSpatialResidualNet" => same(vec![of("outputDim")]),
        "TemporalSpatialConditionalResidualNet" => (vec![of("inputDim")], vec![of("outputDim")]),
        "TemporalConcatenateMLPResNet" => {
            (vec![of("inputDim") - args["conditionDim"].as_u64().unwrap_or(0) as usize], vec![of("outputDim")])
        }
        "DiT1D" => same(vec![of("tokenSize"), of("inChannels")]),
        "DiT3D" => {
            let [time, height, width] = [0, 1, 2].map(|i| args["patchBlockSize"][i].as_u64().expect("a size") as usize);
            let outputs = if args["learnSigma"] == json!(true) { 2 } else { 1 } * of("inChannels");
            (vec![time, of("inChannels"), height, width], vec![time, outputs, height, width])
        }
        "FNO2dTemporal" => (vec![of("inChannels"), 8, 6], vec![of("outChannels"), 8, 6]),
        "FNO2dTemporalMultivariable" => (vec![of("inChannels"), of("numVars"), 8, 6], vec![of("outChannels"), of("numVars"), 8, 6]),
        // Sizes that halve to odd ones, too.
        "unet_2D" => (vec![of("inChannels"), 10, 7], vec![of("outChannels"), 10, 7]),
        "UViT" => same(vec![of("inChans"), of("imgSize"), of("imgSize")]),
        other => panic!("{other}: no shapes are known"),
    }
}

#[test]
fn networks_that_generative_rl_cannot_run_run_here() {
    for failure in index().failures.iter().filter(|f| FAILURES_COVERED.contains(&f.what.as_str())) {
        let config = match failure.config["type"].is_null() {
            true => our_backbone(&json!({ "type": "DiT1D", "args": failure.config })),
            false => our_backbone(&failure.config),
        };
        let kind = config["type"].as_str().expect("a type").to_string();
        let mut args = config["args"].clone();
        args["hiddenSizes_0"] = args["hiddenSizes"][0].clone();
        let (x, y) = shapes_of(&kind, &args);
        // A time encoder of the width that the net asks for; others read plain times.
        let encoder = |t: u64| json!({ "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": t } });
        let whole = match args["tDim"].as_u64() {
            Some(t) => json!({ "tEncoder": encoder(t), "backbone": config }),
            None => json!({ "backbone": config }),
        };
        let condition = args["conditionDim"].as_u64().map(|c| vec![4, c as usize]);
        let built = build(&whole).unwrap_or_else(|e| panic!("{}: {e}", failure.what));
        let shape = [&[4], &x[..]].concat();
        let graph =
            trace(&built, Mode::Sample, DType::F32, &[4], &shape, condition.as_deref()).unwrap_or_else(|e| panic!("{}: {e}", failure.what));
        let wave = |shape: &[usize]| {
            let numbers = (0..thalweg_graph::count(shape)).map(|i| (i as f32).sin()).collect();
            Tensor::from_f32(numbers, shape).unwrap()
        };
        // Parameters that start as zeros are waves, too, so that all of the net is seen.
        let mut given: Vec<Tensor> = initial(&built.specs, DType::F32, 3);
        for (spec, value) in built.specs.iter().zip(&mut given).filter(|(spec, _)| matches!(spec.init, Init::Zeros)) {
            *value = wave(&spec.shape);
        }
        given.push(Tensor::from_f32(vec![0.1, 0.3, 0.6, 0.9], &[4]).unwrap());
        given.push(wave(&shape));
        given.extend(condition.as_deref().map(wave));
        assert_eq!(graph.output_types()[0].shape, [&[4], &y[..]].concat(), "{}", failure.what);
        let out = &run(&graph, given)[0];
        assert!(out.iter().all(|v| v.is_finite()) && out[0] != out[out.len() / 4], "{}: {out:?}", failure.what);
    }
}
