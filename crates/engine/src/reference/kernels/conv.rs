//! Convolution in one or two dimensions and its two gradients, as matrix products with unfolded patches.
//! Each sample's patches form a matrix [channels · kernel, positions] (Chellapilla, Puri, Simard 2006).

use super::copy;
use super::parallel::rows;
use super::product::{Matrix, Multiply, Sizes, product};
use crate::tensor::{Tensor, pool};
use crate::{EngineError, Result};
use std::ops::AddAssign;
use std::sync::Arc;
use thalweg_graph::ops::Window;
use thalweg_graph::{DType, Type};

/// Which of the three bilinear maps that share a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// input × kernel → output.
    Forward,
    /// output gradient × kernel → input gradient.
    InputGrad,
    /// input × output gradient → kernel gradient.
    WeightGrad,
}

/// Sizes of a convolution; one spatial dimension is two with a first one of size 1.
struct Geometry {
    samples: usize,
    groups: usize,
    /// Channels of input and output per group.
    c: usize,
    o: usize,
    input: [usize; 2],
    kernel: [usize; 2],
    output: [usize; 2],
    stride: [usize; 2],
    before: [usize; 2],
    dilation: [usize; 2],
}

fn pair(values: &[usize], first: usize) -> [usize; 2] {
    match values {
        [one] => [first, *one],
        [a, b] => [*a, *b],
        _ => [first, first],
    }
}

impl Geometry {
    fn new(window: &Window, x: &[usize], w: &[usize], y: &[usize]) -> Geometry {
        Geometry {
            samples: x[0],
            groups: window.groups,
            c: w[1],
            o: w[0] / window.groups,
            input: pair(&x[2..], 1),
            kernel: pair(&w[2..], 1),
            output: pair(&y[2..], 1),
            stride: pair(&window.stride, 1),
            before: pair(&window.before, 0),
            dilation: pair(&window.dilation, 1),
        }
    }

    fn area(size: [usize; 2]) -> usize {
        size[0] * size[1]
    }

    /// Rows of the patch matrix.
    fn patch(&self) -> usize {
        self.c * Geometry::area(self.kernel)
    }

    /// Columns of the patch matrix.
    fn positions(&self) -> usize {
        Geometry::area(self.output)
    }

    /// Values of one group of one sample of the input.
    fn group_input(&self) -> usize {
        self.c * Geometry::area(self.input)
    }

    /// Whether the patch matrix is the input itself.
    fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.before == [0, 0] && self.input == self.output
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
    fn fold<T: Multiply + AddAssign>(&self, patches: &[T], x: &mut [T]) {
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
pub(crate) fn conv(kind: Kind, window: &Window, a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    match ty.dtype {
        DType::F32 => typed::<f32>(kind, window, a, b, ty),
        DType::F64 => typed::<f64>(kind, window, a, b, ty),
        DType::BF16 => {
            let wide = |t: &Tensor| copy::cast(t, Arc::new(t.ty().with_dtype(DType::F32)));
            let out = typed::<f32>(kind, window, &wide(a)?, &wide(b)?, Arc::new(ty.with_dtype(DType::F32)))?;
            copy::cast(&out, ty)
        }
        other => Err(EngineError::internal(format!("a convolution of {other}"))),
    }
}

fn typed<T: Multiply + AddAssign>(kind: Kind, window: &Window, a: &Tensor, b: &Tensor, ty: Arc<Type>) -> Result<Tensor> {
    let (sa, sb, so) = (&a.ty().shape[..], &b.ty().shape[..], &ty.shape[..]);
    let geometry = match kind {
        Kind::Forward => Geometry::new(window, sa, sb, so),
        Kind::InputGrad => Geometry::new(window, so, sb, sa),
        Kind::WeightGrad => Geometry::new(window, sa, so, sb),
    };
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let (read_a, read_b) = (a.read(), b.read());
    let left = &read_a.slice::<T>()?[read_a.layout.start_offset()..];
    let right = &read_b.slice::<T>()?[read_b.layout.start_offset()..];
    let mut out = pool::zeros::<T>(ty.count());
    if geometry.patch() > 0 && geometry.positions() > 0 && geometry.o > 0 {
        match kind {
            Kind::Forward => forward(&geometry, left, right, &mut out),
            Kind::InputGrad => input_grad(&geometry, left, right, &mut out),
            Kind::WeightGrad => weight_grad(&geometry, left, right, &mut out),
        }
    }
    Tensor::own(out, ty)
}

/// Samples are shared among threads if there are several, else the product of each is.
fn each_sample<T: Multiply>(g: &Geometry, out: &mut [T], work: impl Fn(usize, bool, &mut [T], &mut [T]) + Sync) {
    let (width, cost) = (out.len() / g.samples.max(1), g.groups * g.o * g.patch() * g.positions());
    let alone = g.samples == 1;
    rows(out, width, cost, |sample, values| {
        let mut patches = pool::buffer::<T>(g.patch() * g.positions());
        work(sample, alone, values, &mut patches);
        pool::give_back(patches);
    });
}

fn forward<T: Multiply + AddAssign>(g: &Geometry, x: &[T], w: &[T], y: &mut [T]) {
    let (sizes, area) = (Sizes { m: g.o, k: g.patch(), n: g.positions() }, g.o * g.positions());
    each_sample(g, y, |sample, share, y, patches| {
        for group in 0..g.groups {
            let at = (sample * g.groups + group) * g.group_input();
            let weight = dense(w, group * g.o * g.patch(), g.patch());
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
    let sizes = Sizes { m: g.patch(), k: g.o, n: g.positions() };
    each_sample(g, dx, |sample, share, dx, patches| {
        for group in 0..g.groups {
            let at = (sample * g.groups + group) * g.o * g.positions();
            let weight = transposed(w, group * g.o * g.patch(), g.patch());
            let target = &mut dx[group * g.group_input()..(group + 1) * g.group_input()];
            product(sizes, weight, dense(dy, at, g.positions()), patches, false, share);
            g.fold(patches, target);
        }
    });
}

/// Samples are added in order.
fn weight_grad<T: Multiply + AddAssign>(g: &Geometry, x: &[T], dy: &[T], dw: &mut [T]) {
    let (sizes, area) = (Sizes { m: g.o, k: g.positions(), n: g.patch() }, g.o * g.patch());
    let mut patches = pool::buffer::<T>(g.patch() * g.positions());
    for sample in 0..g.samples {
        for group in 0..g.groups {
            let at = (sample * g.groups + group) * g.group_input();
            g.unfold(&x[at..at + g.group_input()], &mut patches);
            let gradient = dense(dy, (sample * g.groups + group) * g.o * g.positions(), g.positions());
            let target = &mut dw[group * area..(group + 1) * area];
            product(sizes, gradient, transposed(&patches, 0, g.positions()), target, true, true);
        }
    }
    pool::give_back(patches);
}

/// Bytes of scratch that a convolution of these operand types needs on one thread.
pub(crate) fn scratch_bytes(kind: Kind, a: &Type, b: &Type, out: &Type) -> usize {
    let (w, y) = match kind {
        Kind::Forward => (b, out),
        Kind::InputGrad => (b, a),
        Kind::WeightGrad => (out, b),
    };
    let patch: usize = w.shape[1..].iter().product();
    let positions: usize = y.shape[2..].iter().product();
    patch.saturating_mul(positions).saturating_mul(a.dtype.size().max(4))
}
