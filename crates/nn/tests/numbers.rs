//! Networks that run: initial distributions, dropout, learned slopes, layers against their formulas.
//! Statistics are of fixed seeds, so that a bound either holds or does not.

#[path = "support/engine.rs"]
mod engine;
mod support;

use engine::{draw, initial, run, scalar, values};
use serde_json::json;
use support::{build, trace};
use thalweg_engine::Tensor;
use thalweg_graph::{Builder, DType, Var};
use thalweg_nn::layers::{Dropout, Embedding, LayerNorm, Linear};
use thalweg_nn::{Context, Declare, Init, Layer, Mode, RandomSource};

struct Moments {
    mean: f64,
    variance: f64,
    kurtosis: f64,
    largest: f64,
}

fn moments(values: &[f64]) -> Moments {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let central = |power: i32| values.iter().map(|v| (v - mean).powi(power)).sum::<f64>() / n;
    let variance = central(2);
    Moments { mean, variance, kurtosis: central(4) / (variance * variance), largest: values.iter().fold(0.0, |m, v| m.max(v.abs())) }
}

/// U(±bound): bounds hold and are nearly reached; variance bound²/3, kurtosis 9/5.
fn assert_uniform(values: &[f64], bound: f64, what: &str) {
    let m = moments(values);
    let n = values.len() as f64;
    assert!(m.largest < bound && m.largest > bound * (1.0 - 12.0 / n), "{what}: largest {}", m.largest);
    assert!(m.mean.abs() < 4.0 * bound / (3.0 * n).sqrt(), "{what}: mean {}", m.mean);
    assert!((m.variance / (bound * bound / 3.0) - 1.0).abs() < 4.0 / n.sqrt(), "{what}: variance {}", m.variance);
    assert!((m.kurtosis - 1.8).abs() < 6.0 / n.sqrt(), "{what}: kurtosis {}", m.kurtosis);
}

/// N(0, std²): variance std², kurtosis 3.
fn assert_normal(values: &[f64], std: f64, what: &str) {
    let m = moments(values);
    let n = values.len() as f64;
    assert!(m.mean.abs() < 4.0 * std / n.sqrt(), "{what}: mean {}", m.mean);
    assert!((m.variance / (std * std) - 1.0).abs() < 6.0 / n.sqrt(), "{what}: variance {}", m.variance);
    assert!((m.kurtosis - 3.0).abs() < 20.0 / n.sqrt(), "{what}: kurtosis {}", m.kurtosis);
}

#[test]
fn layers_start_as_pytorchs_do() {
    let declare = Declare::new();
    Linear::new(declare.at("linear"), 250, 400);
    Embedding::new(declare.at("embedding"), 300, 50);
    LayerNorm::new(declare.at("norm"), 7);
    let specs = declare.finish().unwrap();
    for dtype in [DType::F32, DType::F64] {
        let tensors: Vec<Vec<f64>> = initial(&specs, dtype, 11).iter().map(values).collect();
        let of = |name: &str| &tensors[specs.iter().position(|s| s.name == name).expect("a name")];
        assert_uniform(of("linear.weight"), 1.0 / 250f64.sqrt(), "weight");
        assert_uniform(of("linear.bias"), 1.0 / 250f64.sqrt(), "bias");
        assert_normal(of("embedding.weight"), 1.0, "embedding");
        assert_eq!((&of("norm.weight")[..], &of("norm.bias")[..]), (&[1.0; 7][..], &[0.0; 7][..]));
    }
}

#[test]
fn fourier_features_start_as_scaled_normals_and_shrunk_layers_small() {
    let config = json!({
        "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8000, "scale": 3.0 } },
        "backbone": { "type": "MultiLayerPerceptron", "args": {
            "hiddenSizes": [8002, 60], "outputSize": 100, "activation": "silu", "shrink": 0.01,
        } },
    });
    let specs = build(&config).unwrap().specs;
    let tensors = initial(&specs, DType::F32, 5);
    let of = |name: &str| values(&tensors[specs.iter().position(|s| s.name == name).expect("a name")]);
    assert_normal(&of("t_encoder.W"), 3.0 * std::f64::consts::TAU, "frequencies");
    assert_normal(&of("backbone.model.linear1.weight"), 0.01, "shrunk weight");
    assert_uniform(&of("backbone.model.linear0.weight"), 1.0 / 8002f64.sqrt(), "other weight");
}

#[test]
fn initial_values_are_functions_of_seed_name_and_shape() {
    let init = Init::Normal { mean: 0.0, std: 1.0 };
    let base = draw(init.clone(), 64, "a.weight", 1);
    assert_eq!(base, draw(init.clone(), 64, "a.weight", 1));
    assert_ne!(base, draw(init.clone(), 64, "a.weight", 2), "another seed");
    assert_ne!(base, draw(init.clone(), 64, "b.weight", 1), "another name");

    let order = |names: [&str; 2]| {
        let declare = Declare::new();
        for name in names {
            declare.param(name, &[3, 2], init.clone());
        }
        let specs = declare.finish().unwrap();
        let tensors = initial(&specs, DType::F64, 1);
        let mut named: Vec<_> = specs.iter().zip(&tensors).map(|(s, t)| (s.name.clone(), values(t))).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        named
    };
    assert_eq!(order(["p", "q"]), order(["q", "p"]), "the order of declarations does not matter");
}

#[test]
fn constants_and_spans_are_what_they_say() {
    assert_eq!(draw(Init::Constant { value: -2.5 }, 3, "c", 0), [-2.5; 3]);
    assert_eq!(draw(Init::Zeros, 2, "z", 0), [0.0; 2]);
    let span = draw(Init::Uniform { low: 2.0, high: 5.0 }, 20_000, "u", 0);
    assert!(span.iter().all(|v| (2.0..5.0).contains(v)));
    let centred: Vec<f64> = span.iter().map(|v| v - 3.5).collect();
    assert_uniform(&centred, 1.5, "span");
    assert!(draw(Init::Normal { mean: 1.0, std: 0.0 }, 4, "n", 0).iter().all(|v| *v == 1.0));
}

/// Dropout of ones `[rows, 100]` in training, at step `counter`.
fn dropped(rate: f64, rows: usize, seed: i64, counter: i64) -> Vec<f64> {
    let b = Builder::new();
    let x = b.full(1.0, DType::F32, &[rows, 100]);
    let random = RandomSource::new(b.input("seed", DType::I64, &[]), b.input("counter", DType::I64, &[]));
    let ctx = Context { builder: &b, params: &[], mode: Mode::Train, random: Some(random) };
    let y = Dropout::new(rate).unwrap().forward(&ctx, x);
    run(&b.finish(&[y]).unwrap(), vec![scalar(seed), scalar(counter)]).remove(0)
}

#[test]
fn dropout_keeps_the_mean_and_follows_its_seed() {
    let rate = 0.3;
    let y = dropped(rate, 200, 1, 0);
    assert!(y.iter().all(|v| *v == 0.0 || (v - 1.0 / 0.7).abs() < 1e-6));
    let share = y.iter().filter(|v| **v == 0.0).count() as f64 / y.len() as f64;
    assert!((share - rate).abs() < 4.0 * (rate * 0.7 / y.len() as f64).sqrt(), "{share} dropped");
    assert!((moments(&y).mean - 1.0).abs() < 0.02);
    assert_eq!(y, dropped(rate, 200, 1, 0));
    assert_ne!(y, dropped(rate, 200, 1, 1), "another step");
    assert_ne!(y, dropped(rate, 200, 2, 0), "another seed");
    assert_eq!(y[..500], dropped(rate, 5, 1, 0)[..], "rows do not depend on the batch");
}

#[test]
fn dropout_changes_training_and_not_sampling() {
    let args = |rate: f64| json!({ "hiddenSizes": [3, 64], "outputSize": 2, "activation": "relu", "dropout": rate });
    let value = |rate: f64, mode: Mode, counter: i64| {
        let built = build(&json!({ "backbone": { "type": "ConcatenateMLP", "args": args(rate) } })).unwrap();
        let graph = trace(&built, mode, DType::F64, &[2], &[2, 2], None).unwrap();
        let mut given = initial(&built.specs, DType::F64, 9);
        given.push(Tensor::from_f64(vec![0.2, 0.8], &[2]).unwrap());
        given.push(Tensor::from_f64(vec![1.0, -1.0, 0.5, 2.0], &[2, 2]).unwrap());
        if mode == Mode::Train {
            given.extend([scalar(4), scalar(counter)]);
        }
        run(&graph, given).remove(0)
    };
    assert_eq!(value(0.5, Mode::Sample, 0), value(0.0, Mode::Sample, 0));
    assert_eq!(value(0.0, Mode::Train, 0), value(0.0, Mode::Sample, 0));
    assert_ne!(value(0.5, Mode::Train, 0), value(0.5, Mode::Sample, 0));
    assert_ne!(value(0.5, Mode::Train, 0), value(0.5, Mode::Train, 1));
}

#[test]
fn linear_norm_and_embedding_follow_their_formulas() {
    let declare = Declare::new();
    let linear = Linear::new(declare.at("linear"), 2, 3);
    let norm = LayerNorm::new(declare.at("norm"), 3);
    let embedding = Embedding::new(declare.at("embedding"), 4, 2);
    let specs = declare.finish().unwrap();
    let b = Builder::new();
    let params: Vec<Var> = specs.iter().map(|s| b.input(&s.name, DType::F64, &s.shape)).collect();
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let x = b.input("x", DType::F64, &[2, 1, 2]);
    let rows = b.input("rows", DType::F64, &[1, 3]);
    let indices = b.input("indices", DType::I64, &[2, 1]);
    let outputs = [linear.forward(&ctx, x), norm.forward(&ctx, rows), embedding.forward(&ctx, indices)];
    let tensor = |values: &[f64], shape: &[usize]| Tensor::from_f64(values.to_vec(), shape).unwrap();
    let given = vec![
        tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[3, 2]),
        tensor(&[0.5, -0.5, 0.0], &[3]),
        tensor(&[1.0, 2.0, 3.0], &[3]),
        tensor(&[0.0, 0.0, 10.0], &[3]),
        tensor(&[0.0, 1.0, 10.0, 11.0, 20.0, 21.0, 30.0, 31.0], &[4, 2]),
        tensor(&[1.0, 1.0, -1.0, 2.0], &[2, 1, 2]),
        tensor(&[1.0, 2.0, 6.0], &[1, 3]),
        Tensor::from_i64(vec![3, 1], &[2, 1]).unwrap(),
    ];
    let got = run(&b.finish(&outputs).unwrap(), given);
    assert_eq!(got[0], [3.5, 6.5, 11.0, 3.5, 4.5, 7.0]);
    let deviation = (14.0f64 / 3.0 + 1e-5).sqrt();
    for (value, want) in got[1].iter().zip([-2.0 / deviation, -2.0 / deviation, 10.0 + 9.0 / deviation]) {
        assert!((value - want).abs() < 1e-14, "{value} is not {want}");
    }
    assert_eq!(got[2], [30.0, 31.0, 10.0, 11.0]);
}

#[test]
fn an_empty_batch_gives_an_empty_result() {
    let config = json!({
        "tEncoder": { "type": "ExponentialFourierProjectionTimeEncoder", "args": { "hiddenSize": 6, "timeFactor": 1000.0 } },
        "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [4, 3], "outputDim": 2, "tDim": 6 } },
    });
    let built = build(&config).unwrap();
    let graph = trace(&built, Mode::Sample, DType::F32, &[0], &[0, 2], None).unwrap();
    let mut given = initial(&built.specs, DType::F32, 0);
    given.extend([Tensor::from_f32(vec![], &[0]).unwrap(), Tensor::from_f32(vec![], &[0, 2]).unwrap()]);
    assert_eq!(run(&graph, given), [Vec::<f64>::new()]);
}
