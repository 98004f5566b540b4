//! Ops with a kernel of their own: one thread per element of the result, which walks what it needs.

use super::index::{coordinates, index_type, names, offset, one_each};
use super::{Kernel, Lines, Parameter, THREADS, Touch, integer, narrowed, sum_type, type_name, widened};
use crate::cpu::copy::View;
use crate::cpu::op::OpCall;
use crate::geometry::{Geometry, Map};
use crate::{EngineError, Result};
use thalweg_graph::ops::{Distribution, Op, Window};
use thalweg_graph::{DType, Type};

/// A kernel under construction: the operands of an op, and the coordinates of an element of its result.
struct Maker<'a> {
    call: &'a OpCall,
    out: Lines,
    parameters: Vec<Parameter>,
    index: &'static str,
}

/// The kernel of an op; `step` is the number by which it is told from others when an index is out of range.
pub(crate) fn op(call: &OpCall, step: usize) -> Result<Vec<Kernel>> {
    let count = match &call.op {
        // A thread draws a block of numbers, or walks along a dimension.
        Op::Random(_) => call.ty.count().div_ceil(block(call.ty.dtype)),
        Op::CumSum(op) => call.ty.count() / call.ty.shape[op.axis].max(1),
        _ => call.ty.count(),
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    let largest = call.operands.iter().map(|(_, ty)| ty.count()).chain([call.ty.count()]).max().unwrap_or(0);
    let mut maker = Maker { call, out: Lines::default(), parameters: Vec::new(), index: index_type(largest) };
    let value = |writes: bool, view: &View, ty: &Type| Parameter::Value(view.at, ty.dtype, Touch::of(writes, &ty.shape, &view.strides));
    maker.parameters.extend(call.operands.iter().map(|(view, ty)| value(false, view, ty)));
    maker.parameters.push(value(true, &call.to, &call.ty));
    let index = maker.index;
    one_each(&mut maker.out, "i", count, index);
    match &call.op {
        Op::Random(op) => maker.random(op.distribution, op.stream),
        Op::Gather(op) => maker.gather(op.axis, step),
        Op::ScatterAdd(op) => maker.scatter_add(op.axis, step),
        Op::TakeAlong(op) => maker.take_along(op.axis, step),
        Op::AddAlong(op) => maker.add_along(op.axis, step),
        Op::CumSum(op) => maker.cum_sum(op.axis, op.reverse),
        Op::ArgMax(op) => maker.arg_max(op.axis),
        Op::ArgSort(op) => maker.arg_sort(op.axis),
        Op::ReduceSum(op) => maker.reduce("Sum", &op.axes),
        Op::ReduceMax(op) => maker.reduce("Max", &op.axes),
        Op::MatMul(_) => maker.product(),
        Op::Conv(op) => maker.conv(&op.window, Map::Forward),
        Op::ConvInputGrad(op) => maker.conv(&op.window, Map::InputGrad),
        Op::ConvWeightGrad(op) => maker.conv(&op.window, Map::WeightGrad),
        other => return Err(EngineError::internal(format!("the CUDA executor cannot run {}", other.name()))),
    }
    let bytes = call.operands.iter().map(|(_, ty)| ty.bytes()).sum::<usize>() + call.ty.bytes();
    Ok(vec![Kernel {
        label: format!("{} {}", call.op.name(), call.ty),
        body: maker.out.text(),
        parameters: maker.parameters,
        blocks: count.div_ceil(THREADS),
        scratch: 0,
        counters: 0,
        bytes,
    }])
}

/// Numbers of a block of random words.
fn block(dtype: DType) -> usize {
    if dtype == DType::F64 { 2 } else { 4 }
}

impl Maker<'_> {
    fn operand(&self, k: usize) -> (&View, &Type) {
        let (view, ty) = &self.call.operands[k];
        (view, ty)
    }

    /// Element of operand `k` at these coordinates.
    fn read(&self, k: usize, coordinates: &[String]) -> String {
        format!("p{k}[{}]", offset(coordinates, &self.operand(k).0.strides))
    }

    fn result(&self, coordinates: &[String]) -> String {
        format!("p{}[{}]", self.call.operands.len(), offset(coordinates, &self.call.to.strides))
    }

    /// Coordinates `c0`, … of element `i` of the result.
    fn of_result(&mut self) -> Vec<String> {
        coordinates(&mut self.out, "c", "i", &self.call.ty.shape, self.index);
        names("c", self.call.ty.rank())
    }

    fn wrong(&mut self) -> usize {
        self.parameters.push(Parameter::Wrong);
        self.parameters.len() - 1
    }

    fn random(&mut self, distribution: Distribution, stream: u64) {
        let (each, count) = (block(self.call.ty.dtype), self.call.ty.count());
        let (ty, index) = (type_name(self.call.ty.dtype), self.index);
        let draw = if distribution == Distribution::Uniform { "uniform" } else { "normal" };
        self.out.line(format!("const Words words = random_block(p0[0], 0x{stream:016x}ull, p1[0], (u64)i);"));
        self.out.line(format!("{ty} drawn[{each}];"));
        self.out.line(format!("{draw}(words, drawn);"));
        self.out.line("#pragma unroll");
        self.out.line(format!("for (int lane = 0; lane < {each}; ++lane) {{"));
        self.out.line(format!("const {index} at = i * {each}u + lane;"));
        self.out.line(format!("if (at >= {count}u) break;"));
        coordinates(&mut self.out, "c", "at", &self.call.ty.shape, index);
        let place = self.result(&names("c", self.call.ty.rank()));
        self.out.line(format!("{place} = drawn[lane];"));
        self.out.line("}");
    }

    fn gather(&mut self, axis: usize, step: usize) {
        let c = self.of_result();
        let (ranks, size) = (self.operand(1).1.rank(), self.operand(0).1.shape[axis]);
        let wrong = self.wrong();
        let chosen = &c[axis..axis + ranks];
        let position = position(chosen, &self.operand(1).1.shape);
        let index = self.read(1, chosen);
        self.out.line(format!("const i64 index = checked({index}, {size}LL, {position}, {step}LL, p{wrong});"));
        let from: Vec<String> = c[..axis].iter().cloned().chain(["index".into()]).chain(c[axis + ranks..].iter().cloned()).collect();
        // Nothing can be read of a dimension of size 0, and every index of it is out of range.
        let value = if size == 0 { self.zero() } else { self.read(0, &from) };
        let place = self.result(&c);
        self.out.line(format!("{place} = {value};"));
    }

    fn zero(&self) -> String {
        super::constant(thalweg_graph::Number::Int(0), self.call.ty.dtype)
    }

    fn take_along(&mut self, axis: usize, step: usize) {
        let c = self.of_result();
        let size = self.operand(0).1.shape[axis];
        let wrong = self.wrong();
        let index = self.read(1, &c);
        self.out.line(format!("const i64 index = checked({index}, {size}LL, (i64)i, {step}LL, p{wrong});"));
        let mut from = c.clone();
        from[axis] = "index".into();
        let value = if size == 0 { self.zero() } else { self.read(0, &from) };
        let place = self.result(&c);
        self.out.line(format!("{place} = {value};"));
    }

    /// Begins a sum.
    fn begin(&mut self, join: &str) -> DType {
        let sum = sum_type(self.call.ty.dtype);
        let ty = type_name(sum);
        self.out.line(format!("{ty} sum = nothing<{join}, {ty}>();"));
        sum
    }

    fn end(&mut self, place: &str) {
        let value = narrowed(self.call.ty.dtype, "sum");
        self.out.line(format!("{place} = {value};"));
    }

    fn scatter_add(&mut self, axis: usize, step: usize) {
        let c = self.of_result();
        let dtype = self.call.ty.dtype;
        let (shape, size) = (self.operand(1).1.shape.clone(), self.call.ty.shape[axis]);
        let wrong = self.wrong();
        self.begin("Sum");
        let loops = self.walk("k", &shape);
        let position = position(&loops, &shape);
        let index = self.read(1, &loops);
        self.out.line(format!("const i64 index = checked({index}, {size}LL, {position}, {step}LL, p{wrong});"));
        let from: Vec<String> = c[..axis].iter().chain(&loops).chain(&c[axis + 1..]).cloned().collect();
        let value = widened(dtype, &self.read(0, &from));
        self.out.line(format!("if (index == (i64){}) sum = op_add(sum, {value});", c[axis]));
        self.close(shape.len());
        let place = self.result(&c);
        self.end(&place);
    }

    fn add_along(&mut self, axis: usize, step: usize) {
        let c = self.of_result();
        let dtype = self.call.ty.dtype;
        let (shape, size) = (self.operand(1).1.shape.clone(), self.call.ty.shape[axis]);
        let wrong = self.wrong();
        self.begin("Sum");
        let k = self.walk("k", &shape[axis..axis + 1]);
        let mut at = c.clone();
        at[axis].clone_from(&k[0]);
        let (index, position) = (self.read(1, &at), position(&at, &shape));
        self.out.line(format!("const i64 index = checked({index}, {size}LL, {position}, {step}LL, p{wrong});"));
        let value = widened(dtype, &self.read(0, &at));
        self.out.line(format!("if (index == (i64){}) sum = op_add(sum, {value});", c[axis]));
        self.close(1);
        let place = self.result(&c);
        self.end(&place);
    }

    /// Opens loops over `shape`; the names of their coordinates.
    fn walk(&mut self, name: &str, shape: &[usize]) -> Vec<String> {
        for (d, size) in shape.iter().enumerate() {
            self.out.line(format!("for (u32 {name}{d} = 0; {name}{d} < {size}u; ++{name}{d}) {{"));
        }
        names(name, shape.len())
    }

    fn close(&mut self, loops: usize) {
        (0..loops).for_each(|_| self.out.line("}"));
    }

    fn cum_sum(&mut self, axis: usize, reverse: bool) {
        let shape = self.call.ty.shape.clone();
        let dtype = self.call.ty.dtype;
        let mut others = shape.clone();
        others[axis] = 1;
        coordinates(&mut self.out, "c", "i", &others, self.index);
        let mut c = names("c", shape.len());
        // Floats are summed in f64.
        let whole = dtype == DType::I64;
        self.out.line(if whole { "i64 sum = 0;" } else { "double sum = 0.0;" });
        self.out.line(format!("for (u32 k = 0; k < {}u; ++k) {{", shape[axis]));
        let at = if reverse { format!("({}u - k)", shape[axis].saturating_sub(1)) } else { "k".into() };
        c[axis] = at;
        let (value, place) = (self.read(0, &c), self.result(&c));
        let back = match dtype {
            DType::F32 => "to_f32(sum)",
            DType::BF16 => "to_bf16(sum)",
            _ => "sum",
        };
        self.out.line(if whole { format!("sum = op_add(sum, {value});") } else { format!("sum += to_f64({value});") });
        self.out.line(format!("{place} = {back};"));
        self.out.line("}");
    }

    fn along(&self, c: &[String], axis: usize, at: &str) -> Vec<String> {
        c[..axis].iter().cloned().chain([at.to_string()]).chain(c[axis..].iter().cloned()).collect()
    }

    fn arg_max(&mut self, axis: usize) {
        let c = self.of_result();
        let (size, ty) = (self.operand(0).1.shape[axis], type_name(self.operand(0).1.dtype));
        let first = self.read(0, &self.along(&c, axis, "0"));
        self.out.line(format!("{ty} top = {first};"));
        self.out.line("i64 best = 0;");
        self.out.line(format!("for (u32 k = 1; k < {size}u; ++k) {{"));
        let value = self.read(0, &self.along(&c, axis, "k"));
        self.out.line(format!("const {ty} value = {value};"));
        self.out.line("if (op_eq(top, top) && (op_gt(value, top) || op_ne(value, value))) { top = value; best = k; }");
        self.out.line("}");
        let place = self.result(&c);
        self.out.line(format!("{place} = best;"));
    }

    /// The rank of an element among those of its row is where its index belongs.
    fn arg_sort(&mut self, axis: usize) {
        let mut c = self.of_result();
        let size = self.call.ty.shape[axis];
        let own = c[axis].clone();
        let value = self.read(0, &c);
        self.out.line(format!("const auto value = {value};"));
        self.out.line("u32 rank = 0;");
        c[axis] = "k".into();
        let other = self.read(0, &c);
        self.out.line(format!("for (u32 k = 0; k < {size}u; ++k) rank += is_before({other}, (i64)k, value, (i64){own});"));
        c[axis] = "rank".into();
        let place = self.result(&c);
        self.out.line(format!("{place} = (i64){own};"));
    }

    /// A reduction that no pass takes: of bf16, or of nothing.
    fn reduce(&mut self, join: &str, axes: &[usize]) {
        let c = self.of_result();
        let dtype = self.call.ty.dtype;
        let shape = self.operand(0).1.shape.clone();
        self.begin(join);
        let sizes: Vec<usize> = axes.iter().map(|&a| shape[a]).collect();
        let k = self.walk("k", &sizes);
        let (mut kept, mut gone) = (c.iter(), k.iter());
        let from: Vec<String> =
            (0..shape.len()).filter_map(|d| if axes.contains(&d) { gone.next() } else { kept.next() }.cloned()).collect();
        let value = widened(dtype, &self.read(0, &from));
        self.out.line(format!("sum = {join}::join(sum, {value});"));
        self.close(sizes.len());
        let place = self.result(&c);
        self.end(&place);
    }

    /// A product of element types that cuBLAS does not know.
    fn product(&mut self) {
        let c = self.of_result();
        let dtype = self.call.ty.dtype;
        let rank = c.len();
        let inner = self.operand(0).1.shape[rank - 1];
        self.begin("Sum");
        self.out.line(format!("for (u32 k = 0; k < {inner}u; ++k) {{"));
        let (mut a, mut b) = (c.clone(), c.clone());
        a[rank - 1] = "k".into();
        b[rank - 2] = "k".into();
        let (left, right) = (widened(dtype, &self.read(0, &a)), widened(dtype, &self.read(1, &b)));
        self.out.line(format!("sum = op_add(sum, op_mul({left}, {right}));"));
        self.out.line("}");
        let place = self.result(&c);
        self.end(&place);
    }

    /// A convolution or a gradient of one, term by term.
    fn conv(&mut self, window: &Window, map: Map) {
        let shape = |k: usize| self.operand(k).1.shape.clone();
        let own = self.call.ty.shape.clone();
        let (x, w, y) = match map {
            Map::Forward => (shape(0), shape(1), own),
            Map::InputGrad => (own, shape(1), shape(0)),
            Map::WeightGrad => (shape(0), own, shape(1)),
        };
        let g = Geometry::new(window, &x, &w, &y);
        let c = self.of_result();
        let flat = c.len() == 3;
        let dtype = self.call.ty.dtype;
        // Coordinates of an image or a kernel with one spatial dimension have no first one.
        let place = |a: &str, b: &str, d0: &str, d1: &str| -> Vec<String> {
            let all = [a, b, d0, d1].map(String::from);
            if flat { vec![all[0].clone(), all[1].clone(), all[3].clone()] } else { all.to_vec() }
        };
        let (s0, s1) = if flat { ("0".to_string(), c[2].clone()) } else { (c[2].clone(), c[3].clone()) };
        self.begin("Sum");
        let [stride, before, dilation] = [g.stride, g.before, g.dilation].map(|p| p.map(|v| v as i64));
        match map {
            Map::Forward => {
                self.out.line(format!("const u32 group = (u32)c1 / {}u;", g.outer));
                self.walk("k", &[g.inner, g.kernel[0], g.kernel[1]]);
                self.inside("y", &s0, "k1", [stride[0], before[0], dilation[0]], g.input[0]);
                self.inside("x", &s1, "k2", [stride[1], before[1], dilation[1]], g.input[1]);
                let channel = format!("(group * {}u + k0)", g.inner);
                let (a, b) = (self.read(0, &place("c0", &channel, "iy", "ix")), self.read(1, &place("c1", "k0", "k1", "k2")));
                self.add(dtype, &a, &b);
                self.close(3);
            }
            Map::InputGrad => {
                self.out.line(format!("const u32 group = (u32)c1 / {}u;", g.inner));
                self.walk("k", &[g.outer, g.kernel[0], g.kernel[1]]);
                self.behind("y", &s0, "k1", [stride[0], before[0], dilation[0]], g.output[0]);
                self.behind("x", &s1, "k2", [stride[1], before[1], dilation[1]], g.output[1]);
                let channel = format!("(group * {}u + k0)", g.outer);
                let inner = format!("((u32)c1 % {}u)", g.inner);
                let (a, b) = (self.read(0, &place("c0", &channel, "iy", "ix")), self.read(1, &place(&channel, &inner, "k1", "k2")));
                self.add(dtype, &a, &b);
                self.close(3);
            }
            Map::WeightGrad => {
                self.out.line(format!("const u32 group = (u32)c0 / {}u;", g.outer));
                self.walk("k", &[g.samples, g.output[0], g.output[1]]);
                self.inside("y", "k1", &s0, [stride[0], before[0], dilation[0]], g.input[0]);
                self.inside("x", "k2", &s1, [stride[1], before[1], dilation[1]], g.input[1]);
                let channel = format!("(group * {}u + (u32)c1)", g.inner);
                let (a, b) = (self.read(0, &place("k0", &channel, "iy", "ix")), self.read(1, &place("k0", "c0", "k1", "k2")));
                self.add(dtype, &a, &b);
                self.close(3);
            }
        }
        let place = self.result(&c);
        self.end(&place);
    }

    fn add(&mut self, dtype: DType, a: &str, b: &str) {
        let (a, b) = (widened(dtype, a), widened(dtype, b));
        self.out.line(format!("sum = op_add(sum, op_mul({a}, {b}));"));
    }

    /// Where in the input a tap of an output's position lies; the next turn of the loop if it is outside.
    fn inside(&mut self, axis: &str, output: &str, tap: &str, [stride, before, dilation]: [i64; 3], size: usize) {
        self.out.line(format!("const i64 i{axis} = (i64){output} * {stride} + (i64){tap} * {dilation} - {before};"));
        self.out.line(format!("if (i{axis} < 0 || i{axis} >= {size}LL) continue;"));
    }

    /// The output's position whose tap an input's position is; the next turn of the loop if there is none.
    fn behind(&mut self, axis: &str, input: &str, tap: &str, [stride, before, dilation]: [i64; 3], size: usize) {
        self.out.line(format!("const i64 t{axis} = (i64){input} + {before} - (i64){tap} * {dilation};"));
        self.out.line(format!("if (t{axis} < 0 || t{axis} % {stride} != 0) continue;"));
        self.out.line(format!("const i64 i{axis} = t{axis} / {stride};"));
        self.out.line(format!("if (i{axis} >= {size}LL) continue;"));
    }
}

/// The place of an element in row-major order.
fn position(coordinates: &[String], shape: &[usize]) -> String {
    let strides: Vec<isize> = thalweg_graph::strides(shape).iter().map(|&s| s as isize).collect();
    let place = offset(coordinates, &strides);
    if place == "0" { integer(0) } else { place }
}
