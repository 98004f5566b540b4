//! What of the CUDA executor needs no GPU: every generated kernel compiles, for cards old and new.

use crate::executors::{random_graph, training_step};
use thalweg_engine::cuda::{build, plan};
use thalweg_graph::ops::Window;
use thalweg_graph::{Builder, DType, Graph};

const CARDS: [(i32, i32); 3] = [(8, 0), (9, 0), (10, 0)];

fn compiles(graph: &Graph) {
    for card in CARDS {
        let bytes = build(graph, &[], card).unwrap_or_else(|e| panic!("{card:?}: {e}\n{graph}"));
        assert!(bytes > 0);
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
    let text = plan(&training_step(DType::F32, 512, &[512, 64]), &[]).unwrap();
    assert!(text.contains("product") && text.contains("launches"), "{text}");
}
