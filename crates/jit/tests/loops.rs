//! Loops give the bits of the kernels that they replace, for runs of every length.

use proptest::prelude::*;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::ops::{Comparison, Connective};
use thalweg_jit::{Loop, Run, SLOTS, Tape, Traced};
use thalweg_lane::{Operand, Real, kernels};

/// The code for every instruction set that this machine has and that there is code for.
fn compiled(tape: &Tape) -> Vec<Loop> {
    let instructions: &[&str] = match kernels() {
        "AVX-512" => &["AVX-512", "AVX2"],
        "AVX2" => &["AVX2"],
        _ => &[],
    };
    assert_eq!(tape.compile().is_some(), !instructions.is_empty(), "code on a machine with {}", kernels());
    instructions.iter().map(|name| tape.compile_for(name).unwrap_or_else(|| panic!("no code for {name}"))).collect()
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| if x.is_nan() { u32::MAX } else { x.to_bits() }).collect()
}

/// Numbers of all sizes and both signs, zeros, infinities and NaN.
fn numbers(n: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 8
    };
    let special = [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1.0, -1.0, 88.8, -88.8, -104.5, 1e-40, f32::MAX];
    (0..n)
        .map(|_| match next() % 5 {
            0 => special[next() as usize % special.len()],
            1 => f32::from_bits((next() << 8) ^ next()),
            2 => (next() as f32 / (1 << 24) as f32 - 0.5) * 200.0,
            _ => (next() as f32 / (1 << 24) as f32 - 0.5) * 8.0,
        })
        .collect()
}

#[test]
fn functions_give_the_bits_of_their_kernels_for_runs_of_every_length() {
    let mut made = 0;
    for &op in Unary::ALL {
        let tape = Tape::new();
        let Some(y) = tape.unary(op, tape.read(0)) else { continue };
        tape.write(1, y);
        made += 1;
        for code in compiled(&tape) {
            for n in (0..70).chain([500, 4096]) {
                let x = numbers(n, n as u32 + 7);
                let (mut out, mut expected) = (vec![0.5; n + 1], vec![0.0; n]);
                f32::unary(op, &x, &mut expected);
                code.run(&mut [Run::Slice(&x), Run::Out(&mut out[..n])]);
                assert_eq!(bits(&out[..n]), bits(&expected), "{} of {n} elements", op.name());
                assert_eq!(out[n], 0.5, "{} of {n} elements writes beyond them", op.name());
            }
        }
    }
    assert!(made >= 9, "{made} functions");
}

#[test]
fn functions_of_two_numbers_give_the_bits_of_their_kernels() {
    for &op in Binary::ALL {
        for form in 0..4 {
            let tape = Tape::new();
            let (a, b) = match form {
                0 => (tape.read(0), tape.read(1)),
                1 => (tape.read(0), tape.splat(1)),
                2 => (tape.read(0), Traced::Constant(2.0)),
                _ => (Traced::Constant(2.0), tape.read(1)),
            };
            let Some(y) = tape.binary(op, a, b) else { continue };
            tape.write(2, y);
            for code in compiled(&tape) {
                for n in [1, 7, 8, 9, 500] {
                    let (x, y, scale) = (numbers(n, 1), numbers(n, 2), -0.75);
                    let operands = match form {
                        0 => (Operand::Slice(&x[..]), Operand::Slice(&y[..])),
                        1 => (Operand::Slice(&x[..]), Operand::Splat(scale)),
                        2 => (Operand::Slice(&x[..]), Operand::Splat(2.0)),
                        _ => (Operand::Splat(2.0), Operand::Slice(&y[..])),
                    };
                    let (mut out, mut expected) = (vec![0.0; n], vec![0.0; n]);
                    f32::binary(op, operands.0, operands.1, &mut expected);
                    let second = if form == 1 { Run::Splat(&scale) } else { Run::Slice(&y) };
                    code.run(&mut [Run::Slice(&x), second, Run::Out(&mut out)]);
                    assert_eq!(bits(&out), bits(&expected), "{} in form {form}", op.name());
                }
            }
        }
    }
}

#[test]
fn relations_and_choices_treat_nan_as_the_kernels_do() {
    let n = 300;
    let (x, y, mut truth) = (numbers(n, 3), numbers(n, 4), vec![0u8; n]);
    let relations = [Comparison::Eq, Comparison::Ne, Comparison::Lt, Comparison::Le, Comparison::Gt, Comparison::Ge];
    for relation in relations {
        for flag in [0u8, 1, 200] {
            let tape = Tape::new();
            let (a, b) = (tape.read(0), tape.read(1));
            let holds = tape.logical(Connective::And, tape.compare(relation, a, b), tape.finite(a));
            let holds = tape.logical(Connective::Xor, holds, tape.flag(3));
            tape.write(2, tape.choose(holds, a, b) + tape.number(holds));
            for code in compiled(&tape) {
                let mut out = vec![0.0; n];
                code.run(&mut [Run::Slice(&x), Run::Slice(&y), Run::Out(&mut out), Run::Flag(&flag)]);
                f32::compare(relation, Operand::Slice(&x), Operand::Slice(&y), &mut truth);
                let expected = |k: usize| {
                    let holds = (truth[k] != 0 && x[k].is_finite()) != (flag != 0);
                    if holds { x[k] + 1.0 } else { y[k] + 0.0 }
                };
                assert_eq!(bits(&out), bits(&(0..n).map(expected).collect::<Vec<f32>>()), "{relation:?} {flag}");
            }
        }
    }
}

/// Calls for more numbers than there are registers, and for slots whose addresses are in none.
#[test]
fn results_that_find_no_register_are_kept() {
    for many in [10, 20, 31] {
        let tape = Tape::new();
        let read: Vec<Traced<'_>> = (0..many).map(|k| tape.read(k)).collect();
        let roots: Vec<Traced<'_>> = read.iter().map(|x| tape.unary(Unary::Exp, *x).unwrap()).collect();
        let up = roots.iter().fold(Traced::Constant(1.0), |sum, x| sum * Traced::Constant(0.5) + *x);
        let down = roots.iter().zip(&read).rev().fold(up, |sum, (y, x)| sum * Traced::Constant(0.25) + *y * *x);
        tape.write(SLOTS - 1, down);
        for code in compiled(&tape) {
            for n in [3, 24, 61] {
                let inputs: Vec<Vec<f32>> =
                    (0..many).map(|k| (0..n).map(|i| ((i * 7 + k * 3) % 13) as f32 * 0.3 - 2.0).collect()).collect();
                let mut out = vec![0.0; n];
                let mut slots: Vec<Run<'_>> = inputs.iter().map(|x| Run::Slice(x)).collect();
                slots.resize_with(SLOTS - 1, || Run::Splat(&0.0));
                slots.push(Run::Out(&mut out));
                code.run(&mut slots);
                for i in 0..n {
                    let x: Vec<f32> = inputs.iter().map(|x| x[i]).collect();
                    let mut y = vec![0.0; many];
                    f32::unary(Unary::Exp, &x, &mut y);
                    let up = y.iter().fold(1.0, |sum, y| sum * 0.5 + y);
                    let down = y.iter().zip(&x).rev().fold(up, |sum: f32, (y, x)| sum * 0.25 + y * x);
                    assert_eq!(out[i].to_bits(), down.to_bits(), "{many} values, element {i} of {n}");
                }
            }
        }
    }
}

/// Multiply-adds whose operands are in slots without a register for their address, each used once or again, in every place.
#[test]
fn multiply_adds_read_any_slots() {
    let n = 27;
    let inputs: Vec<Vec<f32>> = (0..16).map(|k| numbers(n, k + 31)).collect();
    for first in [0, 8, 9, 12] {
        for form in 0..8 {
            for again in [false, true] {
                let tape = Tape::new();
                let [x, y, z] = [0, 1, 2].map(|k| tape.read(first + k));
                let (a, b, c) = match form {
                    0 => (x, y, z),
                    1 => (x, Traced::Constant(3.0), z),
                    2 => (Traced::Constant(3.0), y, z),
                    3 => (x, y, Traced::Constant(3.0)),
                    4 => (x, x, z),
                    5 => (x, y, x),
                    6 => (x, y, y),
                    _ => (x, x, x),
                };
                let made = thalweg_lane::Fused::fused(a, b, c);
                tape.write(31, if again { made + x * y - z } else { made });
                for code in compiled(&tape) {
                    let mut out = vec![0.0; n];
                    let mut slots: Vec<Run<'_>> = inputs.iter().map(|x| Run::Slice(x)).collect();
                    slots.resize_with(31, || Run::Splat(&0.0));
                    slots.push(Run::Out(&mut out));
                    code.run(&mut slots);
                    let expected = |i: usize| {
                        let [x, y, z] = [0, 1, 2].map(|k| inputs[first + k][i]);
                        let of = |traced: Traced<'_>, is: f32| if let Traced::Constant(c) = traced { c } else { is };
                        let (a, b, c) = match form {
                            4 => (x, x, z),
                            5 => (x, y, x),
                            6 => (x, y, y),
                            7 => (x, x, x),
                            _ => (of(a, x), of(b, y), of(c, z)),
                        };
                        let made = a.mul_add(b, c);
                        if again { made + x * y - z } else { made }
                    };
                    assert_eq!(bits(&out), bits(&(0..n).map(expected).collect::<Vec<f32>>()), "form {form} from slot {first}, {again}");
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "slot 0 of a loop")]
fn a_slot_is_used_in_one_way() {
    let tape = Tape::new();
    tape.write(1, tape.read(0) + tape.splat(0));
    tape.compile();
}

#[test]
#[should_panic(expected = "runs of")]
fn runs_of_different_lengths_are_refused() {
    let tape = Tape::new();
    tape.write(1, tape.read(0) + tape.read(2));
    let Some(code) = tape.compile() else { panic!("runs of nothing") };
    code.run(&mut [Run::Slice(&[1.0; 3]), Run::Out(&mut [0.0; 3]), Run::Slice(&[1.0; 4])]);
}

/// Slots of random programs: of inputs, of one number, of results; with and without a register for their address.
const PLACES: [usize; 10] = [3, 20, 9, 0, 30, 12, 8, 11, 31, 1];

/// A random program: each instruction takes its operands from what is there already.
#[derive(Clone, Debug)]
struct Recipe(Vec<(u8, usize, usize, usize)>);

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_loops_give_the_bits_of_kernels_one_after_the_other(
        recipe in proptest::collection::vec((0u8..9, 0usize..1000, 0usize..1000, 0usize..1000), 1..60).prop_map(Recipe),
        n in 1usize..50,
    ) {
        let tape = Tape::new();
        let inputs: Vec<Vec<f32>> = (0..5).map(|k| numbers(n, k + 11)).collect();
        let mut values: Vec<Traced<'_>> = (0..5).map(|k| tape.read(PLACES[k])).collect();
        let mut expected = inputs.clone();
        let splat = 0.37f32;
        values.push(tape.splat(PLACES[5]));
        expected.push(vec![splat; n]);
        for &(kind, a, b, c) in &recipe.0 {
            let pick = |k: usize| k % values.len();
            let (a, b, c) = (pick(a), pick(b), pick(c));
            let [x, y, z] = [a, b, c].map(|k| values[k]);
            let [p, q, r] = [a, b, c].map(|k| Operand::Slice(&expected[k][..]));
            let mut out = vec![0.0; n];
            let made = match kind {
                0 => { f32::binary(Binary::Add, p, q, &mut out); x + y }
                1 => { f32::binary(Binary::Sub, p, q, &mut out); x - y }
                2 => { f32::binary(Binary::Mul, p, q, &mut out); x * y }
                3 => { f32::multiply_add(p, q, r, &mut out); thalweg_lane::Fused::fused(x, y, z) }
                4 => { f32::binary(Binary::Maximum, p, q, &mut out); tape.binary(Binary::Maximum, x, y).unwrap() }
                5 => { f32::unary(Unary::Sigmoid, &expected[a], &mut out); tape.unary(Unary::Sigmoid, x).unwrap() }
                6 => { f32::two_products(p, q, r, p, &mut out); thalweg_lane::Fused::fused(x, y, z * x) }
                7 => { f32::binary(Binary::Div, p, q, &mut out); x / y }
                _ => { f32::unary(Unary::Abs, &expected[a], &mut out); tape.unary(Unary::Abs, x).unwrap() }
            };
            values.push(made);
            expected.push(out);
        }
        // The last ones are all written, so that several live at once.
        let written: Vec<usize> = (values.len().saturating_sub(4)..values.len()).collect();
        for (k, &i) in written.iter().enumerate() {
            tape.write(PLACES[6 + k], values[i]);
        }
        for code in compiled(&tape) {
            let mut outs = vec![vec![0.0; n]; written.len()];
            let mut slots: Vec<Run<'_>> = std::iter::repeat_with(|| Run::Splat(&0.0)).take(SLOTS).collect();
            inputs.iter().zip(PLACES).for_each(|(x, place)| slots[place] = Run::Slice(x));
            slots[PLACES[5]] = Run::Splat(&splat);
            outs.iter_mut().zip(&PLACES[6..]).for_each(|(x, place)| slots[*place] = Run::Out(x));
            code.run(&mut slots);
            for (out, &i) in outs.iter().zip(&written) {
                prop_assert_eq!(bits(out), bits(&expected[i]), "value {} of {:?}", i, code);
            }
        }
    }
}
