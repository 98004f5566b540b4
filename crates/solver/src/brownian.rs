//! One Brownian path of a seed, read at any times: finer steps see the same path.
//! A dyadic tree of midpoints, each a function of its place in the tree; the normal numbers come from the caller.

use std::ops::{Add, Mul};

/// A path increment over an interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Increment<V> {
    /// W(t₁) − W(t₀): variance t₁ − t₀.
    pub w: V,
    /// Space-time Lévy area: the mean over the interval of the path minus its chord. Variance (t₁ − t₀)/12, independent of w.
    pub h: V,
}

/// Which of a node's independent normal numbers is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Draw {
    /// The first one: of the root the increment over the whole span, of other nodes the place of their interval's middle.
    First,
    /// The second one: of the root the area over the whole span, of other nodes the share of the area.
    Second,
}

/// A Brownian path over [0, `length`] on a grid of `length`/2^`depth` (Foster, Lyons & Oberhauser 2020, *SIAM J. Numer. Anal.* 58, theorem 4.1;
/// Kidger 2021, section 5.5): times are rounded to the grid, so that the path is a function of them. `V` is a vector of independent
/// coordinates: a number, or a handle of a tensor.
///
/// Increments are a function of the normal numbers of at most 2·(`depth` + 1) nodes: steps that follow each other share most of them, and
/// those are kept. A node is named by a number that is unique within the tree: 1 is the root, 2n and 2n + 1 are the halves of n.
///
/// ```
/// use thalweg_solver::{BrownianTree, Draw};
/// let normal = |node: u64, draw: Draw| (node as f64 * 0.7 + draw as u8 as f64).sin(); // stands for N(0, 1)
/// let mut tree = BrownianTree::new(1.0, 12, normal);
/// let (left, right, whole) = (tree.increment(0.0, 0.25), tree.increment(0.25, 0.75), tree.increment(0.0, 0.75));
/// assert!((left.w + right.w - whole.w).abs() < 1e-14);
/// ```
pub struct BrownianTree<V, N> {
    length: f64,
    depth: u32,
    normal: N,
    root: Increment<V>,
    /// The nodes from the root to the leaf that was visited last: the left half of each, and which half the path goes on in.
    cache: Vec<Cached<V>>,
}

struct Cached<V> {
    node: u64,
    halves: [Increment<V>; 2],
}

impl<V, N> BrownianTree<V, N>
where
    V: Clone + Add<Output = V> + Mul<f64, Output = V>,
    N: FnMut(u64, Draw) -> V,
{
    /// A path over [0, `length`] with 2^`depth` leaves; `length` > 0, `depth` ≤ 62 (larger ones count as 62). `normal` gives for each node
    /// and draw the same vector of independent N(0, 1) whenever it is asked.
    pub fn new(length: f64, depth: u32, mut normal: N) -> BrownianTree<V, N> {
        let root = Increment { w: normal(1, Draw::First) * length.sqrt(), h: normal(1, Draw::Second) * (length / 12.0).sqrt() };
        BrownianTree { length, depth: depth.min(62), normal, root, cache: Vec::new() }
    }

    /// The increment between two times in [0, length], from the earlier to the later one, both rounded to the grid. Over an interval that rounds to
    /// nothing it is 0.
    pub fn increment(&mut self, t0: f64, t1: f64) -> Increment<V> {
        let (a, b) = (self.leaf(t0.min(t1)), self.leaf(t0.max(t1)));
        let mut parts = Vec::new();
        self.collect(a, b, &mut parts);
        let joined = parts.into_iter().reduce(|(a, da), (b, db)| (join(&a, da, &b, db), da + db));
        let nothing = || self.root.w.clone() * 0.0;
        joined.map_or_else(|| Increment { w: nothing(), h: nothing() }, |(increment, _)| increment)
    }

    /// The increment between two times, in units of its standard deviations: w/√l and h·√(12/l), l being the time between the rounded ends. These are the
    /// noises that a step between these times wants.
    pub fn noises(&mut self, t0: f64, t1: f64) -> [V; 2] {
        let leaves = self.leaf(t0).abs_diff(self.leaf(t1));
        let length = self.length * leaves as f64 * 0.5f64.powi(self.depth as i32);
        let Increment { w, h } = self.increment(t0, t1);
        if leaves == 0 { [w, h] } else { [w * length.sqrt().recip(), h * (12.0 / length).sqrt()] }
    }

    /// The grid point nearest to `t`.
    fn leaf(&self, t: f64) -> u64 {
        let leaves = (1u64 << self.depth) as f64;
        (t / self.length * leaves).round().clamp(0.0, leaves) as u64
    }

    /// The nodes that together are the leaves [a, b), from left to right, with the lengths of their intervals.
    fn collect(&mut self, a: u64, b: u64, parts: &mut Vec<(Increment<V>, f64)>) {
        let mut at = a;
        while at < b {
            // The largest node that starts here and ends by b.
            let level = at.trailing_zeros().min(63 - (b - at).leading_zeros()).min(self.depth);
            parts.push((self.node(at, level), self.length * 0.5f64.powi((self.depth - level) as i32)));
            at += 1 << level;
        }
    }

    /// The increment over the node of 2^`level` leaves that starts at leaf `start`.
    fn node(&mut self, start: u64, level: u32) -> Increment<V> {
        let (mut node, mut increment, mut length) = (1u64, self.root.clone(), self.length);
        for generation in 0..(self.depth - level) as usize {
            let right = start >> (self.depth - 1 - generation as u32) & 1;
            if self.cache.get(generation).is_none_or(|c| c.node != node) {
                self.cache.truncate(generation);
                let halves = self.halve(node, &increment, length);
                self.cache.push(Cached { node, halves });
            }
            increment = self.cache[generation].halves[right as usize].clone();
            (node, length) = (2 * node + right, 0.5 * length);
        }
        increment
    }

    /// Both halves of a node, given its increment. With l its length, W(½) = ½W + 3/2·H + a and the halves' areas are ¼H − ½a ± b, where
    /// a ~ N(0, l/16) and b ~ N(0, l/48) are independent of W and H.
    fn halve(&mut self, node: u64, whole: &Increment<V>, length: f64) -> [Increment<V>; 2] {
        let a = (self.normal)(2 * node, Draw::First) * (length / 16.0).sqrt();
        let b = (self.normal)(2 * node, Draw::Second) * (length / 48.0).sqrt();
        let bend = whole.h.clone() * 1.5 + a.clone();
        let half = |sign: f64| Increment {
            w: whole.w.clone() * 0.5 + bend.clone() * sign,
            h: whole.h.clone() * 0.25 + a.clone() * -0.5 + b.clone() * sign,
        };
        [half(1.0), half(-1.0)]
    }
}

/// The increment over two intervals of lengths `da` and `db` that follow each other.
fn join<V: Clone + Add<Output = V> + Mul<f64, Output = V>>(a: &Increment<V>, da: f64, b: &Increment<V>, db: f64) -> Increment<V> {
    let (pa, pb) = (da / (da + db), db / (da + db));
    let w = a.w.clone() + b.w.clone();
    // Means of the path over both, above the start: p_a(½w_a + h_a) + p_b(w_a + ½w_b + h_b), minus half of the chord.
    let h = a.h.clone() * pa + b.h.clone() * pb + a.w.clone() * (0.5 * pb) + b.w.clone() * (-0.5 * pa);
    Increment { w, h }
}
