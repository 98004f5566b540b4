//! Patches of images, for convolutions as products; and images from the sums of their patches.

use super::index::{coordinates, index_type, one_each};
use super::{Kernel, Lines, Parameter, SCRATCH, THREADS, Touch, constant, narrowed, sum_type, type_name, widened};
use crate::cpu::conv::Images;
use crate::cpu::memory::Address;
use crate::geometry::Geometry;
use std::ops::Range;
use thalweg_graph::{DType, Number};

/// The patches of some samples of a group of channels: `[channel · tap, sample, position]`, in scratch from element 0 on.
pub(crate) fn patches(g: &Geometry, dtype: DType, x: &Images, group: usize, samples: &Range<usize>) -> Kernel {
    let dims = [g.inner, g.kernel[0], g.kernel[1], samples.len(), g.output[0], g.output[1]];
    let count: usize = dims.iter().product();
    let index = index_type(count.max(g.samples * x.sample));
    // A thread takes neighbouring positions.
    let lanes = if g.output[1].is_multiple_of(4) { 4 } else { 1 };
    let mut out = Lines::default();
    one_each(&mut out, "unit", count / lanes, index);
    coordinates(&mut out, "c", "unit", &[&dims[..5], &[dims[5] / lanes]].concat(), index);
    let [stride, before, dilation] = [&g.stride, &g.before, &g.dilation].map(|of| [of[0] as i64, of[1] as i64]);
    out.line(format!("const i64 y = (i64)c4 * {}LL + (i64)c1 * {}LL - {}LL;", stride[0], dilation[0], before[0]));
    out.line(format!("const i64 x = (i64)c5 * {}LL + (i64)c2 * {}LL - {}LL;", lanes as i64 * stride[1], dilation[1], before[1]));
    out.line(format!("const bool inside = y >= 0 && y < {}LL;", g.input[0]));
    out.line(format!("const i64 row = (i64)c3 * {}LL + (i64)c0 * {}LL + y * {}LL;", x.sample, x.channel, g.input[1]));
    out.line(format!("{} taken[{lanes}];", type_name(dtype)));
    let nothing = constant(Number::Float(0), dtype);
    for lane in 0..lanes as i64 {
        let at = format!("x + {}LL", lane * stride[1]);
        out.line(format!("taken[{lane}] = inside && {at} >= 0 && {at} < {}LL ? p0[row + {at}] : {nothing};", g.input[1]));
    }
    out.line(format!("store<{lanes}>(p1 + ({index})unit * {lanes}u, taken);"));
    let at = Address { offset: x.at.offset + samples.start * x.sample + group * g.inner * x.channel, ..x.at };
    Kernel {
        label: format!("patches {dims:?}"),
        body: out.text(),
        parameters: vec![
            Parameter::Value(at, dtype, touch(g, x, samples, false)),
            Parameter::Value(Address { base: SCRATCH, offset: 0 }, dtype, Touch::row(true, count)),
        ],
        blocks: (count / lanes).div_ceil(THREADS),
        scratch: 0,
        counters: 0,
        bytes: 2 * count * dtype.size(),
    }
}

/// The images of which these are the patches' gradients: every element is the sum over the patches that it is part of.
pub(crate) fn images(g: &Geometry, dtype: DType, x: &Images, group: usize, samples: &Range<usize>) -> Kernel {
    let dims = [samples.len(), g.inner, g.input[0], g.input[1]];
    let count: usize = dims.iter().product();
    let columns = samples.len() * g.positions();
    let index = index_type(count.max(g.inner * g.taps() * columns));
    let ty = type_name(sum_type(dtype));
    let mut out = Lines::default();
    one_each(&mut out, "i", count, index);
    coordinates(&mut out, "c", "i", &dims, index);
    out.line(format!("{ty} sum = 0;"));
    for (axis, name) in ["y", "x"].iter().enumerate() {
        let (stride, before, dilation) = (g.stride[axis], g.before[axis], g.dilation[axis]);
        out.line(format!("for (i64 k{name} = 0; k{name} < {}LL; ++k{name}) {{", g.kernel[axis]));
        out.line(format!("const i64 t{name} = (i64)c{} + {before}LL - k{name} * {dilation}LL;", axis + 2));
        out.line(format!("if (t{name} < 0 || t{name} % {stride}LL != 0 || t{name} / {stride}LL >= {}LL) continue;", g.output[axis]));
    }
    let tap = format!("((i64)c1 * {}LL + ky * {}LL + kx)", g.taps(), g.kernel[1]);
    let position = format!("(ty / {}LL) * {}LL + tx / {}LL", g.stride[0], g.output[1], g.stride[1]);
    let element = format!("p0[{tap} * {columns}LL + (i64)c0 * {}LL + {position}]", g.positions());
    out.line(format!("sum += {};", widened(dtype, &element)));
    out.line("}");
    out.line("}");
    let place = format!("(i64)c0 * {}LL + (i64)c1 * {}LL + (i64)c2 * {}LL + (i64)c3", x.sample, x.channel, g.input[1]);
    out.line(format!("p1[{place}] = {};", narrowed(dtype, "sum")));
    let at = Address { offset: x.at.offset + samples.start * x.sample + group * g.inner * x.channel, ..x.at };
    Kernel {
        label: format!("images {dims:?}"),
        body: out.text(),
        parameters: vec![
            Parameter::Value(Address { base: SCRATCH, offset: 0 }, dtype, Touch::row(false, g.inner * g.taps() * columns)),
            Parameter::Value(at, dtype, touch(g, x, samples, true)),
        ],
        blocks: count.div_ceil(THREADS),
        scratch: 0,
        counters: 0,
        bytes: (count + g.inner * g.taps() * columns) * dtype.size(),
    }
}

/// The channels of a group in these samples.
fn touch(g: &Geometry, x: &Images, samples: &Range<usize>, writes: bool) -> Touch {
    let strides = [x.sample, x.channel, 1].map(|s| s as isize);
    Touch::of(writes, &[samples.len(), g.inner, g.input[0] * g.input[1]], &strides)
}
