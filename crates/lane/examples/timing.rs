//! Time per element of every kernel on a run in the first-level cache, and of skinny products against a general matrix product.
//! `cargo run --release -p thalweg-lane --example timing [length]`

use std::hint::black_box;
use std::time::Instant;
use thalweg_graph::ops::Comparison;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_lane::{Operand, Real};

/// The fastest of several repetitions, in nanoseconds per call.
fn fastest(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    let once = start.elapsed().as_secs_f64().max(1e-8);
    let calls = ((2e-4 / once) as usize).clamp(1, 100_000);
    (0..25)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| call());
            start.elapsed().as_secs_f64() * 1e9 / calls as f64
        })
        .fold(f64::INFINITY, f64::min)
}

fn elements<T: Real + From<f32>>(n: usize) -> Vec<(String, f64)> {
    let x: Vec<T> = (0..n).map(|i| T::from(0.05 + (i * 7919 % n) as f32 / n as f32 * 3.0)).collect();
    let y: Vec<T> = x.iter().rev().copied().collect();
    let condition: Vec<u8> = (0..n).map(|i| (i * 7 % 3 == 0) as u8).collect();
    let (mut out, mut truth) = (x.clone(), vec![0u8; n]);
    let mut rows = Vec::new();
    let mut row = |name: String, time: f64| rows.push((name, time / n as f64));
    for &op in Unary::ALL {
        row(op.name().into(), fastest(|| T::unary(op, black_box(&x), black_box(&mut out))));
    }
    for &op in Binary::ALL {
        let (a, b) = (Operand::Slice(&x), Operand::Slice(&y));
        row(op.name().into(), fastest(|| T::binary(op, black_box(a), black_box(b), black_box(&mut out))));
    }
    let (a, b, splat) = (Operand::Slice(&x[..]), Operand::Slice(&y[..]), Operand::Splat(x[1]));
    row("add, splat".into(), fastest(|| T::binary(Binary::Add, black_box(a), black_box(splat), black_box(&mut out))));
    row("maximum, in place".into(), fastest(|| T::binary_left(Binary::Maximum, black_box(&mut out), black_box(b))));
    row("mul_add, two runs".into(), fastest(|| T::mul_add(black_box(a), splat, black_box(b), black_box(&mut out))));
    row("compare".into(), fastest(|| T::compare(Comparison::Lt, black_box(a), black_box(b), black_box(&mut truth))));
    row("select".into(), fastest(|| T::select(black_box(&condition), black_box(a), black_box(b), black_box(&mut out))));
    row("is_finite".into(), fastest(|| T::is_finite(black_box(&x), black_box(&mut truth))));
    row("sum".into(), fastest(|| _ = black_box(T::sum(black_box(&x)))));
    row("max".into(), fastest(|| _ = black_box(T::max(black_box(&x)))));
    row("dot".into(), fastest(|| _ = black_box(T::dot(black_box(&x), black_box(&y)))));
    row("add_to".into(), fastest(|| T::add_to(black_box(&mut out), black_box(&x))));
    row("max_to".into(), fastest(|| T::max_to(black_box(&mut out), black_box(&x))));
    rows
}

fn main() {
    let n = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1024);
    println!("{:<20}{:>10}{:>10}   ns per element, n = {n}", "kernel", "f32", "f64");
    for ((name, single), (_, double)) in elements::<f32>(n).into_iter().zip(elements::<f64>(n)) {
        println!("{name:<20}{single:>10.3}{double:>10.3}");
    }
}
