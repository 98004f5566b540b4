//! Executors agree: random graphs, and graphs that are cut into slices, give the reference executor's values.

use crate::random_graph::random_graph;
use proptest::prelude::*;
use thalweg_engine::{CompileOptions, Executor, Program, Tensor, random};
use thalweg_graph::ops::Op;
use thalweg_graph::ops::composite::{Attention, Composite};
use thalweg_graph::{Builder, DType, Graph, Var, grad};

fn program(executor: Executor, graph: &Graph, donated: &[usize]) -> Program {
    Program::compile(graph, &CompileOptions { executor, donated: donated.to_vec(), ..CompileOptions::default() })
        .unwrap_or_else(|e| panic!("{e}\n{graph}"))
}

/// Inputs for a graph: normal numbers, small integers, alternating truth values.
pub fn inputs(graph: &Graph, seed: i64) -> Vec<Tensor> {
    let of = |(k, input): (usize, &thalweg_graph::Input)| {
        let count = input.ty.count();
        let mut values = vec![0.0; count];
        random::normal_f64(seed, k as u64, 0, 0, &mut values);
        match input.ty.dtype {
            DType::F32 => Tensor::from_f32(values.iter().map(|v| *v as f32).collect(), &input.ty.shape),
            DType::F64 => Tensor::from_f64(values, &input.ty.shape),
            DType::BF16 => Tensor::from_bf16(&values.iter().map(|v| *v as f32).collect::<Vec<_>>(), &input.ty.shape),
            DType::I64 => Tensor::from_i64(values.iter().map(|v| (v.abs() * 2.0) as i64).collect(), &input.ty.shape),
            DType::Bool => Tensor::from_bool((0..count).map(|i| i % 3 == 0).collect(), &input.ty.shape),
        }
        .unwrap()
    };
    graph.inputs.iter().enumerate().map(of).collect()
}

/// That both executors give the same values, up to `tolerance` times the largest of an output.
pub fn agree(graph: &Graph, donated: &[usize], seed: i64, tolerance: f64) {
    let given = inputs(graph, seed);
    let wanted = program(Executor::Reference, graph, &[]).run(given.clone()).unwrap();
    let fused = program(Executor::default(), graph, donated);
    // A GPU records what it does when it does it again, and replays it from then on.
    for round in 0..if on_gpu() { 5 } else { 2 } {
        // From the second time on, donated inputs are held elsewhere: nothing may be overwritten then.
        let held = (round > 0).then(|| given.clone());
        let fresh = if round > 0 { given.clone() } else { inputs(graph, seed) };
        let got = fused.run(fresh).unwrap();
        for (k, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            assert_eq!(got.ty(), wanted.ty());
            let (got, wanted) = (got.to_f64_vec().unwrap(), wanted.to_f64_vec().unwrap());
            let scale = wanted.iter().filter(|v| v.is_finite()).fold(1.0f64, |a, b| a.max(b.abs()));
            for (i, (g, w)) in got.iter().zip(&wanted).enumerate() {
                let same = (g - w).abs() <= tolerance * scale || g == w || (g.is_nan() && w.is_nan());
                assert!(same, "output {k}, element {i}: {g} instead of {w}\n{graph}");
            }
        }
        drop(held);
    }
}

/// Fewer graphs on a GPU, for each of which kernels are compiled.
pub fn cases(on_host: u32) -> u32 {
    if on_gpu() { on_host / 25 } else { on_host }
}

/// Whether programs run on a GPU if nothing else is said.
pub fn on_gpu() -> bool {
    std::env::var("THALWEG_DEVICE").is_ok_and(|d| d.starts_with("cuda"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(1500), ..ProptestConfig::default() })]

    #[test]
    fn random_graphs(seed in 0i64..1 << 40, steps in 3usize..40, derived in any::<bool>()) {
        let graph = random_graph(seed, steps, derived);
        prop_assume!(graph.is_some());
        agree(&graph.unwrap(), &[0, 1, 2], seed, 1e-9);
    }
}

/// A network with every kind of thing that a slice of a batch meets: skips, a concatenation, a norm by row, a condition.
fn network<'g>(b: &'g Builder, dtype: DType, x: Var<'g>, widths: &[usize]) -> (Vec<Var<'g>>, Var<'g>) {
    let rows = x.shape()[0];
    let mut parameters = Vec::new();
    let mut declare = |name: String, shape: &[usize]| {
        let p = b.input(&name, dtype, shape);
        parameters.push(p);
        p
    };
    let mut h = x;
    for (k, &width) in widths.iter().enumerate() {
        let inner = h.shape()[1];
        // PyTorch's layout, and ours.
        let w = declare(format!("w{k}"), &[width, inner]) * 0.2;
        let bias = declare(format!("b{k}"), &[width]);
        let z = h.matmul(w.t()) + bias.broadcast_to(&[rows, width]);
        let skip = x.matmul(declare(format!("s{k}"), &[x.shape()[1], width]));
        let mean = z.mean(&[1]).unsqueeze(&[1]).broadcast_to(&[rows, width]);
        h = Var::concat(&[z.silu() + skip, (z - mean).tanh()], 1);
    }
    let out = h.matmul(declare("out".into(), &[h.shape()[1], x.shape()[1]]) * 0.1);
    (parameters, out)
}

/// Loss, prediction and gradients of a network on a batch of `rows` rows.
pub fn training_step(dtype: DType, rows: usize, widths: &[usize]) -> Graph {
    let b = Builder::new();
    let (x, target) = (b.input("x", dtype, &[rows, 3]), b.input("target", dtype, &[rows, 3]));
    let (parameters, out) = network(&b, dtype, x, widths);
    let loss = ((out - target) * (out - target)).sum(&[1]).mean_all();
    let gradients = grad(loss, &parameters);
    let flat: Vec<Var> = gradients.iter().map(|g| g.reshape(&[g.ty().count()])).collect();
    let all = Var::concat(&flat, 0);
    b.finish(&[&[loss, out, (all * all).sum_all(), all][..], &gradients[..2]].concat()).unwrap()
}

#[test]
fn training_steps_of_any_number_of_rows() {
    for (rows, widths) in
        [(64, [64, 96]), (65, [128, 64]), (100, [100, 50]), (127, [64, 64]), (512, [64, 512]), (1000, [48, 64]), (1537, [64, 32])]
    {
        agree(&training_step(DType::F64, rows, &widths), &[], 3, 1e-11);
        agree(&training_step(DType::F32, rows, &widths), &[], 3, 2e-4);
    }
}

#[test]
fn a_network_alone_and_its_derivative_along_its_input() {
    let rows = 300;
    let b = Builder::new();
    let x = b.input("x", DType::F64, &[rows, 3]);
    let (_, out) = network(&b, DType::F64, x, &[64, 64]);
    let divergence = grad((out * out).sum_all(), &[x])[0];
    // What follows a sum over the batch is computed after all slices.
    let normed = out / (out * out).sum_all().sqrt().broadcast_to(&[rows, 3]);
    agree(&b.finish(&[out, divergence, normed]).unwrap(), &[], 4, 1e-11);
}

#[test]
fn heads_of_attention_and_tokens_of_a_row() {
    let (rows, tokens, width) = (96, 5, 32);
    let b = Builder::new();
    let x = b.input("x", DType::F64, &[rows, tokens * width]);
    let [q, k, v, o] = ["q", "k", "v", "o"].map(|name| b.input(name, DType::F64, &[width, width]) * 0.3);
    let flat = x.reshape(&[rows * tokens, width]);
    let split = |w| flat.matmul(w).reshape(&[rows, tokens, 4, width / 4]).transpose(&[0, 2, 1, 3]);
    let (q, k, v) = (split(q), split(k), split(v));
    let scores = (q.matmul(k.transpose(&[0, 1, 3, 2])) * 0.5).softmax(3);
    let mixed = scores.matmul(v).transpose(&[0, 2, 1, 3]).reshape(&[rows * tokens, width]).matmul(o);
    let y = (mixed + flat).layer_norm(1e-5).gelu().reshape(&[rows, tokens * width]);
    let loss = (y * x).sum(&[1]).mean_all();
    let inputs: Vec<Var> = ["q", "k", "v", "o"].map(|name| b.input(name, DType::F64, &[width, width])).to_vec();
    let gradients = grad(loss, &inputs);
    agree(&b.finish(&[&[y, loss][..], &gradients].concat()).unwrap(), &[], 5, 1e-10);
}

#[test]
fn attention_by_blocks_is_attention_in_one_piece() {
    let (entries, n, m, d) = (3, 13, 13, 4);
    for causal in [false, true] {
        let b = Builder::new();
        let [q, k, v] = [n, m, m].map(|length| b.input("x", DType::F64, &[entries, length, d]));
        let of = |rows: usize| {
            let op = Op::Composite(Composite::Attention(Attention { scale: 0.5f64.to_bits(), causal, rows }));
            let out = b.push(op, &[q, k, v]);
            let gradients = grad((out * out * q).sum_all(), &[q, k, v]);
            [&[out][..], &gradients].concat()
        };
        let (whole, blocks) = (of(n), of(4));
        let far: Vec<Var> = whole.iter().zip(&blocks).map(|(a, b)| (*a - *b).abs().max(&[0, 1, 2])).collect();
        let graph = b.finish(&[&far[..], &blocks].concat()).unwrap();
        agree(&graph, &[], 8, 1e-12);
        for far in &program(Executor::default(), &graph, &[]).run(inputs(&graph, 8)).unwrap()[..far.len()] {
            assert!(far.to_f64_vec().unwrap()[0] < 1e-13, "causal {causal}: {far:?}");
        }
    }
}

#[test]
fn long_attention_and_its_gradient_hold_no_whole_matrix_of_scores() {
    let (n, d) = (8192, 16);
    let b = Builder::new();
    let [q, k, v] = ["q", "k", "v"].map(|name| b.input(name, DType::F32, &[1, n, d]));
    let out = q.attention(k, v, 0.25, false);
    let gradients = grad((out * out).sum_all(), &[q, k, v]);
    let bytes = program(Executor::default(), &b.finish(&gradients).unwrap(), &[]).peak_bytes();
    assert!(bytes < n * n * 4 / 8, "{bytes} bytes");
}

#[test]
fn state_is_updated_in_place_only_where_nobody_else_holds_it() {
    let b = Builder::new();
    let [p, m, g] = ["p", "m", "g"].map(|name| b.input(name, DType::F32, &[100_000]));
    let moved = m * 0.9 + g * 0.1;
    let graph = b.finish(&[p - moved * 0.01, moved, (g * g).sum_all()]).unwrap();
    agree(&graph, &[0, 1], 6, 1e-5);
    let of_cpu = || program(Executor::Cpu, &graph, &[0, 1]);
    // One that keeps a handle, on purpose, sees the new values; a second handle protects the old ones.
    let mut kept = inputs(&graph, 1);
    let snapshot = kept[1].clone();
    let before: Vec<f32> = snapshot.to_f32_vec().unwrap();
    let out = of_cpu().run_keeping(kept.clone()).unwrap();
    assert_eq!(out[0].to_f32_vec().unwrap(), kept[0].to_f32_vec().unwrap());
    assert_eq!(snapshot.to_f32_vec().unwrap(), before);
    assert_ne!(out[1].to_f32_vec().unwrap(), before);
    kept.clear();
    let mut given = inputs(&graph, 1);
    let g = given.pop().unwrap();
    let out = of_cpu().run(vec![given[0].clone(), given[1].clone(), g]).unwrap();
    assert_ne!(out[0].to_f32_vec().unwrap(), given[0].to_f32_vec().unwrap());
}

#[test]
fn what_was_widened_has_room_where_nothing_else_is_as_wide() {
    let b = Builder::new();
    let [x, y] = ["x", "y"].map(|name| b.input(name, DType::BF16, &[2048]));
    let [wide_x, wide_y] = [x, y].map(|v| v.cast(DType::F32));
    let less = wide_x.lt(wide_y).cast(DType::BF16);
    agree(&b.finish(&[less, wide_x.is_finite().cast(DType::BF16)]).unwrap(), &[], 3, 0.0);
}

#[test]
fn a_maximum_is_found_again_where_its_operand_is_computed_again() {
    let b = Builder::new();
    let [x, y, z] = ["x", "y", "z"].map(|name| b.input(name, DType::F32, &[64, 256]));
    let product = x * y;
    let most = (product + z).max(&[1]).sum_all();
    agree(&b.finish(&[&[product, most][..], &grad(most, &[x, y, z])].concat()).unwrap(), &[], 4, 1e-5);
}

#[test]
fn reductions_over_dimensions_that_do_not_lie_together_and_over_short_rows() {
    for dtype in [DType::F64, DType::F32, DType::I64] {
        let b = Builder::new();
        let x = b.input("x", dtype, &[5, 3, 6, 2, 7, 2]);
        let axes: [&[usize]; 6] = [&[3, 5], &[0, 2, 3], &[1, 3, 5], &[0, 5], &[5], &[4, 5]];
        let sums = axes.iter().map(|axes| x.sum(axes));
        let all = sums.chain(axes.iter().map(|axes| x.max(axes))).map(|v| v.cast(DType::F64)).collect::<Vec<Var>>();
        agree(&b.finish(&all).unwrap(), &[], 7, 1e-5);
        let b = Builder::new();
        let x = b.input("x", dtype, &[1000, 3]);
        let wide = b.input("wide", dtype, &[700, 5]);
        let all = [x.sum(&[1]), x.max(&[1]), wide.sum(&[1]), x.t().sum(&[0])].map(|v| v.cast(DType::F64).id());
        agree(&b.finish(&all.map(|id| b.var(id))).unwrap(), &[], 7, 1e-5);
    }
}
