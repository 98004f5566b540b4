//! Properties of recordings: in pieces or not, they are the graph that a builder would have made.

use serde_json::json;
use thalweg_model::engine::{CompileOptions, Program, Tensor};
use thalweg_model::graph::{Builder, DType, Graph, Type, Var, grad};

use super::{Kind, Tape};

fn values(graph: &Graph, x: &[f64]) -> Vec<Vec<f64>> {
    let program = Program::compile(graph, &CompileOptions::default()).unwrap();
    let outputs = program.run(vec![Tensor::from_f64(x.to_vec(), &[x.len()]).unwrap()]).unwrap();
    outputs.iter().map(|tensor| tensor.to_f64_vec().unwrap()).collect()
}

/// x ← sin(x) + w·x², `steps` times, on a tape: the values of x, w and the result.
fn recorded(tape: &mut Tape, steps: usize) -> [usize; 3] {
    let x = tape.input("x", &Type::new(DType::F64, [3]), Kind::Given).unwrap();
    let w = tape.op("mul", &json!({ "scalar": 0.01 }), &[x]).unwrap()[0];
    let mut y = x;
    for _ in 0..steps {
        let sine = tape.op("sin", &json!({}), &[y]).unwrap()[0];
        let square = tape.op("square", &json!({}), &[y]).unwrap()[0];
        let product = tape.op("mul", &json!({}), &[w, square]).unwrap()[0];
        y = tape.op("add", &json!({}), &[sine, product]).unwrap()[0];
    }
    [x, w, y]
}

fn built(steps: usize) -> Graph {
    let b = Builder::new();
    let x = b.input("x", DType::F64, &[3]);
    let w = x * 0.01;
    let y = (0..steps).fold(x, |y: Var<'_>, _| y.sin() + w * (y * y));
    let derivatives = grad(y.sum_all(), &[x, w]);
    b.finish(&[y, derivatives[0], derivatives[1]]).unwrap()
}

#[test]
fn pieces_join_to_the_graph_that_one_builder_makes() {
    for steps in [0, 1, 7, 3000] {
        let mut tape = Tape::new(false);
        let [x, w, y] = recorded(&mut tape, steps);
        let loss = tape.op("sum", &json!({}), &[y]).unwrap()[0];
        let derivatives = tape.grad(loss, &[x, w]).unwrap();
        let joined = tape.join(&[y, derivatives[0], derivatives[1]]).unwrap();
        let expected = built(steps);
        assert_eq!(joined.nodes.len(), expected.nodes.len(), "{steps} steps");
        let at = [0.3, -1.2, 0.9];
        assert_eq!(values(&joined, &at), values(&expected, &at), "{steps} steps");
    }
}

#[test]
fn ops_on_derivatives_and_derivatives_of_derivatives_are_recorded() {
    let mut tape = Tape::new(false);
    let x = tape.input("x", &Type::new(DType::F64, [1]), Kind::Given).unwrap();
    let cube = tape.op("pow", &json!({ "scalar": 3.0 }), &[x]).unwrap()[0];
    let sum = |tape: &mut Tape, value| tape.op("sum", &json!({}), &[value]).unwrap()[0];
    let loss = sum(&mut tape, cube);
    let first = tape.grad(loss, &[x]).unwrap()[0];
    let doubled = tape.op("mul", &json!({ "scalar": 2.0 }), &[first]).unwrap()[0];
    let loss = sum(&mut tape, doubled);
    let second = tape.grad(loss, &[x]).unwrap()[0];
    let along = tape.jvp(&[second], &[x], &[first]).unwrap()[0];
    let graph = tape.join(&[first, second, along]).unwrap();
    // d x³ = 3x², 2·d²x³ = 12x, and along 3x²: 36x².
    assert_eq!(values(&graph, &[2.0]), [[12.0], [24.0], [144.0]]);
}

#[test]
fn a_mistake_leaves_the_recording_as_it_was() {
    let mut tape = Tape::new(false);
    let x = tape.input("x", &Type::new(DType::F64, [2]), Kind::Given).unwrap();
    let before = tape.values();
    assert!(tape.op("matmul", &json!({}), &[x]).is_err());
    assert!(tape.op("sum", &json!({ "axes": [9] }), &[x]).is_err());
    assert!(tape.grad(x, &[x]).is_err());
    assert!(tape.input("x", &Type::scalar(DType::F32), Kind::Given).is_err());
    assert_eq!(tape.values(), before);
    let y = tape.op("neg", &json!({}), &[x]).unwrap()[0];
    assert_eq!(values(&tape.join(&[y]).unwrap(), &[1.0, 2.0]), [[-1.0, -2.0]]);
}

#[test]
fn a_graph_is_inlined_with_values_of_any_piece() {
    let square = {
        let b = Builder::new();
        let x = b.input("anything", DType::F64, &[3]);
        b.finish(&[x * x]).unwrap()
    };
    let mut tape = Tape::new(false);
    let [_, w, y] = recorded(&mut tape, 2000);
    let squares = [tape.inline(&square, &[w]).unwrap()[0], tape.inline(&square, &[y]).unwrap()[0]];
    let graph = tape.join(&[w, y, squares[0], squares[1]]).unwrap();
    let [w, y, w2, y2] = values(&graph, &[1.0, 2.0, 3.0]).try_into().unwrap();
    let squared = |v: &[f64]| v.iter().map(|v| v * v).collect::<Vec<_>>();
    assert_eq!((squared(&w), squared(&y)), (w2, y2));
    assert!(tape.inline(&square, &[]).is_err());
    assert_eq!(tape.inputs().len(), 1, "inputs of an inlined graph are given, not declared");
}
