//! Training data on the device: checked once, its columns' mean and standard deviation measured once.
//! A row is one sample; the leaves of a state and of a condition have equal row counts.

use crate::objective::{Candidates, Rows};
use crate::store::Normalization;
use crate::{ModelError, Result};
use thalweg_engine::{CompileOptions, Program, Tensor, random};
use thalweg_graph::{Builder, DType, Leaves, Type, count};

impl Rows {
    /// Refuses rows that no loss can be computed of. `place` is what their names begin with.
    ///
    /// # Errors
    /// `DataError` with the first bad row.
    pub fn check(&self, place: &str) -> Result<()> {
        check_finite(&format!("{place}data"), &self.x)?;
        for (name, leaves) in [("x0", &self.x0), ("condition", &self.condition)] {
            if let Some(leaves) = leaves {
                check_finite(&format!("{place}{name}"), leaves)?;
            }
        }
        if let Some(Candidates::Energies(energy)) = &self.candidates {
            check_finite(&format!("{place}energy"), &Leaves::one(energy.clone()))?;
        }
        let Some(weight) = &self.weight else { return Ok(()) };
        match weight.to_f64_vec()?.iter().enumerate().find(|(_, w)| !w.is_finite() || **w < 0.0) {
            Some((row, w)) => {
                let message = format!("{place}sampleWeight: row {row} is not a weight");
                Err(ModelError::expected("DataError", message, "finite numbers ≥ 0", w))
            }
            None => Ok(()),
        }
    }

    /// `length` rows from `start` on. Source samples go with their rows.
    ///
    /// # Errors
    /// Rows that there are not.
    pub fn narrow(&self, start: usize, length: usize) -> Result<Rows> {
        let part = |leaves: &Leaves<Tensor>| -> Result<Leaves<Tensor>> {
            let entries = leaves.iter().map(|(n, t)| Ok((n.to_string(), t.narrow(0, start, length)?)));
            Ok(Leaves::new(entries.collect::<Result<_>>()?))
        };
        Ok(Rows {
            x: part(&self.x)?,
            x0: self.x0.as_ref().map(part).transpose()?,
            condition: self.condition.as_ref().map(part).transpose()?,
            weight: self.weight.as_ref().map(|w| w.narrow(0, start, length)).transpose()?,
            candidates: match &self.candidates {
                None => None,
                Some(Candidates::Energies(e)) => Some(Candidates::Energies(e.narrow(0, start, length)?)),
                Some(Candidates::Weights(w)) => Some(Candidates::Weights(w.narrow(0, start, length)?)),
            },
        })
    }
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

/// Refuses a matrix of f64 numbers, twice as much as a working copy, that would not fit into memory.
///
/// # Errors
/// `MemoryError`.
pub fn require_matrix(rows: usize, columns: usize, what: &str) -> Result<()> {
    let bytes = rows.saturating_mul(columns).saturating_mul(2 * size_of::<f64>());
    Ok(thalweg_engine::memory::require(bytes, &format!("a matrix of {rows} × {columns} numbers, {what},"))?)
}

/// Refuses NaN and infinities, naming the first bad row and column.
///
/// # Errors
/// `DataError`.
pub fn check_finite(what: &str, leaves: &Leaves<Tensor>) -> Result<()> {
    for (name, tensor) in leaves.iter() {
        if !tensor.ty().dtype.is_float() {
            continue;
        }
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

/// Refuses what is no whole number from 0 to below `classes`, naming the first bad row.
///
/// # Errors
/// `DataError`.
pub fn check_labels(what: &str, leaves: &Leaves<Tensor>, classes: f64) -> Result<()> {
    for tensor in leaves.values() {
        let width = count(&tensor.ty().shape[1..]).max(1);
        let values = tensor.to_f64_vec()?;
        if let Some(i) = values.iter().position(|v| v.fract() != 0.0 || !(0.0..classes).contains(v)) {
            let expected = format!("labels 0 … {}, as the network has {classes} classes", classes - 1.0);
            return Err(ModelError::expected("DataError", format!("{what}: row {}", i / width), expected, values[i]));
        }
    }
    Ok(())
}

/// Mean and standard deviation of every column of the data, together with those of a source's samples if there are any: both go through
/// one map. A constant column keeps its scale.
///
/// # Errors
/// Those of reading tensors.
pub fn measure(x: &Leaves<Tensor>, x0: Option<&Leaves<Tensor>>) -> Result<Normalization> {
    let mut leaves = Vec::new();
    for (k, tensor) in x.values().enumerate() {
        let (shape, dtype) = (tensor.ty().shape[1..].to_vec(), tensor.ty().dtype);
        let width = count(&shape).max(1);
        let mut sets = vec![tensor.to_f64_vec()?];
        sets.extend(x0.and_then(|x0| x0.values().nth(k)).map(|t| t.to_f64_vec()).transpose()?);
        let (mean, std) = moments(&sets, width);
        leaves.push((tensor_of(mean, &shape, dtype)?, tensor_of(std, &shape, dtype)?));
    }
    Ok(Normalization { leaves })
}

/// Mean and standard deviation of each of `width` columns over the rows of all sets.
fn moments(sets: &[Vec<f64>], width: usize) -> (Vec<f64>, Vec<f64>) {
    let rows = sets.iter().map(Vec::len).sum::<usize>() / width;
    let mut mean = vec![0.0; width];
    for row in sets.iter().flat_map(|values| values.chunks_exact(width)) {
        row.iter().zip(&mut mean).for_each(|(v, m)| *m += v / rows as f64);
    }
    let mut square = vec![0.0; width];
    for row in sets.iter().flat_map(|values| values.chunks_exact(width)) {
        row.iter().zip(&mean).zip(&mut square).for_each(|((v, m), s)| *s += (v - m) * (v - m) / rows as f64);
    }
    let std = square.iter().zip(&mean).map(|(s, m)| if s.sqrt() > 1e-12 * m.abs().max(1e-300) { s.sqrt() } else { 1.0 }).collect();
    (mean, std)
}

/// All rows on the host, the leaves of a row one after the other, in the model's units if there is a normalisation: the width of a row, and the values.
///
/// # Errors
/// Those of reading tensors.
pub fn host_rows(leaves: &Leaves<Tensor>, normalization: Option<&Normalization>) -> Result<(usize, Vec<f32>)> {
    let widths: Vec<usize> = leaves.values().map(|t| count(&t.ty().shape[1..])).collect();
    let (rows, width) = (rows(leaves), widths.iter().sum::<usize>());
    thalweg_engine::memory::require(rows.saturating_mul(width).saturating_mul(4), "rows to couple")?;
    let mut out = vec![0.0; rows * width];
    let mut offset = 0;
    for (k, (tensor, &own)) in leaves.values().zip(&widths).enumerate() {
        let values = match tensor.ty().dtype {
            DType::I64 => tensor.to_i64_vec()?.into_iter().map(|v| v as f64).collect(),
            _ => tensor.to_f64_vec()?,
        };
        let scales = normalization.map(|n| &n.leaves[k]);
        let (mean, std) = match scales {
            Some((mean, std)) => (mean.to_f64_vec()?, std.to_f64_vec()?),
            None => (vec![0.0; own], vec![1.0; own]),
        };
        for (row, of_row) in values.chunks_exact(own.max(1)).enumerate() {
            let place = &mut out[row * width + offset..][..own];
            place.iter_mut().zip(of_row).zip(mean.iter().zip(&std)).for_each(|((o, v), (m, s))| *o = ((v - m) / s) as f32);
        }
        offset += own;
    }
    Ok((width, out))
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

/// Uniform numbers in (0, 1): elements `first` … of draw `counter` of `stream`.
///
/// # Errors
/// No memory.
pub fn uniform(seed: i64, stream: u64, counter: i64, first: u64, ty: Type) -> Result<Tensor> {
    thalweg_engine::memory::require(ty.bytes(), "random numbers")?;
    if ty.dtype == DType::F64 {
        let mut out = vec![0.0; ty.count()];
        random::uniform_f64(seed, stream, counter, first, &mut out);
        return Ok(Tensor::from_f64(out, &ty.shape)?);
    }
    let mut out = vec![0.0; ty.count()];
    random::uniform_f32(seed, stream, counter, first, &mut out);
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
