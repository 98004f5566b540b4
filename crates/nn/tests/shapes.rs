//! Networks of random sizes on random batches: the result has the promised shape, and wrong inputs are errors of the graph.
//! Nothing runs here; shapes are known from the trace.

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Built, build, shapes, trace};
use thalweg_graph::{Builder, DType, ErrorCode, Var};
use thalweg_nn::layers::{Dropout, Embedding, LayerNorm, Linear, Sequential};
use thalweg_nn::{Activate, Activation, Context, Declare, Layer, Mode};

fn width() -> impl Strategy<Value = usize> {
    1usize..9
}

fn batch() -> impl Strategy<Value = usize> {
    prop_oneof![Just(0usize), Just(1), 2usize..6]
}

fn residual_net(hidden: &[usize], output: usize, input: usize, t: usize, condition: usize, joint: Option<usize>) -> Built {
    let mut args = json!({ "hiddenSizes": hidden, "outputDim": output, "inputDim": input, "tDim": t, "conditionDim": condition });
    if let (Some(joint), true) = (joint, condition > 0) {
        args["tConditionHiddenDim"] = json!(joint);
    }
    let mut config = json!({ "backbone": { "type": "TemporalSpatialResidualNet", "args": args } });
    if t > 1 {
        config["tEncoder"] =
            json!({ "type": "ExponentialFourierProjectionTimeEncoder", "args": { "hiddenSize": t, "frequencyEmbeddingSize": 5 } });
    }
    build(&config).expect("a valid config")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn temporal_spatial_residual_nets_of_any_sizes_keep_the_batch(
        hidden in prop::collection::vec(width(), 1..5), output in width(), input in width(), t in width(),
        condition in 0usize..4, joint in prop::option::of(width()), n in batch(),
    ) {
        let built = residual_net(&hidden, output, input, t, condition, joint);
        let given = [n, condition];
        let given = (condition > 0).then_some(&given[..]);
        for mode in [Mode::Train, Mode::Sample] {
            prop_assert_eq!(shapes(&built, mode, &[n], &[n, input], given).unwrap(), vec![vec![n, output]]);
        }
    }

    #[test]
    fn one_time_serves_a_batch_and_extra_dimensions_pass_through(n in 1usize..5, k in 1usize..4, hidden in prop::collection::vec(width(), 1..4)) {
        let built = residual_net(&hidden, 2, 3, 4, 0, None);
        prop_assert_eq!(shapes(&built, Mode::Sample, &[], &[n, 3], None).unwrap(), vec![vec![n, 2]]);
        prop_assert_eq!(shapes(&built, Mode::Sample, &[n], &[n, k, 3], None).unwrap(), vec![vec![n, k, 2]]);
    }

    #[test]
    fn perceptrons_read_time_state_and_condition(
        hidden in prop::collection::vec(width(), 0..4), output in width(), x in width(), condition in 0usize..3, n in batch(),
        norm in any::<bool>(), rate in prop::option::of(0.0f64..0.9), nested in any::<bool>(),
    ) {
        let sizes: Vec<usize> = [1 + x + condition].into_iter().chain(hidden).collect();
        let args = json!({ "hiddenSizes": sizes, "outputSize": output, "activation": "swish", "layernorm": norm, "dropout": rate, "scale": 2.0 });
        let kind = if nested { "ConcatenateMLP" } else { "MultiLayerPerceptron" };
        let built = build(&json!({ "backbone": { "type": kind, "args": args } })).unwrap();
        let given = [n, condition];
        let given = (condition > 0).then_some(&given[..]);
        for mode in [Mode::Train, Mode::Sample] {
            prop_assert_eq!(shapes(&built, mode, &[n], &[n, x], given).unwrap(), vec![vec![n, output]]);
        }
    }

    #[test]
    fn u_nets_keep_any_size(
        channels in 1usize..4, width in 2usize..9, levels in prop::collection::vec(1usize..3, 1..4), blocks in 1usize..3,
        sizes in prop::collection::vec(4usize..12, 1..3), by_convolution in any::<bool>(), scale_shift in any::<bool>(),
        attention in any::<bool>(), classes in prop::option::of(1usize..4), n in batch(),
    ) {
        let kind = if sizes.len() == 1 { "unet_1D" } else { "unet_2D" };
        let mut args = json!({
            "inChannels": channels, "modelChannels": width, "numResBlocks": blocks, "channelMult": levels, "dropout": 0.1,
            "convResample": by_convolution, "useScaleShiftNorm": scale_shift, "attentionResolutions": if attention { vec![1, 2] } else { vec![] },
        });
        if let Some(classes) = classes {
            args["numClasses"] = json!(classes);
        }
        let built = build(&json!({ "backbone": { "type": kind, "args": args } })).unwrap();
        let shape = [&[n, channels], &sizes[..]].concat();
        let labels = classes.map(|_| [n, 1]);
        for mode in [Mode::Train, Mode::Sample] {
            prop_assert_eq!(shapes(&built, mode, &[n], &shape, labels.as_ref().map(|s| &s[..])).unwrap(), vec![shape.clone()]);
        }
    }

    #[test]
    fn transformers_keep_images_series_and_volumes(
        grid in (1usize..4, 1usize..4, 1usize..4), patch in (1usize..3, 1usize..3, 1usize..3), channels in 1usize..4, heads in 1usize..3,
        depth in 0usize..3, condition in prop::option::of(1usize..4), n in batch(),
    ) {
        let width = 12 * heads;
        let common = |more: Value| {
            let mut args = json!({ "hiddenSize": width, "depth": depth, "numHeads": heads, "inChannels": channels, "mlpRatio": 1.5 });
            args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            if let Some(condition) = condition {
                args["conditionDim"] = json!(condition);
            }
            args
        };
        let edges = [grid.0 * patch.0, grid.1 * patch.1, grid.2 * patch.2];
        let (rows, columns) = (grid.0 * patch.0, grid.1 * patch.0);
        let cases = [
            ("DiT", json!({ "inputSize": [rows, columns], "patchSize": patch.0 }), vec![channels, rows, columns]),
            ("DiT1D", json!({ "tokenSize": edges[0], "patchSize": patch.0 }), vec![edges[0], channels]),
            (
                "DiT3D",
                json!({ "patchBlockSize": edges, "patchSize": [patch.0, patch.1, patch.2], "convolved": true }),
                vec![edges[0], channels, edges[1], edges[2]],
            ),
        ];
        for (kind, args, shape) in cases {
            let built = build(&json!({ "backbone": { "type": kind, "args": common(args) } })).unwrap();
            let shape = [&[n], &shape[..]].concat();
            let given = condition.map(|c| [n, c]);
            prop_assert_eq!(shapes(&built, Mode::Sample, &[n], &shape, given.as_ref().map(|s| &s[..])).unwrap(), vec![shape]);
        }
    }

    #[test]
    fn encoded_states_have_the_promised_width(n in batch(), d in width(), embed in 2usize..9) {
        let features = d * (embed / 2 * 2);
        let built = build(&json!({
            "tEncoder": { "type": "SinusoidalPosEmb", "args": { "dim": 7 } },
            "xEncoder": { "type": "GaussianFourierProjectionEncoder", "args": { "embedDim": embed, "xShape": [d] } },
            "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [3], "outputDim": d, "inputDim": features, "tDim": 6 } },
        })).unwrap();
        prop_assert_eq!(shapes(&built, Mode::Sample, &[n], &[n, d], None).unwrap(), vec![vec![n, d]]);
    }

    #[test]
    fn layers_map_the_last_dimension(leading in prop::collection::vec(0usize..4, 0..4), inputs in width(), outputs in width()) {
        let declare = Declare::new();
        let layer = Sequential::new()
            .then(Linear::new(declare.at("0"), inputs, outputs))
            .then(LayerNorm::new(declare.at("1"), outputs))
            .then(Activate::new(declare.at("2"), Activation::Mish))
            .then(Dropout::new(0.5).unwrap());
        let embedding = Embedding::new(declare.at("3"), 7, outputs);
        let specs = declare.finish().unwrap();
        let b = Builder::new();
        let params: Vec<Var> = specs.iter().map(|s| b.input(&s.name, DType::F64, &s.shape)).collect();
        let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
        let x = b.input("x", DType::F64, &[&leading[..], &[inputs]].concat());
        let indices = b.input("i", DType::I64, &leading);
        let expected = [&leading[..], &[outputs]].concat();
        prop_assert_eq!(layer.forward(&ctx, x).shape(), expected.clone());
        prop_assert_eq!(embedding.forward(&ctx, indices).shape(), expected);
        b.check().unwrap();
    }
}

#[test]
fn wrong_inputs_are_errors_that_name_the_layer() {
    let built = residual_net(&[8, 5], 2, 3, 4, 2, None);
    let error = |t: &[usize], x: &[usize], c: Option<&[usize]>| trace(&built, Mode::Sample, DType::F32, t, x, c).expect_err("an error");
    let wide = error(&[4], &[4, 7], Some(&[4, 2]));
    assert_eq!(wide.code, ErrorCode::Shape);
    assert!(wide.expected.contains("[…, 3]") && wide.got.contains("f32 [4, 7] (in backbone.first_block.dense1.0)"), "{wide}");
    let condition = error(&[4], &[4, 3], Some(&[4, 5]));
    assert!(condition.got.contains("backbone.pre_sort_condition.0"), "{condition}");
    let missing = error(&[4], &[4, 3], None);
    assert_eq!((missing.expected.as_str(), missing.got.as_str()), ("a condition of width 2", "none"));
    let batches = error(&[4], &[4, 3], Some(&[3, 2]));
    assert!(batches.message.contains("do not share a batch"), "{batches}");
    for x in [&[][..], &[3], &[0], &[4, 0]] {
        error(&[4], x, Some(&[4, 2]));
    }
    let plain = residual_net(&[8], 2, 3, 4, 0, None);
    let unexpected = trace(&plain, Mode::Sample, DType::F32, &[4], &[4, 3], Some(&[4, 2])).unwrap_err();
    assert!(unexpected.message.contains("without conditionDim"), "{unexpected}");
}

#[test]
fn networks_of_images_say_what_they_were_built_for() {
    let dit = json!({ "inputSize": 8, "inChannels": 3, "hiddenSize": 8, "depth": 1, "numHeads": 2, "numClasses": 4 });
    let dit = build(&json!({ "backbone": { "type": "DiT", "args": dit } })).unwrap();
    let error = |x: &[usize], c: Option<&[usize]>| trace(&dit, Mode::Sample, DType::F32, &[4], x, c).expect_err("an error");
    let flat = error(&[4, 192], Some(&[4, 1]));
    assert_eq!((flat.op.as_str(), flat.expected.as_str()), ("DiT", "[batch, 3, 8, 8]"));
    assert!(error(&[4, 8, 8, 3], Some(&[4, 1])).got.contains("[4, 8, 8, 3]"));
    assert!(error(&[4, 3, 8, 8], None).message.contains("the condition is missing"));
    assert!(error(&[4, 3, 8, 8], Some(&[4, 3])).expected.contains("weights of the classes [batch, 4]"));
    trace(&dit, Mode::Sample, DType::F32, &[4], &[4, 3, 8, 8], Some(&[4, 4])).unwrap();

    let unet = json!({ "inChannels": 3, "modelChannels": 4, "numResBlocks": 1, "channelMult": [1, 1] });
    let unet = build(&json!({ "backbone": { "type": "unet_2D", "args": unet } })).unwrap();
    let error = |x: &[usize], c: Option<&[usize]>| trace(&unet, Mode::Sample, DType::F32, &[4], x, c).expect_err("an error");
    assert_eq!(error(&[4, 1, 8, 8], None).expected, "[batch, 3, any, any]");
    assert!(error(&[4, 3, 8, 8], Some(&[4, 1])).message.contains("without numClasses"));

    let fno = json!({ "modes1": 3, "inChannels": 2, "outChannels": 2, "numLayers": 1 });
    let fno = build(&json!({ "backbone": { "type": "FNO1dTemporal", "args": fno } })).unwrap();
    let small = trace(&fno, Mode::Sample, DType::F32, &[4], &[4, 2, 3], None).expect_err("an error");
    assert!(small.message.contains("too small") && small.expected.contains("[2]"), "{small}");
}

#[test]
fn layers_refuse_what_does_not_fit_instead_of_panicking() {
    let declare = Declare::new();
    let linear = Linear::new(declare.at("a"), 3, 2);
    let norm = LayerNorm::new(declare.at("b"), 3);
    let embedding = Embedding::new(declare.at("c"), 3, 2);
    let specs = declare.finish().unwrap();
    let layers: [&dyn Layer; 3] = [&linear, &norm, &embedding];
    for layer in layers {
        let b = Builder::new();
        let params: Vec<Var> = specs.iter().map(|s| b.input(&s.name, DType::F32, &s.shape)).collect();
        let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
        assert!(layer.forward(&ctx, b.input("x", DType::F32, &[])).is_poison());
        assert!(b.take_error().is_err());
        let bare = Context { params: &[], ..ctx.clone() };
        layer.forward(&bare, b.input("y", DType::F32, &[2, 3]));
        assert!(b.take_error().is_err(), "parameters of another model");
    }
}

#[test]
fn dropout_draws_when_training_only() {
    let args = json!({ "hiddenSizes": [3, 8, 8], "outputSize": 2, "activation": "relu", "dropout": 0.25 });
    let built = build(&json!({ "backbone": { "type": "ConcatenateMLP", "args": args } })).unwrap();
    let draws = |mode| {
        let graph = trace(&built, mode, DType::F32, &[4], &[4, 2], None).unwrap();
        graph.nodes.iter().filter(|n| n.op.name() == "random_uniform").count()
    };
    assert_eq!(draws(Mode::Train), 2, "one draw per hidden layer, each of its own");
    assert_eq!(draws(Mode::Sample), 0);
    assert!(Dropout::new(1.0).is_err() && Dropout::new(-0.1).is_err() && Dropout::new(f64::NAN).is_err());

    let b = Builder::new();
    let ctx = Context { builder: &b, params: &[], mode: Mode::Train, random: None };
    Dropout::new(0.5).unwrap().forward(&ctx, b.input("x", DType::F32, &[2]));
    assert_eq!(b.check().unwrap_err().op, "dropout", "training without random numbers");
}

#[test]
fn every_parameter_matters_to_the_output() {
    let config = json!({
        "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8 } },
        "conditionEncoder": { "type": "GaussianFourierProjectionEncoder", "args": { "embedDim": 4, "xShape": [2] } },
        "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [7, 3, 5], "outputDim": 2, "tDim": 8, "conditionDim": 8 } },
    });
    let swish = json!({ "backbone": { "type": "ConcatenateMLP", "args": {
        "hiddenSizes": [5, 4, 4, 3], "outputSize": 2, "activation": "swish", "finalActivation": "swish", "layernorm": true, "scale": 0.5,
    } } });
    for config in [config, swish] {
        let built = build(&config).unwrap();
        let graph = trace(&built, Mode::Sample, DType::F32, &[3], &[3, 2], Some(&[3, 2])).unwrap();
        let live = graph.live();
        for input in &graph.inputs {
            assert!(live[input.node.index()], "{} does not reach the output", input.name);
        }
    }
}

#[test]
fn weight_decay_spares_biases_norms_slopes_and_fourier_features() {
    let config = json!({
        "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8, "requiresGrad": true } },
        "backbone": { "type": "ConcatenateMLP", "args": {
            "hiddenSizes": [10, 4, 4], "outputSize": 2, "activation": "swish", "layernorm": true, "scale": 0.5,
        } },
    });
    let specs = build(&config).unwrap().specs;
    let names = |keep: &dyn Fn(&thalweg_nn::ParamSpec) -> bool| -> Vec<String> {
        specs.iter().filter(|s| keep(s)).map(|s| s.name.clone()).collect()
    };
    assert_eq!(
        names(&|s| s.decay),
        ["backbone.model.model.linear0.weight", "backbone.model.model.linear1.weight", "backbone.model.model.linear2.weight"]
    );
    assert_eq!(names(&|s| !s.trainable), ["backbone.model.scale"]);
    assert!(specs.iter().all(|s| s.trainable || !s.decay));
    assert!(names(&|s| s.trainable).contains(&"t_encoder.W".to_string()), "requiresGrad");
}
