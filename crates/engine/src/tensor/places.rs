//! Where a tensor's values lie: on the host, on a GPU, or on both. Each place is filled when somebody first looks there.

use super::element::{Element, with_element};
use super::{Owner, Tensor};
use crate::cuda::{Buffer, Gpu};
use crate::{EngineError, Result};
use candle_core::Layout;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use thalweg_graph::Type;

/// The bytes of values, as they lie in memory.
trait Bytes: Element {
    fn bytes(values: &[Self]) -> &[u8] {
        // SAFETY: elements are numbers without padding; any of their bytes may be read.
        unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
    }

    fn bytes_mut(values: &mut [Self]) -> &mut [u8] {
        // SAFETY: as above, and any bits are a value of each element type.
        unsafe { std::slice::from_raw_parts_mut(values.as_mut_ptr().cast(), size_of_val(values)) }
    }
}

impl<T: Element> Bytes for T {}

impl Owner {
    fn gpu(&self) -> MutexGuard<'_, Option<Buffer>> {
        self.gpu.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tensor {
    /// A tensor of what lies on a GPU, without gaps.
    pub(crate) fn of_buffer(buffer: Buffer, ty: Arc<Type>) -> Tensor {
        let layout = Layout::contiguous(ty.shape.as_slice());
        let owner = Owner { elements: ty.count(), host: OnceLock::new(), gpu: Mutex::new(Some(buffer)) };
        Tensor { layout, ty, owner: Arc::new(owner) }
    }

    /// Fetches values that lie on a GPU alone.
    pub(super) fn fetch(&self) -> Result<()> {
        if self.owner.host.get().is_some() {
            return Ok(());
        }
        let Some(buffer) = self.owner.gpu().clone() else { return Err(EngineError::internal("a tensor without values")) };
        crate::memory::require(buffer.bytes, &format!("a tensor of type {}", self.ty))?;
        let base = with_element!(self.ty.dtype, T => {
            let mut values = super::pool::buffer::<T>(self.owner.elements);
            buffer.fetch(T::bytes_mut(&mut values))?;
            candle_core::Tensor::from_vec(values, self.owner.elements, &candle_core::Device::Cpu)?
        });
        // Somebody else may have been faster, with the same values.
        let _ = self.owner.host.set(base);
        Ok(())
    }

    /// Lets go of what lies on a GPU.
    pub(super) fn forget(&self) {
        self.owner.gpu().take();
    }

    /// Whether its values lie on the host alone.
    pub(crate) fn is_on_host_alone(&self) -> bool {
        self.owner.gpu().is_none()
    }

    /// The bytes of its values on the host, if they are so few that they have no gaps and lie there.
    pub(crate) fn small_bytes(&self) -> Result<Vec<u8>> {
        with_element!(self.ty.dtype, T => {
            let read = self.read();
            let start = read.layout.start_offset();
            Ok(T::bytes(&read.slice::<T>()?[start..start + self.ty.count()]).to_vec())
        })
    }

    /// Its storage on `gpu`, where it is copied first if it is not there, and the byte of it at which its values begin.
    pub(crate) fn on(&self, gpu: &Arc<Gpu>) -> Result<(Buffer, usize)> {
        let first = self.layout.start_offset() * self.ty.dtype.size();
        if let Some(buffer) = self.owner.gpu().as_ref().filter(|b| b.gpu().index == gpu.index) {
            return Ok((buffer.clone(), first));
        }
        let bytes = self.owner.elements * self.ty.dtype.size();
        let block = gpu.block(bytes, &format!("a tensor of type {}", self.ty))?;
        with_element!(self.ty.dtype, T => {
            let read = self.read();
            gpu.session.upload(block.at, T::bytes(read.slice::<T>()?))?;
        });
        let buffer = Buffer::new(block, bytes);
        *self.owner.gpu() = Some(buffer.clone());
        Ok((buffer, first))
    }
}
