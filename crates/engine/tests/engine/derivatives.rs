//! Every op's derivative rules agree with finite differences: first and second order, forward, reverse and mixed.

use crate::common::{Function, at, check_derivatives, close, numbers, run};
use proptest::prelude::*;
use thalweg_engine::Tensor;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::composite::{Attention, Composite};
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::ops::{Comparison, Op, Window};
use thalweg_graph::{Builder, DType, Literal, Type, Var, grad};

fn inputs(shapes: &[Vec<usize>], low: f64, high: f64) -> Vec<Vec<f64>> {
    shapes.iter().enumerate().map(|(i, s)| numbers(s.iter().product(), 5 + i as i64, low, high)).collect()
}

/// Checks `f` at random points of (low, high).
fn smooth(what: &str, shapes: &[&[usize]], low: f64, high: f64, f: Function<'_>) {
    let shapes: Vec<Vec<usize>> = shapes.iter().map(|s| s.to_vec()).collect();
    check_derivatives(what, &shapes, &inputs(&shapes, low, high), f);
}

/// An interval without kinks where the function is defined.
fn domain(op: Unary) -> (f64, f64) {
    match op {
        Unary::Log | Unary::Sqrt | Unary::Recip | Unary::Log1p | Unary::Abs | Unary::Sign => (0.4, 1.6),
        Unary::Floor => (0.1, 0.9),
        _ => (-1.2, 1.2),
    }
}

#[test]
fn unary_ops_have_right_derivatives() {
    for &op in Unary::ALL {
        let (low, high) = domain(op);
        for shape in [&[][..], &[1], &[2, 3], &[0, 2]] {
            smooth(op.name(), &[shape], low, high, &move |x| x[0].unary(op));
        }
    }
    smooth("abs below 0", &[&[3]], -1.6, -0.4, &|x| x[0].abs());
}

#[test]
fn third_derivatives_of_a_composition_are_right() {
    // f = sin(x²)·eˣ: f''' by hand at a few points.
    let x = [-0.7, 0.2, 1.1];
    let third = at(&[3], &x, |x| {
        let f = ((x * x).sin() * x.exp()).sum_all();
        let first = grad(f, &[x])[0].sum_all();
        let second = grad(first, &[x])[0].sum_all();
        grad(second, &[x])[0]
    });
    let wanted: Vec<f64> = x
        .iter()
        .map(|&x| {
            let (s, c) = ((x * x).sin(), (x * x).cos());
            let g = [s, 2.0 * x * c, 2.0 * c - 4.0 * x * x * s, -12.0 * x * s - 8.0 * x * x * x * c];
            x.exp() * (g[0] + 3.0 * g[1] + 3.0 * g[2] + g[3])
        })
        .collect();
    close("third derivative", &third, &wanted, 1e-12);
}

/// A function with its parameters.
type Owned = Box<dyn for<'g> Fn(&[Var<'g>]) -> Var<'g>>;

/// A shape that broadcasts to `full`: leading dimensions dropped, others reduced to 1.
fn reduced(full: &[usize], drop: usize, ones: u8) -> Vec<usize> {
    let drop = drop.min(full.len());
    full[drop..].iter().enumerate().map(|(i, &d)| if ones >> i & 1 == 1 { 1 } else { d }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn binary_ops_have_right_derivatives_under_broadcasting(
        op in 0..Binary::ALL.len(),
        full in prop::collection::vec(0usize..4, 0..4),
        drop_a in 0usize..3, drop_b in 0usize..3, ones_a in 0u8..8, ones_b in 0u8..8,
    ) {
        let op = Binary::ALL[op];
        let shapes = vec![reduced(&full, drop_a, ones_a), reduced(&full, drop_b, ones_b)];
        let mut x = inputs(&shapes, 0.5, 1.5);
        // No ties for maximum and minimum.
        x[1].iter_mut().enumerate().for_each(|(i, v)| *v += if i % 2 == 0 { 1.2 } else { -0.3 });
        x[1].iter_mut().for_each(|v| *v = v.max(0.3));
        if matches!(op, Binary::Maximum | Binary::Minimum) {
            x[0].iter_mut().for_each(|v| *v = 0.35 * *v + 0.9);
            x[1].iter_mut().for_each(|v| *v = if *v > 1.1 { *v + 1.0 } else { *v * 0.3 });
        }
        check_derivatives(op.name(), &shapes, &x, &move |x| x[0].binary(op, x[1]));
    }

    #[test]
    fn moving_ops_have_right_derivatives(
        shape in prop::collection::vec(0usize..4, 1..4),
        pick in 0usize..8, numbers in prop::collection::vec(0usize..3, 9),
    ) {
        let rank = shape.len();
        let axis = numbers[0] % rank;
        let f: Owned = match pick {
            0 => {
                let order: Vec<usize> = (0..rank).map(|i| (i + 1 + numbers[1]) % rank).collect();
                Box::new(move |x| x[0].transpose(&order))
            }
            1 => {
                let starts: Vec<usize> = shape.iter().zip(&numbers).map(|(d, n)| (*n).min(*d)).collect();
                let steps: Vec<usize> = (0..rank).map(|i| 1 + numbers[3 + i]).collect();
                let stops = shape.clone();
                Box::new(move |x| x[0].slice(&starts, &stops, &steps))
            }
            2 => {
                let (before, after, between) = (numbers[..rank].to_vec(), numbers[3..3 + rank].to_vec(), numbers[6..6 + rank].to_vec());
                Box::new(move |x| x[0].pad_with_gaps(&before, &after, &between))
            }
            3 => Box::new(move |x| x[0].flip(axis)),
            4 => Box::new(move |x| Var::concat(&[x[0], x[0] * 2.0, x[0].narrow(axis, 0, x[0].shape()[axis].min(1))], axis)),
            5 => Box::new(move |x| x[0].cum_sum(axis, numbers[1] % 2 == 1)),
            6 => Box::new(move |x| x[0].reshape(&[x[0].ty().count()])),
            _ => Box::new(move |x| x[0].broadcast_to(&[&[numbers[1]], &x[0].shape()[..]].concat())),
        };
        // Squared, so that second derivatives are not all zero.
        let shapes = vec![shape];
        check_derivatives("moving op", &shapes, &inputs(&shapes, -1.0, 1.0), &|x| { let y = f(x); y * y * y });
    }

    #[test]
    fn reductions_have_right_derivatives(shape in prop::collection::vec(1usize..4, 1..4), mask in 0u8..8, top in any::<bool>()) {
        let axes: Vec<usize> = (0..shape.len()).filter(|a| mask >> a & 1 == 1).collect();
        let shapes = vec![shape];
        let x = inputs(&shapes, -1.0, 1.0);
        check_derivatives("reduction", &shapes, &x, &|x| {
            let y = x[0] * x[0] * x[0];
            if top { y.max(&axes) } else { y.sum(&axes).sin() }
        });
    }
}

#[test]
fn matrix_products_have_right_derivatives() {
    smooth("matmul", &[&[2, 3], &[3, 4]], -1.0, 1.0, &|x| x[0].matmul(x[1]).sin());
    smooth("batched", &[&[2, 2, 3], &[2, 3, 1]], -1.0, 1.0, &|x| x[0].matmul(x[1]).sin());
    smooth("broadcast batch", &[&[2, 1, 2, 3], &[3, 3, 2]], -1.0, 1.0, &|x| x[0].matmul(x[1]).sin());
    smooth("transposed", &[&[3, 2], &[4, 3]], -1.0, 1.0, &|x| x[0].t().matmul(x[1].t()).sin());
    smooth("empty inner", &[&[2, 0], &[0, 3]], -1.0, 1.0, &|x| x[0].matmul(x[1]).sin());
    smooth("empty outer", &[&[0, 2], &[2, 3]], -1.0, 1.0, &|x| x[0].matmul(x[1]).sin());
    smooth("one row", &[&[1, 1], &[1, 1]], -1.0, 1.0, &|x| x[0].matmul(x[1]).sin());
}

fn window(stride: &[usize], before: &[usize], after: &[usize], dilation: &[usize], groups: usize) -> Window {
    Window { stride: stride.to_vec(), before: before.to_vec(), after: after.to_vec(), dilation: dilation.to_vec(), groups }
}

#[test]
fn convolutions_have_right_derivatives() {
    let cases: Vec<(Window, Vec<usize>, Vec<usize>)> = vec![
        (window(&[1], &[0], &[0], &[1], 1), vec![2, 2, 5], vec![3, 2, 2]),
        (window(&[2], &[1], &[2], &[2], 1), vec![1, 1, 6], vec![2, 1, 3]),
        (window(&[1], &[1], &[1], &[1], 2), vec![2, 4, 3], vec![2, 2, 3]),
        (window(&[1, 1], &[1, 1], &[1, 1], &[1, 1], 1), vec![1, 2, 3, 3], vec![2, 2, 3, 3]),
        (window(&[2, 1], &[0, 2], &[1, 0], &[1, 2], 1), vec![1, 1, 4, 4], vec![1, 1, 2, 2]),
        (window(&[1, 1], &[0, 0], &[0, 0], &[1, 1], 1), vec![2, 2, 2, 2], vec![3, 2, 1, 1]),
        (window(&[3], &[0], &[0], &[1], 1), vec![1, 1, 8], vec![1, 1, 2]),
        (window(&[1], &[0], &[0], &[1], 1), vec![0, 1, 3], vec![1, 1, 2]),
    ];
    for (w, x, k) in cases {
        let shapes = vec![x.clone(), k.clone()];
        check_derivatives("conv", &shapes, &inputs(&shapes, -1.0, 1.0), &|v| v[0].conv(v[1], &w).sin());
        let y = w.output_shape("conv", &x, &k).unwrap();
        let shapes = vec![y, k];
        check_derivatives("conv_transpose", &shapes, &inputs(&shapes, -1.0, 1.0), &|v| v[0].conv_transpose(v[1], &w, &x[2..]).sin());
    }
}

#[test]
fn indexed_ops_have_right_derivatives() {
    fn indices<'g>(like: Var<'g>, values: &[f64], shape: &[usize]) -> Var<'g> {
        like.builder().literal(Literal::dense(values, Type::new(DType::I64, shape)))
    }
    smooth("gather", &[&[3, 2]], -1.0, 1.0, &|x| x[0].gather(0, indices(x[0], &[2.0, 0.0, 2.0, 1.0], &[2, 2])).sin());
    smooth("gather inside", &[&[2, 3, 2]], -1.0, 1.0, &|x| x[0].gather(1, indices(x[0], &[1.0, 1.0], &[2])).sin());
    smooth("gather one", &[&[3]], -1.0, 1.0, &|x| x[0].gather(0, indices(x[0], &[1.0], &[])).sin());
    smooth("gather none", &[&[3, 2]], -1.0, 1.0, &|x| x[0].gather(0, indices(x[0], &[], &[0])).sin());
    smooth("scatter", &[&[2, 2, 2]], -1.0, 1.0, &|x| x[0].scatter_add(indices(x[0], &[3.0, 0.0, 3.0, 1.0], &[2, 2]), 0, 4).sin());
    smooth("scatter inside", &[&[2, 3]], -1.0, 1.0, &|x| x[0].scatter_add(indices(x[0], &[1.0, 0.0, 1.0], &[3]), 1, 2).sin());
}

#[test]
fn choices_and_composites_have_right_derivatives() {
    smooth("select", &[&[4], &[4]], 0.2, 1.0, &|x| x[0].compare(Comparison::Gt, x[0].constant(0.5)).select(x[0] * x[1], x[1].sin()));
    smooth("softmax", &[&[2, 3]], -1.0, 1.0, &|x| x[0].softmax(1));
    for (name, rows, causal) in [("attention", 5, false), ("attention by blocks", 2, false), ("causal attention by blocks", 2, true)] {
        let op = Op::Composite(Composite::Attention(Attention { scale: 0.7f64.to_bits(), causal, rows }));
        smooth(name, &[&[2, 5, 3], &[2, 5, 3], &[2, 5, 2]], -1.0, 1.0, &|x| x[0].builder().push(op.clone(), x));
    }
    // A value that is several operands at once: its gradient is the sum over them, once.
    type Attend = for<'g> fn(Var<'g>, Var<'g>) -> Var<'g>;
    let both: [(&str, Attend); 3] = [
        ("attention to itself", |x, _| x.attention(x, x, 0.7, false)),
        ("attention with shared keys and values", |x, y| y.attention(x, x, 0.7, false)),
        ("attention whose queries are its keys", |x, y| x.attention(x, y, 0.7, false)),
    ];
    for (name, attend) in both {
        smooth(name, &[&[3, 2], &[3, 2]], -1.0, 1.0, &move |x| attend(x[0], x[1]));
    }
    // Operands that the decomposition rearranges, and that are rearranged already.
    smooth("attention of turned operands", &[&[3, 5], &[3, 5], &[2, 5]], -1.0, 1.0, &|x| {
        x[0].t().attention(x[1].t(), x[2].t(), 0.7, false)
    });
    let blocks = Op::Composite(Composite::Attention(Attention { scale: 0.7f64.to_bits(), causal: true, rows: 2 }));
    smooth("attention by blocks of reshaped operands", &[&[10], &[10], &[15]], -1.0, 1.0, &|x| {
        let [q, k, v] = [0, 1, 2].map(|i| x[i].reshape(&[1, 5, if i == 2 { 3 } else { 2 }]));
        x[0].builder().push(blocks.clone(), &[q, k, v])
    });
    smooth("layer_norm of one reshaped element", &[&[3]], -1.0, 1.0, &|x| x[0].reshape(&[3, 1]).layer_norm(1e-3));
    smooth("softmax of one reshaped element", &[&[3]], -1.0, 1.0, &|x| x[0].reshape(&[3, 1]).softmax(1));
    smooth("log_sum_exp of one reshaped element", &[&[3]], -1.0, 1.0, &|x| x[0].reshape(&[3, 1]).log_sum_exp(1));
    smooth("softmax of the first dimension", &[&[3, 2]], -1.0, 1.0, &|x| x[0].softmax(0));
    smooth("log_sum_exp", &[&[2, 3]], -1.0, 1.0, &|x| x[0].log_sum_exp(1));
    smooth("layer_norm", &[&[2, 4]], -1.0, 1.0, &|x| x[0].layer_norm(1e-3));
    smooth("gelu", &[&[5]], -1.5, 1.5, &|x| x[0].gelu());
    smooth("silu", &[&[5]], -1.5, 1.5, &|x| x[0].silu());
}

#[test]
#[should_panic(expected = "forward")]
fn the_comparison_itself_notices_a_wrong_derivative() {
    smooth("x · stop(x)", &[&[3]], 0.5, 1.0, &|x| x[0] * x[0].stop_gradient());
}

#[test]
fn third_derivatives_of_composites_agree_with_differences_of_second_ones() {
    let x = [-0.8, 0.3, 0.5, 1.2];
    let third: [fn(Var<'_>) -> Var<'_>; 3] = [|x| x.gelu(), |x| x.softmax(0), |x| x.layer_norm(1e-2)];
    for f in third {
        let second = |x: Var<'_>| {
            let first = grad((f(x) * f(x)).sum_all(), &[x])[0];
            x.builder().var(grad((first * first).sum_all(), &[x])[0].id()).id()
        };
        let slope = at(&[4], &x, |x| grad((x.builder().var(second(x)) * x.sin()).sum_all(), &[x])[0]);
        let along = |x: &[f64]| at(&[4], x, |x| (x.builder().var(second(x)) * x.sin()).sum_all())[0];
        for i in 0..4 {
            let moved = |by: f64| along(&x.iter().enumerate().map(|(k, v)| if k == i { v + by } else { *v }).collect::<Vec<_>>());
            close("third derivative", &slope[i..=i], &[(moved(1e-5) - moved(-1e-5)) / 2e-5], 5e-6);
        }
    }
}

#[test]
fn stop_gradient_is_the_value_with_no_derivative() {
    let x = [0.3, -0.4];
    let g = at(&[2], &x, |x| grad((x * x.stop_gradient()).sum_all(), &[x])[0]);
    close("x · stop(x)", &g, &x, 0.0);
}

/// What a simplification would compute from the operand of `v`, so that nothing depended on `v` itself.
#[test]
fn gradients_with_respect_to_held_values_are_not_simplified_away() {
    type Map = for<'g> fn(Var<'g>) -> Var<'g>;
    let pairs: [(Map, Map); 5] = [
        (|x| x.reshape(&[2, 3]), |v| v.reshape(&[3, 2])),
        (|x| x.transpose(&[1, 0]), |v| v.transpose(&[1, 0])),
        (|x| x.flip(0), |v| v.flip(0)),
        (|x| -x, |v| -v),
        (|x| x.broadcast_to(&[2, 6, 1]), |v| v.broadcast_to(&[2, 6, 4])),
    ];
    for (first, second) in pairs {
        let b = Builder::new();
        let v = first(b.input("x", DType::F64, &[6, 1]));
        let _held = b.hold(&[v]);
        let y = second(v);
        let gradient = grad((y * y).sum_all() * 0.5, &[v])[0];
        // Each element of v is in y as often as y is larger.
        let times = (y.ty().count() / v.ty().count()) as f64;
        let graph = b.finish(&[gradient, v * times]).unwrap();
        let x = Tensor::from_f64((0..6).map(|i| f64::from(i) - 2.5).collect(), &[6, 1]).unwrap();
        let [got, want] = &run(&graph, vec![x]).unwrap()[..] else { panic!("two outputs") };
        assert_eq!(got.to_f64_vec().unwrap(), want.to_f64_vec().unwrap());
    }
}
