//! Concrete tensors: typed views of shared storage on a device.
//! A checked cover over candle's storage that also knows whether it is the only owner of its buffer, and where its values lie.

mod convert;
pub(crate) mod element;
#[cfg(feature = "cuda")]
mod places;
pub(crate) mod pool;
mod views;

use crate::{EngineError, Result, memory};
use candle_core::{CpuStorage, InplaceOp1, Layout, Storage, StorageRef};
use element::{Element, with_element};
use std::cell::RefCell;
use std::ops::Deref;
#[cfg(feature = "cuda")]
use std::sync::Mutex;
use std::sync::{Arc, OnceLock};
use thalweg_graph::{DType, Literal, Number, Type, Values};

/// A tensor of known values. Cloning is cheap and shares the storage; nothing that holds a clone ever sees it change, because
/// storage is overwritten only by a run that holds the last handle to it.
#[derive(Clone)]
pub struct Tensor {
    layout: Layout,
    ty: Arc<Type>,
    owner: Arc<Owner>,
}

/// What all views of one storage share; the last one gives the buffer back. Values lie on the host, on a GPU, or on both: each place is
/// filled when somebody first looks there.
struct Owner {
    elements: usize,
    host: OnceLock<candle_core::Tensor>,
    #[cfg(feature = "cuda")]
    gpu: Mutex<Option<crate::cuda::Buffer>>,
}

impl Owner {
    fn of_host(base: candle_core::Tensor) -> Owner {
        Owner {
            elements: base.elem_count(),
            host: OnceLock::from(base),
            #[cfg(feature = "cuda")]
            gpu: Mutex::new(None),
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        fn take<T: Element>(base: &candle_core::Tensor) {
            if let Ok(Some(values)) = edit_storage(base, |storage| T::vec_mut(storage).map(std::mem::take)) {
                pool::give_back(values);
            }
        }
        let Some(base) = self.host.get().filter(|base| pool::keeps(base.elem_count() * base.dtype().size_in_bytes())) else { return };
        match base.dtype() {
            candle_core::DType::F32 => take::<f32>(base),
            candle_core::DType::F64 => take::<f64>(base),
            candle_core::DType::BF16 => take::<half::bf16>(base),
            candle_core::DType::I64 => take::<i64>(base),
            candle_core::DType::U8 => take::<u8>(base),
            _ => {}
        }
    }
}

/// A closure as a candle op that writes into a tensor's storage.
struct Edit<F, R> {
    work: RefCell<Option<F>>,
    result: RefCell<Option<R>>,
}

impl<R, F: FnOnce(&mut CpuStorage) -> R> InplaceOp1 for Edit<F, R> {
    fn name(&self) -> &'static str {
        "edit"
    }
    fn cpu_fwd(&self, storage: &mut CpuStorage, _: &Layout) -> candle_core::Result<()> {
        if let Some(work) = self.work.borrow_mut().take() {
            *self.result.borrow_mut() = Some(work(storage));
        }
        Ok(())
    }
}

fn edit_storage<R>(base: &candle_core::Tensor, work: impl FnOnce(&mut CpuStorage) -> R) -> Result<R> {
    let edit = Edit { work: RefCell::new(Some(work)), result: RefCell::new(None) };
    base.inplace_op1(&edit)?;
    edit.result.into_inner().ok_or_else(|| EngineError::internal("an edit did not run"))
}

/// Read access to a tensor's values.
pub(crate) struct Read<'a> {
    storage: Result<StorageRef<'a>>,
    pub(crate) layout: &'a Layout,
}

impl Read<'_> {
    /// The whole storage, of which the layout selects the values.
    ///
    /// # Errors
    /// `MemoryError` or `DeviceError` if the values lie on a GPU and could not be fetched.
    pub(crate) fn slice<T: Element>(&self) -> Result<&[T]> {
        match self.storage.as_ref().map_err(Clone::clone)?.deref() {
            Storage::Cpu(storage) => Ok(storage.as_slice::<T>()?),
            _ => Err(EngineError::internal("a CPU kernel was given a tensor of another device")),
        }
    }
}

impl Tensor {
    /// Wraps values that nothing else holds.
    pub(crate) fn own<T: Element>(values: Vec<T>, ty: Arc<Type>) -> Result<Tensor> {
        let base = candle_core::Tensor::from_vec(values, ty.shape.as_slice(), &candle_core::Device::Cpu)?;
        let layout = Layout::contiguous(ty.shape.as_slice());
        Ok(Tensor { layout, ty, owner: Arc::new(Owner::of_host(base)) })
    }

    /// Another view of the same storage.
    pub(crate) fn viewed(&self, layout: Layout, ty: Arc<Type>) -> Tensor {
        Tensor { layout, ty, owner: self.owner.clone() }
    }

    /// How its values lie in the storage.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Its type: element type and shape.
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    pub(crate) fn shared_type(&self) -> Arc<Type> {
        self.ty.clone()
    }

    /// Size of its values in bytes (a broadcast view holds less).
    pub fn bytes(&self) -> usize {
        self.ty.bytes()
    }

    /// Whether this is the only handle to its storage.
    pub(crate) fn is_only_owner(&self) -> bool {
        Arc::strong_count(&self.owner) == 1
    }

    /// Whether its buffer may become that of a result: nothing else holds it, and it has no gaps.
    pub(crate) fn may_overwrite(&self) -> bool {
        self.is_only_owner() && self.is_contiguous()
    }

    /// As [`Tensor::may_overwrite`], where one other handle does not count.
    pub(crate) fn may_overwrite_kept(&self) -> bool {
        Arc::strong_count(&self.owner) <= 2 && self.is_contiguous()
    }

    pub(crate) fn is_contiguous(&self) -> bool {
        self.layout.is_contiguous()
    }

    /// The storage on the host; values that lie on a GPU alone are fetched.
    fn host(&self) -> Result<&candle_core::Tensor> {
        #[cfg(feature = "cuda")]
        self.fetch()?;
        self.owner.host.get().ok_or_else(|| EngineError::internal("a tensor without values"))
    }

    pub(crate) fn read(&self) -> Read<'_> {
        Read { storage: self.host().map(|base| base.storage_and_layout().0), layout: &self.layout }
    }

    /// Writes into the values of a contiguous tensor. The caller has made sure that it is the only owner.
    pub(crate) fn edit<T: Element, R>(&self, work: impl FnOnce(&mut [T]) -> R) -> Result<R> {
        let count = self.ty.count();
        if count == 0 {
            return Ok(work(&mut []));
        }
        let host = self.host()?;
        // What lies on a GPU is no longer its value.
        #[cfg(feature = "cuda")]
        self.forget();
        let done = edit_storage(host, |storage| {
            let start = self.layout.start_offset();
            let values = T::vec_mut(storage)?.get_mut(start..start + count)?;
            Some(work(values))
        })?;
        done.ok_or_else(|| EngineError::internal("an edit of a tensor of another element type"))
    }

    /// A tensor of zeros (of `false`).
    ///
    /// # Errors
    /// `MemoryError` with both sizes if it would not fit into the free memory; nothing is allocated then.
    ///
    /// ```
    /// # use thalweg_engine::Tensor;
    /// # use thalweg_graph::{DType, Type};
    /// let error = Tensor::zeros(Type::new(DType::F32, [1_000_000, 1_000_000])).err().unwrap();
    /// assert_eq!(error.code, "MemoryError");
    /// ```
    pub fn zeros(ty: Type) -> Result<Tensor> {
        memory::require(ty.bytes(), &format!("a tensor of type {ty}"))?;
        let count = ty.count();
        with_element!(ty.dtype, T => Tensor::own::<T>(pool::zeros(count), Arc::new(ty)))
    }

    /// The values of a constant. A single repeated value is stored once.
    ///
    /// # Errors
    /// As [`Tensor::zeros`].
    pub fn from_literal(literal: &Literal) -> Result<Tensor> {
        let ty = &literal.ty;
        if let Some(value) = literal.splat_value() {
            return Tensor::splat(value, ty.dtype)?.broadcast(Arc::new(ty.clone()));
        }
        memory::require(ty.bytes(), &format!("a constant of type {ty}"))?;
        let Values::Dense(all) = &literal.values else { return Err(EngineError::internal("a constant without values")) };
        let shared = Arc::new(ty.clone());
        match ty.dtype {
            DType::F32 => Tensor::own(all.iter().map(|v| v.as_f64() as f32).collect(), shared),
            DType::F64 => Tensor::own(all.iter().map(|v| v.as_f64()).collect(), shared),
            DType::BF16 => Tensor::own(all.iter().map(|v| half::bf16::from_f64(v.as_f64())).collect(), shared),
            DType::I64 => Tensor::own(all.iter().map(|v| v.as_i64()).collect(), shared),
            DType::Bool => Tensor::own(all.iter().map(|v| (v.as_i64() != 0) as u8).collect(), shared),
        }
    }

    /// A scalar.
    fn splat(value: Number, dtype: DType) -> Result<Tensor> {
        let ty = Arc::new(Type::scalar(dtype));
        match dtype {
            DType::F32 => Tensor::own(vec![value.as_f64() as f32], ty),
            DType::F64 => Tensor::own(vec![value.as_f64()], ty),
            DType::BF16 => Tensor::own(vec![half::bf16::from_f64(value.as_f64())], ty),
            DType::I64 => Tensor::own(vec![value.as_i64()], ty),
            DType::Bool => Tensor::own(vec![(value.as_i64() != 0) as u8], ty),
        }
    }
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tensor({})", self.ty)
    }
}
