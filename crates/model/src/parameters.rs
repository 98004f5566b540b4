//! Parameters that belong to no model: those of a network that users train with a loss of their own.
//! They have the same store and the same update as a model's.

use crate::external::ExternalModule;
use crate::store::{Layout, Store};
use crate::train_step::Trained;
use crate::{ModelError, Result};
use std::sync::{Mutex, PoisonError};
use thalweg_engine::Tensor;
use thalweg_graph::DType;
use thalweg_nn::ParamSpec;

/// Named parameters, and what an optimiser keeps of them.
pub struct Parameters {
    layout: Layout,
    seed: i64,
    store: Mutex<Option<Store>>,
}

impl Parameters {
    /// Parameters without values yet; `seed` is that of random numbers in the loss.
    pub fn new(module: ExternalModule, seed: i64) -> Parameters {
        let spec = |p: crate::external::ExternalParameter| ParamSpec {
            name: p.name,
            shape: p.shape,
            init: p.init,
            trainable: p.trainable,
            decay: p.decay,
        };
        let layout = Layout::new(module.parameters.into_iter().map(spec).collect(), DType::F32);
        Parameters { layout, seed, store: Mutex::new(None) }
    }

    /// Replaces all values; what an optimiser keeps stays. Only jobs call this.
    ///
    /// # Errors
    /// No memory.
    pub fn set(&self, values: &[Tensor]) -> Result<()> {
        let flat = self.layout.flat(values)?;
        let mut slot = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        match slot.as_mut() {
            Some(store) => store.parameters = flat,
            None => *slot = Some(Store::of(flat)),
        }
        Ok(())
    }

    /// All values, in the order of the declarations. Only jobs call this.
    ///
    /// # Errors
    /// `InternalError` where there are none.
    pub fn values(&self) -> Result<Vec<Tensor>> {
        self.change(|store| self.layout.unflatten(&store.parameters))
    }

    fn change<T>(&self, f: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        let mut slot = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        f(slot.as_mut().ok_or_else(|| ModelError::new("InternalError", "parameters were used before they had values"))?)
    }
}

impl Trained for Parameters {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn seed(&self) -> i64 {
        self.seed
    }

    fn with_store<T>(&self, f: impl FnOnce(&mut Store) -> Result<T>) -> Result<T> {
        self.change(f)
    }
}
