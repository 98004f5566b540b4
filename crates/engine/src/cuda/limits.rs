//! What a GPU can do at most: multiply large matrices, and copy what lies in its cache or in its memory.

use super::driver::{Call, Queue};
use super::gpu::Gpu;
use crate::profile::Limits;
use crate::{Precision, Result};
use std::sync::Arc;
use thalweg_graph::DType;

/// Rows of the matrices that are multiplied.
const SIZE: usize = 8192;
/// Bytes that are copied in the cache, and in memory.
const NEAR: usize = 4 << 20;
const FAR: usize = 512 << 20;
/// Attempts, of which the fastest counts.
const TRIES: usize = 8;

/// Measures a GPU.
pub(crate) fn measure(gpu: &Arc<Gpu>, precision: Precision) -> Result<Limits> {
    let block = gpu.block(FAR.max(3 * SIZE * SIZE * 4), "a measurement")?;
    let queue = gpu.session.main();
    queue.zero(block.at, block.bytes)?;
    let dtype = if precision == Precision::Bf16 { DType::BF16 } else { DType::F32 };
    let [a, b, c] = [0, 1, 2].map(|k| block.at + (k * SIZE * SIZE * dtype.size()) as u64);
    let call = Call {
        dtype,
        precision,
        sizes: [SIZE; 3],
        transposed: [false; 2],
        pointers: [a, b, c],
        distances: [SIZE; 3],
        entries: [0; 3],
        count: 1,
        adds: false,
    };
    let copied = |bytes: usize| {
        let half = bytes / 2;
        fastest(gpu, queue, || queue.copy(block.at + half as u64, block.at, half)).map(|seconds| 2.0 * half as f64 / seconds)
    };
    Ok(Limits {
        product: 2.0 * (SIZE * SIZE * SIZE) as f64 / fastest(gpu, queue, || queue.multiply(&call))?,
        cache: copied(NEAR)?,
        memory: copied(FAR)?,
    })
}

/// Seconds of the fastest of several attempts.
fn fastest(gpu: &Arc<Gpu>, queue: &Queue, work: impl Fn() -> Result<()>) -> Result<f64> {
    (0..TRIES).try_fold(f64::INFINITY, |best, _| {
        let start = queue.tick()?;
        work()?;
        let end = queue.tick()?;
        gpu.session.wait()?;
        Ok(best.min(end.since(&start)?))
    })
}
