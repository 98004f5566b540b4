//! attention: each query's average of values, weighted by how well its key fits (Vaswani et al. 2017, equation 1).
//! Where the scores are too many to be kept, they are computed for a block of queries at a time, and again when differentiated:
//! then neither direction holds more than one block of them (Rabe, Staats 2021).

use super::CompositeRule;
use crate::{Builder, DType, GraphError, Result, Type, Var, ops::show};
use std::sync::Arc;

/// softmax(q kᵀ · scale) v for `q [*, n, d]`, `k [*, m, d]`, `v [*, m, e]`, with equal leading dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attention {
    /// Bits of the f64 that scores are multiplied by.
    pub scale: u64,
    /// Whether query i sees the keys 0 … i only.
    pub causal: bool,
    /// Queries whose scores are held at a time, at most.
    pub rows: usize,
}

/// Scores of a block, roughly.
const SCORES: usize = 1 << 20;
/// Queries of a block, at least: fewer make products slow.
const FEWEST: usize = 32;

impl Attention {
    /// The op for `entries` pairs of `n` queries and `m` keys: in one piece, unless one pair's scores would be more than a block's.
    pub fn new(scale: f64, causal: bool, entries: usize, n: usize, m: usize) -> Attention {
        let fitting = SCORES / entries.saturating_mul(m).max(1);
        let rows = if n.saturating_mul(m) <= SCORES { n } else { fitting.max(FEWEST) };
        Attention { scale: scale.to_bits(), causal, rows: rows.max(1) }
    }

    /// The values for queries `first`, `first + 1`, ….
    fn block<'g>(&self, q: Var<'g>, k: Var<'g>, v: Var<'g>, first: Var<'g>) -> Var<'g> {
        let (rank, b) = (q.rank(), q.builder());
        let scores = q.matmul(swapped(k)) * f64::from_bits(self.scale);
        let shape = scores.shape();
        let (n, m) = (shape[rank - 2], shape[rank - 1]);
        let seen = if self.causal {
            let row = (b.iota(DType::I64, n) + first).unsqueeze(&[1]);
            row.ge(b.iota(DType::I64, m)).select(scores, scores.constant(f64::NEG_INFINITY))
        } else {
            scores
        };
        seen.softmax(rank - 1).matmul(v)
    }

    /// A scan over blocks of queries.
    fn blocks<'g>(&self, q: Var<'g>, k: Var<'g>, v: Var<'g>) -> Result<Var<'g>> {
        let (rank, b) = (q.rank(), q.builder());
        let (shape, lead) = (q.shape(), rank - 2);
        let (n, count) = (shape[lead], shape[lead].div_ceil(self.rows));
        let body = {
            let b = Builder::new();
            let [k, v] = [("k", k), ("v", v)].map(|(name, x)| b.input(name, x.dtype(), &x.shape()));
            let q = b.input("q", q.dtype(), &[&shape[..lead], &[self.rows, shape[rank - 1]]].concat());
            let first = b.input("first", DType::I64, &[]);
            b.finish(&[self.block(q, k, v, first)])?
        };
        // Queries of zeros fill the last block.
        let mut after = vec![0; rank];
        after[lead] = count * self.rows - n;
        let stacked = q.pad(&vec![0; rank], &after).reshape(&[&shape[..lead], &[count, self.rows, shape[rank - 1]]].concat());
        let to_front: Vec<usize> = [lead].into_iter().chain(0..lead).chain([lead + 1, lead + 2]).collect();
        let firsts = b.iota(DType::I64, count) * self.rows as f64;
        let values = b.scan(Arc::new(body), count, &[k, v], &[], &[stacked.transpose(&to_front), firsts])[0];
        let back: Vec<usize> = (1..=lead).chain([0, lead + 1, lead + 2]).collect();
        let width = v.shape()[rank - 1];
        let joined = values.transpose(&back).reshape(&[&shape[..lead], &[count * self.rows, width]].concat());
        Ok(joined.narrow(lead, 0, n))
    }
}

/// With the last two dimensions exchanged.
fn swapped(x: Var<'_>) -> Var<'_> {
    let rank = x.rank();
    let order: Vec<usize> = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
    x.transpose(&order)
}

impl CompositeRule for Attention {
    fn name(&self) -> &'static str {
        "attention"
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        let err = |message: &str| Err(GraphError::shape("attention", message, "q [*, n, d], k [*, m, d], v [*, m, e]", show(inputs)));
        let [q, k, v] = inputs else { return err("wrong number of operands") };
        let rank = q.rank();
        if inputs.iter().any(|x| x.rank() < 2) {
            return err("an operand has no rows");
        }
        if k.rank() != rank || v.rank() != rank || q.shape[..rank - 2] != k.shape[..rank - 2] {
            return err("leading dimensions differ");
        }
        if k.shape[..rank - 1] != v.shape[..rank - 1] || q.shape[rank - 1] != k.shape[rank - 1] {
            return err("queries, keys and values do not fit");
        }
        if k.shape[rank - 2] == 0 && q.shape[rank - 2] > 0 {
            return err("queries without any key");
        }
        if !q.dtype.is_float() || k.dtype != q.dtype || v.dtype != q.dtype {
            return Err(GraphError::dtype("attention", "element types differ", "three tensors of one float type", show(inputs)));
        }
        Ok(q.with_shape([&q.shape[..rank - 1], &v.shape[rank - 1..]].concat()))
    }
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Var<'g> {
        let (q, k, v) = (inputs[0], inputs[1], inputs[2]);
        if self.rows >= q.shape()[q.rank() - 2] {
            return self.block(q, k, v, q.builder().full(0.0, DType::I64, &[]));
        }
        self.blocks(q, k, v).unwrap_or_else(|error| q.builder().fail(error))
    }
}
