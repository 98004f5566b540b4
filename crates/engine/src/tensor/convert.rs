//! Tensors from host values and back.

use super::Tensor;
use super::element::Element;
use crate::reference::kernels::strided::Strided;
use crate::{EngineError, Result};
use half::bf16;
use std::sync::Arc;
use thalweg_graph::{DType, Type};

impl Tensor {
    fn from_values<T: Element>(values: Vec<T>, dtype: DType, shape: &[usize]) -> Result<Tensor> {
        let ty = Type::new(dtype, shape);
        if values.len() != ty.count() {
            let error = EngineError::data("the number of values is not that of the shape");
            return Err(error.with(format!("{} values for {ty}", ty.count()), values.len().to_string()));
        }
        Tensor::own(values, Arc::new(ty))
    }

    /// An f32 tensor of these values, row-major.
    ///
    /// # Errors
    /// `DataError` if the number of values is not that of the shape.
    pub fn from_f32(values: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
        Tensor::from_values(values, DType::F32, shape)
    }

    /// An f64 tensor of these values, row-major.
    ///
    /// # Errors
    /// As [`Tensor::from_f32`].
    pub fn from_f64(values: Vec<f64>, shape: &[usize]) -> Result<Tensor> {
        Tensor::from_values(values, DType::F64, shape)
    }

    /// A bf16 tensor of these values, rounded to nearest even, row-major.
    ///
    /// # Errors
    /// As [`Tensor::from_f32`].
    pub fn from_bf16(values: &[f32], shape: &[usize]) -> Result<Tensor> {
        Tensor::from_values(values.iter().map(|&v| bf16::from_f32(v)).collect(), DType::BF16, shape)
    }

    /// An i64 tensor of these values, row-major.
    ///
    /// # Errors
    /// As [`Tensor::from_f32`].
    pub fn from_i64(values: Vec<i64>, shape: &[usize]) -> Result<Tensor> {
        Tensor::from_values(values, DType::I64, shape)
    }

    /// A bool tensor of these values, row-major.
    ///
    /// # Errors
    /// As [`Tensor::from_f32`].
    pub fn from_bool(values: Vec<bool>, shape: &[usize]) -> Result<Tensor> {
        Tensor::from_values(values.into_iter().map(u8::from).collect(), DType::Bool, shape)
    }

    /// All values, row-major, as they are stored.
    fn to_values<T: Element>(&self, dtype: DType) -> Result<Vec<T>> {
        if self.ty.dtype != dtype {
            return Err(EngineError::dtype("values of another element type were asked for").with(dtype.name(), self.ty.to_string()));
        }
        let read = self.read();
        let source = Strided::of(read.slice::<T>()?, read.layout);
        let mut out = vec![T::ZERO; self.ty.count()];
        source.fill(0, &mut out);
        Ok(out)
    }

    /// All values of an f32 (or, widened, bf16) tensor, row-major.
    ///
    /// # Errors
    /// `DTypeError` if the tensor is of another element type.
    pub fn to_f32_vec(&self) -> Result<Vec<f32>> {
        if self.ty.dtype == DType::BF16 {
            return Ok(self.to_values::<bf16>(DType::BF16)?.into_iter().map(bf16::to_f32).collect());
        }
        self.to_values(DType::F32)
    }

    /// All values of a float tensor as f64, row-major.
    ///
    /// # Errors
    /// `DTypeError` if the tensor is not a float.
    pub fn to_f64_vec(&self) -> Result<Vec<f64>> {
        if self.ty.dtype == DType::F64 {
            return self.to_values(DType::F64);
        }
        Ok(self.to_f32_vec()?.into_iter().map(f64::from).collect())
    }

    /// All values of an i64 tensor, row-major.
    ///
    /// # Errors
    /// As [`Tensor::to_f32_vec`].
    pub fn to_i64_vec(&self) -> Result<Vec<i64>> {
        self.to_values(DType::I64)
    }

    /// All values of a bool tensor, row-major.
    ///
    /// # Errors
    /// As [`Tensor::to_f32_vec`].
    pub fn to_bool_vec(&self) -> Result<Vec<bool>> {
        Ok(self.to_values::<u8>(DType::Bool)?.into_iter().map(|v| v != 0).collect())
    }
}
