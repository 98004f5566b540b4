//! Convolution in one or two dimensions and its two gradients, as matrix products with unfolded patches.
//! Each sample's patches form a matrix [channels · kernel, positions] (Chellapilla, Puri, Simard 2006).

use super::copy;
use super::parallel::rows;
use super::product::{Matrix, Multiply, Sizes, product};
use crate::geometry::{Geometry, Map};
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use std::ops::AddAssign;
use std::sync::Arc;
use thalweg_graph::ops::Window;
use thalweg_graph::{DType, Type};

/// The matrix of patches of a sample: how the reference sees a convolution.
impl Geometry {
    fn area(size: [usize; 2]) -> usize {
        size[0] * size[1]
    }

    /// Rows of the patch matrix.
    fn patch(&self) -> usize {
        self.inner * Geometry::area(self.kernel)
    }

    /// Values of one group of one sample of the input.
    fn group_input(&self) -> usize {
        self.inner * Geometry::area(self.input)
    }

    /// Calls `visit(row, first column, first input element, count)` for every stretch of a patch-matrix row that lies in the
    /// input: `count` columns from `first column` on, whose input elements are `stride[1]` apart.
    fn stretches(&self, mut visit: impl FnMut(usize, usize, usize, usize)) {
        let ([kh, kw], [ih, iw], [oh, ow]) = (self.kernel, self.input, self.output);
        for row in 0..self.patch() {
            let (channel, ky, kx) = (row / (kh * kw), row / kw % kh, row % kw);
            let (dy, dx) = (ky * self.dilation[0], kx * self.dilation[1]);
            // Output columns whose input column dx + ox·stride − before lies in 0 … iw − 1.
            let first = self.before[1].saturating_sub(dx).div_ceil(self.stride[1]);
            let Some(reach) = (iw + self.before[1]).checked_sub(dx + 1) else { continue };
            let stop = (reach / self.stride[1] + 1).min(ow);
            if first >= stop {
                continue;
            }
            for oy in 0..oh {
                let Some(y) = (oy * self.stride[0] + dy).checked_sub(self.before[0]).filter(|y| *y < ih) else { continue };
                let x = first * self.stride[1] + dx - self.before[1];
                visit(row, oy * ow + first, (channel * ih + y) * iw + x, stop - first);
            }
        }
    }

    /// The patch matrix of one group of one sample.
    fn unfold<T: Multiply>(&self, x: &[T], patches: &mut [T]) {
        patches.fill(T::ZERO);
        let (positions, step) = (self.positions(), self.stride[1]);
        self.stretches(|row, column, from, count| {
            let to = &mut patches[row * positions + column..row * positions + column + count];
            if step == 1 {
                to.copy_from_slice(&x[from..from + count]);
            } else {
                to.iter_mut().zip(x[from..].iter().step_by(step)).for_each(|(t, v)| *t = *v);
            }
        });
    }

    /// The transpose of [`Geometry::unfold`]: adds patches to the input elements that they were copied from.
    fn add_back<T: Multiply + AddAssign>(&self, patches: &[T], x: &mut [T]) {
        let (positions, step) = (self.positions(), self.stride[1]);
        self.stretches(|row, column, to, count| {
            let from = &patches[row * positions + column..row * positions + column + count];
            x[to..].iter_mut().step_by(step).zip(from).for_each(|(t, v)| *t += *v);
        });
    }
}

fn dense<T>(data: &[T], offset: usize, width: usize) -> Matrix<'_, T> {
    Matrix { data, offset, row: width, column: 1 }
}

fn transposed<T>(data: &[T], offset: usize, width: usize) -> Matrix<'_, T> {
    Matrix { data, offset, row: 1, column: width }
}

/// One of the three maps; `ty` is the type of the result. bf16 is widened to f32 and rounded once.
pub(crate) fn conv(map: Map, window: &Window, a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match ty.dtype {
        DType::F32 => typed::<f32>(map, window, a, b, ty),
        DType::F64 => typed::<f64>(map, window, a, b, ty),
        DType::BF16 => {
            let wide = |t: &Tensor| copy::cast(t, Arc::new(t.ty().with_dtype(DType::F32)));
            let out = typed::<f32>(map, window, &wide(a)?, &wide(b)?, Arc::new(ty.with_dtype(DType::F32)))?;
            copy::cast(&out, ty)
        }
        other => Err(EngineError::internal(format!("a convolution of {other}"))),
    }
}

fn typed<T: Multiply + AddAssign>(map: Map, window: &Window, a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let (sa, sb, so) = (&a.ty().shape[..], &b.ty().shape[..], &ty.shape[..]);
    let geometry = match map {
        Map::Forward => Geometry::new(window, sa, sb, so),
        Map::InputGrad => Geometry::new(window, so, sb, sa),
        Map::WeightGrad => Geometry::new(window, sa, so, sb),
    };
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let (read_a, read_b) = (a.read(), b.read());
    let left = &read_a.slice::<T>()?[read_a.layout.start_offset()..];
    let right = &read_b.slice::<T>()?[read_b.layout.start_offset()..];
    let mut out = pool::zeros::<T>(ty.count());
    if geometry.patch() > 0 && geometry.positions() > 0 && geometry.outer > 0 {
        match map {
            Map::Forward => forward(&geometry, left, right, &mut out),
            Map::InputGrad => input_grad(&geometry, left, right, &mut out),
            Map::WeightGrad => weight_grad(&geometry, left, right, &mut out),
        }
    }
    Tensor::own(out, ty)
}

/// Samples are shared among threads if there are several, else the product of each is.
fn each_sample<T: Multiply>(g: &Geometry, out: &mut [T], work: impl Fn(usize, bool, &mut [T], &mut [T]) + Sync) {
    let (width, cost) = (out.len() / g.samples.max(1), g.groups * g.outer * g.patch() * g.positions());
    let alone = g.samples == 1;
    rows(out, width, cost, |sample, values| {
        let mut patches = pool::buffer::<T>(g.patch() * g.positions());
        work(sample, alone, values, &mut patches);
        pool::give_back(patches);
    });
}

fn forward<T: Multiply + AddAssign>(g: &Geometry, x: &[T], w: &[T], y: &mut [T]) {
    let (sizes, area) = (Sizes { m: g.outer, k: g.patch(), n: g.positions() }, g.outer * g.positions());
    each_sample(g, y, |sample, share, y, patches| {
        for group in 0..g.groups {
            let at = (sample * g.groups + group) * g.group_input();
            let weight = dense(w, group * g.outer * g.patch(), g.patch());
            let target = &mut y[group * area..(group + 1) * area];
            if g.is_pointwise() {
                product(sizes, weight, dense(x, at, g.positions()), target, false, share);
            } else {
                g.unfold(&x[at..at + g.group_input()], patches);
                product(sizes, weight, dense(patches, 0, g.positions()), target, false, share);
            }
        }
    });
}

fn input_grad<T: Multiply + AddAssign>(g: &Geometry, dy: &[T], w: &[T], dx: &mut [T]) {
    let sizes = Sizes { m: g.patch(), k: g.outer, n: g.positions() };
    each_sample(g, dx, |sample, share, dx, patches| {
        for group in 0..g.groups {
            let at = (sample * g.groups + group) * g.outer * g.positions();
            let weight = transposed(w, group * g.outer * g.patch(), g.patch());
            let target = &mut dx[group * g.group_input()..(group + 1) * g.group_input()];
            product(sizes, weight, dense(dy, at, g.positions()), patches, false, share);
            g.add_back(patches, target);
        }
    });
}

/// Samples are added in order.
fn weight_grad<T: Multiply + AddAssign>(g: &Geometry, x: &[T], dy: &[T], dw: &mut [T]) {
    let (sizes, area) = (Sizes { m: g.outer, k: g.positions(), n: g.patch() }, g.outer * g.patch());
    let mut patches = pool::buffer::<T>(g.patch() * g.positions());
    for sample in 0..g.samples {
        for group in 0..g.groups {
            let at = (sample * g.groups + group) * g.group_input();
            g.unfold(&x[at..at + g.group_input()], &mut patches);
            let gradient = dense(dy, (sample * g.groups + group) * g.outer * g.positions(), g.positions());
            let target = &mut dw[group * area..(group + 1) * area];
            product(sizes, gradient, transposed(&patches, 0, g.positions()), target, true, true);
        }
    }
    pool::give_back(patches);
}

/// Bytes of scratch that a convolution of these operand types needs on one thread.
pub(crate) fn scratch_bytes(map: Map, a: &Type, b: &Type, out: &Type) -> usize {
    let (w, y) = match map {
        Map::Forward => (b, out),
        Map::InputGrad => (b, a),
        Map::WeightGrad => (out, b),
    };
    let patch: usize = w.shape[1..].iter().product();
    let positions: usize = y.shape[2..].iter().product();
    patch.saturating_mul(positions).saturating_mul(a.dtype.size().max(4))
}
