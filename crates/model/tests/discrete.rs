//! Properties of flows of tokens: what their loss is fitted to, that samples have the distribution that the chain's matrices say, and options and errors.
//! Distributions are enumerated in f64; only the last step, the draws, is compared with binomial bounds.

use std::collections::HashMap;
use std::sync::Arc;
use thalweg_model::engine::{CompileOptions, Future, Job, Program, Step, Tensor};
use thalweg_model::external::{ExternalModule, ExternalParameter};
use thalweg_model::graph::{Builder, DType, Graph, Leaves, Literal, Type, Var, grad};
use thalweg_model::{
    DiscreteSampleOptions, FitJob, FitOptions, FitRequest, Fixed, Groups, Model, ModelConfig, ModelError, Objective, ObjectiveKind, Run,
    TokenJob, TokenRequest, Weights,
};
use thalweg_nn::{Context, Init, Mode};
use thalweg_path::discrete::{Polynomial, transition};
use thalweg_path::{DiscretePath, JumpRule, MixtureSchedule, TokenSource};

const V: usize = 3;
/// A joint distribution of two tokens, far from a product.
const JOINT: [[f64; V]; V] = [[0.30, 0.02, 0.05], [0.03, 0.01, 0.24], [0.02, 0.28, 0.05]];

fn path(source: TokenSource) -> DiscretePath {
    DiscretePath { mixture: Polynomial { exponent: 1.5 }.into(), source, vocabulary: V }
}

fn name(source: TokenSource) -> &'static str {
    if source == TokenSource::Mask { "mask" } else { "uniform" }
}

fn build(config: serde_json::Value, modules: &HashMap<String, ExternalModule>) -> Result<Model, ModelError> {
    Model::new(ModelConfig::parse("DiscreteFlowMatchingModel", &config.to_string())?, modules)
}

// ---- the exact posterior as a network ----

/// scale · log p(x₁ | x_t) + offset, with both as parameters. Inputs and result as a TypeScript module has them.
fn network(path: &DiscretePath, rows: usize) -> Graph {
    let b = Builder::new();
    let (t, x) = (b.input("t", DType::F64, &[rows]), b.input("x", DType::I64, &[rows, 2]));
    let (scale, offset) = (b.input("param:scale", DType::F64, &[1]), b.input("param:offset", DType::F64, &[V]));
    let kappa = path.mixture.kappa(t);
    let source: Vec<f64> = (0..path.tokens()).map(|token| path.source_probability(token)).collect();
    let source = b.literal(Literal::dense(&source, Type::new(DType::F64, vec![path.tokens()])));
    // p(x_t = z | x₁ = a) of a position.
    let shown = |position: usize, a: usize| {
        let z = x.narrow(1, position, 1).reshape(&[rows]);
        let same = z.eq(z.constant(a as f64)).cast(DType::F64);
        kappa * same + (kappa.constant(1.0) - kappa) * source.gather(0, z)
    };
    let mut sums = [kappa.constant(1e-300); 2 * V];
    for (a, row) in JOINT.iter().enumerate() {
        for (c, p) in row.iter().enumerate() {
            let joint = shown(0, a) * shown(1, c) * *p;
            sums[a] = sums[a] + joint;
            sums[V + c] = sums[V + c] + joint;
        }
    }
    let columns: Vec<Var> = sums.iter().map(|s| s.ln().reshape(&[rows, 1])).collect();
    let logits = Var::concat(&columns, 1).reshape(&[rows, 2, V]);
    b.finish(&[logits * scale + offset]).unwrap()
}

fn exact_model(source: TokenSource, positions: &str, rows: &[usize]) -> Model {
    let config = serde_json::json!({
        "xSize": 2, "dtype": "f64", "vocabulary": V, "source": name(source), "positions": positions,
        "path": { "type": "polynomial", "exponent": 1.5 },
        "model": { "type": "data_prediction_function", "args": { "backbone": { "type": "Exact", "args": {} } } },
    });
    let parameter = |name: &str, size: usize, init: Init| ExternalParameter {
        name: name.into(),
        shape: vec![size],
        init,
        trainable: true,
        decay: true,
    };
    let module = ExternalModule::of(vec![parameter("scale", 1, Init::Ones), parameter("offset", V, Init::Zeros)]);
    let model = build(config, &HashMap::from([("model.args".to_string(), module)])).unwrap();
    for &rows in rows {
        for need in model.needs(Mode::Sample, rows) {
            assert_eq!(need.inputs.iter().find(|i| i.name == "x").unwrap().dtype, "i64");
            model.definition().forwards().provide(&need.key, Arc::new(network(&path(source), rows)));
        }
    }
    model
}

/// E over data, source and which is shown of the loss at time `t`, and its gradient with respect to scale and offset.
fn expected(source: TokenSource, positions: &str, t: f64, at: (f64, [f64; V])) -> (f64, Vec<f64>) {
    let path = path(source);
    let kappa = path.mixture.kappa(t);
    // x₁, x₀, u (below or above κ), weight.
    type Row = ([usize; 2], [usize; 2], [f64; 2], f64);
    let mut all: Vec<Row> = Vec::new();
    let tokens = 0..path.tokens();
    for (a, c) in (0..V).flat_map(|a| (0..V).map(move |c| (a, c))) {
        for (z, w) in tokens.clone().flat_map(|z| tokens.clone().map(move |w| (z, w))) {
            let of_source = path.source_probability(z) * path.source_probability(w);
            for pattern in 0..4 {
                let one = |shown: bool| if shown { (kappa * 0.5, kappa) } else { ((1.0 + kappa) * 0.5, 1.0 - kappa) };
                let (u, v) = (one(pattern & 1 == 0), one(pattern & 2 == 0));
                let weight = JOINT[a][c] * of_source * u.1 * v.1;
                if weight > 0.0 {
                    all.push(([a, c], [z, w], [u.0, v.0], weight));
                }
            }
        }
    }
    let rows = all.len();
    let model = exact_model(source, positions, &[rows]);
    let b = Builder::new();
    let params = [b.input("scale", DType::F64, &[1]), b.input("offset", DType::F64, &[V])];
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let pair = |name: &str, dtype: DType| Leaves::one(b.input(name, dtype, &[rows, 2]));
    let fixed = Fixed { x0: Some(pair("x0", DType::I64)), noise: pair("u", DType::F64), condition: None };
    let objective = Objective::from(ObjectiveKind::FlowMatching);
    let losses = objective.at(model.definition(), &ctx, b.input("t", DType::F64, &[rows]), &pair("x", DType::I64), &fixed, None);
    let total = (losses * b.input("w", DType::F64, &[rows])).sum_all();
    let grads = grad(total, &params);
    let graph = b.finish(&[total, grads[0], grads[1]]).unwrap();
    let ints =
        |f: &dyn Fn(usize) -> [usize; 2]| Tensor::from_i64((0..rows).flat_map(|i| f(i).map(|v| v as i64)).collect(), &[rows, 2]).unwrap();
    let value = |name: &str| match name {
        "scale" => Tensor::from_f64(vec![at.0], &[1]).unwrap(),
        "offset" => Tensor::from_f64(at.1.to_vec(), &[V]).unwrap(),
        "x" => ints(&|i| all[i].0),
        "x0" => ints(&|i| all[i].1),
        "u" => Tensor::from_f64(all.iter().flat_map(|r| r.2).collect(), &[rows, 2]).unwrap(),
        "t" => Tensor::from_f64(vec![t; rows], &[rows]).unwrap(),
        "w" => Tensor::from_f64(all.iter().map(|r| r.3).collect(), &[rows]).unwrap(),
        other => panic!("{other}"),
    };
    let inputs = graph.inputs.iter().map(|i| value(&i.name)).collect();
    let out = Program::compile(&graph, &CompileOptions::default()).unwrap().run(inputs).unwrap();
    let gradient = [out[1].to_f64_vec().unwrap(), out[2].to_f64_vec().unwrap()].concat();
    (out[0].to_f64_vec().unwrap()[0], gradient)
}

#[test]
fn the_exact_posterior_is_the_optimum_of_the_loss() {
    for (source, positions) in [(TokenSource::Mask, "all"), (TokenSource::Mask, "masked"), (TokenSource::Uniform, "all")] {
        for t in [0.05, 0.4, 0.8] {
            let what = format!("{source:?} {positions} t = {t}");
            let (loss, gradient) = expected(source, positions, t, (1.0, [0.0; V]));
            assert!(loss > 0.01 && gradient.iter().all(|g| g.abs() < 1e-12), "{what}: {gradient:?} at {loss}");
            for moved in [(1.1, [0.0; V]), (0.9, [0.0; V]), (1.0, [0.1, 0.0, 0.0]), (1.0, [0.0, 0.0, -0.1])] {
                let other = expected(source, positions, t, moved).0;
                assert!(other > loss + 1e-5, "{what}: {other} at {moved:?} is not above {loss}");
            }
        }
    }
}

#[test]
fn with_the_exact_posterior_the_loss_of_all_positions_is_that_of_the_masked_ones() {
    for t in [0.1, 0.6] {
        let [all, masked] = ["all", "masked"].map(|positions| expected(TokenSource::Mask, positions, t, (1.0, [0.0; V])).0);
        assert!((all - masked).abs() < 1e-12, "{all} {masked}");
        // Away from it the others count, if they are counted.
        let [all, masked] = ["all", "masked"].map(|positions| expected(TokenSource::Mask, positions, t, (0.001, [0.0; V])).0);
        assert!(all > masked + 0.02, "{all} {masked}");
    }
}

// ---- sampling ----

fn end<T>(run: &Run, mut job: impl Job, value: impl FnOnce() -> T) -> Result<T, ModelError> {
    while job.step() == Step::Again {}
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    receiver.recv().unwrap().map(|_| value())
}

fn sample_with(model: &Model, options: serde_json::Value, x0: Option<Tensor>, condition: Option<Tensor>) -> Result<Tensor, ModelError> {
    let ready = |t: Option<Tensor>| t.map(|t| Future::ready(Ok(t))).into_iter().collect::<Vec<_>>();
    let given = Groups::of(vec![("x0", ready(x0)), ("condition", ready(condition))]);
    let request = TokenRequest { options: DiscreteSampleOptions::parse(&options.to_string())?, given };
    let (setter, getter) = Future::new();
    let run = Run::new();
    end(&run, TokenJob::new(model.inner().clone(), request, run.clone(), vec![setter]), || getter.wait().unwrap())
}

fn sample(model: &Model, options: serde_json::Value) -> Vec<i64> {
    sample_with(model, options, None, None).unwrap().to_i64_vec().unwrap()
}

/// The distribution over both tokens that `steps` steps from the source to `end` have, by matrices.
fn chain(source: TokenSource, rule: JumpRule, eta: f64, steps: usize, end: f64) -> Vec<f64> {
    let path = path(source);
    let n = path.tokens();
    let mut p: Vec<f64> = (0..n * n).map(|i| path.source_probability(i / n) * path.source_probability(i % n)).collect();
    for k in 0..steps {
        let (t, s) = (end * k as f64 / steps as f64, if k + 1 == steps { end } else { end * (k + 1) as f64 / steps as f64 });
        let (kappa, jump) = (path.mixture.kappa(t), path.jump(rule, eta, t, s));
        let mut next = vec![0.0; n * n];
        for i in (0..n * n).filter(|&i| p[i] > 0.0) {
            let state = [i / n, i % n];
            let shown = |token: usize, data: usize| kappa * f64::from(token == data) + (1.0 - kappa) * path.source_probability(token);
            let mut posterior = [vec![0.0; n], vec![0.0; n]];
            for (a, c) in (0..V).flat_map(|a| (0..V).map(move |c| (a, c))) {
                let joint = JOINT[a][c] * shown(state[0], a) * shown(state[1], c);
                posterior[0][a] += joint;
                posterior[1][c] += joint;
            }
            let row = |position: usize| -> Vec<f64> {
                let total: f64 = posterior[position].iter().sum();
                let data: Vec<f64> = posterior[position].iter().map(|v| v / total).collect();
                let x = state[position];
                let own = if source == TokenSource::Mask { 1.0 } else { data[x] };
                (0..n).map(|y| transition(&jump, own, data[y], path.source_probability(y), f64::from(y == x))).collect()
            };
            let (first, second) = (row(0), row(1));
            for j in 0..n * n {
                next[j] += p[i] * first[j / n] * second[j % n];
            }
        }
        p = next;
    }
    p
}

/// How often each pair was drawn.
fn counts(tokens: &[i64], n: usize) -> Vec<usize> {
    let mut out = vec![0; n * n];
    tokens.chunks_exact(2).for_each(|pair| out[pair[0] as usize * n + pair[1] as usize] += 1);
    out
}

#[test]
fn samples_have_the_distribution_of_the_chains_matrices() {
    let rows = 8192;
    for source in [TokenSource::Mask, TokenSource::Uniform] {
        let model = exact_model(source, "all", &[4096]);
        for (method, rule, eta, steps, end) in [
            ("exponential", JumpRule::Exponential, 0.0, 4, 1.0),
            ("exponential", JumpRule::Exponential, 2.0, 6, 1.0),
            ("euler", JumpRule::Euler, 0.0, 4, 1.0),
            ("exponential", JumpRule::Exponential, 3.0, 5, 0.7),
        ] {
            let options = serde_json::json!({
                "batchSize": rows, "seed": 5, "tSpan": [0, end],
                "sampler": { "method": method, "steps": steps, "stochasticity": eta },
            });
            let n = path(source).tokens();
            let got = counts(&sample(&model, options), n);
            for (pair, (p, count)) in chain(source, rule, eta, steps, end).into_iter().zip(got).enumerate() {
                let (mean, deviation) = (p * rows as f64, (p * (1.0 - p) * rows as f64).sqrt());
                let bound = 4.5 * deviation + 1e-6;
                assert!((count as f64 - mean).abs() <= bound, "{source:?} {method} η = {eta}, {pair}: {count} of {mean} ± {deviation}");
            }
        }
    }
}

#[test]
fn with_many_steps_samples_have_the_datas_distribution() {
    let rows = 8192;
    for (source, positions) in [(TokenSource::Mask, "masked"), (TokenSource::Uniform, "all")] {
        let model = exact_model(source, positions, &[4096]);
        let options = serde_json::json!({ "batchSize": rows, "sampler": { "steps": 128, "stochasticity": 1.0 } });
        let n = path(source).tokens();
        let got = counts(&sample(&model, options), n);
        let p = |pair: usize| if pair / n < V && pair % n < V { JOINT[pair / n][pair % n] } else { 0.0 };
        let off = 0.5 * got.iter().enumerate().map(|(pair, count)| (*count as f64 / rows as f64 - p(pair)).abs()).sum::<f64>();
        // The chain's own error is below 0.006 (its matrices); the draws' is about 0.011.
        assert!(off < 0.025, "{source:?}: total variation {off}");
    }
}

// ---- models with networks of their own ----

fn config(extra: serde_json::Value) -> serde_json::Value {
    let mut config = serde_json::json!({
        "xSize": 2, "vocabulary": V, "source": "uniform", "sampler": { "steps": 20 },
        "model": { "type": "data_prediction_function", "args": { "backbone": { "type": "MultiLayerPerceptron", "args": {
            "hiddenSizes": [7, 64, 64], "outputSize": 6, "activation": "silu" } } } },
    });
    for (key, value) in extra.as_object().unwrap() {
        config[key] = value.clone();
    }
    config
}

fn model(extra: serde_json::Value) -> Model {
    build(config(extra), &HashMap::new()).unwrap()
}

fn with_input(width: usize) -> serde_json::Value {
    let mut network = config(serde_json::json!({}))["model"].clone();
    network["args"]["backbone"]["args"]["hiddenSizes"][0] = width.into();
    network
}

fn fit_groups(model: &Model, options: serde_json::Value, groups: Vec<(&str, Vec<Tensor>)>) -> Result<(), ModelError> {
    let data = model.inner().check_rows("", &Groups::of(groups))?;
    let request = FitRequest { options: FitOptions::parse(&options.to_string())?, data, validation: None, weight: None };
    let run = Run::new();
    end(&run, FitJob::new(model.inner().clone(), request, run.clone()), || ())
}

fn tokens(values: impl IntoIterator<Item = [i64; 2]>) -> Tensor {
    let flat: Vec<i64> = values.into_iter().flatten().collect();
    let rows = flat.len() / 2;
    Tensor::from_i64(flat, &[rows, 2]).unwrap()
}

/// The second token is the one after the first: each on its own is uniform.
fn exclusive(rows: usize) -> Tensor {
    tokens((0..rows as i64).map(|i| [i % 3, (i + 1) % 3]))
}

const TRAIN: &str = r#"{"steps":600,"batchSize":256,"ema":0.99,"optimizer":{"type":"adam","lr":3e-3}}"#;

fn train() -> serde_json::Value {
    serde_json::from_str(TRAIN).unwrap()
}

#[test]
fn a_small_network_learns_that_one_token_excludes_the_others() {
    let embedded = serde_json::json!({ "source": "mask", "tokens": { "type": "embedding", "dim": 5 }, "model": with_input(11) });
    let masked = serde_json::json!({ "source": "mask", "positions": "masked" });
    for extra in [serde_json::json!({}), masked, embedded] {
        let model = model(extra.clone());
        fit_groups(&model, train(), vec![("x", vec![exclusive(600)])]).unwrap();
        let rows = 4096;
        let got = counts(&sample(&model, serde_json::json!({ "batchSize": rows, "sampler": { "steps": 64 } })), V + 1);
        let p = |pair: usize| {
            let (a, c) = (pair / (V + 1), pair % (V + 1));
            if a < V && c == (a + 1) % V { 1.0 / 3.0 } else { 0.0 }
        };
        let off = 0.5 * got.iter().enumerate().map(|(pair, count)| (*count as f64 / rows as f64 - p(pair)).abs()).sum::<f64>();
        assert!(off < 0.06, "{extra}: total variation {off}; of independent tokens it is 2/3");
    }
}

#[test]
fn a_model_fitted_from_pairs_goes_from_the_start_it_is_given() {
    // Source and data share no token: what a token says of its start is never forgotten on the way.
    let mut network = with_input(9);
    network["args"]["backbone"]["args"]["outputSize"] = 8.into();
    let model = model(serde_json::json!({ "vocabulary": 4, "coupling": { "type": "paired" }, "model": network }));
    let starts = tokens((0..900).map(|i| [i % 2, (i / 2) % 2]));
    let ends = tokens((0..900).map(|i| [i % 2 + 2, (i / 2) % 2 + 2]));
    fit_groups(&model, train(), vec![("x", vec![ends]), ("x0", vec![starts])]).unwrap();
    let x0 = tokens([[0, 0], [1, 0], [0, 1]]);
    let got = sample_with(&model, serde_json::json!({ "batchSize": 200 }), Some(x0), None).unwrap();
    assert_eq!(got.ty().shape, [200, 3, 2]);
    let wanted = [[2, 2], [3, 2], [2, 3]];
    let right = got.to_i64_vec().unwrap().chunks_exact(2).enumerate().filter(|(i, pair)| *pair == wanted[i % 3]).count();
    assert!(right > 570, "{right} of 600");
    assert_eq!(sample_with(&model, serde_json::json!({}), None, None).unwrap_err().code, "DataError");
    let options = serde_json::json!({ "sampler": { "stochasticity": 1 } });
    let refused = sample_with(&model, options, Some(tokens([[0, 0]])), None).unwrap_err();
    assert_eq!(refused.path.as_deref(), Some("sampler.stochasticity"));
}

#[test]
fn row_i_depends_on_the_seed_and_on_i_alone() {
    let model = model(serde_json::json!({}));
    let rows = |n: usize, seed: i64| sample(&model, serde_json::json!({ "batchSize": n, "seed": seed }));
    let (few, many) = (rows(5, 1), rows(9, 1));
    assert_eq!(few[..], many[..10]);
    assert_ne!(few, rows(5, 2));
    let (a, b) = (rows(4100, 3), rows(4200, 3));
    assert_eq!(a[..], b[..8200], "across chunks");
}

#[test]
fn the_shape_table_holds_and_a_trajectory_begins_at_the_source_and_ends_at_data() {
    let model = model(serde_json::json!({ "xSize": [2, 1], "source": "mask" }));
    let shape = |options| sample_with(&model, options, None, None).unwrap().ty().shape.clone();
    assert_eq!(shape(serde_json::json!({})), [2, 1]);
    assert_eq!(shape(serde_json::json!({ "batchSize": 5 })), [5, 2, 1]);
    assert_eq!(shape(serde_json::json!({ "batchSize": [2, 3] })), [2, 3, 2, 1]);
    let times = serde_json::json!({ "batchSize": 64, "trajectory": true, "tSpan": [0, 0.33, 1] });
    assert_eq!(shape(times.clone()), [3, 64, 2, 1]);
    let all = sample(&model, times);
    let masks = |k: usize| all[k * 128..(k + 1) * 128].iter().filter(|t| **t == V as i64).count();
    assert_eq!((masks(0), masks(2)), (128, 0));
    assert!((60..110).contains(&masks(1)), "{} of 128 are masked at t = 0.33", masks(1));
    let last = sample(&model, serde_json::json!({ "batchSize": 64, "tSpan": [0, 0.33, 1] }));
    assert_eq!(last[..], all[256..], "what is returned does not change what is drawn");
}

#[test]
fn tokens_that_are_not_masked_are_kept_where_only_masked_positions_count() {
    let model = model(serde_json::json!({ "source": "mask", "positions": "masked" }));
    let mask = V as i64;
    let x0 = tokens([[mask, 2], [1, mask], [0, 1]]);
    for last in [false, true] {
        let options = serde_json::json!({ "batchSize": 50, "sampler": { "steps": 7, "argmaxFinal": last } });
        let got = sample_with(&model, options, Some(x0.clone()), None).unwrap().to_i64_vec().unwrap();
        for rows in got.chunks_exact(6) {
            assert_eq!((rows[1], rows[2], rows[4], rows[5]), (2, 1, 0, 1));
            assert!(rows.iter().all(|t| (0..mask).contains(t)));
        }
    }
}

#[test]
fn low_temperatures_and_a_final_argmax_take_the_likeliest_tokens() {
    let model = exact_model(TokenSource::Mask, "all", &[64]);
    let of = |sampler: serde_json::Value| sample(&model, serde_json::json!({ "batchSize": 64, "sampler": sampler }));
    // One step from all masks: the likeliest token of each position alone.
    let sums = |f: &dyn Fn(usize, usize) -> f64| (0..V).map(|a| (0..V).map(|c| f(a, c)).sum::<f64>()).collect::<Vec<_>>();
    let best = |p: Vec<f64>| (0..V).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap() as i64;
    let likeliest = [best(sums(&|a, c| JOINT[a][c])), best(sums(&|c, a| JOINT[a][c]))];
    for sampler in [serde_json::json!({ "steps": 1, "argmaxFinal": true }), serde_json::json!({ "steps": 1, "temperature": 1e-3 })] {
        assert!(of(sampler).chunks_exact(2).all(|pair| pair == likeliest));
    }
    let drawn = of(serde_json::json!({ "steps": 1 }));
    assert!(drawn.chunks_exact(2).any(|pair| pair != likeliest));
}

#[test]
fn guidance_lies_between_the_model_with_and_without_a_condition() {
    let extra = serde_json::json!({ "conditionSize": 1, "conditionDropout": 0.2, "dtype": "f64", "model": with_input(8) });
    let model = model(extra);
    // The condition is the first token.
    let classes = Tensor::from_f64((0..600).map(|i| (i % 3) as f64 - 1.0).collect(), &[600, 1]).unwrap();
    fit_groups(&model, train(), vec![("x", vec![exclusive(600)]), ("condition", vec![classes])]).unwrap();
    let condition = |c: f64| Some(Tensor::from_f64(vec![c], &[1, 1]).unwrap());
    let of = |scale: Option<f64>, c: Option<Tensor>| {
        let guidance = scale.map(|scale| serde_json::json!({ "scale": scale }));
        let options = serde_json::json!({ "batchSize": 200, "guidance": guidance });
        sample_with(&model, options, None, c).unwrap().to_i64_vec().unwrap()
    };
    let first = |got: &[i64]| got.chunks_exact(2).filter(|pair| **pair == [2, 0]).count();
    assert!(first(&of(None, condition(1.0))) > 180);
    assert!(first(&of(None, None)) < 110);
    assert_eq!(of(Some(0.0), condition(1.0)), of(None, condition(1.0)));
    assert_eq!(of(Some(-1.0), condition(1.0)), of(None, None));
    let refused = |options: serde_json::Value, c: Option<Tensor>| sample_with(&model, options, None, c).unwrap_err().path;
    let rescaled = serde_json::json!({ "guidance": { "scale": 1, "rescale": 0.5 } });
    assert_eq!(refused(rescaled, condition(1.0)).as_deref(), Some("guidance.rescale"));
    assert_eq!(refused(serde_json::json!({ "guidance": { "scale": 1 } }), None).as_deref(), Some("guidance"));
}

#[test]
fn a_saved_model_gives_the_same_samples_and_a_resumed_fit_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("run");
    let (whole, first, second) = (model(serde_json::json!({})), model(serde_json::json!({})), model(serde_json::json!({})));
    let options = |steps: u32, resume: bool| serde_json::json!({ "steps": steps, "batchSize": 64, "resume": resume });
    let data = || vec![("x", vec![exclusive(100)])];
    fit_groups(&whole, options(25, false), data()).unwrap();
    fit_groups(&first, options(10, false), data()).unwrap();
    first.inner().save_now(&dir).unwrap();
    assert_eq!(thalweg_model::read_config(&dir).unwrap().class(), "DiscreteFlowMatchingModel");
    second.inner().load_now(&dir).unwrap();
    let drawn = serde_json::json!({ "batchSize": 40 });
    assert_eq!(sample(&first, drawn.clone()), sample(&second, drawn.clone()));
    fit_groups(&second, options(25, true), data()).unwrap();
    let bits = |model: &Model| -> Vec<f32> {
        model.inner().state_dict(Weights::Ema).unwrap().iter().flat_map(|t| t.to_f32_vec().unwrap()).collect()
    };
    assert_eq!(bits(&whole), bits(&second));
}

#[test]
fn what_is_no_token_is_refused_and_changes_nothing() {
    let model = model(serde_json::json!({ "source": "mask" }));
    let bits = || -> Vec<f32> { model.inner().state_dict(Weights::Raw).unwrap().iter().flat_map(|t| t.to_f32_vec().unwrap()).collect() };
    let before = bits();
    let fit = |x: Tensor| fit_groups(&model, serde_json::json!({ "steps": 1 }), vec![("x", vec![x])]).unwrap_err();
    let outside = fit(tokens([[0, 1], [2, 4]]));
    assert_eq!(outside.code, "DataError");
    assert!(outside.message.contains("row 1, position 1 is no token"), "{}", outside.message);
    assert_eq!((outside.expected.as_deref(), outside.got.as_deref()), (Some("tokens from 0 to 2"), Some("4")));
    assert_eq!(fit(tokens([[0, -1]])).code, "DataError");
    assert!(fit(tokens([[0, 3]])).message.contains("is the mask, which data cannot have"));
    assert_eq!(fit(Tensor::from_f32(vec![0.0, 1.0], &[1, 2]).unwrap()).code, "DTypeError");
    assert_eq!(fit(Tensor::from_i64(vec![0, 1, 2], &[1, 3]).unwrap()).code, "ShapeError");
    let start = |x0: Tensor| sample_with(&model, serde_json::json!({}), Some(x0), None);
    assert_eq!(start(tokens([[3, 4]])).unwrap_err().code, "DataError");
    assert!(start(tokens([[3, 2]])).is_ok(), "a start may be masked");
    assert_eq!(before, bits());
}

#[test]
fn configs_and_options_that_do_not_fit_are_refused_with_their_path() {
    let of = |extra: serde_json::Value| build(config(extra), &HashMap::new()).err().and_then(|e| e.path).unwrap();
    assert_eq!(of(serde_json::json!({ "vocabulary": 1 })), "vocabulary");
    assert_eq!(of(serde_json::json!({ "path": { "type": "polynomial", "exponent": 0.5 } })), "path.exponent");
    assert_eq!(of(serde_json::json!({ "positions": "masked" })), "positions");
    assert_eq!(of(serde_json::json!({ "coupling": { "type": "exact" } })), "coupling.type");
    assert_eq!(of(serde_json::json!({ "tokens": { "type": "embedding", "dim": 0 } })), "tokens.dim");
    assert_eq!(of(serde_json::json!({ "sampler": { "temperature": 0 } })), "sampler.temperature");
    assert_eq!(of(serde_json::json!({ "vocabulary": 4 })), "model.args");
    let options = |options: serde_json::Value| DiscreteSampleOptions::parse(&options.to_string()).unwrap_err().path.unwrap();
    assert_eq!(options(serde_json::json!({ "sampler": { "steps": 0 } })), "sampler.steps");
    assert_eq!(options(serde_json::json!({ "sampler": { "grid": { "type": "times", "times": [0.5, 0.2] } } })), "sampler.grid.times");
    assert_eq!(options(serde_json::json!({ "tSpan": [0, 1.5] })), "tSpan");
    assert_eq!(options(serde_json::json!({ "batchSize": 0 })), "batchSize");
}

#[test]
fn a_model_of_tokens_knows_the_probabilities_of_its_data_and_has_no_velocity() {
    let model = exact_model(TokenSource::Uniform, "all", &[2]);
    let (t, x) = (Tensor::from_f64(vec![0.0, 1.0], &[2]).unwrap(), Leaves::one(tokens([[0, 0], [1, 2]])));
    let call = |which| model.inner().call(which, &t, &x, None, Weights::Raw);
    let p = call(thalweg_path::Parameterization::Data).unwrap()[0].to_f64_vec().unwrap();
    let first: f64 = JOINT[0].iter().sum();
    assert!((p[0] - first).abs() < 1e-12, "at t = 0 the tokens say nothing");
    assert!((p[6 + 1] - 1.0).abs() < 1e-12 && (p[9 + 2] - 1.0).abs() < 1e-12, "at t = 1 they are the data: {p:?}");
    assert_eq!(call(thalweg_path::Parameterization::Velocity).unwrap_err().code, "TraceError");
}
