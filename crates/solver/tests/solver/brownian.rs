//! The Brownian tree: its increments and areas have the covariances of Brownian motion, exactly, and finer reads see the same path.
//! Covariances are computed, not sampled: numbers of the tree are linear forms in independent normal numbers.

use std::collections::HashMap;
use std::ops::{Add, Mul};
use thalweg_solver::{BrownianTree, Draw, Increment};

/// Standard normal numbers: SplitMix64 and Box–Muller.
pub struct Normal(pub u64);

impl Normal {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn next(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// A path over [0, 1] of a seed.
pub fn tree(seed: u64, depth: u32) -> BrownianTree<f64, impl FnMut(u64, Draw) -> f64> {
    BrownianTree::new(1.0, depth, move |node: u64, draw: Draw| {
        let mut mixed = Normal(seed.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ node.wrapping_mul(0xda94_2042_e4dd_58b5));
        mixed.next();
        if draw == Draw::Second { [mixed.next(), mixed.next()][1] } else { mixed.next() }
    })
}

/// A linear form in independent normal numbers, named by node and draw.
#[derive(Clone, Debug, Default)]
struct Form(HashMap<(u64, Draw), f64>);

impl Add for Form {
    type Output = Form;
    fn add(mut self, other: Form) -> Form {
        other.0.into_iter().for_each(|(k, v)| *self.0.entry(k).or_default() += v);
        self
    }
}

impl Mul<f64> for Form {
    type Output = Form;
    fn mul(mut self, factor: f64) -> Form {
        self.0.values_mut().for_each(|v| *v *= factor);
        self
    }
}

fn covariance(a: &Form, b: &Form) -> f64 {
    a.0.iter().map(|(k, v)| v * b.0.get(k).unwrap_or(&0.0)).sum()
}

fn forms(length: f64, depth: u32) -> BrownianTree<Form, impl FnMut(u64, Draw) -> Form> {
    BrownianTree::new(length, depth, |node, draw| Form(HashMap::from([((node, draw), 1.0)])))
}

/// ∫∫ over both intervals of min(s, t): covariances of means of the path, by the definition.
fn mean_covariance([a, b]: [f64; 2], [c, d]: [f64; 2]) -> f64 {
    let n = 400;
    let at = |lo: f64, hi: f64, i: i32| lo + (hi - lo) * (f64::from(i) + 0.5) / f64::from(n);
    let sum: f64 = (0..n).flat_map(|i| (0..n).map(move |j| at(a, b, i).min(at(c, d, j)))).sum();
    sum / f64::from(n * n)
}

#[test]
fn increments_and_areas_have_the_covariances_of_brownian_motion() {
    let times = [0.0, 0.25, 0.375, 1.0, 1.0625, 1.75, 2.0];
    let mut tree = forms(2.0, 6);
    let intervals: Vec<[f64; 2]> = times.iter().flat_map(|&a| times.iter().filter(move |&&b| b > a).map(move |&b| [a, b])).collect();
    let read: Vec<Increment<Form>> = intervals.iter().map(|i| tree.increment(i[0], i[1])).collect();
    for (i, x) in intervals.iter().zip(&read) {
        let l = i[1] - i[0];
        assert!((covariance(&x.w, &x.w) - l).abs() < 1e-13, "{i:?}");
        assert!((covariance(&x.h, &x.h) - l / 12.0).abs() < 1e-13, "{i:?}");
        assert!(covariance(&x.w, &x.h).abs() < 1e-13, "{i:?}");
        for (j, y) in intervals.iter().zip(&read) {
            let overlap = (i[1].min(j[1]) - i[0].max(j[0])).max(0.0);
            assert!((covariance(&x.w, &y.w) - overlap).abs() < 1e-13, "{i:?} {j:?}");
        }
    }
}

#[test]
fn areas_are_those_of_the_path_itself() {
    let mut tree = forms(1.0, 5);
    let (i, j) = ([0.125, 0.75], [0.5, 1.0]);
    let [x, y] = [i, j].map(|i| tree.increment(i[0], i[1]));
    // H = mean of W over the interval − ½(W(a) + W(b)).
    let mid = |a: f64, [c, d]: [f64; 2]| mean_covariance([a, a + 1e-12], [c, d]);
    let ends = |f: &dyn Fn(f64) -> f64, [a, b]: [f64; 2]| 0.5 * (f(a) + f(b));
    let expected = mean_covariance(i, j) - ends(&|a| mid(a, j), i) - ends(&|c| mid(c, i), j) + ends(&|a| ends(&|c| a.min(c), j), i);
    assert!((covariance(&x.h, &y.h) - expected).abs() < 1e-5, "{} {expected}", covariance(&x.h, &y.h));
    // cov(W over j, H over i) = cov(W over j, mean over i) − cov(W over j, ends of i).
    let cross = (mid(j[1], i) - mid(j[0], i)) - ends(&|a| a.min(j[1]) - a.min(j[0]), i);
    assert!((covariance(&y.w, &x.h) - cross).abs() < 1e-5, "{} {cross}", covariance(&y.w, &x.h));
}

#[test]
fn a_path_does_not_depend_on_the_order_or_the_fineness_of_reading() {
    let fresh = |a: f64, b: f64| tree(11, 20).increment(a, b);
    let mut used = tree(11, 20);
    for (a, b) in [(0.9, 1.0), (0.0, 0.3), (0.3, 0.9), (0.1, 0.2), (0.0, 1.0), (0.55, 0.56)] {
        assert_eq!(used.increment(a, b), fresh(a, b), "{a} {b}");
    }
    let mut fine = tree(11, 20);
    let sum: f64 = (0..64).map(|i| fine.increment(f64::from(i) / 64.0, f64::from(i + 1) / 64.0).w).sum();
    assert!((sum - fresh(0.0, 1.0).w).abs() < 1e-13);
}

#[test]
fn sequential_reading_asks_for_each_node_about_once() {
    let mut asked = 0;
    let mut tree = BrownianTree::new(1.0, 10, |_, _| {
        asked += 1;
        0.5
    });
    for i in 0..1024 {
        tree.increment(f64::from(i) / 1024.0, f64::from(i + 1) / 1024.0);
    }
    drop(tree);
    assert_eq!(asked, 2 + 2 * 1023);
}

#[test]
fn noises_are_standardised_by_the_time_between_the_rounded_ends() {
    let mut tree = forms(1.0, 3);
    let [w, h] = tree.noises(0.2, 0.7);
    assert!((covariance(&w, &w) - 1.0).abs() < 1e-14 && (covariance(&h, &h) - 1.0).abs() < 1e-14);
    assert_eq!(tree.noises(0.51, 0.52).map(|n| covariance(&n, &n)), [0.0, 0.0]);
}
