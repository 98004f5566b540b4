//! Donated inputs: overwritten when nobody else holds them, left alone otherwise.

use crate::common::{numbers, trace};
use thalweg_engine::{CompileOptions, Program, Tensor};
use thalweg_graph::{DType, Graph};

fn program(graph: &Graph, donated: &[usize]) -> Program {
    Program::compile(graph, &CompileOptions { donated: donated.to_vec(), ..CompileOptions::default() }).unwrap()
}

fn update() -> Graph {
    // m ← 0.9 m + g; p ← p − 0.1 m.
    trace(&[(DType::F32, &[100]), (DType::F32, &[100]), (DType::F32, &[100])], |_, v| {
        let m = v[1] * 0.9 + v[2];
        vec![v[0] - m * 0.1, m]
    })
}

fn inputs() -> Vec<Tensor> {
    (0..3).map(|i| Tensor::from_f32(numbers(100, i, -1.0, 1.0).into_iter().map(|v| v as f32).collect(), &[100]).unwrap()).collect()
}

#[test]
fn donating_changes_no_value() {
    let plain = program(&update(), &[]).run(inputs()).unwrap();
    let donated = program(&update(), &[0, 1]).run(inputs()).unwrap();
    for (a, b) in plain.iter().zip(&donated) {
        assert_eq!(a.to_f32_vec().unwrap(), b.to_f32_vec().unwrap());
    }
}

#[test]
fn a_donated_input_that_is_held_elsewhere_is_not_overwritten() {
    let p = program(&update(), &[0, 1]);
    let state = inputs();
    let before: Vec<Vec<f32>> = state.iter().map(|t| t.to_f32_vec().unwrap()).collect();
    let view = state[0].reshape(&[10, 10]).unwrap().narrow(0, 2, 1).unwrap();
    let held = state.clone();
    p.run(state).unwrap();
    for (t, b) in held.iter().zip(&before) {
        assert_eq!(&t.to_f32_vec().unwrap(), b);
    }
    assert_eq!(view.to_f32_vec().unwrap(), before[0][20..30]);
    drop(held);
    // A view alone is enough to protect the storage it looks at.
    let mut state = inputs();
    let view = state[0].narrow(0, 5, 3).unwrap();
    let seen = view.to_f32_vec().unwrap();
    state = p.run(state).unwrap();
    assert_eq!(view.to_f32_vec().unwrap(), seen);
    assert_ne!(state[0].narrow(0, 5, 3).unwrap().to_f32_vec().unwrap(), seen);
}

#[test]
fn inputs_that_are_not_donated_and_constants_are_never_overwritten() {
    let graph = trace(&[(DType::F32, &[100])], |b, v| vec![v[0].exp(), b.iota(DType::F32, 100).sin()]);
    let p = program(&graph, &[]);
    let x = inputs().remove(0);
    let kept = x.to_f32_vec().unwrap();
    let copy = Tensor::from_f32(kept.clone(), &[100]).unwrap();
    let first = p.run(vec![x.clone()]).unwrap();
    assert_eq!(x.to_f32_vec().unwrap(), kept);
    let second = p.run(vec![copy]).unwrap();
    for (a, b) in first.iter().zip(&second) {
        assert_eq!(a.to_f32_vec().unwrap(), b.to_f32_vec().unwrap());
    }
}

#[test]
fn an_input_given_twice_or_returned_as_it_is_stays_whole() {
    let graph = trace(&[(DType::F32, &[100]), (DType::F32, &[100])], |_, v| vec![v[0] * 2.0 + v[1], v[0]]);
    let p = program(&graph, &[0, 1]);
    let x = inputs().remove(0);
    let before = x.to_f32_vec().unwrap();
    let out = p.run(vec![x.clone(), x]).unwrap();
    assert_eq!(out[1].to_f32_vec().unwrap(), before);
    assert_eq!(out[0].to_f32_vec().unwrap(), before.iter().map(|v| v * 2.0 + v).collect::<Vec<f32>>());
    // A constant that was returned can be donated to the next run without harm to the program.
    let graph = trace(&[(DType::F32, &[100])], |b, v| vec![v[0] + 1.0, b.iota(DType::F32, 100)]);
    let p = program(&graph, &[0]);
    let out = p.run(vec![inputs().remove(0)]).unwrap();
    let counted = out[1].clone();
    drop(out);
    p.run(vec![counted]).unwrap();
    let again = p.run(vec![inputs().remove(0)]).unwrap();
    assert_eq!(again[1].to_f32_vec().unwrap()[..3], [0.0, 1.0, 2.0]);
}

#[test]
fn an_operand_used_twice_is_not_overwritten_while_it_is_read() {
    let graph = trace(&[(DType::F32, &[100])], |_, v| {
        let y = v[0].sin();
        vec![y * y, (v[0] * 3.0).reshape(&[10, 10]).t() + (v[0] * 3.0).reshape(&[10, 10])]
    });
    let x = inputs().remove(0);
    let v = x.to_f32_vec().unwrap();
    let out = program(&graph, &[0]).run(vec![x]).unwrap();
    let squares: Vec<f32> = v.iter().map(|v| v.sin() * v.sin()).collect();
    let sums: Vec<f32> = (0..100).map(|k| v[k % 10 * 10 + k / 10] * 3.0 + v[k] * 3.0).collect();
    for (got, wanted) in out[0].to_f32_vec().unwrap().iter().zip(&squares) {
        assert!((got - wanted).abs() <= 2.0 * f32::EPSILON, "{got} instead of {wanted}");
    }
    // A sum of a product may be rounded once.
    for (got, wanted) in out[1].to_f32_vec().unwrap().iter().zip(&sums) {
        assert!((got - wanted).abs() <= 2.0 * f32::EPSILON, "{got} instead of {wanted}");
    }
}
