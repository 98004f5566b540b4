//! A GPU: its session, its free memory, its compiled functions. One per device and process, made when first asked for.

use super::driver::{self, Description, Function, Pointer, Session};
use super::kernels;
use crate::profile::Limits;
use crate::{EngineError, Precision, Result};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Sizes of blocks are multiples of this.
const GRAIN: usize = 512;

/// A GPU of this process.
pub(crate) struct Gpu {
    pub(crate) index: usize,
    pub(crate) description: Description,
    pub(crate) session: Session,
    free: Mutex<Shelf>,
    functions: Mutex<HashMap<String, Function>>,
    limits: Mutex<HashMap<Precision, Limits>>,
    /// Memory that all programs share, since they run one after the other; held while a program puts its work on the stream.
    shared: Mutex<Shared>,
}

/// Free blocks by size.
#[derive(Default)]
struct Shelf {
    blocks: BTreeMap<usize, Vec<Pointer>>,
}

/// What all programs share.
#[derive(Default)]
pub(crate) struct Shared {
    arena: Option<Block>,
    scratch: Option<Block>,
    counters: Option<Block>,
}

/// Memory on a GPU; given back when dropped.
pub(crate) struct Block {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) at: Pointer,
    pub(crate) bytes: usize,
}

impl Drop for Block {
    fn drop(&mut self) {
        // The next to take it puts its work on the same stream, behind all work that still uses it.
        lock(&self.gpu.free).blocks.entry(self.bytes).or_default().push(self.at);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gpu {
    /// GPU `index`.
    ///
    /// # Errors
    /// `DeviceError` naming what is missing: the driver, the GPU, a library.
    pub(crate) fn get(index: usize) -> Result<Arc<Gpu>> {
        static GPUS: OnceLock<Mutex<HashMap<usize, Arc<Gpu>>>> = OnceLock::new();
        let mut known = lock(GPUS.get_or_init(Mutex::default));
        if let Some(gpu) = known.get(&index) {
            return Ok(gpu.clone());
        }
        super::find(index)?;
        let (description, session) = (driver::describe(index)?, Session::open(index)?);
        let gpu = Gpu {
            index,
            description,
            session,
            free: Mutex::default(),
            functions: Mutex::default(),
            limits: Mutex::default(),
            shared: Mutex::default(),
        };
        let gpu = Arc::new(gpu);
        known.insert(index, gpu.clone());
        Ok(gpu)
    }

    /// A block of at least `bytes` bytes.
    ///
    /// # Errors
    /// `MemoryError` with both sizes if the GPU has not enough left.
    pub(crate) fn block(self: &Arc<Gpu>, bytes: usize, what: &str) -> Result<Block> {
        let size = bytes.max(1).checked_next_multiple_of(GRAIN).unwrap_or(usize::MAX);
        let found = {
            let mut free = lock(&self.free);
            free.blocks.get_mut(&size).and_then(Vec::pop)
        };
        let block = |at| Block { gpu: self.clone(), at, bytes: size };
        if let Some(at) = found {
            return Ok(block(at));
        }
        if let Some(at) = self.session.allocate(size)? {
            return Ok(block(at));
        }
        self.release()?;
        if let Some(at) = self.session.allocate(size)? {
            return Ok(block(at));
        }
        let left = self.session.memory()?.0;
        let error = EngineError::memory(format!("not enough memory on cuda:{} for {what}", self.index));
        Err(error.with(format!("at most {left} bytes"), format!("{bytes} bytes")))
    }

    /// Gives free blocks back to the driver, once nothing uses them any more.
    fn release(&self) -> Result<()> {
        self.session.wait()?;
        let blocks = std::mem::take(&mut lock(&self.free).blocks);
        blocks.into_values().flatten().for_each(|at| self.session.free(at));
        Ok(())
    }

    /// What it can do at most, measured at the first call.
    pub(crate) fn limits(self: &Arc<Gpu>, precision: Precision) -> Result<Limits> {
        let known = lock(&self.limits).get(&precision).copied();
        known.map_or_else(
            || {
                let limits = super::limits::measure(self, precision)?;
                lock(&self.limits).insert(precision, limits);
                Ok(limits)
            },
            Ok,
        )
    }

    /// Memory that all programs share, for the time in which one puts its work on the stream.
    pub(crate) fn turn(&self) -> MutexGuard<'_, Shared> {
        lock(&self.shared)
    }

    /// The functions of these kernels by name; those that are not there yet are compiled.
    pub(crate) fn functions<'a>(&self, kernels: impl Iterator<Item = &'a super::source::Kernel>) -> Result<HashMap<String, Function>> {
        let wanted: BTreeMap<String, &super::source::Kernel> = kernels.map(|k| (k.name(), k)).collect();
        let missing: Vec<&super::source::Kernel> = {
            let known = lock(&self.functions);
            wanted.iter().filter(|(name, _)| !known.contains_key(*name)).map(|(_, k)| *k).collect()
        };
        if !missing.is_empty() {
            let module = kernels::module(&self.session, &super::source::text(missing.iter().copied()), self.description.capability)?;
            for kernel in missing {
                let name = kernel.name();
                let function = module.function(&name)?;
                lock(&self.functions).insert(name, function);
            }
        }
        let known = lock(&self.functions);
        Ok(wanted.into_keys().filter_map(|name| known.get(&name).map(|f| (name.clone(), *f))).collect())
    }
}

impl Shared {
    /// Addresses of an arena, of scratch and of counters, of so many bytes at least; counters are zero.
    pub(crate) fn reserve(&mut self, gpu: &Arc<Gpu>, arena: usize, scratch: usize, counters: usize) -> Result<[Pointer; 3]> {
        let grow = |place: &mut Option<Block>, bytes: usize, what: &str| -> Result<Pointer> {
            match place {
                Some(block) if block.bytes >= bytes => Ok(block.at),
                _ => {
                    *place = None;
                    Ok(place.insert(gpu.block(bytes, what)?).at)
                }
            }
        };
        let arena = grow(&mut self.arena, arena, "what a program computes")?;
        let scratch = grow(&mut self.scratch, scratch, "what a program computes on the way")?;
        let before = self.counters.as_ref().map(|b| b.bytes);
        let at = grow(&mut self.counters, counters.max(4096), "counters")?;
        if let Some(block) = self.counters.as_ref().filter(|b| before != Some(b.bytes)) {
            gpu.session.main().zero(at, block.bytes)?;
        }
        Ok([arena, scratch, at])
    }
}
