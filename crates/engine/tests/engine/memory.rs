//! What does not fit is refused before anything is allocated; what a program needs is known when it is compiled.

use crate::common::{run, trace};
use thalweg_engine::{CompileOptions, Executor, Program, Tensor, memory};
use thalweg_graph::{DType, Literal, Number, Type, Values, grad};

fn peak_of(executor: Executor, graph: &thalweg_graph::Graph, donated: &[usize]) -> usize {
    Program::compile(graph, &CompileOptions { executor, donated: donated.to_vec(), ..CompileOptions::default() }).unwrap().peak_bytes()
}

/// Of the reference executor, which computes every value by itself.
fn peak(graph: &thalweg_graph::Graph, donated: &[usize]) -> usize {
    peak_of(Executor::Reference, graph, donated)
}

#[test]
fn a_tensor_larger_than_memory_is_refused_with_both_sizes() {
    let error = Tensor::zeros(Type::new(DType::F32, [1_000_000, 1_000_000])).unwrap_err();
    assert_eq!(error.code, "MemoryError");
    assert!(error.got.unwrap().contains("4000000000000"));
    assert!(error.expected.unwrap().contains("free"));
    let error = Tensor::zeros(Type::new(DType::F64, [usize::MAX, usize::MAX])).unwrap_err();
    assert_eq!(error.code, "MemoryError");
}

#[test]
fn a_repeated_constant_takes_no_room_and_a_program_that_needs_it_is_refused() {
    let huge = Type::new(DType::F32, [1_000_000, 1_000_000]);
    let literal = Literal { ty: huge.clone(), values: Values::Splat(Number::of(2.0, DType::F32)) };
    assert_eq!(Tensor::from_literal(&literal).unwrap().ty(), &huge);
    let graph = trace(&[(DType::F32, &[1_000_000, 1])], |_, v| vec![v[0].broadcast_to(&[1_000_000, 1_000_000]).exp().sum_all()]);
    let options = CompileOptions { executor: Executor::Reference, ..CompileOptions::default() };
    let program = Program::compile(&graph, &options).unwrap();
    assert!(program.peak_bytes() >= 4_000_000_000_000);
    let error = program.run(vec![Tensor::zeros(Type::new(DType::F32, [1_000_000, 1])).unwrap()]).unwrap_err();
    assert_eq!(error.code, "MemoryError");
    assert!(error.got.unwrap().contains("bytes") && error.expected.unwrap().contains("free"));
}

#[test]
fn a_program_needs_what_lives_at_the_same_time() {
    let n = 10_000;
    let one = 8 * n;
    let shape: &[usize] = &[n];
    // A chain in one buffer: every value takes over the one before.
    let chain = trace(&[(DType::F64, shape)], |_, v| vec![v[0].sin().exp().tanh() * 2.0]);
    assert_eq!(peak(&chain, &[]), one);
    assert_eq!(peak(&chain, &[0]), 0);
    // Views cost nothing.
    let views =
        trace(&[(DType::F64, shape)], |_, v| vec![v[0].reshape(&[100, 100]).t().broadcast_to(&[50, 100, 100]).narrow(0, 3, 1).sum_all()]);
    assert!(peak(&views, &[]) <= one + 8);
    // Two values that live together need two buffers.
    let pair = trace(&[(DType::F64, shape)], |_, v| vec![v[0].sin() * v[0].sin().exp()]);
    assert_eq!(peak(&pair, &[]), 2 * one);
    // A view keeps its buffer alive.
    let kept = trace(&[(DType::F64, shape)], |_, v| {
        let y = v[0].sin();
        let part = y.reshape(&[2, n / 2]).narrow(0, 0, 1);
        vec![y.exp().sum_all(), part.sum_all()]
    });
    assert_eq!(peak(&kept, &[]) / one, 2);
}

#[test]
fn a_forward_pass_frees_what_a_backward_pass_must_keep() {
    let n = 4096;
    let depth = 50;
    let forward = trace(&[(DType::F64, &[n])], |_, v| vec![(0..depth).fold(v[0], |y, _| (y * y).sin()).sum_all()]);
    let backward = trace(&[(DType::F64, &[n])], |_, v| grad((0..depth).fold(v[0], |y, _| (y * y).sin()).sum_all(), v));
    assert!(peak(&forward, &[]) <= 3 * 8 * n);
    assert!(peak(&backward, &[]) >= depth * 8 * n);
}

#[test]
fn free_memory_is_known() {
    let free = memory::available();
    assert!(free > 1 << 20 && free < 1 << 50);
    assert!(memory::refuse_above(10, 11, "it").is_err() && memory::refuse_above(11, 11, "it").is_ok());
}

#[test]
fn a_dense_constant_is_made_once_and_shared_by_all_runs() {
    let graph = trace(&[(DType::F64, &[3])], |b, v| {
        vec![v[0] + b.literal(Literal::dense(&[1.0, 2.0, 3.0], Type::new(DType::F64, [3]))), b.iota(DType::F64, 3)]
    });
    let x = Tensor::from_f64(vec![0.0; 3], &[3]).unwrap();
    let out = run(&graph, vec![x]).unwrap();
    assert_eq!(out[0].to_f64_vec().unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(out[1].to_f64_vec().unwrap(), [0.0, 1.0, 2.0]);
}
