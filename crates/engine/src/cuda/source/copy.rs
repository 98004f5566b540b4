//! Copies between views: one thread per element.

use super::index::{coordinates, index_type, names, offset};
use super::{Kernel, Lines, Parameter, THREADS, Touch};
use crate::cpu::copy::{Copy, View};
use thalweg_graph::DType;

/// Some element type of so many bytes: a copy moves bits.
pub(crate) fn bits(size: usize) -> DType {
    match size {
        1 => DType::Bool,
        2 => DType::BF16,
        4 => DType::F32,
        _ => DType::I64,
    }
}

/// The kernel of a copy. Zeros around it are the caller's.
pub(crate) fn copy(copy: &Copy) -> Kernel {
    let (shape, size, from, to) = copy.parts();
    between(shape, size, from, to)
}

/// Copies elements of `shape`, of `size` bytes each.
pub(crate) fn between(shape: &[usize], size: usize, from: &View, to: &View) -> Kernel {
    let count: usize = shape.iter().product();
    let index = index_type(count);
    let mut out = Lines::default();
    out.line(format!("const {index} i = ({index})block * THREADS + THREAD;"));
    out.line(format!("if (i >= {count}u) return;"));
    coordinates(&mut out, "c", "i", shape, index);
    let names = names("c", shape.len());
    out.line(format!("p1[{}] = p0[{}];", offset(&names, &to.strides), offset(&names, &from.strides)));
    let dtype = bits(size);
    Kernel {
        label: format!("copy {shape:?}"),
        body: out.text(),
        parameters: vec![
            Parameter::Value(from.at, dtype, Touch::of(false, shape, &from.strides)),
            Parameter::Value(to.at, dtype, Touch::of(true, shape, &to.strides)),
        ],
        blocks: count.div_ceil(THREADS),
        scratch: 0,
        counters: 0,
        bytes: 2 * count * size,
    }
}
