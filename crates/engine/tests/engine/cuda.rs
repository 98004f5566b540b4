//! What of the CUDA executor needs no GPU: every generated kernel compiles, for cards old and new.

use crate::executors::{on_gpu, training_step};
use crate::random_graph::random_graph;
use thalweg_engine::cuda::{build, plan};
use thalweg_engine::{CompileOptions, Precision, Program, Tensor};
use thalweg_graph::ops::Window;
use thalweg_graph::{Builder, DType, Graph};

const CARDS: [(i32, i32); 3] = [(8, 0), (9, 0), (10, 0)];

fn compiles(graph: &Graph) {
    for card in CARDS {
        for precision in [Precision::Full, Precision::Bf16] {
            let bytes = build(graph, precision, card).unwrap_or_else(|e| panic!("{card:?}: {e}\n{graph}"));
            assert!(bytes > 0);
        }
    }
}

#[test]
fn kernels_of_random_graphs() {
    let graphs = (0..400).filter_map(|seed| random_graph(seed, 5 + seed as usize % 30, seed % 2 == 0));
    graphs.take(40).for_each(|graph| compiles(&graph));
}

#[test]
fn kernels_of_a_training_step() {
    compiles(&training_step(DType::F32, 512, &[512, 64]));
}

#[test]
fn kernels_of_every_op_and_element_type() {
    let b = Builder::new();
    let of = |dtype: DType| b.input(dtype.name(), dtype, &[3, 8]);
    let (f, d, h, i) = (of(DType::F32), of(DType::F64), of(DType::BF16), of(DType::I64));
    let index = b.input("index", DType::I64, &[5]);
    let mut outputs = Vec::new();
    for x in [f, d, h] {
        outputs.extend([x.tanh() * x + 1.0, x.sum(&[1]), x.max(&[0]), x.cum_sum(1, true), x.gather(1, index), x.matmul(x.t())]);
        outputs.extend([x.arg_max(1), x.arg_sort(1), x.flip(0), x.narrow(0, 0, 1).scatter_add(b.input("one", DType::I64, &[1]), 0, 4)]);
        for to in [DType::F32, DType::F64, DType::BF16, DType::I64, DType::Bool] {
            outputs.push(x.cast(to));
        }
    }
    outputs.extend([i + i, i * 3.0, i.sum(&[0]), i.max(&[1]), i.cast(DType::F32), i.cast(DType::Bool)]);
    let image = b.input("image", DType::F32, &[2, 3, 9, 8]);
    let kernel = b.input("kernel", DType::F32, &[4, 3, 3, 3]);
    let window = Window { stride: vec![2, 1], before: vec![1, 1], after: vec![1, 1], dilation: vec![1, 1], groups: 1 };
    let y = image.conv(kernel, &window);
    outputs.extend(thalweg_graph::grad((y * y).sum_all(), &[image, kernel]));
    compiles(&b.finish(&outputs).unwrap());
}

#[test]
fn a_plan_tells_what_a_gpu_would_do() {
    let text = plan(&training_step(DType::F32, 512, &[512, 64]), &[], Precision::Full).unwrap();
    assert!(text.contains("product") && text.contains("launches"), "{text}");
}

/// Launches, and bytes that they move.
fn totals(text: &str) -> (usize, usize) {
    let line = text.lines().find(|line| line.contains(" launches, ")).unwrap();
    let number = |k: usize| line.split_whitespace().nth(k).unwrap().parse().unwrap();
    (number(0), number(2))
}

#[test]
fn a_training_step_moves_what_it_must() {
    let (rows, width) = (16_384, 256);
    let step = training_step(DType::F32, rows, &[width, width, width]);
    let of = |precision| totals(&plan(&step, &[], precision).unwrap());
    let ((launches, bytes), (_, narrow)) = (of(Precision::Full), of(Precision::Bf16));
    println!("{launches} launches, {bytes} bytes, {narrow} in bf16");
    assert!(launches <= 44 && bytes <= 56 * rows * width * 4, "{launches} launches, {bytes} bytes");
    // Between products everything takes half the room.
    assert!((narrow as f64) < 0.6 * bytes as f64, "{narrow} bytes in bf16, {bytes} in f32");
}

#[test]
fn what_does_not_fit_on_a_gpu_is_refused_and_changes_nothing() {
    if !on_gpu() {
        return;
    }
    let b = Builder::new();
    let x = b.input("x", DType::F32, &[1 << 10]);
    let large = (x + 1.0).broadcast_to(&[1 << 26, 1 << 10]) * x;
    let options = CompileOptions { donated: vec![0], ..CompileOptions::default() };
    let program = Program::compile(&b.finish(&[x + 1.0, large]).unwrap(), &options).unwrap();
    let given = Tensor::from_f32(vec![2.0; 1 << 10], &[1 << 10]).unwrap();
    for _ in 0..3 {
        let error = program.run_keeping(vec![given.clone()]).unwrap_err();
        assert_eq!(error.code, "MemoryError", "{error}");
        assert!(error.to_string().contains("cuda:0") && error.to_string().contains("274877906944 bytes"), "{error}");
    }
    let b = Builder::new();
    let x = b.input("x", DType::F32, &[1 << 10]);
    let program = Program::compile(&b.finish(&[x * 2.0]).unwrap(), &CompileOptions::default()).unwrap();
    assert_eq!(program.run(vec![given]).unwrap()[0].to_f32_vec().unwrap(), vec![4.0; 1 << 10]);
}
