//! Random numbers of sampling, by absolute row: they do not depend on chunks or batch sizes.

use crate::Result;
use thalweg_engine::{Tensor, random};
use thalweg_graph::{DType, Leaves, Type, count};

/// The rows of a chunk: where they begin, how many there are, and what they look like.
#[derive(Clone, Copy)]
pub struct Chunk<'a> {
    /// Shapes of a sample's leaves.
    pub sizes: &'a Leaves<Vec<usize>>,
    /// Element type.
    pub dtype: DType,
    /// Key.
    pub seed: i64,
    /// First row.
    pub start: usize,
    /// Number of rows.
    pub rows: usize,
}

impl Chunk<'_> {
    /// Draw `counter` of the normal numbers called `stream`, times `scale`, one tensor per leaf.
    pub fn normal(&self, stream: &str, counter: i64, scale: f64) -> Result<Vec<Tensor>> {
        let leaf = |(name, shape): (&str, &Vec<usize>)| {
            let ty = Type::new(self.dtype, [&[self.rows], &shape[..]].concat());
            let first = self.start as u64 * count(shape) as u64;
            crate::data::normal(self.seed, random::stream_of(&format!("{stream}.{name}")), counter, first, scale, ty)
        };
        self.sizes.iter().map(leaf).collect()
    }

    /// Draw `counter` of the uniform numbers in (0, 1) called `stream`, one tensor per leaf.
    pub fn uniform(&self, stream: &str, counter: i64) -> Result<Vec<Tensor>> {
        let leaf = |(name, shape): (&str, &Vec<usize>)| {
            let ty = Type::new(self.dtype, [&[self.rows], &shape[..]].concat());
            let first = self.start as u64 * count(shape) as u64;
            crate::data::uniform(self.seed, random::stream_of(&format!("{stream}.{name}")), counter, first, ty)
        };
        self.sizes.iter().map(leaf).collect()
    }

    /// Numbers of the rows as tensors, leaf after leaf.
    pub fn tensors(&self, leaves: Vec<Vec<f64>>) -> Result<Vec<Tensor>> {
        let leaf =
            |(values, shape): (Vec<f64>, &Vec<usize>)| crate::data::tensor_of(values, &[&[self.rows], &shape[..]].concat(), self.dtype);
        leaves.into_iter().zip(self.sizes.values()).map(leaf).collect()
    }

    /// −1 or 1 with equal chances, one tensor per leaf: the sign of a normal number.
    pub fn signs(&self, stream: &str) -> Result<Vec<Tensor>> {
        let sign = |tensor: Tensor| {
            let values = tensor.to_f64_vec()?.into_iter().map(|v| if v < 0.0 { -1.0 } else { 1.0 }).collect();
            crate::data::tensor_of(values, &tensor.ty().shape, self.dtype)
        };
        self.normal(stream, 0, 1.0)?.into_iter().map(sign).collect()
    }
}
