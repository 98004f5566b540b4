//! Simplification keeps values, drops dead nodes, shares equal ones and folds constants.

use crate::common::{close, numbers, run, trace, values};
use proptest::prelude::*;
use thalweg_engine::Tensor;
use thalweg_graph::ops::Op;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::{Builder, DType, Graph, Input, Node, NodeId, Type, grad, simplify};

/// A graph as written, without the builder's own simplification: nodes are (operation, first operand, second operand).
fn raw(steps: &[(u8, usize, usize)]) -> Graph {
    let ty = Type::new(DType::F64, [3]);
    let mut nodes: Vec<Node> =
        (0..2).map(|index| Node { op: Op::Input(thalweg_graph::ops::Input { index }), inputs: Vec::new(), ty: ty.clone() }).collect();
    for value in [0.0, 1.0, -1.0, 2.0] {
        nodes.push(Node { op: Op::Constant(thalweg_graph::Literal::splat(value, ty.clone())), inputs: Vec::new(), ty: ty.clone() });
    }
    for &(what, a, b) in steps {
        let (a, b) = (NodeId((a % nodes.len()) as u32), NodeId((b % nodes.len()) as u32));
        let (op, inputs) = match what % 9 {
            0 => (Op::Binary(Binary::Add), vec![a, b]),
            1 => (Op::Binary(Binary::Sub), vec![a, b]),
            2 => (Op::Binary(Binary::Mul), vec![a, b]),
            3 => (Op::Binary(Binary::Maximum), vec![a, b]),
            4 => (Op::Unary(Unary::Neg), vec![a]),
            5 => (Op::Unary(Unary::Tanh), vec![a]),
            6 => (Op::Flip(thalweg_graph::ops::Flip { axis: 0 }), vec![a]),
            7 => (Op::Unary(Unary::Sin), vec![a]),
            _ => (Op::Binary(Binary::Minimum), vec![a, b]),
        };
        nodes.push(Node { op, inputs, ty: ty.clone() });
    }
    let inputs = (0..2).map(|i| Input { name: format!("x{i}"), ty: ty.clone(), node: NodeId(i) }).collect();
    let last = nodes.len() as u32;
    Graph { nodes, inputs, outputs: vec![NodeId(last - 1), NodeId(last - 2)] }
}

fn arguments() -> Vec<Tensor> {
    (0..2).map(|i| Tensor::from_f64(numbers(3, i, -1.5, 1.5), &[3]).unwrap()).collect()
}

/// Whether two nodes compute the same thing.
fn has_twins(graph: &Graph) -> bool {
    let distinct: std::collections::HashSet<&Node> = graph.nodes.iter().collect();
    distinct.len() != graph.nodes.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn simplifying_keeps_values_and_leaves_no_dead_or_equal_nodes(steps in prop::collection::vec((0u8..9, 0usize..40, 0usize..40), 2..40)) {
        let graph = raw(&steps);
        let simple = simplify(&graph).unwrap();
        let (before, after) = (run(&graph, arguments()).unwrap(), run(&simple, arguments()).unwrap());
        for (a, b) in before.iter().zip(&after) {
            close("simplified", &values(b), &values(a), 1e-14);
        }
        prop_assert!(!has_twins(&simple));
        let live = simple.live();
        prop_assert!(simple.nodes.iter().zip(&live).all(|(n, l)| *l || matches!(n.op, Op::Input(_))));
        prop_assert!(simple.nodes.len() <= graph.nodes.len());
        prop_assert_eq!(&simplify(&simple).unwrap().outputs.len(), &simple.outputs.len());
    }
}

#[test]
fn constants_are_folded_and_identities_applied() {
    let graph = trace(&[(DType::F64, &[3])], |b, v| {
        let two = b.full(1.0, DType::F64, &[3]) + b.full(1.0, DType::F64, &[3]);
        vec![(v[0] * 1.0 + 0.0) * two.sin(), -(-v[0]), v[0].t().reshape(&[3])]
    });
    // input, sin(2), product
    assert_eq!(graph.nodes.len(), 3, "{graph}");
    assert_eq!(graph.outputs[1], graph.outputs[2]);
}

#[test]
fn the_gradient_of_parts_that_make_up_a_tensor_is_their_concatenation() {
    let b = Builder::new();
    let x = b.input("x", DType::F64, &[4, 9]);
    let loss = (0..3).map(|k| (x.narrow(1, 3 * k, 3) * (k as f64 + 2.0)).exp().sum_all()).reduce(|a, c| a + c).unwrap();
    let graph = b.finish(&grad(loss, &[x])).unwrap();
    let used = graph.live();
    let count = |name: &str| graph.nodes.iter().zip(&used).filter(|(node, used)| **used && node.op.name() == name).count();
    assert_eq!((count("pad"), count("add")), (0, 0), "{graph}");
    assert!(count("concat") > 0);
}
