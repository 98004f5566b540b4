//! Configurations: what is accepted, what is refused, and what the refusal says.
//! Nothing that a user can write makes the crate panic.

mod support;

use serde_json::{Value, json};
use support::build;
use thalweg_nn::{BackboneConfig, Coordinate, Declare, EncoderConfig, Init, IntrinsicConfig, IntrinsicModel, NnError, no_external};

fn net(args: Value) -> Value {
    json!({ "backbone": { "type": "TemporalSpatialResidualNet", "args": args } })
}

fn mlp(args: Value) -> Value {
    json!({ "backbone": { "type": "MultiLayerPerceptron", "args": args } })
}

fn refused(config: Value) -> NnError {
    match build(&config) {
        Ok(_) => panic!("{config} was accepted"),
        Err(error) => error,
    }
}

/// The message and the path of a configuration that can't be read.
fn unreadable(text: &str) -> (String, String) {
    let mut reader = serde_json::Deserializer::from_str(text);
    let error = serde_path_to_error::deserialize::<_, IntrinsicConfig>(&mut reader).expect_err("unreadable");
    (error.inner().to_string(), error.path().to_string())
}

#[test]
fn the_field_at_fault_is_named() {
    let cases = [
        (net(json!({ "hiddenSizes": [], "outputDim": 2, "tDim": 1 })), "backbone.args.hiddenSizes", "[]"),
        (net(json!({ "hiddenSizes": [4, 0], "outputDim": 2, "tDim": 1 })), "backbone.args.hiddenSizes[1]", "0"),
        (net(json!({ "hiddenSizes": [4], "outputDim": 0, "tDim": 1 })), "backbone.args.outputDim", "0"),
        (net(json!({ "hiddenSizes": [4], "outputDim": 2, "tDim": 0 })), "backbone.args.tDim", "0"),
        (net(json!({ "hiddenSizes": [4], "outputDim": 2, "tDim": 1, "inputDim": 0 })), "backbone.args.inputDim", "0"),
        (net(json!({ "hiddenSizes": [4], "outputDim": 2, "tDim": 1, "conditionHiddenDim": 3 })), "backbone.args.conditionHiddenDim", "3"),
        (net(json!({ "hiddenSizes": [usize::MAX], "outputDim": 2, "tDim": 1 })), "backbone.args.hiddenSizes[0]", "18446744073709551615"),
        (mlp(json!({ "hiddenSizes": [3], "outputSize": 2, "activation": "relu", "dropout": 1.0 })), "backbone.args.dropout", "1"),
        (mlp(json!({ "hiddenSizes": [3], "outputSize": 2, "activation": "relu", "shrink": -1.0 })), "backbone.args.shrink", "-1"),
        (
            mlp(json!({ "hiddenSizes": [3, 4], "outputSize": 2, "activation": ["relu", "tanh"] })),
            "backbone.args.activation",
            "2 activations",
        ),
        (mlp(json!({ "hiddenSizes": [], "outputSize": 2, "activation": [] })), "backbone.args.hiddenSizes", "[]"),
    ];
    for (config, field, got) in cases {
        let error = refused(config);
        assert_eq!((error.field.as_str(), error.got.as_str()), (field, got), "{error}");
    }
}

#[test]
fn encoders_refuse_widths_without_a_wave_and_scales_without_a_size() {
    let backbone = json!({ "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [4], "outputDim": 2, "tDim": 8 } });
    let cases = [
        (json!({ "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 1 } }), "tEncoder.args.embedDim"),
        (json!({ "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8, "scale": 0.0 } }), "tEncoder.args.scale"),
        (json!({ "type": "GaussianFourierProjectionEncoder", "args": { "embedDim": 8, "xShape": [0] } }), "tEncoder.args.xShape[0]"),
        (
            json!({ "type": "GaussianFourierProjectionEncoder", "args": { "embedDim": 8, "xShape": [16777216, 16777216, 16777216] } }),
            "tEncoder.args.xShape",
        ),
        (json!({ "type": "SinusoidalPosEmb", "args": { "dim": 3 } }), "tEncoder.args.dim"),
        (json!({ "type": "ExponentialFourierProjectionTimeEncoder", "args": { "hiddenSize": 0 } }), "tEncoder.args.hiddenSize"),
        (
            json!({ "type": "ExponentialFourierProjectionTimeEncoder", "args": { "hiddenSize": 8, "frequencyEmbeddingSize": 1 } }),
            "tEncoder.args.frequencyEmbeddingSize",
        ),
    ];
    for (encoder, field) in cases {
        assert_eq!(refused(json!({ "tEncoder": encoder, "backbone": backbone })).field, field);
    }
}

#[test]
fn encoders_must_give_what_the_backbone_was_built_for() {
    let time = |dim| json!({ "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": dim } });
    let features = json!({ "type": "GaussianFourierProjectionEncoder", "args": { "embedDim": 4, "xShape": [3] } });
    let args = json!({ "hiddenSizes": [4], "outputDim": 2, "tDim": 32, "conditionDim": 5 });
    let backbone = json!({ "type": "TemporalSpatialResidualNet", "args": args });

    let error = refused(json!({ "tEncoder": time(16), "backbone": backbone }));
    assert_eq!((error.field.as_str(), error.got.as_str()), ("backbone.args.tDim", "32"));
    assert!(error.expected.starts_with("16"), "{error}");

    let error = refused(json!({ "backbone": backbone }));
    assert_eq!((error.field.as_str(), error.expected.as_str()), ("backbone.args.tDim", "1 (the width of a plain time)"));

    let error = refused(json!({ "tEncoder": time(32), "xEncoder": features, "backbone": backbone }));
    assert_eq!((error.field.as_str(), error.got.as_str()), ("backbone.args.inputDim", "2"));

    let error = refused(json!({ "tEncoder": time(32), "conditionEncoder": features, "backbone": backbone }));
    assert_eq!((error.field.as_str(), error.got.as_str()), ("backbone.args.conditionDim", "5"));

    let unconditional = json!({ "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [4], "outputDim": 2, "tDim": 32 } });
    let error = refused(json!({ "tEncoder": time(32), "conditionEncoder": features, "backbone": unconditional }));
    assert_eq!(error.field, "conditionEncoder");
}

#[test]
fn sizes_of_networks_of_images_are_checked() {
    const HUGE: usize = 1 << 24;
    let dit = |more: Value| {
        let mut args = json!({ "inputSize": 8, "patchSize": 2, "inChannels": 3, "hiddenSize": 8, "depth": 1, "numHeads": 2 });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("DiT", args)
    };
    let unet = |more: Value| {
        let mut args = json!({ "inChannels": 3, "modelChannels": 8, "numResBlocks": 1 });
        args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ("unet_2D", args)
    };
    let cases = [
        (dit(json!({ "patchSize": 3 })), "patchSize"),
        (dit(json!({ "hiddenSize": 6 })), "hiddenSize"),
        (dit(json!({ "numHeads": 3 })), "numHeads"),
        (dit(json!({ "depth": 100_000_000 })), "depth"),
        (dit(json!({ "inputSize": HUGE, "patchSize": HUGE })), "patchSize"),
        (dit(json!({ "numClasses": 3, "conditionDim": 3 })), "conditionDim"),
        (dit(json!({ "numClasses": 0 })), "numClasses"),
        (dit(json!({ "timeFactor": 0.0 })), "timeFactor"),
        (dit(json!({ "mlpRatio": 1e300 })), "mlpRatio"),
        (unet(json!({ "channelMult": [] })), "channelMult"),
        (unet(json!({ "channelMult": [HUGE] })), "channelMult"),
        (unet(json!({ "channelMult": vec![1; 40] })), "channelMult.length"),
        (unet(json!({ "numResBlocks": 100_000_000 })), "numResBlocks"),
        (unet(json!({ "numHeads": 3 })), "numHeads"),
        (unet(json!({ "dropout": 1.0 })), "dropout"),
        (unet(json!({ "numGroups": 0 })), "numGroups"),
        (("FNO1d", json!({ "modes1": 0, "numVars": 1, "width": 2, "numLayers": 1 })), "modes1"),
        (("FNO1d", json!({ "modes1": 1, "numVars": 1, "width": 2, "numLayers": 5000 })), "numLayers"),
        (("MLPResNet", json!({ "numBlocks": 5000, "inputDim": 2, "outputDim": 2 })), "numBlocks"),
    ];
    for ((kind, args), field) in cases {
        assert_eq!(refused(json!({ "backbone": { "type": kind, "args": args } })).field, format!("backbone.args.{field}"));
    }
    let time = json!({ "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8 } });
    let (kind, args) = dit(json!({}));
    assert_eq!(refused(json!({ "tEncoder": time, "backbone": { "type": kind, "args": args } })).field, "tEncoder");
}

#[test]
fn unknown_types_name_the_nearest_known_one() {
    let error = refused(json!({ "backbone": { "type": "TemporalSpatialResidualnet", "args": {} } }));
    assert_eq!(error.field, "backbone.type");
    for name in BackboneConfig::NAMES {
        assert!(error.expected.contains(name), "{error}");
    }
    assert!(error.expected.contains("did you mean TemporalSpatialResidualNet?"), "{error}");

    let text = r#"{ "tEncoder": { "type": "SinusoidalPosEm", "args": {} }, "backbone": { "type": "M", "args": {} } }"#;
    let (message, path) = unreadable(text);
    assert_eq!(path, "tEncoder.type");
    assert!(message.contains("did you mean SinusoidalPosEmb?") && message.contains(EncoderConfig::NAMES[0]), "{message}");
}

#[test]
fn unknown_and_missing_keys_carry_their_path() {
    let (message, path) = unreadable(
        r#"{ "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [4], "outputDim": 2, "tDim": 1, "hidenDim": 3 } } }"#,
    );
    assert_eq!(path, "backbone.args.hidenDim");
    assert!(message.contains("unknown field `hidenDim`") && message.contains("inputDim"), "{message}");

    let (message, path) = unreadable(r#"{ "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [4, "8"] } } }"#);
    assert_eq!(path, "backbone.args.hiddenSizes[1]");
    assert!(message.contains("expected usize"), "{message}");

    let (message, _) = unreadable(r#"{ "backbone": { "type": "TemporalSpatialResidualNet" } }"#);
    assert!(message.contains("missing field `hiddenSizes`"), "{message}");

    let (message, _) = unreadable(r#"{ "backbone": { "args": { "hiddenSizes": [-4] }, "type": "TemporalSpatialResidualNet" } }"#);
    assert!(message.contains("args.hiddenSizes[0]"), "{message}");

    let (message, _) = unreadable(r#"{ "backbone": { "type": "M", "args": {}, "arg": 1 } }"#);
    assert!(message.contains("unknown field `arg`"), "{message}");

    let (message, _) = unreadable(r#"{ "backbone": { "type": "M", "type": "M" } }"#);
    assert!(message.contains("duplicate field `type`"), "{message}");

    let (message, _) = unreadable(r#"{ "backbone": { "args": {}, "type": "M", "args": {} } }"#);
    assert!(message.contains("duplicate field `args`"), "{message}");

    let (message, _) = unreadable(r#"{ "backbone": { "args": {} } }"#);
    assert!(message.contains("missing field `type`"), "{message}");
}

#[test]
fn configs_survive_a_round_trip_in_either_order_of_keys() {
    let config = json!({
        "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 32, "scale": 30.0, "requiresGrad": false } },
        "xEncoder": { "args": { "embedDim": 4, "xShape": [2], "flatten": true, "scale": 0.5 }, "type": "GaussianFourierProjectionEncoder" },
        "backbone": { "type": "ConcatenateMLP", "args": {
            "hiddenSizes": [40, 8, 8], "outputSize": 2, "activation": ["relu", "gelu_tanh"], "layernorm": "first", "shrink": 0.01,
        } },
    });
    let read: IntrinsicConfig = serde_json::from_value(config.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), config);
    let again: IntrinsicConfig = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
    assert_eq!(again, read);

    let external = json!({ "type": "MyModule", "args": { "anything": [1, { "deep": null }] } });
    let read: BackboneConfig = serde_json::from_value(external.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), external);
}

#[test]
fn schemas_describe_the_registered_types_and_close_them() {
    let schema = serde_json::to_value(schemars::schema_for!(IntrinsicConfig)).unwrap();
    let kinds = |name: &str| -> Vec<String> {
        let variants = schema["$defs"][name]["oneOf"].as_array().expect("variants");
        variants.iter().map(|v| v["properties"]["type"]["const"].as_str().expect("a name").to_string()).collect()
    };
    assert_eq!(kinds("BackboneConfig"), BackboneConfig::NAMES);
    assert_eq!(kinds("EncoderConfig"), EncoderConfig::NAMES);
    let args = &schema["$defs"]["TemporalSpatialResidualNetConfig"];
    assert_eq!(args["additionalProperties"], json!(false));
    assert_eq!(args["required"], json!(["hiddenSizes", "outputDim", "tDim"]));
    for (key, property) in args["properties"].as_object().unwrap() {
        assert!(property["description"].is_string(), "{key} has no description");
    }
}

#[test]
fn backbones_registered_elsewhere_are_built_at_their_place() {
    let config = json!({ "backbone": { "type": "MyModule", "args": { "width": 3 } } });
    let config: IntrinsicConfig = serde_json::from_value(config).unwrap();
    let external = |name: &str, args: &Value, declare: &mut Declare| {
        if name != "MyModule" {
            return None;
        }
        let width = args["width"].as_u64().expect("a width") as usize;
        declare.external("layers.0.weight", &[width, width], Init::Ones, true, true);
        let inner: BackboneConfig =
            serde_json::from_value(net(json!({ "hiddenSizes": [4], "outputDim": 2, "tDim": 1 }))["backbone"].clone()).unwrap();
        Some(inner.build(&mut declare.at("inner"), &no_external))
    };
    let mut declare = Declare::new();
    IntrinsicModel::build(&config, &mut declare, &external).unwrap();
    let specs = declare.finish().unwrap();
    assert_eq!(specs[0].name, "backbone.layers.0.weight");
    assert_eq!(specs[1].name, "backbone.inner.sort_t.0.weight");

    let failing = |_: &str, _: &Value, _: &mut Declare| Some(Err(NnError::new("args.width", "an even number", 3)));
    let error = IntrinsicModel::build(&config, &mut Declare::new(), &failing).err().expect("an error");
    assert_eq!(error.field, "backbone.args.width");
}

#[test]
fn declarations_refuse_what_no_store_could_hold() {
    let twice = Declare::new();
    twice.param("w", &[1], Init::Zeros);
    twice.at("a").param("w", &[1], Init::Zeros);
    twice.param("a.w", &[1], Init::Zeros);
    assert_eq!(twice.finish().unwrap_err().field, "a.w");

    for name in ["", "a..b", ".a", "a."] {
        let unnamed = Declare::new();
        unnamed.param(name, &[1], Init::Zeros);
        assert!(unnamed.finish().is_err(), "{name:?}");
    }

    let huge = Declare::new();
    huge.param("ok", &[1 << 40], Init::Zeros);
    huge.param("huge", &[usize::MAX, usize::MAX], Init::Zeros);
    assert_eq!(huge.finish().unwrap_err().field, "huge");

    for init in [
        Init::Uniform { low: 1.0, high: 0.0 },
        Init::Uniform { low: f64::NAN, high: 0.0 },
        Init::Normal { mean: 0.0, std: -1.0 },
        Init::Constant { value: f64::INFINITY },
        Init::SinCos { grid: vec![1], features: vec![Coordinate { axis: 1, width: 2 }] },
        Init::SinCos { grid: vec![1], features: vec![Coordinate { axis: 0, width: 1 }] },
        Init::SinCos { grid: vec![3], features: vec![Coordinate { axis: 0, width: 2 }] },
    ] {
        let impossible = Declare::new();
        impossible.param("w", &[1], init.clone());
        assert!(impossible.finish().unwrap_err().field.starts_with("w.init."), "{init:?}");
    }
}

#[test]
fn initial_distributions_are_data() {
    for (init, text) in [
        (Init::Zeros, json!({ "type": "zeros" })),
        (Init::Ones, json!({ "type": "ones" })),
        (
            Init::SinCos { grid: vec![4], features: vec![Coordinate { axis: 0, width: 6 }] },
            json!({ "type": "sinCos", "grid": [4], "features": [{ "axis": 0, "width": 6 }] }),
        ),
        (Init::Constant { value: 2.5 }, json!({ "type": "constant", "value": 2.5 })),
        (Init::Uniform { low: -1.0, high: 0.5 }, json!({ "type": "uniform", "low": -1.0, "high": 0.5 })),
        (Init::Normal { mean: 0.0, std: 3.0 }, json!({ "type": "normal", "mean": 0.0, "std": 3.0 })),
    ] {
        assert_eq!(serde_json::to_value(&init).unwrap(), text);
        assert_eq!(serde_json::from_value::<Init>(text).unwrap(), init);
    }
    assert!(serde_json::from_value::<Init>(json!({ "type": "normal", "mean": 0.0, "std": 1.0, "low": 1.0 })).is_err());
}
