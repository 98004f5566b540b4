//! The Brownian path of a chunk of rows: every step's noise from one path per row, whatever the steps.
//! Same seed, smaller steps: the same path, so that samples converge strongly.

use super::noise::Chunk;
use std::ops::{Add, Mul};
use thalweg_engine::random;
use thalweg_graph::count;
use thalweg_solver::{BrownianTree, Draw};

/// Times are rounded to 2⁻⁴⁸ of the whole span: along `edm` the shortest steps are less than a hundred thousandth of it, and what a step is moved by must be far less.
const DEPTH: u32 = 48;

/// A number for each element of all rows and leaves of a chunk, leaf after leaf.
#[derive(Clone)]
pub struct Elements(Vec<f64>);

impl Add for Elements {
    type Output = Elements;
    fn add(mut self, other: Elements) -> Elements {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a += b);
        self
    }
}

impl Mul<f64> for Elements {
    type Output = Elements;
    fn mul(mut self, factor: f64) -> Elements {
        self.0.iter_mut().for_each(|a| *a *= factor);
        self
    }
}

type Normal = Box<dyn FnMut(u64, Draw) -> Elements + Send>;

/// The path.
pub struct Brownian {
    tree: BrownianTree<Elements, Normal>,
    start: f64,
    /// Number of elements of each leaf.
    sizes: Vec<usize>,
}

impl Brownian {
    /// The path of the rows of `chunk` between two times of the process.
    pub fn new(chunk: &Chunk<'_>, from: f64, to: f64) -> Brownian {
        let Chunk { seed, start, rows, .. } = *chunk;
        let leaves: Vec<(String, usize)> = chunk.sizes.iter().map(|(name, shape)| (name.to_string(), count(shape))).collect();
        let sizes = leaves.iter().map(|(_, width)| rows * width).collect();
        let normal = move |node: u64, draw: Draw| {
            let which = if draw == Draw::First { "first" } else { "second" };
            let leaf = |(name, width): &(String, usize)| {
                let mut out = vec![0.0; rows * width];
                let stream = random::stream_of(&format!("sample.brownian.{which}.{name}"));
                random::normal_f64(seed, stream, node as i64, start as u64 * *width as u64, &mut out);
                out
            };
            Elements(leaves.iter().flat_map(leaf).collect())
        };
        let tree = BrownianTree::new((to - from).abs(), DEPTH, Box::new(normal) as Normal);
        Brownian { tree, start: from, sizes }
    }

    /// The two noises of a step between two times, each leaf after leaf: the increment, and the space-time Lévy area, in units of their deviations.
    pub fn noises(&mut self, from: f64, to: f64) -> [Vec<Vec<f64>>; 2] {
        let elapsed = |t: f64| (t - self.start).abs();
        let (a, b) = (elapsed(from), elapsed(to));
        self.tree.noises(a, b).map(|Elements(all)| {
            let mut rest = all.into_iter();
            self.sizes.iter().map(|&size| rest.by_ref().take(size).collect()).collect()
        })
    }
}
