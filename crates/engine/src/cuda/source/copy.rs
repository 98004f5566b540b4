//! Copies between views: one thread per element.

use super::index::{coordinates, index_type, names, offset, one_each};
use super::{Kernel, Lines, Parameter, THREADS, Touch, type_name};
use crate::cpu::copy::{Copy, View, merged};
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
    let dtype = bits(size);
    let merged = merged(shape, from, to);
    let sizes: Vec<usize> = merged.iter().map(|m| m.0).collect();
    let (from_strides, to_strides): (Vec<isize>, Vec<isize>) = merged.iter().map(|m| (m.1, m.2)).unzip();
    let count: usize = shape.iter().product();
    // Four at a time, where they lie together on both sides.
    let even = |view: &View, strides: &[isize]| {
        let (last, outer) = strides.split_last().unwrap_or((&1, &[]));
        *last == 1 && view.at.offset.is_multiple_of(4) && outer.iter().all(|s| s % 4 == 0)
    };
    let together = sizes.last().is_some_and(|s| s.is_multiple_of(4)) && even(from, &from_strides) && even(to, &to_strides);
    let lanes = if together { 4 } else { 1 };
    let units = count / lanes;
    let index = index_type(count);
    let mut out = Lines::default();
    one_each(&mut out, "unit", units, index);
    out.line(format!("const {index} i = unit * {lanes}u;"));
    coordinates(&mut out, "c", "i", &sizes, index);
    let names = names("c", sizes.len());
    let (there, here) = (offset(&names, &to_strides), offset(&names, &from_strides));
    if lanes == 4 {
        out.line(format!("{} x[4];", type_name(dtype)));
        out.line(format!("load<4>(x, p0 + ({here}));"));
        out.line(format!("store<4>(p1 + ({there}), x);"));
    } else {
        out.line(format!("p1[{there}] = p0[{here}];"));
    }
    Kernel {
        label: format!("copy {sizes:?}"),
        body: out.text(),
        parameters: vec![
            Parameter::Value(from.at, dtype, Touch::of(false, shape, &from.strides)),
            Parameter::Value(to.at, dtype, Touch::of(true, shape, &to.strides)),
        ],
        blocks: units.div_ceil(THREADS),
        scratch: 0,
        counters: 0,
        bytes: 2 * count * size,
    }
}
