//! How fast convolutions and their gradients are, alone and in the training step of a small net:
//! `THALWEG_NUM_THREADS=1 cargo run --release -p thalweg-engine --example convolutions`

use std::time::Instant;
use thalweg_engine::{CompileOptions, Program, Tensor, profile, threads};
use thalweg_graph::ops::{Conv, ConvInputGrad, ConvWeightGrad, Op, Window};
use thalweg_graph::{Builder, DType, Graph, Var, grad};

/// Samples of all of them.
const BATCH: usize = 32;

fn window(stride: usize, padding: usize) -> Window {
    Window { stride: vec![stride; 2], before: vec![padding; 2], after: vec![padding; 2], dilation: vec![1; 2], groups: 1 }
}

/// The fastest of several runs, in seconds.
fn fastest(graph: &Graph) -> f64 {
    let program = Program::compile(graph, &CompileOptions::default()).unwrap();
    let number = |i: usize| (i * 7919 % 1009) as f32 / 1009.0 - 0.5;
    let inputs: Vec<Tensor> =
        graph.inputs.iter().map(|i| Tensor::from_f32((0..i.ty.count()).map(number).collect(), &i.ty.shape).unwrap()).collect();
    let run = || {
        let start = Instant::now();
        threads::shared(|| program.run(inputs.clone())).unwrap().unwrap();
        start.elapsed().as_secs_f64()
    };
    (0..25).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// One line: GFLOP/s of the three ops.
fn ops(channels: usize, side: usize, outputs: usize, kernel: usize, stride: usize) {
    let window = window(stride, kernel / 2);
    let (x, w) = ([BATCH, channels, side, side], [outputs, channels, kernel, kernel]);
    let y = window.output_shape("conv", &x, &w).unwrap();
    let flops = 2.0 * (y.iter().product::<usize>() * channels * kernel * kernel) as f64;
    let rate = |op: Op, a: &[usize], b: &[usize]| {
        let builder = Builder::new();
        let operands = [builder.input("a", DType::F32, a), builder.input("b", DType::F32, b)];
        let out = builder.push(op, &operands);
        flops / fastest(&builder.finish(&[out]).unwrap()) / 1e9
    };
    let forward = rate(Op::Conv(Conv { window: window.clone() }), &x, &w);
    let input = rate(Op::ConvInputGrad(ConvInputGrad { window: window.clone(), spatial: x[2..].to_vec() }), &y, &w);
    let weight = rate(Op::ConvWeightGrad(ConvWeightGrad { window, kernel: w[2..].to_vec() }), &x, &y);
    println!("{x:?} × {w:?}, stride {stride}: forward {forward:.1}, input gradient {input:.1}, weight gradient {weight:.1} GFLOP/s");
}

/// A training step of the benchmark's convolutional net: down to half the side and up again, with one skip.
fn training_step(width: usize, side: usize) -> Graph {
    let b = Builder::new();
    let x = b.input("x", DType::F32, &[BATCH, 3, side, side]);
    let mut parameters = Vec::new();
    let mut conv = |h: Var<'_>, outputs: usize, stride: usize| {
        let h = b.var(h.id());
        let weight = b.input(&format!("weight {}", parameters.len()), DType::F32, &[outputs, h.shape()[1], 3, 3]);
        let bias = b.input(&format!("bias {}", parameters.len()), DType::F32, &[outputs]);
        parameters.extend([weight, bias]);
        let y = h.conv(weight, &window(stride, 1));
        y + bias.reshape(&[outputs, 1, 1]).broadcast_to(&y.shape())
    };
    let skip = conv(x, width, 1).silu();
    let h = conv(skip, 2 * width, 2).silu();
    let h = conv(h, 2 * width, 1).silu();
    let half = side / 2;
    let spread = h.reshape(&[BATCH, 2 * width, half, 1, half, 1]).broadcast_to(&[BATCH, 2 * width, half, 2, half, 2]);
    let up = spread.reshape(&[BATCH, 2 * width, side, side]);
    let h = conv(Var::concat(&[up, skip], 1), width, 1).silu();
    let out = conv(h, 3, 1);
    let loss = ((out - x) * (out - x)).mean_all();
    let gradients = grad(loss, &parameters);
    b.finish(&[&[loss][..], &gradients].concat()).unwrap()
}

fn main() {
    for (channels, side, outputs, kernel, stride) in [
        (32, 32, 32, 3, 1),
        (64, 16, 64, 3, 1),
        (128, 4, 128, 3, 1),
        (32, 32, 64, 3, 2),
        (3, 32, 32, 3, 1),
        (32, 32, 3, 3, 1),
        (64, 16, 128, 1, 1),
    ] {
        ops(channels, side, outputs, kernel, stride);
    }
    let graph = training_step(32, 32);
    println!("a training step of a net: {:.2} ms", fastest(&graph) * 1e3);
    if std::env::args().any(|a| a == "explain") {
        println!("{}", Program::compile(&graph, &CompileOptions::default()).unwrap().explain());
    }
    if !std::env::args().any(|a| a == "profile") {
        return;
    }
    profile::start().unwrap();
    fastest(&graph);
    for each in profile::stop().unwrap().steps.iter().take(25) {
        println!("{:>9.3} ms {:>6} × {}", each.seconds * 1e3 / 25.0, each.count / 25, each.step);
    }
}
