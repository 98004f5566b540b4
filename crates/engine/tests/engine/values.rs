//! Values of ops against closed forms, in every element type.

use crate::common::{close, numbers, run, trace, values};
use thalweg_engine::Tensor;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::ops::{Comparison, Connective};
use thalweg_graph::{DType, Literal, Type, Var};

fn unary_of(op: Unary, x: f64) -> f64 {
    match op {
        Unary::Neg => -x,
        Unary::Abs => x.abs(),
        Unary::Sign => {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                0.0
            }
        }
        Unary::Floor => x.floor(),
        Unary::Exp => x.exp(),
        Unary::Expm1 => x.exp_m1(),
        Unary::Log => x.ln(),
        Unary::Log1p => x.ln_1p(),
        Unary::Sqrt => x.sqrt(),
        Unary::Recip => 1.0 / x,
        Unary::Sin => x.sin(),
        Unary::Cos => x.cos(),
        Unary::Tan => x.tan(),
        Unary::Atan => x.atan(),
        Unary::Tanh => x.tanh(),
        Unary::Sigmoid => 0.5 * (1.0 + (0.5 * x).tanh()),
        Unary::Erf => erf_by_series(x),
    }
}

/// 2/√π e^{−x²} Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 ⋯ (2n + 1)): all terms of one sign.
fn erf_by_series(x: f64) -> f64 {
    let (mut term, mut sum) = (x, x);
    for n in 1..150 {
        term *= 2.0 * x * x / (2 * n + 1) as f64;
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

fn binary_of(op: Binary, a: f64, b: f64) -> f64 {
    match op {
        Binary::Add => a + b,
        Binary::Sub => a - b,
        Binary::Mul => a * b,
        Binary::Div => a / b,
        Binary::Pow => a.powf(b),
        Binary::Maximum => a.max(b),
        Binary::Minimum => a.min(b),
    }
}

/// A tensor of `dtype` and the values it really holds.
pub fn rounded(dtype: DType, x: &[f64], shape: &[usize]) -> (Tensor, Vec<f64>) {
    let tensor = match dtype {
        DType::F32 => Tensor::from_f32(x.iter().map(|&v| v as f32).collect(), shape),
        DType::F64 => Tensor::from_f64(x.to_vec(), shape),
        DType::BF16 => Tensor::from_bf16(&x.iter().map(|&v| v as f32).collect::<Vec<_>>(), shape),
        other => panic!("{other} has no fractions"),
    };
    let tensor = tensor.unwrap();
    let held = values(&tensor);
    (tensor, held)
}

/// Twice the rounding error of the element type, or so.
pub fn precision(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 1e-14,
        DType::F32 => 6e-7,
        _ => 8e-3,
    }
}

pub const FLOATS: [DType; 3] = [DType::F32, DType::F64, DType::BF16];

#[test]
fn unary_ops_have_their_closed_forms() {
    for dtype in FLOATS {
        for &op in Unary::ALL {
            // More than a chunk and not a multiple of it.
            let n = 2500;
            let low = if matches!(op, Unary::Log | Unary::Sqrt | Unary::Recip | Unary::Log1p) { 0.01 } else { -3.0 };
            let (x, held) = rounded(dtype, &numbers(n, 3, low, 3.0), &[n]);
            let graph = trace(&[(dtype, &[n])], |_, v| vec![v[0].unary(op)]);
            let wanted: Vec<f64> = held.iter().map(|&x| unary_of(op, x)).collect();
            close(
                &format!("{} {dtype}", op.name()),
                &values(&run(&graph, vec![x]).unwrap()[0]),
                &wanted,
                precision(dtype) * if op == Unary::Tan { 40.0 } else { 1.0 },
            );
        }
    }
}

#[test]
fn binary_ops_have_their_closed_forms_for_every_kind_of_operand() {
    let shapes: [(&[usize], &[usize]); 6] =
        [(&[40, 70], &[40, 70]), (&[40, 70], &[70]), (&[40, 1], &[40, 70]), (&[], &[40, 70]), (&[1, 70], &[40, 1]), (&[40, 70], &[])];
    for dtype in FLOATS {
        for &op in Binary::ALL {
            for (sa, sb) in shapes {
                let (a, va) = rounded(dtype, &numbers(sa.iter().product(), 1, 0.2, 2.0), sa);
                let (b, vb) = rounded(dtype, &numbers(sb.iter().product(), 2, 0.2, 2.0), sb);
                let graph = trace(&[(dtype, sa), (dtype, sb)], |_, v| vec![v[0].binary(op, v[1])]);
                let pick = |v: &[f64], s: &[usize], i: usize, j: usize| match s {
                    [] => v[0],
                    [n] => v[j % n],
                    [m, n] => v[i % m * n + j % n],
                    _ => unreachable!(),
                };
                let wanted: Vec<f64> =
                    (0..40 * 70).map(|k| binary_of(op, pick(&va, sa, k / 70, k % 70), pick(&vb, sb, k / 70, k % 70))).collect();
                close(
                    &format!("{} {dtype} {sa:?} {sb:?}", op.name()),
                    &values(&run(&graph, vec![a, b]).unwrap()[0]),
                    &wanted,
                    precision(dtype),
                );
            }
        }
    }
}

#[test]
fn integers_are_exact_and_wrap() {
    let (big, n) = (i64::MAX, 5);
    let a = Tensor::from_i64(vec![7, -7, big, (1 << 60) + 1, 0], &[n]).unwrap();
    let b = Tensor::from_i64(vec![2, 2, 1, 0, -3], &[n]).unwrap();
    let graph = trace(&[(DType::I64, &[n]), (DType::I64, &[n])], |_, v| {
        vec![v[0] + v[1], v[0] * v[1], v[0] / v[1], -v[0], v[0].sum_all(), v[0].cum_sum(0, false), v[0].cast(DType::F64)]
    });
    let out = run(&graph, vec![a, b]).unwrap();
    let ints = |i: usize| out[i].to_i64_vec().unwrap();
    assert_eq!(ints(0), [9, -5, i64::MIN, (1 << 60) + 1, -3]);
    assert_eq!(ints(1), [14, -14, big, 0, 0]);
    assert_eq!(ints(2), [3, -4, big, 0, 0]);
    assert_eq!(ints(3), [-7, 7, -big, -(1 << 60) - 1, 0]);
    assert_eq!(ints(4), [big.wrapping_add((1 << 60) + 1)]);
    assert_eq!(ints(5)[1], 0);
    assert_eq!(out[6].to_f64_vec().unwrap()[0], 7.0);
}

#[test]
fn comparisons_and_choices_treat_nan_as_ieee_does() {
    let x = Tensor::from_f64(vec![1.0, 2.0, f64::NAN, f64::INFINITY], &[4]).unwrap();
    let y = Tensor::from_f64(vec![2.0, 2.0, 0.0, f64::INFINITY], &[4]).unwrap();
    let graph = trace(&[(DType::F64, &[4]), (DType::F64, &[4])], |_, v| {
        let mut outs: Vec<Var<'_>> = Comparison::ALL.iter().map(|&c| v[0].compare(c, v[1])).collect();
        outs.push(v[0].is_finite());
        outs.push(v[0].lt(v[1]).logical(Connective::Or, v[0].eq(v[1])));
        outs.push(!v[0].is_finite());
        outs
    });
    let out: Vec<Vec<bool>> = run(&graph, vec![x, y]).unwrap().iter().map(|t| t.to_bool_vec().unwrap()).collect();
    assert_eq!(out[0], [false, true, false, true]);
    assert_eq!(out[1], [true, false, true, false]);
    assert_eq!(out[2], [true, false, false, false]);
    assert_eq!(out[3], [true, true, false, true]);
    assert_eq!(out[4], [false, false, false, false]);
    assert_eq!(out[5], [false, true, false, true]);
    assert_eq!(out[6], [true, true, false, false]);
    assert_eq!(out[7], [true, true, false, true]);
    assert_eq!(out[8], [false, false, true, true]);
}

#[test]
fn casts_truncate_saturate_and_widen() {
    let x = Tensor::from_f64(vec![1.9, -1.9, f64::NAN, 1e30, 0.0], &[5]).unwrap();
    let graph = trace(&[(DType::F64, &[5])], |_, v| {
        let v = v[0];
        vec![
            v.cast(DType::I64),
            v.cast(DType::Bool),
            v.cast(DType::F32),
            v.cast(DType::BF16),
            v.cast(DType::Bool).cast(DType::F32),
            v.cast(DType::I64).cast(DType::F32),
        ]
    });
    let out = run(&graph, vec![x]).unwrap();
    assert_eq!(out[0].to_i64_vec().unwrap(), [1, -1, 0, i64::MAX, 0]);
    assert_eq!(out[1].to_bool_vec().unwrap(), [true, true, true, true, false]);
    assert_eq!(out[2].to_f32_vec().unwrap()[..2], [1.9, -1.9]);
    assert_eq!(out[3].to_f32_vec().unwrap()[0], 1.8984375);
    assert_eq!(out[4].to_f32_vec().unwrap(), [1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(out[5].to_f32_vec().unwrap()[3], 9.223372e18);
}

#[test]
fn sums_over_long_dimensions_are_accurate() {
    // 0.1 in f32 added naively a million times is off by 1 %.
    let n = 1 << 20;
    let x = Tensor::from_f32(vec![0.1; n], &[n]).unwrap();
    let graph = trace(&[(DType::F32, &[n])], |_, v| {
        vec![
            v[0].sum_all(),
            v[0].reshape(&[n / 4, 4]).sum(&[0]),
            v[0].reshape(&[4, n / 4]).sum(&[1]),
            v[0].reshape(&[2, n / 8, 4]).sum(&[1]),
        ]
    });
    for (out, each) in run(&graph, vec![x]).unwrap().iter().zip([n, n / 4, n / 4, n / 8]) {
        let wanted = each as f64 * f64::from(0.1f32);
        for got in values(out) {
            assert!((got / wanted - 1.0).abs() < 3e-7, "{got} instead of {wanted}");
        }
    }
}

#[test]
fn reductions_agree_with_plain_loops_for_all_subsets_of_dimensions() {
    for shape in [vec![3, 5, 2, 7], vec![1, 40, 1, 33], vec![70, 3], vec![2, 300, 5], vec![600], vec![2, 0, 3], vec![40, 520]] {
        let x = numbers(shape.iter().product(), 9, -1.0, 1.0);
        for mask in 0..1u32 << shape.len() {
            let axes: Vec<usize> = (0..shape.len()).filter(|a| mask >> a & 1 == 1).collect();
            let kept: Vec<usize> = (0..shape.len()).filter(|a| !axes.contains(a)).collect();
            let count: usize = kept.iter().map(|&d| shape[d]).product();
            let (mut sums, mut tops) = (vec![0.0; count], vec![f64::NEG_INFINITY; count]);
            for (i, v) in x.iter().enumerate() {
                let index: Vec<usize> = (0..shape.len()).map(|d| i / shape[d + 1..].iter().product::<usize>() % shape[d]).collect();
                let at = kept.iter().fold(0, |at, &d| at * shape[d] + index[d]);
                sums[at] += v;
                tops[at] = tops[at].max(*v);
            }
            let empty = shape.contains(&0);
            let graph =
                trace(&[(DType::F64, &shape)], |_, v| if empty { vec![v[0].sum(&axes)] } else { vec![v[0].sum(&axes), v[0].max(&axes)] });
            let out = run(&graph, vec![Tensor::from_f64(x.clone(), &shape).unwrap()]).unwrap();
            close(&format!("sum of {shape:?} over {axes:?}"), &values(&out[0]), &sums, 1e-13);
            if !empty {
                close(&format!("max of {shape:?} over {axes:?}"), &values(&out[1]), &tops, 0.0);
            }
        }
    }
}

#[test]
fn maxima_carry_nan_and_the_first_of_equals_wins() {
    let x = Tensor::from_f32(vec![1.0, 5.0, 5.0, f32::NAN, 9.0, 2.0], &[2, 3]).unwrap();
    let graph = trace(&[(DType::F32, &[2, 3])], |_, v| vec![v[0].max(&[1]), v[0].arg_max(1), v[0].arg_max(0), v[0].max(&[0, 1])]);
    let out = run(&graph, vec![x]).unwrap();
    assert_eq!(out[0].to_f32_vec().unwrap()[0], 5.0);
    assert!(out[0].to_f32_vec().unwrap()[1].is_nan());
    assert_eq!(out[1].to_i64_vec().unwrap(), [1, 0]);
    assert_eq!(out[2].to_i64_vec().unwrap(), [1, 1, 0]);
    assert!(out[3].to_f32_vec().unwrap()[0].is_nan());
}

#[test]
fn indexing_picks_and_adds_up() {
    let x = Tensor::from_f32((0..12).map(|v| v as f32).collect(), &[3, 4]).unwrap();
    let i = Tensor::from_i64(vec![2, 0, 2], &[3]).unwrap();
    let graph = trace(&[(DType::F32, &[3, 4]), (DType::I64, &[3])], |_, v| {
        vec![v[0].gather(0, v[1]), v[0].gather(1, v[1]), v[0].scatter_add(v[1], 0, 4), v[1].gather(0, v[1])]
    });
    let out = run(&graph, vec![x, i]).unwrap();
    assert_eq!(out[0].to_f32_vec().unwrap(), [8., 9., 10., 11., 0., 1., 2., 3., 8., 9., 10., 11.]);
    assert_eq!(out[1].to_f32_vec().unwrap(), [2., 0., 2., 6., 4., 6., 10., 8., 10.]);
    assert_eq!(out[2].to_f32_vec().unwrap(), [4., 5., 6., 7., 0., 0., 0., 0., 8., 10., 12., 14., 0., 0., 0., 0.]);
    assert_eq!(out[3].to_i64_vec().unwrap(), [2, 2, 2]);
}

#[test]
fn an_index_out_of_range_is_a_data_error_naming_it() {
    for (bad, op) in [(3, true), (-1, true), (9, false)] {
        let graph = trace(&[(DType::F32, &[3]), (DType::I64, &[2])], |_, v| {
            vec![if op { v[0].gather(0, v[1]) } else { v[0].narrow(0, 0, 2).scatter_add(v[1], 0, 3) }]
        });
        let inputs = vec![Tensor::from_f32(vec![0.0; 3], &[3]).unwrap(), Tensor::from_i64(vec![0, bad], &[2]).unwrap()];
        let error = run(&graph, inputs).unwrap_err();
        assert_eq!(error.code, "DataError");
        assert!(error.message.contains(&format!("index {bad}")), "{error}");
        assert_eq!(error.expected.as_deref(), Some("0 ≤ index < 3"));
    }
}

#[test]
fn moving_ops_on_integers_and_truth_values_keep_their_values() {
    let x = Tensor::from_i64((0..6).collect(), &[2, 3]).unwrap();
    let t = Tensor::from_bool(vec![true, false, false], &[3]).unwrap();
    let graph = trace(&[(DType::I64, &[2, 3]), (DType::Bool, &[3])], |b, v| {
        let i = v[0];
        vec![
            i.flip(1),
            i.pad_with_gaps(&[1, 0], &[0, 1], &[0, 1]),
            i.slice(&[0, 0], &[2, 3], &[1, 2]),
            Var::concat(&[i, i.t().reshape(&[2, 3])], 0),
            v[1].broadcast_to(&[2, 3]),
            v[1].select(i, b.iota(DType::I64, 3) * b.literal(Literal::splat(10.0, Type::new(DType::I64, [3])))),
            i.transpose(&[1, 0]),
        ]
    });
    let out = run(&graph, vec![x, t]).unwrap();
    let ints = |i: usize| out[i].to_i64_vec().unwrap();
    assert_eq!(ints(0), [2, 1, 0, 5, 4, 3]);
    assert_eq!(ints(1), [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0]);
    assert_eq!(ints(2), [0, 2, 3, 5]);
    assert_eq!(ints(3), [0, 1, 2, 3, 4, 5, 0, 3, 1, 4, 2, 5]);
    assert_eq!(out[4].to_bool_vec().unwrap(), [true, false, false, true, false, false]);
    assert_eq!(ints(5), [0, 10, 20, 3, 10, 20]);
    assert_eq!(ints(6), [0, 3, 1, 4, 2, 5]);
}
