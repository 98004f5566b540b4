//! Training data on the device: checked once, its columns' mean and standard deviation measured once.
//! A row is one sample; the leaves of a state and of a condition have equal row counts.

use crate::store::Normalization;
use crate::{ModelError, Result};
use thalweg_engine::{CompileOptions, Program, Tensor, random};
use thalweg_graph::{Builder, DType, Leaves, Type, count};

/// Rows of a state, and of a condition if the model has one.
#[derive(Clone)]
pub struct Rows {
    /// Leaves `[N, …]` of the state.
    pub x: Leaves<Tensor>,
    /// Leaves `[N, …]` of the condition.
    pub condition: Option<Leaves<Tensor>>,
}

/// Checks tensors against the leaves that a model asks for; all have one number of rows, ≥ 1.
///
/// # Errors
/// `DataError` with expected and got.
pub fn check(what: &str, tensors: &[Tensor], sizes: &Leaves<Vec<usize>>, dtype: DType) -> Result<Leaves<Tensor>> {
    if tensors.len() != sizes.len() {
        let names: Vec<&str> = sizes.iter().map(|(name, _)| name).collect();
        return Err(ModelError::expected(
            "DataError",
            format!("{what}: wrong number of parts"),
            format!("{} ({})", sizes.len(), names.join(", ")),
            tensors.len(),
        ));
    }
    let rows = tensors.first().and_then(|t| t.ty().shape.first().copied()).unwrap_or(0);
    let mut entries = Vec::new();
    for ((name, shape), tensor) in sizes.iter().zip(tensors) {
        let ty = tensor.ty();
        let place = if name.is_empty() { what.to_string() } else { format!("{what}.{name}") };
        if ty.dtype != dtype {
            return Err(ModelError::expected("DTypeError", place, dtype, ty.dtype));
        }
        if ty.shape.len() != shape.len() + 1 || ty.shape[1..] != shape[..] {
            let wanted: Vec<String> = shape.iter().map(usize::to_string).collect();
            return Err(ModelError::expected(
                "ShapeError",
                format!("{place}: wrong shape"),
                format!("[N, {}]", wanted.join(", ")),
                format!("{:?}", ty.shape),
            ));
        }
        if ty.shape[0] != rows {
            return Err(ModelError::expected("ShapeError", format!("{place}: wrong number of rows"), rows, ty.shape[0]));
        }
        entries.push((name.to_string(), tensor.clone()));
    }
    if rows == 0 {
        return Err(ModelError::expected("DataError", format!("{what}: no data"), "at least one row", "0 rows"));
    }
    Ok(Leaves::new(entries))
}

/// Number of rows.
pub fn rows(leaves: &Leaves<Tensor>) -> usize {
    leaves.first().ty().shape[0]
}

/// Refuses NaN and infinities, naming the first bad row and column.
///
/// # Errors
/// `DataError`.
pub fn check_finite(what: &str, leaves: &Leaves<Tensor>) -> Result<()> {
    for (name, tensor) in leaves.iter() {
        let width = count(&tensor.ty().shape[1..]).max(1);
        let values = tensor.to_f64_vec()?;
        if let Some(i) = values.iter().position(|v| !v.is_finite()) {
            let place = if name.is_empty() { what.to_string() } else { format!("{what}.{name}") };
            let at = format!("{place}: row {}, column {} is not a finite number", i / width, i % width);
            return Err(ModelError::expected("DataError", at, "finite numbers", values[i]));
        }
    }
    Ok(())
}

/// Mean and standard deviation of every column; a constant column keeps its scale.
///
/// # Errors
/// Those of reading tensors.
pub fn measure(leaves: &Leaves<Tensor>) -> Result<Normalization> {
    let one = |tensor: &Tensor| -> Result<(Tensor, Tensor)> {
        let (shape, dtype) = (tensor.ty().shape[1..].to_vec(), tensor.ty().dtype);
        let (rows, width) = (tensor.ty().shape[0], count(&shape));
        let values = tensor.to_f64_vec()?;
        let mut mean = vec![0.0; width];
        for row in values.chunks_exact(width) {
            row.iter().zip(&mut mean).for_each(|(v, m)| *m += v / rows as f64);
        }
        let mut square = vec![0.0; width];
        for row in values.chunks_exact(width) {
            row.iter().zip(&mean).zip(&mut square).for_each(|((v, m), s)| *s += (v - m) * (v - m) / rows as f64);
        }
        let std = square.iter().zip(&mean).map(|(s, m)| if s.sqrt() > 1e-12 * m.abs().max(1e-300) { s.sqrt() } else { 1.0 }).collect();
        Ok((tensor_of(mean, &shape, dtype)?, tensor_of(std, &shape, dtype)?))
    };
    Ok(Normalization { leaves: leaves.values().map(one).collect::<Result<_>>()? })
}

/// Host values as a tensor of this element type.
///
/// # Errors
/// A count that differs from the shape's, or no memory.
pub fn tensor_of(values: Vec<f64>, shape: &[usize], dtype: DType) -> Result<Tensor> {
    Ok(match dtype {
        DType::F64 => Tensor::from_f64(values, shape)?,
        _ => Tensor::from_f32(values.into_iter().map(|v| v as f32).collect(), shape)?,
    })
}

/// Normal numbers times `scale`: elements `first` … of draw `counter` of `stream`.
///
/// # Errors
/// No memory.
pub fn normal(seed: i64, stream: u64, counter: i64, first: u64, scale: f64, ty: Type) -> Result<Tensor> {
    thalweg_engine::memory::require(ty.bytes(), "random numbers")?;
    if ty.dtype == DType::F64 {
        let mut out = vec![0.0; ty.count()];
        random::normal_f64(seed, stream, counter, first, &mut out);
        out.iter_mut().for_each(|v| *v *= scale);
        return Ok(Tensor::from_f64(out, &ty.shape)?);
    }
    let mut out = vec![0.0; ty.count()];
    random::normal_f32(seed, stream, counter, first, &mut out);
    out.iter_mut().for_each(|v| *v *= scale as f32);
    Ok(Tensor::from_f32(out, &ty.shape)?)
}

/// Rows picked by index.
///
/// # Errors
/// An index that is no row.
pub fn gather_rows(tensor: &Tensor, rows: &[i64]) -> Result<Tensor> {
    let b = Builder::new();
    let x = b.input("x", tensor.ty().dtype, &tensor.ty().shape);
    let indices = b.input("rows", DType::I64, &[rows.len()]);
    let graph = b.finish(&[x.gather(0, indices)])?;
    let inputs = vec![tensor.clone(), Tensor::from_i64(rows.to_vec(), &[rows.len()])?];
    Ok(Program::compile(&graph, &CompileOptions::default())?.run(inputs)?.swap_remove(0))
}
