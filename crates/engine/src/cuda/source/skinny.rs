//! Products with a side of a few elements, which take as long as moving their operands: `[m, k] × [k, n]` with k, n or m at most [`FEW`].

use super::index::{index_type, one_each};
use super::{Kernel, Lines, Parameter, SCRATCH, THREADS, Touch, narrowed, sum_type, type_name, widened};
use crate::cpu::memory::Address;
use crate::cpu::plan::ARENA;
use crate::cuda::product::{Matrix, Wanted};
use thalweg_graph::DType;

/// A side that is short.
const FEW: usize = 8;
/// Terms of a sum from which it is worth a kernel of its own.
const TERMS: usize = 32;
/// Parts of a sum, and blocks, at most.
const PARTS: usize = 512;
const BLOCKS: usize = 1056;

/// The kernel of a product with a short side, if it has one.
///
/// `inside`: it is part of a loop's body, whose bases other than the arena may begin anywhere.
pub(crate) fn skinny(wanted: &Wanted, inside: bool) -> Option<Kernel> {
    let [m, k, n] = wanted.sizes;
    if wanted.entries != 1 || wanted.adds || !wanted.dtype.is_float() {
        return None;
    }
    let all = [&wanted.a, &wanted.b, &wanted.c];
    if inside && all.iter().any(|m| m.at.base != ARENA && m.at.base != SCRATCH) {
        return None;
    }
    if k <= FEW && m * n >= THREADS {
        return Some(few_terms(wanted));
    }
    let turned = |x: Matrix| Matrix { row: x.column, column: x.row, ..x };
    let thin = if n <= FEW {
        Thin { dtype: wanted.dtype, rows: m, terms: k, columns: n, long: wanted.a, short: wanted.b, out: wanted.c }
    } else if m <= FEW {
        Thin { dtype: wanted.dtype, rows: n, terms: k, columns: m, long: turned(wanted.b), short: turned(wanted.a), out: turned(wanted.c) }
    } else {
        return None;
    };
    match () {
        () if k < TERMS => None,
        // Few long rows would keep few blocks busy.
        () if thin.long.column == 1 => (thin.rows >= 2048 || thin.terms <= 4096).then(|| thin.by_rows()),
        () if thin.long.row == 1 => Some(thin.by_columns()),
        () => None,
    }
}

/// A product whose result has few columns.
struct Thin {
    dtype: DType,
    rows: usize,
    terms: usize,
    columns: usize,
    long: Matrix,
    short: Matrix,
    out: Matrix,
}

fn value(x: &Matrix, dtype: DType, rows: usize, columns: usize, writes: bool) -> Parameter {
    Parameter::Value(x.at, dtype, Touch::of(writes, &[rows, columns], &[x.row as isize, x.column as isize]))
}

/// Whether groups of four columns lie together.
fn even(x: &Matrix, columns: usize) -> bool {
    x.column == 1 && columns.is_multiple_of(4) && x.row.is_multiple_of(4) && x.at.offset.is_multiple_of(4)
}

/// Every element of the result is a short sum.
fn few_terms(wanted: &Wanted) -> Kernel {
    let [m, k, n] = wanted.sizes;
    let (a, b, c) = (&wanted.a, &wanted.b, &wanted.c);
    let lanes = if even(c, n) { 4 } else { 1 };
    let (count, dtype) = (m * n / lanes, wanted.dtype);
    let ty = type_name(sum_type(dtype));
    let index = index_type(m * n);
    let mut out = Lines::default();
    one_each(&mut out, "unit", count, index);
    out.line(format!("const {index} i = unit / {}u, j = unit % {}u * {lanes}u;", n / lanes, n / lanes));
    out.line(format!("{ty} sum[{lanes}] = {{}};"));
    for l in 0..k {
        let x = widened(dtype, &format!("p0[(i64)i * {}LL + {}LL]", a.row, l * a.column));
        out.line(format!("{{ const {ty} x = {x};"));
        for lane in 0..lanes {
            let y = widened(dtype, &format!("p1[{}LL + (i64)(j + {lane}u) * {}LL]", l * b.row, b.column));
            out.line(format!("sum[{lane}] = op_mul_add(x, {y}, sum[{lane}]);"));
        }
        out.line("}");
    }
    let place = format!("(i64)i * {}LL + (i64)j * {}LL", c.row, c.column);
    let results: Vec<String> = (0..lanes).map(|lane| narrowed(dtype, &format!("sum[{lane}]"))).collect();
    if lanes == 4 {
        out.line(format!("{} out[4] = {{{}}};", type_name(dtype), results.join(", ")));
        out.line(format!("store<4>(p2 + ({place}), out);"));
    } else {
        out.line(format!("p2[{place}] = {};", results[0]));
    }
    Kernel {
        label: format!("product of few terms [{m}, {k}] × [{k}, {n}]"),
        body: out.text(),
        parameters: vec![value(a, wanted.dtype, m, k, false), value(b, wanted.dtype, k, n, false), value(c, wanted.dtype, m, n, true)],
        blocks: count.div_ceil(THREADS),
        scratch: 0,
        counters: 0,
        bytes: (m * k + k * n + m * n) * wanted.dtype.size(),
    }
}

impl Thin {
    fn kernel(&self, body: Lines, blocks: usize, more: Vec<Parameter>, scratch: usize, counters: usize) -> Kernel {
        let (rows, terms, columns) = (self.rows, self.terms, self.columns);
        let mut parameters = vec![
            value(&self.long, self.dtype, rows, terms, false),
            value(&self.short, self.dtype, terms, columns, false),
            value(&self.out, self.dtype, rows, columns, true),
        ];
        parameters.extend(more);
        Kernel {
            label: format!("thin product [{rows}, {terms}] × [{terms}, {columns}]"),
            body: body.text(),
            parameters,
            blocks,
            scratch,
            counters,
            bytes: (rows * terms + terms * columns + rows * columns) * self.dtype.size(),
        }
    }

    fn short(&self, l: &str, column: usize) -> String {
        widened(self.dtype, &format!("p1[(i64)({l}) * {}LL + {}LL]", self.short.row, column * self.short.column))
    }

    /// The line that writes a sum.
    fn result(&self, row: &str, column: usize, sum: &str) -> String {
        let sum = narrowed(self.dtype, sum);
        format!("p2[(i64)({row}) * {}LL + {}LL] = {sum};", self.out.row, column * self.out.column)
    }

    /// An element of the long side that was loaded.
    fn loaded(&self, lane: usize) -> String {
        widened(self.dtype, &format!("x[{lane}]"))
    }

    /// The terms of a row lie together: a warp takes a row.
    fn by_rows(&self) -> Kernel {
        let (ty, columns) = (type_name(sum_type(self.dtype)), self.columns);
        let lanes = if even(&self.long, self.terms) { 4 } else { 1 };
        let units = self.terms / lanes;
        let mut out = Lines::default();
        out.line(format!("const i64 row = (i64)block * {}LL + THREAD / 32;", THREADS / 32));
        out.line(format!("const bool there = row < {}LL;", self.rows));
        out.line(format!("{ty} sum[{columns}] = {{}};"));
        out.line(format!("if (there) for (u32 unit = THREAD % 32; unit < {units}u; unit += 32) {{"));
        out.line(format!("{} x[{lanes}];", type_name(self.dtype)));
        let place = format!("row * {}LL + unit * {lanes}u", self.long.row);
        out.line(if lanes == 4 { format!("load<4>(x, p0 + ({place}));") } else { format!("x[0] = p0[{place}];") });
        for lane in 0..lanes {
            for column in 0..columns {
                let short = self.short(&format!("unit * {lanes}u + {lane}u"), column);
                out.line(format!("sum[{column}] = op_mul_add({}, {short}, sum[{column}]);", self.loaded(lane)));
            }
        }
        out.line("}");
        out.line(format!("{ty}* const none = 0;"));
        for column in 0..columns {
            out.line(format!("sum[{column}] = join_threads<Sum, 32>(sum[{column}], none);"));
        }
        out.line("if (!there || THREAD % 32 != 0) return;");
        (0..columns).for_each(|column| out.line(self.result("row", column, &format!("sum[{column}]"))));
        self.kernel(out, self.rows.div_ceil(THREADS / 32), Vec::new(), 0, 0)
    }

    /// The rows of a term lie together: threads side by side take neighbouring rows, and walk along the terms.
    fn by_columns(&self) -> Kernel {
        let (ty, columns, rows, terms) = (type_name(sum_type(self.dtype)), self.columns, self.rows, self.terms);
        let turned = Matrix { row: self.long.column, column: self.long.row, ..self.long };
        let lanes = if even(&turned, rows) && columns <= 4 { 4 } else { 1 };
        let units = rows / lanes;
        let side = units.next_power_of_two().min(32);
        let down = THREADS / side;
        let tiles = units.div_ceil(side);
        let wanted = BLOCKS.div_ceil(tiles).min(terms.div_ceil(4 * down)).clamp(1, PARTS);
        let each = terms.div_ceil(wanted);
        let cuts = terms.div_ceil(each);
        let mut out = Lines::default();
        out.line(format!("SHARED {ty} shared[THREADS];"));
        out.line(format!("const u32 side = THREAD % {side}u, down = THREAD / {side}u, cut = block % {cuts}u, tile = block / {cuts}u;"));
        out.line(format!("const u32 unit = tile * {side}u + side;"));
        out.line(format!("const bool there = unit < {units}u;"));
        out.line(format!("const u32 end = (cut + 1) * {each}u < {terms}u ? (cut + 1) * {each}u : {terms}u;"));
        out.line(format!("{ty} sum[{columns}][{lanes}] = {{}};"));
        out.line(format!("if (there) for (u32 k = cut * {each}u + down; k < end; k += {down}u) {{"));
        out.line(format!("{} x[{lanes}];", type_name(self.dtype)));
        let place = format!("(i64)k * {}LL + unit * {lanes}u", turned.row);
        out.line(if lanes == 4 { format!("load<4>(x, p0 + ({place}));") } else { format!("x[0] = p0[{place}];") });
        for column in 0..columns {
            out.line(format!("{{ const {ty} y = {};", self.short("k", column)));
            for lane in 0..lanes {
                out.line(format!("sum[{column}][{lane}] = op_mul_add({}, y, sum[{column}][{lane}]);", self.loaded(lane)));
            }
            out.line("}");
        }
        out.line("}");
        let all: Vec<(usize, usize)> = (0..columns).flat_map(|column| (0..lanes).map(move |lane| (column, lane))).collect();
        let joined = |out: &mut Lines| {
            for (column, lane) in &all {
                out.line(format!("sum[{column}][{lane}] = join_columns<Sum, {side}, {down}>(sum[{column}][{lane}], shared);"));
            }
        };
        let results = |out: &mut Lines| {
            out.line("if (!there || down != 0) return;");
            for (column, lane) in &all {
                out.line(self.result(&format!("unit * {lanes}u + {lane}u"), *column, &format!("sum[{column}][{lane}]")));
            }
        };
        joined(&mut out);
        if cuts == 1 {
            results(&mut out);
            return self.kernel(out, tiles, Vec::new(), 0, 0);
        }
        out.line("SHARED u32 arrived;");
        let part =
            |cut: &str, column: usize, lane: usize| format!("p3[(({cut}) * {columns}u + {column}u) * {rows}u + unit * {lanes}u + {lane}u]");
        out.line("if (there && down == 0) {");
        all.iter().for_each(|(column, lane)| out.line(format!("{} = sum[{column}][{lane}];", part("cut", *column, *lane))));
        out.line("}");
        out.line(format!("if (!is_last(p4 + tile, {cuts}u, &arrived)) return;"));
        all.iter().for_each(|(column, lane)| out.line(format!("sum[{column}][{lane}] = 0;")));
        out.line(format!("if (there) for (u32 k = down; k < {cuts}u; k += {down}u) {{"));
        all.iter().for_each(|(column, lane)| out.line(format!("sum[{column}][{lane}] += {};", part("k", *column, *lane))));
        out.line("}");
        joined(&mut out);
        results(&mut out);
        let count = cuts * columns * rows;
        let wide = sum_type(self.dtype);
        let parts = Parameter::Value(Address { base: SCRATCH, offset: 0 }, wide, Touch::row(true, count));
        let scratch = (count * wide.size()).next_multiple_of(256);
        self.kernel(out, tiles * cuts, vec![parts, Parameter::Counters], scratch, tiles)
    }
}
