//! Sampling with some coordinates known: wherever the model is asked, they are on the path of their known value, and in the result they are that value.
//! Replacement (Song et al., ICLR 2021, "Score-based generative modeling through stochastic differential equations", appendix I.2), with one noise per row.

use super::field::Inputs;
use super::noise;
use crate::bind::Bindings;
use crate::model::Inner;
use crate::process::Process;
use crate::{ModelError, Result};
use thalweg_engine::Tensor;
use thalweg_graph::{Leaves, Var, count};
use thalweg_path::{GaussianPath, StochasticInterpolant, TimeRange};
use thalweg_solver::Quantity;

/// Where an output is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moment {
    /// At this time of the process.
    At(f64),
    /// At the data, where known coordinates are what they were given as.
    Data,
}

/// The known coordinates of a call's rows.
pub struct Known {
    /// Their values in the user's units, the other coordinates do not matter.
    x: Leaves<Tensor>,
    /// 0 where a coordinate is known, 1 where it is sampled.
    mask: Leaves<Tensor>,
}

impl Known {
    /// Checks the groups `fixedX` and `fixedMask`; `None` where neither is given.
    ///
    /// # Errors
    /// `DataError`, `ShapeError`, `DTypeError`.
    pub fn of(inner: &Inner, x: &[Tensor], mask: &[Tensor]) -> Result<Option<Known>> {
        match (x.is_empty(), mask.is_empty()) {
            (true, true) => return Ok(None),
            (false, false) => {}
            _ => return Err(ModelError::expected("DataError", "fixedX and fixedMask go together", "both", "one of them")),
        }
        let (x, mask) = (inner.check_x("fixedX", x)?, inner.check_x("fixedMask", mask)?);
        crate::data::check_finite("fixedX", &x)?;
        for (name, tensor) in mask.iter() {
            let width = count(&tensor.ty().shape[1..]).max(1);
            if let Some((i, value)) = tensor.to_f64_vec()?.into_iter().enumerate().find(|(_, v)| *v != 0.0 && *v != 1.0) {
                let place = crate::definition::leaf_name("fixedMask", name);
                let message = format!("{place}: row {}, column {} is neither 0 nor 1", i / width, i % width);
                return Err(ModelError::expected("DataError", message, "0 (kept) or 1 (sampled)", value));
            }
        }
        Ok(Some(Known { x, mask }))
    }

    /// The number of rows of the call, given that of its starts or conditions: one row of known values is that of all rows, and so is one mask.
    ///
    /// # Errors
    /// `ShapeError` where rows do not match.
    pub fn rows(&self, given: Option<usize>) -> Result<usize> {
        let own = crate::data::rows(&self.x);
        let rows = given.unwrap_or(own);
        for (what, n) in [("fixedX", own), ("fixedMask", crate::data::rows(&self.mask))] {
            if n != rows && n != 1 {
                return Err(ModelError::expected("ShapeError", format!("{what}: wrong number of rows"), format!("{rows} or 1"), n));
            }
        }
        Ok(rows)
    }

    /// Values and mask of the rows that a chunk takes, by index.
    ///
    /// # Errors
    /// No memory.
    pub fn picked(&self, rows: &[i64]) -> Result<[Vec<Tensor>; 2]> {
        let pick = |leaves: &Leaves<Tensor>| -> Result<Vec<Tensor>> {
            let all = crate::data::rows(leaves) as i64;
            let rows: Vec<i64> = rows.iter().map(|r| r % all).collect();
            leaves.values().map(|t| crate::data::gather_rows(t, &rows)).collect()
        };
        Ok([pick(&self.x)?, pick(&self.mask)?])
    }
}

/// Binds the noise of the known coordinates of a chunk: draw `pass`, by absolute row. `start` is where the chunk's rows begin, for flows from a source.
///
/// # Errors
/// No memory.
pub fn bind_noise(rows: &noise::Chunk<'_>, pass: usize, start: &[Tensor], bound: &mut Bindings) -> Result<()> {
    let names = || rows.sizes.iter().map(|(name, _)| name.to_string());
    let fresh = rows.normal("sample.fixed", pass as i64, 1.0)?;
    // A flow's row goes from its own start to its known value; one that jumps back starts from elsewhere.
    let start = if pass == 0 { start.to_vec() } else { rows.normal("sample.fixed.start", pass as i64, 1.0)? };
    bound.set_leaves("fixed.noise", &Leaves::new(names().zip(fresh).collect()));
    bound.set_leaves("fixed.start", &Leaves::new(names().zip(start).collect()));
    Ok(())
}

/// The known coordinates in a program.
pub struct Fixed<'g> {
    process: Process,
    mask: Leaves<Var<'g>>,
    x: Leaves<Var<'g>>,
    noise: Leaves<Var<'g>>,
    start: Leaves<Var<'g>>,
}

impl<'g> Fixed<'g> {
    /// Declares the inputs `fixed.mask`, `fixed.x` (in the model's units), `fixed.noise` and `fixed.start`.
    pub fn of(i: &Inputs<'_, 'g>) -> Fixed<'g> {
        let process = i.field.process();
        let [mask, x, noise] = ["fixed.mask", "fixed.x", "fixed.noise"].map(|name| i.state(name));
        let start = if process.data_first() { noise.clone() } else { i.state("fixed.start") };
        Fixed { process, mask, x, noise, start }
    }

    /// `x` with the known coordinates at their place at the scalar time `t`.
    pub fn place(&self, t: Var<'g>, x: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        self.put(x, |known, noise, start| match &self.process {
            Process::Gaussian(path) => path.scale(t) * known + path.std(t) * noise,
            Process::Interpolant(path) => path.interpolate(t, start, known, noise),
            // A job of samples refuses models of tokens: their values have no place between two.
            Process::Discrete(_) => known,
        })
    }

    /// What the model predicts, with what is exact for the known coordinates in their place.
    pub fn answer(&self, quantity: Quantity, t: Var<'g>, value: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        self.put(value, |known, noise, start| match (quantity, &self.process) {
            (Quantity::Data, _) => known,
            (Quantity::Noise, Process::Gaussian(_)) => noise,
            // Its view as a Gaussian path has the start for noise.
            (Quantity::Noise, Process::Interpolant(_)) => start,
            (Quantity::Velocity | Quantity::Drift, Process::Gaussian(path)) => path.d_scale(t) * known + path.d_std(t) * noise,
            (Quantity::Velocity | Quantity::Drift, Process::Interpolant(path)) => path.target(t, start, known, noise),
            (_, Process::Discrete(_)) => known,
        })
    }

    fn put(&self, x: &Leaves<Var<'g>>, f: impl Fn(Var<'g>, Var<'g>, Var<'g>) -> Var<'g>) -> Leaves<Var<'g>> {
        let known = self.x.zip(&self.noise.zip(&self.start, |e, x0| (*e, *x0)), |x, (e, x0)| f(*x, *e, *x0));
        keep(&self.mask, x, &known)
    }
}

/// `x` where the mask is not 0, else `known`.
pub fn keep<'g>(mask: &Leaves<Var<'g>>, x: &Leaves<Var<'g>>, known: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
    x.zip(&mask.zip(known, |m, k| (*m, *k)), |x, (m, k)| m.gt(m.constant(0.0)).select(*x, k.broadcast_to(&x.shape())))
}

/// The times at which the path of a known value has a finite velocity.
pub fn range(process: &Process) -> TimeRange {
    match process {
        Process::Gaussian(path) => path.regular_range(),
        Process::Interpolant(path) => path.range(),
        Process::Discrete(_) => process.times(),
    }
}
