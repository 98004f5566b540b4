//! Sorting, picking by an index of one's own, and quantiles: values against naive loops and hand computation, derivatives
//! against finite differences, the same bits for any number of threads.

use crate::common::{at, check_derivatives, close, numbers, run, trace, values};
use crate::values::rounded;
use proptest::prelude::*;
use thalweg_engine::Tensor;
use thalweg_graph::ops::Op;
use thalweg_graph::{Builder, DType, Literal, Type, Var, grad};

/// Few distinct numbers, so that ties are common, with both zeros, infinities and NaN.
const SPECIAL: [f64; 9] = [f64::NAN, 0.0, -0.0, 1.5, -2.0, f64::INFINITY, f64::NEG_INFINITY, 1.0, -1.0];

/// A tensor whose elements are `SPECIAL[picks[i]]` (whole numbers for integers), and the values it holds.
fn special(dtype: DType, picks: &[usize], shape: &[usize]) -> (Tensor, Vec<f64>) {
    let x: Vec<f64> = picks.iter().map(|&p| SPECIAL[p]).collect();
    if dtype == DType::I64 {
        let whole: Vec<i64> = picks.iter().map(|&p| p as i64 - 4).collect();
        return (Tensor::from_i64(whole.clone(), shape).unwrap(), whole.iter().map(|&v| v as f64).collect());
    }
    rounded(dtype, &x, shape)
}

/// Where element `i` of a tensor of `shape` is: (the flat place of element 0 of its line along `axis`, its place in the line).
fn line(shape: &[usize], axis: usize, i: usize) -> (usize, usize) {
    let inner: usize = shape[axis + 1..].iter().product();
    let place = i / inner % shape[axis];
    (i - place * inner, place)
}

/// Rank of each element by counting those before it: smaller ones, and equal ones to its left.
fn naive_arg_sort(x: &[f64], shape: &[usize], axis: usize) -> Vec<i64> {
    let inner: usize = shape[axis + 1..].iter().product();
    let mut out = vec![-1; x.len()];
    for i in 0..x.len() {
        let (first, place) = line(shape, axis, i);
        let before = |j: usize| {
            let (other, own) = (x[first + j * inner], x[i]);
            let tie = other == own || (other.is_nan() && own.is_nan());
            other < own || (own.is_nan() && !other.is_nan()) || (tie && j < place)
        };
        let rank = (0..shape[axis]).filter(|&j| before(j)).count();
        out[first + rank * inner] = place as i64;
    }
    out
}

fn same(a: &[f64], b: &[f64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()))
}

const NUMBERS: [DType; 4] = [DType::F32, DType::F64, DType::BF16, DType::I64];

/// A shape of rank 1 … 4 with small sizes (0 and 1 among them), and picks for its elements.
fn shaped() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    prop::collection::vec(prop_oneof![1 => Just(0usize), 2 => Just(1), 20 => 2usize..9], 1..5).prop_flat_map(|shape| {
        let n: usize = shape.iter().product();
        (Just(shape), prop::collection::vec(0..SPECIAL.len(), n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sorting_is_stable_with_nan_last_in_every_type_and_along_every_axis(
        (shape, picks) in shaped(), axis in 0usize..4, dtype in 0..NUMBERS.len(), part in any::<bool>(),
    ) {
        let (axis, dtype) = (axis % shape.len(), NUMBERS[dtype]);
        let (tensor, held) = special(dtype, &picks, &shape);
        // Also of views with gaps: a part of a larger tensor, and a transpose.
        let (last, reversed): (usize, Vec<usize>) = (shape.len() - 1, (0..shape.len()).rev().collect());
        let graph = trace(&[(dtype, &shape)], |_, v| {
            let x = if part { Var::concat(&[v[0], v[0]], last).narrow(last, 0, shape[last]) } else { v[0] };
            vec![x.arg_sort(axis), x.sort(axis), x.transpose(&reversed).arg_sort(last - axis).transpose(&reversed)]
        });
        let out = run(&graph, vec![tensor]).unwrap();
        let wanted = naive_arg_sort(&held, &shape, axis);
        prop_assert_eq!(&out[0].to_i64_vec().unwrap(), &wanted);
        prop_assert_eq!(&out[2].to_i64_vec().unwrap(), &wanted);
        let inner: usize = shape[axis + 1..].iter().product();
        let sorted: Vec<f64> = wanted.iter().enumerate().map(|(i, &w)| held[line(&shape, axis, i).0 + w as usize * inner]).collect();
        let got = if dtype == DType::I64 {
            out[1].to_i64_vec().unwrap().iter().map(|&v| v as f64).collect()
        } else {
            values(&out[1])
        };
        prop_assert!(same(&got, &sorted), "{:?} instead of {:?}", got, sorted);
    }

    #[test]
    fn taking_and_adding_along_agree_with_loops(
        shape in prop::collection::vec(1usize..5, 1..4), axis in 0usize..3, length in 0usize..6, seed in 0i64..1000,
    ) {
        let axis = axis % shape.len();
        let mut picked = shape.clone();
        picked[axis] = length;
        let (n, m): (usize, usize) = (shape.iter().product(), picked.iter().product());
        let size = shape[axis];
        let indices: Vec<i64> = numbers(m, seed, 0.0, size as f64).iter().map(|v| v.floor() as i64).collect();
        let (x, y) = (numbers(n, seed + 1, -1.0, 1.0), numbers(m, seed + 2, -1.0, 1.0));
        let graph = trace(&[(DType::F64, &shape), (DType::I64, &picked), (DType::F64, &picked)], |_, v| {
            vec![v[0].take_along(axis, v[1]), v[2].add_along(v[1], axis, size)]
        });
        let inputs = vec![
            Tensor::from_f64(x.clone(), &shape).unwrap(),
            Tensor::from_i64(indices.clone(), &picked).unwrap(),
            Tensor::from_f64(y.clone(), &picked).unwrap(),
        ];
        let out = run(&graph, inputs).unwrap();
        let (mut taken, mut added) = (vec![0.0; m], vec![0.0; n]);
        let inner: usize = shape[axis + 1..].iter().product();
        for i in 0..m {
            let outer = i / (length * inner);
            let from = (outer * size + indices[i] as usize) * inner + i % inner;
            taken[i] = x[from];
            added[from] += y[i];
        }
        prop_assert_eq!(values(&out[0]), taken);
        prop_assert_eq!(values(&out[1]), added);
    }

    #[test]
    fn sorted_values_and_quantiles_have_right_derivatives_of_all_kinds(
        shape in prop::collection::vec(1usize..5, 1..4), axis in 0usize..3, q in 0.0f64..=1.0, seed in 0i64..1000,
    ) {
        let axis = axis % shape.len();
        let n: usize = shape.iter().product();
        // Neighbours differ by more than the steps of the differences: the order does not change.
        let places = thalweg_engine::random::permutation(n, seed, 1, 0);
        let x: Vec<f64> = places.iter().map(|&p| 2.0 * (p as f64 + 0.5) / n as f64 - 1.0).collect();
        let shapes = vec![shape];
        check_derivatives("sort", &shapes, std::slice::from_ref(&x), &|v| { let y = v[0].sort(axis); y * y * y });
        check_derivatives("quantile", &shapes, std::slice::from_ref(&x), &|v| v[0].sin().quantile(q, axis).exp());
    }

    #[test]
    fn a_quantile_is_the_interpolated_order_statistic(n in 1usize..12, q in 0.0f64..=1.0, seed in 0i64..1000) {
        let x = numbers(3 * n, seed, -1.0, 1.0);
        let got = at(&[3, n], &x, |x| x.quantile(q, 1));
        let across = at(&[n, 3], &x, |x| x.quantile(q, 0));
        let interpolated = |mut line: Vec<f64>| {
            line.sort_by(f64::total_cmp);
            let place = q * (n - 1) as f64;
            let (low, high) = (line[place.floor() as usize], line[place.ceil() as usize]);
            low + (high - low) * place.fract()
        };
        close("rows", &got, &x.chunks(n).map(|row| interpolated(row.to_vec())).collect::<Vec<_>>(), 1e-15);
        let column = |j: usize| (0..n).map(|i| x[3 * i + j]).collect::<Vec<_>>();
        close("columns", &across, &(0..3).map(|j| interpolated(column(j))).collect::<Vec<_>>(), 1e-15);
    }
}

#[test]
fn quantiles_by_hand() {
    let x = [3.0, 1.0, 2.0, 10.0, 7.0, 7.0, 7.0, 7.0];
    for (q, wanted) in [(0.0, [1.0, 7.0]), (0.25, [1.75, 7.0]), (0.5, [2.5, 7.0]), (0.9, [7.9, 7.0]), (1.0, [10.0, 7.0])] {
        close(&format!("q = {q}"), &at(&[2, 4], &x, |x| x.quantile(q, 1)), &wanted, 1e-15);
    }
    // h = 0.3 · 3 = 0.9 between the two smallest: weights 0.1 and 0.9.
    let g = at(&[4], &x[..4], |x| grad(x.quantile(0.3, 0), &[x])[0]);
    close("weights", &g, &[0.0, 0.1, 0.9, 0.0], 1e-15);
    assert_eq!(at(&[1], &[5.0], |x| x.quantile(0.4, 0)), [5.0]);
}

#[test]
fn a_quantile_of_equal_numbers_is_that_number_and_shares_its_derivative() {
    // The weighted sum (1 − f) x + f x is not x for some of these.
    for x in [0.1, 0.3, 0.7, 1.1, 3.3] {
        let got = at(&[4], &[x; 4], |v| {
            let all: Vec<Var<'_>> = (0..=100).map(|i| v.quantile(f64::from(i) / 100.0, 0).reshape(&[1])).collect();
            Var::concat(&all, 0)
        });
        assert_eq!(got, [x; 101]);
    }
    // The median of two numbers is their mean, smooth also where they are equal.
    assert_eq!(at(&[2], &[3.0, 3.0], |x| grad(x.quantile(0.5, 0), &[x])[0]), [0.5, 0.5]);
}

#[test]
fn quantiles_of_infinities_and_nan() {
    let inf = f64::INFINITY;
    assert_eq!(at(&[3], &[inf, inf, 1.0], |x| x.quantile(0.75, 0)), [inf]);
    assert_eq!(at(&[3], &[-inf, -inf, 1.0], |x| x.quantile(0.25, 0)), [-inf]);
    assert_eq!(at(&[3], &[-inf, 2.0, inf], |x| x.quantile(0.5, 0)), [2.0]);
    assert_eq!(at(&[2], &[f64::MAX, -f64::MAX], |x| x.quantile(0.5, 0)), [0.0]);
    // NaN is the largest of its line only for sorting: every quantile of that line is NaN, of others not.
    let out = at(&[2, 3], &[1.0, f64::NAN, 2.0, 4.0, 5.0, 6.0], |x| x.quantile(0.0, 1));
    assert!(out[0].is_nan() && out[1] == 4.0);
    let g = at(&[2], &[inf, inf], |x| grad(x.quantile(0.25, 0), &[x])[0]);
    assert_eq!(g, [0.75, 0.25]);
}

#[test]
fn sorting_is_linear_between_crossings_so_second_derivatives_vanish() {
    let x = [0.3, -1.0, 2.0, 0.5];
    for f in [(|x: Var<'_>| x.sort(0).id()) as fn(Var<'_>) -> _, |x| x.quantile(0.4, 0).id()] {
        let second = at(&[4], &x, |v| {
            let y = v.builder().var(f(v));
            let weights = y.builder().literal(Literal::dense(&numbers(y.ty().count(), 4, 0.5, 1.0), y.ty()));
            let first = grad((y * weights).sum_all(), &[v])[0];
            grad((first * first).sum_all(), &[v])[0]
        });
        assert_eq!(second, [0.0; 4]);
    }
    // d/dx of Σ w s³/6 twice is w s, back in the order of x.
    let second = at(&[4], &x, |v| {
        let s = v.sort(0);
        let weights = v.builder().literal(Literal::dense(&[1.0, 2.0, 3.0, 4.0], Type::new(DType::F64, [4])));
        let first = grad((s * s * s * weights * (1.0 / 6.0)).sum_all(), &[v])[0];
        grad(first.sum_all(), &[v])[0]
    });
    close("second derivative", &second, &[0.6, -1.0, 8.0, 1.5], 1e-15);
}

#[test]
fn trivial_orders_are_known_without_running() {
    let b = Builder::new();
    let x = b.input("x", DType::F32, &[3, 1]);
    assert_eq!(x.arg_sort(1).as_literal().unwrap(), Literal::splat_i64(0, [3, 1]));
    assert_eq!(x.sort(1).id(), x.id());
    let ones = b.full(1.0, DType::F32, &[2, 3, 2]).arg_sort(1);
    assert!(matches!(ones.definition(), Some((Op::Broadcast(_), _))));
    let graph = b.finish(&[ones]).unwrap();
    let zeros = Tensor::from_f32(vec![0.0; 3], &[3, 1]).unwrap();
    assert_eq!(run(&graph, vec![zeros]).unwrap()[0].to_i64_vec().unwrap(), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
    // One index for all is a slice; one that is out of range stays an error of the run.
    let one = trace(&[(DType::F32, &[3, 2])], |b, v| vec![v[0].take_along(0, b.full(2.0, DType::I64, &[4, 2]))]);
    assert!(one.nodes.iter().all(|n| !matches!(n.op, Op::TakeAlong(_))));
    let x = || vec![Tensor::from_f32((0..6).map(|v| v as f32).collect(), &[3, 2]).unwrap()];
    assert_eq!(run(&one, x()).unwrap()[0].to_f32_vec().unwrap(), [4., 5., 4., 5., 4., 5., 4., 5.]);
    let outside = trace(&[(DType::F32, &[3, 2])], |b, v| vec![v[0].take_along(0, b.full(3.0, DType::I64, &[4, 2]))]);
    assert_eq!(run(&outside, x()).unwrap_err().code, "DataError");
}

#[test]
fn an_index_out_of_its_own_dimension_is_an_error_even_if_it_is_inside_the_tensor() {
    for bad in [3, -1] {
        let graph = trace(&[(DType::F32, &[2, 3]), (DType::I64, &[2, 3])], |_, v| {
            vec![v[0].take_along(1, v[1]).sum_all() + v[0].add_along(v[1], 1, 3).sum_all()]
        });
        let x = Tensor::from_f32(vec![0.0; 6], &[2, 3]).unwrap();
        let error = run(&graph, vec![x, Tensor::from_i64(vec![0, bad, 2, 0, 1, 1], &[2, 3]).unwrap()]).unwrap_err();
        assert_eq!((error.code, error.expected.as_deref()), ("DataError", Some("0 ≤ index < 3")));
        assert!(error.message.contains(&format!("index {bad} (element 1")), "{error}");
    }
}

#[test]
fn sums_of_many_bf16_updates_are_rounded_once() {
    let n = 1000;
    let graph = trace(&[(DType::BF16, &[n]), (DType::I64, &[n])], |_, v| vec![v[0].add_along(v[1], 0, 2)]);
    let (x, _) = rounded(DType::BF16, &vec![1.0; n], &[n]);
    let out = run(&graph, vec![x, Tensor::from_i64(vec![1; n], &[n]).unwrap()]).unwrap();
    assert_eq!(values(&out[0]), [0.0, 1000.0]);
}
