//! Kernels on runs of every length: what they compute, whatever the form of their operands.

use proptest::prelude::*;
use thalweg_graph::ops::Comparison;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_lane::{Operand, Real};

/// Numbers of both signs, with a zero, a repeated one and a NaN among them.
fn numbers<T: Real + From<f32>>(n: usize, seed: usize) -> Vec<T> {
    (0..n)
        .map(|i| match (i * 31 + seed) % 23 {
            0 => 0.0,
            1 => -0.0,
            2 => f32::NAN,
            3 => 1.0,
            at => (at as f32 - 11.3) * 0.37 + i as f32 * 0.01,
        })
        .map(T::from)
        .collect()
}

/// Bits, with one NaN for all.
trait Bits: Real + From<f32> + Into<f64> + std::fmt::Debug {
    fn bits(self) -> u64;
}

impl Bits for f32 {
    fn bits(self) -> u64 {
        if self.is_nan() { u64::MAX } else { self.to_bits() as u64 }
    }
}

impl Bits for f64 {
    fn bits(self) -> u64 {
        if self.is_nan() { u64::MAX } else { self.to_bits() }
    }
}

fn bits<T: Bits>(x: &[T]) -> Vec<u64> {
    x.iter().map(|x| x.bits()).collect()
}

fn every_length<T: Bits>() {
    let zero = T::from(0.0);
    for n in 0..=70 {
        let (a, b, c) = (numbers::<T>(n, 1), numbers::<T>(n, 8), numbers::<T>(n, 5));
        for &op in Unary::ALL {
            let mut out = vec![zero; n];
            T::unary(op, &a, &mut out);
            let mut single = a.clone();
            single.chunks_mut(1).for_each(|x| T::unary_in_place(op, x));
            assert_eq!(bits(&out), bits(&single), "{} of {n} elements", op.name());
            let mut place = a.clone();
            T::unary_in_place(op, &mut place);
            assert_eq!(bits(&out), bits(&place), "{} of {n} elements, in place", op.name());
        }
        let splat = T::from(2.0);
        let constant = vec![splat; n];
        let (run, same, one) = (Operand::Slice(&b[..]), Operand::Slice(&constant[..]), Operand::Splat(splat));
        for &op in Binary::ALL {
            let result = |a: Operand<T>, b: Operand<T>| {
                let mut out = vec![zero; n];
                T::binary(op, a, b, &mut out);
                bits(&out)
            };
            let left = Operand::Slice(&a[..]);
            let expected = result(left, run);
            let single: Vec<u64> = (0..n)
                .map(|i| {
                    let mut out = [zero];
                    T::binary(op, Operand::Splat(a[i]), Operand::Splat(b[i]), &mut out);
                    out[0].bits()
                })
                .collect();
            assert_eq!(expected, single, "{} of {n} elements", op.name());
            assert_eq!(result(left, same), result(left, one), "{} with a splat on the right", op.name());
            assert_eq!(result(same, run), result(one, run), "{} with a splat on the left", op.name());
            let (mut place_left, mut place_right) = (a.clone(), b.clone());
            T::binary_left(op, &mut place_left, run);
            T::binary_right(op, left, &mut place_right);
            assert_eq!(expected, bits(&place_left), "{} into the left side", op.name());
            assert_eq!(expected, bits(&place_right), "{} into the right side", op.name());
            let (mut splat_left, mut splat_right) = (a.clone(), b.clone());
            T::binary_left(op, &mut splat_left, one);
            T::binary_right(op, one, &mut splat_right);
            assert_eq!(result(left, one), bits(&splat_left), "{} with a splat into the left side", op.name());
            assert_eq!(result(one, run), bits(&splat_right), "{} with a splat into the right side", op.name());
        }
        for &op in Comparison::ALL {
            let mut truth = vec![7; n];
            T::compare(op, Operand::Slice(&a), run, &mut truth);
            let expected: Vec<u8> = a.iter().zip(&b).map(|(&a, &b)| op.holds(a, b) as u8).collect();
            assert_eq!(truth, expected, "{op:?} of {n} elements");
            let mut chosen = vec![zero; n];
            T::select(&truth, Operand::Slice(&a), one, &mut chosen);
            let expected: Vec<T> = truth.iter().zip(&a).map(|(&t, &a)| if t != 0 { a } else { splat }).collect();
            assert_eq!(bits(&chosen), bits(&expected));
        }
        let forms: [[Operand<T>; 2]; 3] = [[same, same], [one, same], [same, one]];
        let sums = forms.map(|[factor, _]| {
            let mut out = vec![zero; n];
            T::multiply_add(Operand::Slice(&a), factor, Operand::Slice(&c), &mut out);
            bits(&out)
        });
        assert!(sums.iter().all(|s| *s == sums[0]), "mul_add of {n} elements");
        let mut products = vec![zero; n];
        T::binary(Binary::Mul, run, Operand::Slice(&c), &mut products);
        let mut expected = vec![zero; n];
        T::multiply_add(Operand::Slice(&a), one, Operand::Slice(&products), &mut expected);
        for [left, right] in [[one, run], [same, run]] {
            let mut out = vec![zero; n];
            T::two_products(Operand::Slice(&a), left, right, Operand::Slice(&c), &mut out);
            assert_eq!(bits(&out), bits(&expected), "two products of {n} elements");
        }
        let mut finite = vec![7; n];
        T::finite(&a, &mut finite);
        let expected: Vec<u8> = a.iter().map(|&x| x.into().is_finite() as u8).collect();
        assert_eq!(finite, expected);
        let mut best = a.clone();
        T::max_to(&mut best, &b);
        let mut expected = vec![zero; n];
        T::binary(Binary::Maximum, Operand::Slice(&a), run, &mut expected);
        assert_eq!(bits(&best), bits(&expected));
    }
}

#[test]
fn runs_of_every_length_and_form_give_the_same_bits_in_f32() {
    every_length::<f32>();
}

#[test]
fn runs_of_every_length_and_form_give_the_same_bits_in_f64() {
    every_length::<f64>();
}

#[test]
fn angles_beyond_the_reduction_are_those_of_libm() {
    let x: Vec<f64> = (0..150).map(|i| if i % 7 == 0 { 1e9 * (i + 1) as f64 } else { 0.1 * i as f64 }).chain([f64::INFINITY]).collect();
    for op in [Unary::Sin, Unary::Cos, Unary::Tan] {
        let (mut y, mut place) = (x.clone(), x.clone());
        f64::unary(op, &x, &mut y);
        f64::unary_in_place(op, &mut place);
        assert_eq!(bits(&y), bits(&place));
        for (&x, &y) in x.iter().zip(&y) {
            let exact = op.eval(x);
            assert!(
                (y.is_nan() && exact.is_nan()) || (y - exact).abs() <= 1e-15 * exact.abs().max(1e-3),
                "{} of {x}: {y}, not {exact}",
                op.name()
            );
        }
    }
}

#[test]
fn extremes_of_runs() {
    assert_eq!(f32::largest(&[]), f32::NEG_INFINITY);
    assert_eq!(f32::sum(&[]), 0.0);
    for n in 1..100 {
        let mut x: Vec<f32> = (0..n).map(|i| -((i * 37 % n) as f32)).collect();
        assert_eq!(f32::largest(&x), 0.0);
        x[n / 2] = f32::NAN;
        assert!(f32::largest(&x).is_nan(), "{n}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sums_and_inner_products_are_near_those_in_f64(x in prop::collection::vec(-1e3f32..1e3, 0..5000)) {
        let wide: Vec<f64> = x.iter().map(|&x| x as f64).collect();
        let size: f64 = wide.iter().map(|x| x.abs()).sum();
        let squares: f64 = wide.iter().map(|x| x * x).sum();
        prop_assert!((f32::sum(&x) as f64 - wide.iter().sum::<f64>()).abs() <= 2e-6 * size);
        prop_assert!((f32::dot(&x, &x) as f64 - squares).abs() <= 2e-6 * squares);
        prop_assert!((f64::sum(&wide) - wide.iter().sum::<f64>()).abs() <= 1e-12 * size);
        let mut sums = x.clone();
        f32::add_to(&mut sums, &x);
        prop_assert!(sums.iter().zip(&x).all(|(s, x)| *s == x + x));
    }
}
