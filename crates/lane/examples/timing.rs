//! Time per element of every kernel on a run in the first-level cache, and of skinny products against a general matrix product.
//! `cargo run --release -p thalweg-lane --example timing [length]`

use std::hint::black_box;
use std::time::Instant;
use thalweg_graph::ops::Comparison;
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_lane::{Operand, Real, Rows, RowsMut, TILE_ROWS};

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
    for op in [Unary::Sign, Unary::Exp, Unary::Log, Unary::Sin] {
        row(format!("{}, in place", op.name()), fastest(|| T::unary_in_place(op, black_box(&mut out))));
    }
    for &op in Binary::ALL {
        let (a, b) = (Operand::Slice(&x), Operand::Slice(&y));
        row(op.name().into(), fastest(|| T::binary(op, black_box(a), black_box(b), black_box(&mut out))));
    }
    let (a, b, splat) = (Operand::Slice(&x[..]), Operand::Slice(&y[..]), Operand::Splat(x[1]));
    row("add, splat".into(), fastest(|| T::binary(Binary::Add, black_box(a), black_box(splat), black_box(&mut out))));
    row("maximum, in place".into(), fastest(|| T::binary_left(Binary::Maximum, black_box(&mut out), black_box(b))));
    row("mul_add, two runs".into(), fastest(|| T::multiply_add(black_box(a), splat, black_box(b), black_box(&mut out))));
    row("compare".into(), fastest(|| T::compare(Comparison::Lt, black_box(a), black_box(b), black_box(&mut truth))));
    row("select".into(), fastest(|| T::select(black_box(&condition), black_box(a), black_box(b), black_box(&mut out))));
    row("is_finite".into(), fastest(|| T::finite(black_box(&x), black_box(&mut truth))));
    row("sum".into(), fastest(|| _ = black_box(T::sum(black_box(&x)))));
    row("max".into(), fastest(|| _ = black_box(T::largest(black_box(&x)))));
    row("dot".into(), fastest(|| _ = black_box(T::dot(black_box(&x), black_box(&y)))));
    row("add_to".into(), fastest(|| T::add_to(black_box(&mut out), black_box(&x))));
    row("max_to".into(), fastest(|| T::max_to(black_box(&mut out), black_box(&x))));
    rows
}

/// Columns that are turned at a time, as in the engine.
const TURNED: usize = 64;

/// The shapes of a product, and how its operands lie.
struct Product {
    name: &'static str,
    m: usize,
    k: usize,
    n: usize,
}

/// An operand of a general product, and the distances of its columns and rows.
type Side<'a> = (&'a [f32], isize, isize);

/// The product of the crate gemm, into rows that begin `stride` apart.
fn general([m, k, n]: [usize; 3], left: Side<'_>, right: Side<'_>, out: &mut [f32], stride: usize) {
    let reaches = |(x, column, row): Side<'_>, rows: usize, columns: usize| {
        assert!(x.len() as isize > (rows as isize - 1) * row + (columns as isize - 1) * column);
        (x.as_ptr(), column, row)
    };
    assert!(out.len() >= (m - 1) * stride + n);
    let ((a, a_column, a_row), (b, b_column, b_row)) = (reaches(left, m, k), reaches(right, k, n));
    let none = gemm::Parallelism::None;
    let (to, stride) = (out.as_mut_ptr(), stride as isize);
    // SAFETY: all three were just checked to be as long as their shapes and distances say.
    unsafe {
        gemm::gemm(m, n, k, to, 1, stride, false, a, a_column, a_row, b, b_column, b_row, 0.0, 1.0, false, false, false, none);
    }
}

/// Microseconds of a kernel of ours and of the crate gemm, one thread each.
fn product(p: &Product) -> (f64, f64) {
    let &Product { name, m, k, n } = p;
    let x: Vec<f32> = (0..m * k).map(|i| (i % 17) as f32 - 8.0).collect();
    let w: Vec<f32> = (0..k * n).map(|i| (i % 13) as f32 - 6.0).collect();
    let g: Vec<f32> = (0..m * n).map(|i| (i % 11) as f32 - 5.0).collect();
    let mut out = vec![0f32; (m * n).max(k * n)];
    let mut scratch = vec![0f32; k * n];
    let rows = Rows::new;
    let ours = fastest(|| {
        let out = &mut black_box(&mut out)[..];
        match name {
            "few_rows" => f32::few_rows(rows(&x, m, k, k), rows(&w, k, n, n), RowsMut::new(out, m, n, n), false),
            "few_rows_transposed" => f32::few_rows_transposed(rows(&x, m, k, k), rows(&w, n, k, k), RowsMut::new(out, m, n, n), false),
            "few_inner" => f32::few_inner(rows(&x, m, k, k), rows(&w, k, n, n), RowsMut::new(out, m, n, n), false),
            "few_columns" => f32::few_columns(rows(&x, m, k, k), rows(&w, n, k, k), RowsMut::new(out, m, n, n), false),
            "turned" => (0..n).step_by(TURNED).for_each(|first| {
                f32::transpose(rows(&w[first * k..], TURNED, k, k), RowsMut::new(&mut scratch, k, TURNED, TURNED));
                general([m, k, TURNED], (&x, 1, k as isize), (&scratch, 1, TURNED as isize), &mut out[first..], n);
            }),
            _ => f32::few_outer(rows(&x, m, k, k), rows(&g, m, n, n), RowsMut::new(out, k, n, n), false, &mut scratch),
        }
    });
    let (sizes, left, right): ([usize; 3], Side<'_>, Side<'_>) = match name {
        "few_rows_transposed" | "few_columns" | "turned" => ([m, k, n], (&x, 1, k as isize), (&w, k as isize, 1)),
        "few_outer" => ([k, m, n], (&x, k as isize, 1), (&g, 1, n as isize)),
        _ => ([m, k, n], (&x, 1, k as isize), (&w, 1, n as isize)),
    };
    let theirs = fastest(|| general(sizes, left, right, black_box(&mut out), n));
    (ours / 1e3, theirs / 1e3)
}

/// GFLOP/s of the tiles of a convolution: 32 channels with lines of 34, a kernel of 3 × 3.
fn tiles() {
    let (channels, pitch, lines) = (32, 34, 34);
    let x: Vec<f32> = (0..channels * pitch * lines + 64).map(|i| (i % 17) as f32 - 8.0).collect();
    let taps: Vec<usize> = (0..channels * 9).map(|k| k / 9 * pitch * lines + k % 9 / 3 * pitch + k % 3).collect();
    let weights: Vec<[f32; TILE_ROWS]> = (0..taps.len()).map(|k| [k as f32 * 0.01; TILE_ROWS]).collect();
    let columns = f32::tile_columns();
    let mut out = vec![0f32; TILE_ROWS * columns];
    let forward = fastest(|| {
        for base in [0, 16, pitch, pitch + 16] {
            f32::correlate(&weights, &taps, &black_box(&x)[base..], black_box(&mut out), columns, false);
        }
    });
    let rows: [usize; TILE_ROWS] = std::array::from_fn(|k| taps[k]);
    let (length, lines) = (32, 8);
    let values: Vec<f32> = (0..lines * length * columns).map(|i| (i % 13) as f32).collect();
    let gradient = fastest(|| f32::correlated(black_box(&x), rows, pitch, black_box(&values), length, black_box(&mut out)));
    let rate = |steps: usize, time: f64| 2.0 * (TILE_ROWS * columns * steps) as f64 / time;
    println!(
        "\ntiles of convolutions: forward {:.1}, gradient {:.1} GFLOP/s",
        rate(4 * taps.len(), forward),
        rate(lines * length, gradient)
    );
}

fn products() {
    let square = |name, m| Product { name, m, k: 512, n: 512 };
    let few = [1, 2, 4, 8];
    let mut all: Vec<Product> = few.iter().map(|&m| square("few_rows", m)).collect();
    all.extend(few.iter().map(|&m| square("few_rows_transposed", m)));
    all.extend(few.iter().map(|&k| Product { name: "few_inner", m: 4096, k, n: 512 }));
    all.extend(few.iter().map(|&n| Product { name: "few_columns", m: 4096, k: 512, n }));
    all.extend(few.iter().map(|&k| Product { name: "few_outer", m: 4096, k, n: 512 }));
    all.extend(few.iter().map(|&n| Product { name: "few_outer", m: 4096, k: 512, n }));
    all.extend([Product { name: "few_inner", m: 512, k: 2, n: 64 }, Product { name: "few_columns", m: 512, k: 64, n: 2 }]);
    all.extend([Product { name: "few_rows", m: 2, k: 64, n: 64 }, Product { name: "few_outer", m: 512, k: 2, n: 64 }]);
    all.extend([16, 32, 64, 128, 256, 512].map(|m| square("turned", m)));
    all.extend(
        [(16, 128, 128), (64, 128, 128), (16, 256, 256), (128, 256, 256), (256, 256, 256), (64, 1024, 256), (64, 192, 768)]
            .map(|(m, k, n)| Product { name: "turned", m, k, n }),
    );
    println!("\n{:<20}{:>6}{:>6}{:>6}{:>10}{:>10}   µs, f32", "product", "m", "k", "n", "ours", "gemm");
    for p in all {
        let (ours, theirs) = product(&p);
        println!("{:<20}{:>6}{:>6}{:>6}{ours:>10.2}{theirs:>10.2}", p.name, p.m, p.k, p.n);
    }
}

fn main() {
    let n = std::env::args().nth(1).and_then(|n| n.parse().ok()).unwrap_or(1024);
    println!("{:<20}{:>10}{:>10}   ns per element, n = {n}", "kernel", "f32", "f64");
    for ((name, single), (_, double)) in elements::<f32>(n).into_iter().zip(elements::<f64>(n)) {
        println!("{name:<20}{single:>10.3}{double:>10.3}");
    }
    products();
    tiles();
}
