//! Elementary functions: distance to the exact value in units of the last place, and values at the ends of the range.

use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_lane::{Operand, Real};

/// Numbers of both signs over the whole range, from a linear congruence (Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 11
    }

    fn uniform(&mut self) -> f64 {
        self.next() as f64 / (1u64 << 53) as f64
    }

    /// Uniform in the logarithm of the size between 2^low and 2^high, of either sign.
    fn any(&mut self, low: f64, high: f64) -> f64 {
        let size = (low + (high - low) * self.uniform()).exp2();
        if self.next() & 64 == 0 { size } else { -size }
    }
}

/// Distance of `got` from `exact` in places of an f32 near `exact`.
fn ulps_32(got: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    if got == nearest || (got.is_nan() && exact.is_nan()) {
        return if got.is_nan() || got.is_infinite() { 0.0 } else { (got as f64 - exact).abs() / place_32(nearest) };
    }
    if !got.is_finite() || !nearest.is_finite() {
        // One of both is infinite: count from the largest number.
        return if (got.abs() - f32::MAX).abs() <= 0.0 || nearest.abs() == f32::MAX { 1.0 } else { f64::INFINITY };
    }
    (got as f64 - exact).abs() / place_32(nearest)
}

/// The distance of representable numbers at `x`.
fn place_32(x: f32) -> f64 {
    let exponent = ((x.to_bits() >> 23) & 255).max(1);
    2f64.powi(exponent as i32 - 150)
}

/// Distance of two numbers in representable numbers.
fn ulps_64(got: f64, reference: f64) -> f64 {
    if got == reference || (got.is_nan() && reference.is_nan()) {
        return 0.0;
    }
    if got.is_nan() || reference.is_nan() {
        return f64::INFINITY;
    }
    let order = |x: f64| if x.is_sign_negative() { -((x.to_bits() & (u64::MAX >> 1)) as i128) } else { x.to_bits() as i128 };
    (order(got) - order(reference)).unsigned_abs() as f64
}

/// Arguments where a function is neither 0, 1 nor infinite all over.
fn arguments(op: Unary, count: usize, low: f64) -> Vec<f64> {
    let mut numbers = Numbers(op as u64 + 1);
    let span = match op {
        Unary::Exp | Unary::Expm1 | Unary::Sigmoid => 110.0,
        Unary::Tanh => 12.0,
        Unary::Erf => 6.5,
        _ => 40.0,
    };
    let angles = matches!(op, Unary::Sin | Unary::Cos | Unary::Tan);
    (0..count)
        .map(|i| match i % 4 {
            0 => numbers.any(low, -low),
            1 => (2.0 * numbers.uniform() - 1.0) * span,
            // Next to a multiple of π/2, where the reduction cancels.
            2 if angles => numbers.any(0.0, if i % 8 == 2 { 14.0 } else { 27.0 }).round() * std::f64::consts::FRAC_PI_2,
            _ => (2.0 * numbers.uniform() - 1.0) * 4.0,
        })
        .collect()
}

/// Bounds in places: of f32 against the exact value, and of f64 against libm, which is itself up to one place off.
fn bounds(op: Unary) -> (f64, f64) {
    match op {
        Unary::Neg | Unary::Abs | Unary::Sign | Unary::Floor | Unary::Sqrt | Unary::Recip => (0.5, 0.0),
        _ => (2.0, 3.0),
    }
}

#[test]
fn f32_functions_are_within_their_bound_of_the_exact_value() {
    for &op in Unary::ALL {
        let x: Vec<f32> = arguments(op, 300_000, -149.0).iter().map(|&x| x as f32).collect();
        let mut y = x.clone();
        f32::unary_in_place(op, &mut y);
        let (mut worst, mut at) = (0.0, 0.0);
        for (&x, &y) in x.iter().zip(&y) {
            let error = ulps_32(y, op.eval(x as f64));
            if error > worst {
                (worst, at) = (error, x);
            }
        }
        println!("f32 {:<8} {worst:.3} ulp at {at:e}", op.name());
        assert!(worst <= bounds(op).0 + 1e-9, "f32 {} is off by {worst} ulp at {at:e}", op.name());
    }
}

/// A minute or so; prints the largest errors.
#[test]
fn f32_functions_are_within_their_bound_at_one_in_a_thousand_numbers() {
    for &op in Unary::ALL {
        let (mut worst, mut at) = (0.0, 0.0);
        for first in (0..=u32::MAX).step_by(1009 * 4096) {
            let x: Vec<f32> = (0..4096).map(|i| f32::from_bits(first.wrapping_add(1009 * i))).collect();
            let mut y = x.clone();
            f32::unary_in_place(op, &mut y);
            for (&x, &y) in x.iter().zip(&y) {
                let wide = x as f64;
                let exact = if op == Unary::Sigmoid && x < 0.0 { wide.exp() / (1.0 + wide.exp()) } else { op.eval(wide) };
                let error = ulps_32(y, exact);
                if error > worst {
                    (worst, at) = (error, x);
                }
            }
        }
        println!("f32 {:<8} {worst:.3} ulp at {at:e}", op.name());
        assert!(worst <= bounds(op).0 + 1e-9, "f32 {} is off by {worst} ulp at {at:e}", op.name());
    }
}

#[test]
fn f64_functions_are_within_their_bound_of_libm() {
    for &op in Unary::ALL {
        let x: Vec<f64> = arguments(op, 300_000, -1070.0)
            .into_iter()
            .map(
                |x| if matches!(op, Unary::Exp | Unary::Expm1 | Unary::Sigmoid) && x.abs() > 20.0 && x.abs() < 111.0 { x * 6.8 } else { x },
            )
            .collect();
        let mut y = x.clone();
        f64::unary_in_place(op, &mut y);
        let (mut worst, mut at) = (0.0, 0.0);
        for (&x, &y) in x.iter().zip(&y) {
            // The reference's sigmoid overflows in e⁻ˣ, and loses there what is below 1e-308.
            let reference = if op == Unary::Sigmoid && x < 0.0 { x.exp() / (1.0 + x.exp()) } else { op.eval(x) };
            let error = ulps_64(y, reference);
            if error > worst {
                (worst, at) = (error, x);
            }
        }
        println!("f64 {:<8} {worst} ulp at {at:e}", op.name());
        assert!(worst <= bounds(op).1, "f64 {} is off by {worst} ulp at {at:e}", op.name());
    }
}

fn special_32() -> Vec<f32> {
    let ends = [
        0.0,
        1e-45,
        1e-40,
        f32::MIN_POSITIVE,
        1e-20,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        88.7,
        88.73,
        89.5,
        104.0,
        3e4,
        1e10,
        f32::MAX,
        f32::INFINITY,
    ];
    ends.iter().flat_map(|&x| [x, -x]).chain([f32::NAN]).collect()
}

fn special_64() -> Vec<f64> {
    let ends = [
        0.0,
        5e-324,
        1e-310,
        f64::MIN_POSITIVE,
        1e-20,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        709.7,
        709.8,
        745.2,
        3e4,
        1e10,
        1e200,
        f64::MAX,
        f64::INFINITY,
    ];
    ends.iter().flat_map(|&x| [x, -x]).chain([f64::NAN]).collect()
}

#[test]
fn functions_are_right_at_zeros_infinities_subnormal_numbers_and_nan() {
    for &op in Unary::ALL {
        for x in special_32() {
            let mut y = [x];
            f32::unary_in_place(op, &mut y);
            let exact = if op == Unary::Sigmoid && x < 0.0 { (x as f64).exp() / (1.0 + (x as f64).exp()) } else { op.eval(x as f64) };
            assert!(ulps_32(y[0], exact) <= 2.0, "f32 {}({x:e}) = {:e}, not {exact:e}", op.name(), y[0]);
            assert!(
                exact != 0.0 || y[0] != 0.0 || y[0].is_sign_negative() == exact.is_sign_negative(),
                "f32 {}({x:e}): sign of 0",
                op.name()
            );
        }
        for x in special_64() {
            let mut y = [x];
            f64::unary_in_place(op, &mut y);
            let exact = if op == Unary::Sigmoid && x < 0.0 { x.exp() / (1.0 + x.exp()) } else { op.eval(x) };
            assert!(ulps_64(y[0], exact) <= 3.0, "f64 {}({x:e}) = {:e}, not {exact:e}", op.name(), y[0]);
            assert!(
                exact != 0.0 || y[0] != 0.0 || y[0].is_sign_negative() == exact.is_sign_negative(),
                "f64 {}({x:e}): sign of 0",
                op.name()
            );
        }
    }
}

#[test]
fn operations_on_pairs_are_those_of_the_reference_at_the_ends_of_the_range() {
    for &op in Binary::ALL {
        for a in special_32() {
            for b in special_32() {
                let mut y = [0.0];
                f32::binary(op, Operand::Slice(&[a]), Operand::Slice(&[b]), &mut y);
                let expected = op.eval(a, b);
                let same = y[0].to_bits() == expected.to_bits() || (y[0].is_nan() && expected.is_nan());
                let close = op == Binary::Pow && ulps_32(y[0], (a as f64).powf(b as f64)) <= 1.0;
                assert!(same || (close && expected != 0.0), "f32 {}({a:e}, {b:e}) = {:e}, not {expected:e}", op.name(), y[0]);
            }
        }
        for a in special_64() {
            for b in special_64() {
                let mut y = [0.0];
                f64::binary(op, Operand::Slice(&[a]), Operand::Slice(&[b]), &mut y);
                let expected = op.eval(a, b);
                let same = y[0].to_bits() == expected.to_bits() || (y[0].is_nan() && expected.is_nan());
                let close = op == Binary::Pow && ulps_64(y[0], expected) <= 2.0;
                assert!(same || (close && expected != 0.0), "f64 {}({a:e}, {b:e}) = {:e}, not {expected:e}", op.name(), y[0]);
            }
        }
    }
}

#[test]
fn powers_are_within_their_bound() {
    let mut numbers = Numbers(7);
    let (mut worst_32, mut worst_64) = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0));
    let count = 300_000;
    let pairs: Vec<(f64, f64)> = (0..count)
        .map(|i| match i % 3 {
            // Results over the whole range.
            0 => {
                let a = numbers.any(-140.0, 127.0).abs();
                (a, (2.0 * numbers.uniform() - 1.0) * 150.0 / a.log2().abs().max(1e-3))
            }
            // A base near 1 and a large exponent.
            1 => (1.0 + numbers.any(-20.0, -2.0), numbers.any(0.0, 12.0)),
            // A negative base and an integer exponent.
            _ => (-4.0 * numbers.uniform(), (numbers.uniform() * 40.0 - 20.0).floor()),
        })
        .collect();
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let mut y = vec![0.0; count];
    f64::binary(Binary::Pow, Operand::Slice(&a), Operand::Slice(&b), &mut y);
    for ((&a, &b), &y) in a.iter().zip(&b).zip(&y) {
        let error = ulps_64(y, a.powf(b));
        if error > worst_64.0 {
            worst_64 = (error, a, b);
        }
    }
    let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().map(|&(a, b)| (a as f32, b as f32)).unzip();
    let mut y = vec![0.0; count];
    f32::binary(Binary::Pow, Operand::Slice(&a), Operand::Slice(&b), &mut y);
    for ((&a, &b), &y) in a.iter().zip(&b).zip(&y) {
        let error = ulps_32(y, (a as f64).powf(b as f64));
        if error > worst_32.0 {
            worst_32 = (error, a as f64, b as f64);
        }
    }
    println!("pow: f32 {worst_32:?}, f64 {worst_64:?}");
    assert!(worst_32.0 <= 0.6, "f32 {worst_32:?}");
    assert!(worst_64.0 <= 2.0, "f64 {worst_64:?}");
}
