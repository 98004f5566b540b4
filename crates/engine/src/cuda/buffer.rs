//! The values of a tensor on a GPU: a stretch of a block.

use super::driver::Pointer;
use super::gpu::{Block, Gpu};
use crate::Result;
use crate::reference::kernels::index::out_of_range;
use std::sync::{Arc, OnceLock};

/// A stretch of memory on a GPU.
#[derive(Clone)]
pub(crate) struct Buffer {
    pub(crate) block: Arc<Block>,
    pub(crate) offset: usize,
    pub(crate) bytes: usize,
    /// What the run that computed it has to say, if its indices may have been out of range.
    verdict: Option<Arc<Verdict>>,
    /// The small results of the same run.
    results: Option<Arc<Results>>,
}

/// Whether a run read an index that was out of range: four words in a block.
pub(crate) struct Verdict {
    results: Arc<Results>,
    names: Vec<&'static str>,
}

/// Small results of a run, which are fetched together: the words of the verdict, and values.
pub(crate) struct Results {
    pub(crate) block: Arc<Block>,
    pub(crate) bytes: usize,
    host: OnceLock<Vec<u8>>,
}

impl Results {
    pub(crate) fn new(block: Block, bytes: usize) -> Results {
        Results { block: Arc::new(block), bytes, host: OnceLock::new() }
    }

    fn fetched(&self) -> Result<&[u8]> {
        if let Some(bytes) = self.host.get() {
            return Ok(bytes);
        }
        let mut bytes = vec![0; self.bytes];
        self.block.gpu.session.download(&mut bytes, self.block.at)?;
        Ok(self.host.get_or_init(|| bytes))
    }
}

impl Verdict {
    pub(crate) fn new(results: Arc<Results>, names: Vec<&'static str>) -> Verdict {
        Verdict { results, names }
    }

    /// The error of the run, if it had one.
    pub(crate) fn check(&self) -> Result<()> {
        let bytes = self.results.fetched()?;
        let word = |k: usize| bytes.get(8 * k..8 * k + 8).and_then(|b| b.try_into().ok()).map_or(0, i64::from_le_bytes);
        match word(0) {
            0 => Ok(()),
            step => {
                let name = self.names.get(step as usize - 1).copied().unwrap_or("an op");
                Err(out_of_range(name, word(1) as usize, word(2), word(3) as usize))
            }
        }
    }
}

impl Buffer {
    /// A whole block.
    pub(crate) fn new(block: Block, bytes: usize) -> Buffer {
        Buffer { block: Arc::new(block), offset: 0, bytes, verdict: None, results: None }
    }

    /// A stretch of the small results of a run.
    pub(crate) fn small(results: &Arc<Results>, offset: usize, bytes: usize) -> Buffer {
        Buffer { block: results.block.clone(), offset, bytes, verdict: None, results: Some(results.clone()) }
    }

    pub(crate) fn judged(self, verdict: Option<Arc<Verdict>>) -> Buffer {
        Buffer { verdict, ..self }
    }

    pub(crate) fn gpu(&self) -> &Arc<Gpu> {
        &self.block.gpu
    }

    pub(crate) fn at(&self) -> Pointer {
        self.block.at + self.offset as u64
    }

    /// Whether its block is its own.
    pub(crate) fn is_whole(&self) -> bool {
        self.results.is_none()
    }

    /// Copies its first bytes to the host, once they are computed.
    ///
    /// # Errors
    /// `DataError` if the run that computed it read an index out of range.
    pub(crate) fn fetch(&self, to: &mut [u8]) -> Result<()> {
        if let Some(verdict) = &self.verdict {
            verdict.check()?;
        }
        match &self.results {
            Some(results) => to.copy_from_slice(&results.fetched()?[self.offset..self.offset + to.len()]),
            None => self.gpu().session.download(to, self.at())?,
        }
        Ok(())
    }
}
