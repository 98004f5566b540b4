//! Compiled programs by key and device, at most so many: the one used longest ago makes room.
//! Keys hold everything else that a program depends on (what is computed, shapes, dtypes, mode), chosen by the caller.

use crate::{CompileOptions, Device, Program, Result};
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use thalweg_graph::Graph;

/// How a cache was used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCounts {
    /// Programs found.
    pub hits: u64,
    /// Programs compiled.
    pub compiles: u64,
    /// Programs dropped to make room.
    pub evictions: u64,
}

/// A bounded cache of programs, least recently used out first. Shared between threads by reference.
///
/// ```
/// # use thalweg_engine::{CompileOptions, ProgramCache};
/// # use thalweg_graph::{Builder, DType};
/// let cache: ProgramCache<usize> = ProgramCache::new(8);
/// let sum = |n: usize| cache.get_or_compile(n, || {
///     let b = Builder::new();
///     let x = b.input("x", DType::F32, &[n]);
///     Ok((b.finish(&[x.sum_all()])?, CompileOptions::default()))
/// });
/// sum(3).unwrap();
/// sum(3).unwrap();
/// assert_eq!((cache.counts().hits, cache.counts().compiles), (1, 1));
/// ```
pub struct ProgramCache<K = String> {
    bound: usize,
    inner: Mutex<Inner<(Device, K)>>,
}

struct Entry {
    program: Arc<Program>,
    used: u64,
}

struct Inner<K> {
    entries: HashMap<K, Entry>,
    /// Keys by the time of their last use.
    order: BTreeMap<u64, K>,
    clock: u64,
    counts: CacheCounts,
}

impl<K: Hash + Eq + Clone> ProgramCache<K> {
    /// A cache of at most `bound` programs (at least one).
    pub fn new(bound: usize) -> ProgramCache<K> {
        let inner = Inner { entries: HashMap::new(), order: BTreeMap::new(), clock: 0, counts: CacheCounts::default() };
        ProgramCache { bound: bound.max(1), inner: Mutex::new(inner) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner<(Device, K)>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program of `key` for [`Device::current`], compiled from what `make` returns if it is not there. Two threads that ask for the same missing
    /// key at the same time both compile; one result is kept.
    ///
    /// # Errors
    /// Those of `make` and of [`Program::compile`]; nothing is kept then.
    pub fn get_or_compile(&self, key: K, make: impl FnOnce() -> Result<(Graph, CompileOptions)>) -> Result<Arc<Program>> {
        let key = (Device::current()?, key);
        if let Some(found) = self.lock().touch(&key) {
            return Ok(found);
        }
        let (graph, options) = make()?;
        let program = Arc::new(Program::compile(&graph, &options)?);
        let mut inner = self.lock();
        inner.counts.compiles += 1;
        inner.insert(key, program.clone(), self.bound);
        Ok(program)
    }

    /// Number of programs held.
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops all programs.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.order.clear();
        inner.entries.clear();
    }

    /// How it was used so far.
    pub fn counts(&self) -> CacheCounts {
        self.lock().counts
    }
}

impl<K: Hash + Eq + Clone> Inner<K> {
    fn touch(&mut self, key: &K) -> Option<Arc<Program>> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        if let Some(own) = self.order.remove(&entry.used) {
            self.order.insert(self.clock, own);
        }
        entry.used = self.clock;
        self.counts.hits += 1;
        Some(entry.program.clone())
    }

    fn insert(&mut self, key: K, program: Arc<Program>, bound: usize) {
        self.clock += 1;
        self.order.insert(self.clock, key.clone());
        if let Some(old) = self.entries.insert(key, Entry { program, used: self.clock }) {
            self.order.remove(&old.used);
        }
        while self.entries.len() > bound
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
            self.counts.evictions += 1;
        }
    }
}
