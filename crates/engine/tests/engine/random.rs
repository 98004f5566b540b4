//! Random numbers: known answers, distribution, independence of how they are drawn.

use crate::common::{run, trace};
use std::collections::HashSet;
use thalweg_engine::Tensor;
use thalweg_engine::random::{normal_f32, normal_f64, permutation, philox4x32_10, stream_of, uniform_f32, uniform_f64};
use thalweg_graph::ops::Distribution;
use thalweg_graph::{DType, Type};

#[test]
fn philox_gives_the_published_answers() {
    // Random123's known-answer vectors of philox4x32-10.
    let cases = [
        ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
        ([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0], [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]),
    ];
    for (counter, key, answer) in cases {
        assert_eq!(philox4x32_10(counter, key), answer);
    }
}

/// The Kolmogorov–Smirnov statistic √n · sup |F̂ − F|; above 1.95 with probability 10⁻³.
fn kolmogorov_smirnov(mut sample: Vec<f64>, distribution: impl Fn(f64) -> f64) -> f64 {
    sample.sort_by(f64::total_cmp);
    let n = sample.len() as f64;
    let gap = |(i, x): (usize, &f64)| {
        let f = distribution(*x);
        (f - i as f64 / n).abs().max(((i + 1) as f64 / n - f).abs())
    };
    n.sqrt() * sample.iter().enumerate().map(gap).fold(0.0, f64::max)
}

/// Φ by Simpson's rule from −9 to x.
fn normal_distribution(x: f64) -> f64 {
    let (a, b, n) = (-9.0, x.clamp(-8.9, 9.0), 400);
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let h = (b - a) / n as f64;
    let sum: f64 = (1..n).map(|i| density(a + i as f64 * h) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (density(a) + density(b) + sum) * h / 3.0
}

const N: usize = 20_000;

#[test]
fn numbers_follow_their_distributions() {
    for seed in [0, 1, -5] {
        let (mut u32s, mut u64s, mut n32s, mut n64s) = (vec![0f32; N], vec![0.0; N], vec![0f32; N], vec![0.0; N]);
        uniform_f32(seed, 3, 0, 0, &mut u32s);
        uniform_f64(seed, 3, 0, 0, &mut u64s);
        normal_f32(seed, 3, 0, 0, &mut n32s);
        normal_f64(seed, 3, 0, 0, &mut n64s);
        let wide = |v: Vec<f32>| v.into_iter().map(f64::from).collect::<Vec<f64>>();
        for sample in [wide(u32s), u64s] {
            assert!(sample.iter().all(|u| 0.0 < *u && *u < 1.0));
            assert!(kolmogorov_smirnov(sample, |x| x) < 1.95);
        }
        for sample in [wide(n32s), n64s] {
            let moment = |k: i32| sample.iter().map(|x| x.powi(k)).sum::<f64>() / N as f64;
            assert!(moment(1).abs() < 0.035 && (moment(2) - 1.0).abs() < 0.05 && (moment(4) - 3.0).abs() < 0.35);
            assert!(kolmogorov_smirnov(sample, normal_distribution) < 1.95);
        }
    }
}

#[test]
fn neighbours_streams_counters_and_seeds_are_uncorrelated() {
    let draw = |seed: i64, stream: u64, counter: i64| {
        let mut out = vec![0.0; N];
        normal_f64(seed, stream, counter, 0, &mut out);
        out
    };
    let base = draw(1, 1, 1);
    let shifted: Vec<f64> = base[1..].iter().chain(&base[..1]).copied().collect();
    let pairs: Vec<f64> = base.chunks(2).flat_map(|p| [p[1], p[0]]).collect();
    for other in
        [shifted, pairs, draw(2, 1, 1), draw(1, 2, 1), draw(1, 1, 2), draw(1, 1, 1 << 40), draw(1, 1 << 40, 1), draw(1 << 40, 1, 1)]
    {
        let correlation: f64 = base.iter().zip(&other).map(|(a, b)| a * b).sum::<f64>() / N as f64;
        assert!(correlation.abs() < 4.5 / (N as f64).sqrt(), "{correlation}");
    }
}

#[test]
fn the_extreme_words_stay_inside_the_open_interval() {
    // All elements of many draws, near both ends.
    let mut least = 1f32;
    let mut most = 0f32;
    let mut block = vec![0f32; 1 << 22];
    uniform_f32(9, 9, 9, 0, &mut block);
    for u in block {
        least = least.min(u);
        most = most.max(u);
    }
    assert!(least > 0.0 && least < 1e-6 && most < 1.0 && most > 1.0 - 1e-6, "{least} {most}");
}

fn drawn(distribution: Distribution, dtype: DType, shape: &[usize], seed: i64, counter: i64) -> Vec<f64> {
    let graph = trace(&[(DType::I64, &[]), (DType::I64, &[])], |b, v| {
        vec![b.random(distribution, stream_of("noise"), Type::new(dtype, shape), v[0], v[1])]
    });
    let scalar = |v| Tensor::from_i64(vec![v], &[]).unwrap();
    run(&graph, vec![scalar(seed), scalar(counter)]).unwrap()[0].to_f64_vec().unwrap()
}

#[test]
fn a_row_does_not_depend_on_the_batch_size() {
    for distribution in [Distribution::Uniform, Distribution::Normal] {
        for dtype in [DType::F32, DType::F64] {
            let width = 3;
            let large = drawn(distribution, dtype, &[40_001, width], 7, 2);
            for rows in [0, 1, 2, 5, 1000] {
                assert_eq!(drawn(distribution, dtype, &[rows, width], 7, 2), large[..rows * width]);
            }
            assert_ne!(drawn(distribution, dtype, &[5, width], 7, 3), large[..5 * width]);
        }
    }
}

#[test]
fn any_part_of_a_draw_can_be_drawn_alone() {
    let mut all = vec![0f32; 100];
    normal_f32(1, 2, 3, 0, &mut all);
    for start in 0..9 {
        for count in 0..9 {
            let mut part = vec![0f32; count];
            normal_f32(1, 2, 3, start as u64, &mut part);
            assert_eq!(part, all[start..start + count]);
        }
    }
}

#[test]
fn permutations_are_permutations_each_equally_likely() {
    for n in [0, 1, 2, 17, 1000] {
        let mut sorted = permutation(n, 1, 2, 3);
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(0..n as i64));
    }
    assert_eq!(permutation(100, 1, 2, 3), permutation(100, 1, 2, 3));
    assert_ne!(permutation(100, 1, 2, 3), permutation(100, 1, 2, 4));
    // χ² over the 24 orders of four: 5 degrees of freedom less than 24 − 1 = 23; above 49.7 with probability 10⁻³.
    let draws = 24_000;
    let mut counts = std::collections::HashMap::new();
    for epoch in 0..draws {
        *counts.entry(permutation(4, 11, 0, epoch)).or_insert(0.0) += 1.0;
    }
    let expected = draws as f64 / 24.0;
    let chi: f64 = counts.values().map(|c: &f64| (c - expected).powi(2) / expected).sum();
    assert!(counts.len() == 24 && chi < 49.7, "{chi}");
}

#[test]
fn streams_of_names_differ() {
    let names: HashSet<u64> = (0..10_000).map(|i| stream_of(&format!("layers.{i}.weight"))).collect();
    assert_eq!(names.len(), 10_000);
}
