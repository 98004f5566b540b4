//! A pass as kernels: elementwise ops on the way from memory to memory, and reductions of what they give.
//!
//! Three kernels differ in who handles which element. *Flat*: threads take elements as they come; sums over everything. *Rows*:
//! threads side by side take a row, and join it. *Columns*: threads side by side take neighbouring columns, and walk down. A pass whose
//! reductions differ in kind runs as several kernels, each of which computes what it needs; the last one stores. Parts of a result are
//! joined by the block that is done last, in the order of the parts: the same bits for any order of blocks, on any card.

mod chain;

pub(crate) use chain::chain;

use super::index::{coordinates, index_type, names, offset, one_each, signed, strides_of};
use super::{Kernel, Lines, Parameter, SCRATCH, THREADS, Touch, constant, type_name};
use crate::cpu::fused::{Argument, Code, Form, Join, Lying, Pass, Pattern, Reduction, Target};
use crate::cpu::memory::Address;
use crate::cpu::plan::ARENA;
use std::collections::{BTreeMap, BTreeSet};
use thalweg_graph::ops::{Compare, Logical, Rule};
use thalweg_graph::{DType, Number};

/// Parts of a result, at most: of a row, and of a column.
const PARTS: usize = 64;
const CUTS: usize = 512;
/// Blocks of a kernel that joins everything into one number, at most; and of one that joins columns, roughly.
const BLOCKS: usize = 264;
const WALKING: usize = 1056;
/// Elements of a pass that keep a GPU busy with fewer threads.
const MANY: usize = 1 << 21;
/// Neighbouring threads that walk down columns together.
const SIDE: usize = 32;
/// Rows longer than this are cut into parts where there are few of them.
const LONG: usize = 4096;

/// An operand, each value having a name of its own.
#[derive(Clone, Copy)]
enum Operand {
    Value(usize),
    Source(usize),
    Constant(Number),
}

struct Instruction {
    code: Code,
    dtype: DType,
    operands: Vec<Operand>,
}

/// A reduction of a kernel.
struct Reduced {
    operand: Operand,
    dtype: DType,
    join: Join,
    result: Parameter,
}

impl Reduced {
    /// The type in which values are joined: sums of f32 in f64, so that the rounding error does not grow with their number.
    fn wide(&self) -> DType {
        if self.join == Join::Sum && self.dtype == DType::F32 { DType::F64 } else { self.dtype }
    }

    fn wide_name(&self) -> &'static str {
        type_name(self.wide())
    }
}

/// Who handles which element.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// `[rows, width] → [rows]`.
    Rows {
        width: usize,
    },
    /// `[results, rows, width] → [results, width]`.
    Columns {
        rows: usize,
        width: usize,
    },
    Flat,
}

/// The kernels of a pass, in the order in which they run.
/// `inside`: it is part of a loop's body, whose bases other than the arena may begin anywhere.
pub(crate) fn pass(pass: &Pass, inside: bool) -> Vec<Kernel> {
    if pass.count == 0 {
        return Vec::new();
    }
    let (instructions, stored, reduced) = named(pass);
    let mut kinds: BTreeMap<Kind, Vec<Reduced>> = BTreeMap::new();
    for (reduction, operand) in pass.reductions.iter().zip(reduced) {
        let (kind, made) = reduced_of(pass, reduction, operand);
        kinds.entry(kind).or_default().push(made);
    }
    let last = kinds.keys().next_back().copied().unwrap_or(Kind::Flat);
    kinds.entry(last).or_default();
    let kernels = kinds.into_iter().map(|(kind, reductions)| {
        let stores = if kind == last { &stored[..] } else { &[] };
        Maker { pass, inside, instructions: &instructions, stores, reductions: &reductions }.kernel(kind)
    });
    kernels.collect()
}

/// A reduction of a pass, and who handles which element for it.
fn reduced_of(pass: &Pass, reduction: &Reduction, operand: Operand) -> (Kind, Reduced) {
    let Reduction { form, width, dtype, join, .. } = *reduction;
    let (kind, results) = match form {
        Form::Whole => (Kind::Flat, 1),
        Form::Rows => (Kind::Rows { width }, pass.count / width),
        Form::Columns => (Kind::Columns { rows: pass.count / width, width }, width),
        Form::Blocks(block) => (Kind::Columns { rows: block / width, width }, pass.count / block * width),
    };
    let result = Parameter::Value(reduction.result, dtype, Touch::row(true, results));
    (kind, Reduced { operand, dtype, join, result })
}

/// Instructions, what stores and reductions take, without registers.
fn named(pass: &Pass) -> (Vec<Instruction>, Vec<Operand>, Vec<Operand>) {
    let mut registers: BTreeMap<usize, usize> = BTreeMap::new();
    let mut written: BTreeMap<usize, usize> = BTreeMap::new();
    let mut instructions = Vec::new();
    let operand = |registers: &BTreeMap<usize, usize>, written: &BTreeMap<usize, usize>, argument: Argument| match argument {
        Argument::Register(r) => registers.get(&r).map_or(Operand::Source(usize::MAX), |v| Operand::Value(*v)),
        Argument::Source(k) => written.get(&k).map_or(Operand::Source(k), |v| Operand::Value(*v)),
        Argument::Constant(number) => Operand::Constant(number),
    };
    let mut values_of_stores: BTreeMap<usize, Operand> = BTreeMap::new();
    for (k, instruction) in pass.instructions.iter().enumerate() {
        let operands = instruction.arguments.iter().map(|a| operand(&registers, &written, *a)).collect();
        instructions.push(Instruction { code: instruction.code, dtype: instruction.dtype, operands });
        match instruction.target {
            Target::Register(r) => {
                registers.insert(r, k);
            }
            Target::Store(s) => {
                if let Argument::Source(source) = pass.stores[s].value {
                    written.insert(source, k);
                }
                values_of_stores.insert(s, Operand::Value(k));
            }
        }
    }
    let of_store = |(s, store): (usize, &crate::cpu::fused::Store)| {
        values_of_stores.get(&s).copied().unwrap_or_else(|| operand(&registers, &written, store.value))
    };
    let stored = pass.stores.iter().enumerate().map(of_store).collect();
    let reduced = pass.reductions.iter().map(|r| operand(&registers, &written, r.value)).collect();
    (instructions, stored, reduced)
}

struct Maker<'a> {
    pass: &'a Pass,
    inside: bool,
    instructions: &'a [Instruction],
    stores: &'a [Operand],
    reductions: &'a [Reduced],
}

/// What of the pass a kernel needs.
struct Needs {
    instructions: BTreeSet<usize>,
    sources: BTreeSet<usize>,
}

impl Maker<'_> {
    fn needs(&self) -> Needs {
        let mut needs = Needs { instructions: BTreeSet::new(), sources: BTreeSet::new() };
        let mut open: Vec<Operand> = self.stores.iter().copied().chain(self.reductions.iter().map(|r| r.operand)).collect();
        while let Some(operand) = open.pop() {
            match operand {
                Operand::Value(k) => {
                    if needs.instructions.insert(k) {
                        open.extend(&self.instructions[k].operands);
                    }
                }
                Operand::Source(k) => {
                    needs.sources.insert(k);
                }
                Operand::Constant(_) => {}
            }
        }
        needs
    }

    /// Neighbouring elements that a thread takes at once: four where rows and everything that is joined consist of such groups; eight
    /// of bf16, where there are many.
    fn lanes(&self, kind: Kind, needs: &Needs) -> usize {
        let row = self.pass.dims.last().copied().unwrap_or(1);
        let width = match kind {
            Kind::Rows { width } | Kind::Columns { width, .. } => width,
            Kind::Flat => row,
        };
        let even = |lanes: usize| row.is_multiple_of(lanes) && width.is_multiple_of(lanes);
        let read = needs.sources.iter().map(|&k| &self.pass.sources[k]);
        let mut moved = read.chain(self.pass.stores.iter().take(self.stores.len()).map(|s| &s.lying));
        let narrow = moved.any(|lying| lying.dtype == DType::BF16) && self.pass.count >= MANY;
        match kind {
            Kind::Flat | Kind::Rows { .. } if narrow && even(8) => 8,
            _ if even(4) => 4,
            _ => 1,
        }
    }

    fn kernel(&self, kind: Kind) -> Kernel {
        let needs = self.needs();
        let mut writer = Writer::new(self, &needs, self.lanes(kind, &needs), Vec::new(), Lines::default());
        let (blocks, counters) = match kind {
            Kind::Flat => writer.flat(),
            Kind::Rows { width } => writer.rows(width),
            Kind::Columns { rows, width } => writer.columns(rows, width),
        };
        let what = self.what(&needs, kind.name());
        Kernel {
            label: format!("pass {:?}: {what}", self.pass.dims),
            body: writer.out.text(),
            parameters: writer.parameters,
            blocks,
            scratch: writer.scratch,
            counters,
            bytes: self.bytes(&needs, |_| true),
        }
    }

    /// Bytes that are moved: what is repeated is read once, and of what is read only that which is `outside`.
    fn bytes(&self, needs: &Needs, outside: impl Fn(&Lying) -> bool) -> usize {
        let moved = |lying: &Lying| {
            let walked = self.pass.dims.iter().zip(strides_of(lying, &self.pass.dims)).filter(|(_, stride)| *stride > 0);
            walked.map(|(size, _)| size).product::<usize>() * lying.dtype.size()
        };
        let read: usize = needs.sources.iter().map(|&k| &self.pass.sources[k]).filter(|l| outside(l)).map(moved).sum();
        let written: usize = self.pass.stores.iter().take(self.stores.len()).map(|s| moved(&s.lying)).sum();
        read + written
    }

    /// What is computed, for people.
    fn what(&self, needs: &Needs, of: &str) -> String {
        let ops = needs.instructions.iter().map(|&k| function(self.instructions[k].code));
        let joins = self.reductions.iter().map(|r| format!("{} of {of}", if r.join == Join::Sum { "sum" } else { "max" }));
        let what = ops.chain(joins).collect::<Vec<_>>().join(" ");
        if what.is_empty() { "copy".into() } else { what }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Flat => "all",
            Kind::Rows { .. } => "rows",
            Kind::Columns { .. } => "columns",
        }
    }
}

struct Writer<'a> {
    maker: &'a Maker<'a>,
    needs: &'a Needs,
    lanes: usize,
    /// Numbers of parameters.
    sources: BTreeMap<usize, usize>,
    stores: Vec<usize>,
    results: Vec<usize>,
    parameters: Vec<Parameter>,
    out: Lines,
    scratch: usize,
}

impl<'a> Writer<'a> {
    /// A writer whose values are parameters beside those that there are.
    fn new(maker: &'a Maker<'a>, needs: &'a Needs, lanes: usize, mut parameters: Vec<Parameter>, out: Lines) -> Self {
        let mut sources = BTreeMap::new();
        for &k in &needs.sources {
            sources.insert(k, parameters.len());
            parameters.push(value(maker.pass, &maker.pass.sources[k], false));
        }
        let stores: Vec<usize> = (0..maker.stores.len()).map(|s| parameters.len() + s).collect();
        parameters.extend(maker.pass.stores.iter().take(stores.len()).map(|s| value(maker.pass, &s.lying, true)));
        let results: Vec<usize> = (0..maker.reductions.len()).map(|r| parameters.len() + r).collect();
        parameters.extend(maker.reductions.iter().map(|r| r.result.clone()));
        Writer { maker, needs, lanes, sources, stores, results, parameters, out, scratch: 0 }
    }
}

impl Writer<'_> {
    fn reductions(&self) -> impl Iterator<Item = (usize, &Reduced)> {
        self.maker.reductions.iter().enumerate()
    }

    fn count(&self) -> usize {
        self.maker.pass.count
    }

    /// The type of the result of reduction `r`.
    fn narrow(&self, r: usize) -> &'static str {
        type_name(self.maker.reductions[r].dtype)
    }

    /// Takes scratch for `count` parts of reduction `r`; the number of the parameter.
    fn parts(&mut self, r: usize, count: usize) -> usize {
        let dtype = self.maker.reductions[r].wide();
        let at = Address { base: SCRATCH, offset: self.scratch / dtype.size() };
        self.parameters.push(Parameter::Value(at, dtype, Touch::row(true, count)));
        self.scratch += (count * dtype.size()).next_multiple_of(256);
        self.parameters.len() - 1
    }

    fn counters(&mut self) -> usize {
        self.parameters.push(Parameter::Counters);
        self.out.line("SHARED u32 arrived;");
        self.parameters.len() - 1
    }

    /// Declares the sum so far of each reduction, for each lane or one for all.
    fn begin(&mut self, each: bool) {
        let lines: Vec<String> = self
            .reductions()
            .map(|(r, reduced)| {
                let (ty, join) = (reduced.wide_name(), join(reduced.join));
                let start = format!("nothing<{join}, {ty}>()");
                match (each, self.lanes) {
                    (true, 4) => format!("{ty} a{r}[4] = {{{start}, {start}, {start}, {start}}};"),
                    (true, _) => format!("{ty} a{r}[1] = {{{start}}};"),
                    (false, _) => format!("{ty} a{r} = {start};"),
                }
            })
            .collect();
        lines.iter().for_each(|line| self.out.line(line));
    }

    /// Declares shared memory for each reduction.
    fn shared(&mut self) {
        let lines: Vec<String> = self.reductions().map(|(r, reduced)| format!("SHARED {} s{r}[THREADS];", reduced.wide_name())).collect();
        lines.iter().for_each(|line| self.out.line(line));
    }

    /// Elements in the order in which they come.
    fn flat(&mut self) -> (usize, usize) {
        let units = self.count() / self.lanes;
        let index = index_type(self.count());
        let lanes = self.lanes;
        if self.results.is_empty() {
            one_each(&mut self.out, "unit", units, index);
            self.out.line(format!("const {index} i = unit * {lanes}u;"));
            self.element(index, false);
            return (units.div_ceil(THREADS), 0);
        }
        let blocks = units.div_ceil(THREADS).min(BLOCKS);
        self.shared();
        self.begin(false);
        self.out.line(format!("for ({index} unit = ({index})block * THREADS + THREAD; unit < {units}u; unit += {}u) {{", blocks * THREADS));
        self.out.line(format!("const {index} i = unit * {lanes}u;"));
        self.element(index, false);
        self.out.line("}");
        let all: Vec<(usize, String, usize)> = self.reductions().map(|(r, x)| (r, join(x.join).to_string(), self.results[r])).collect();
        for (r, join, _) in &all {
            self.out.line(format!("a{r} = join_threads<{join}, THREADS>(a{r}, s{r});"));
        }
        if blocks == 1 {
            self.out.line("if (THREAD != 0) return;");
            all.iter().for_each(|(r, _, result)| self.out.line(format!("p{result}[0] = ({})a{r};", self.narrow(*r))));
            return (1, 0);
        }
        let parts: Vec<usize> = all.iter().map(|(r, ..)| self.parts(*r, blocks)).collect();
        let counter = self.counters();
        self.out.line("if (THREAD == 0) {");
        all.iter().zip(&parts).for_each(|((r, ..), p)| self.out.line(format!("p{p}[block] = a{r};")));
        self.out.line("}");
        self.out.line(format!("if (!is_last(p{counter}, {blocks}u, &arrived)) return;"));
        for ((r, join, result), p) in all.iter().zip(&parts) {
            let ty = self.maker.reductions[*r].wide_name();
            self.out.line(format!("a{r} = nothing<{join}, {ty}>();"));
            self.out.line(format!("for (u32 k = THREAD; k < {blocks}u; k += THREADS) a{r} = {join}::join(a{r}, p{p}[k]);"));
            self.out.line(format!("a{r} = join_threads<{join}, THREADS>(a{r}, s{r});"));
            self.out.line(format!("if (THREAD == 0) p{result}[0] = ({})a{r};", self.narrow(*r)));
        }
        (blocks, 1)
    }

    /// Rows, each joined to one result.
    fn rows(&mut self, width: usize) -> (usize, usize) {
        let (rows, units, lanes) = (self.count() / width, width / self.lanes, self.lanes);
        let index = index_type(self.count());
        let side = units.next_power_of_two().min(THREADS);
        let down = THREADS / side;
        let cuts = if rows < BLOCKS / 2 && width > LONG { width.div_ceil(LONG).min(PARTS) } else { 1 };
        let each = units.div_ceil(cuts);
        let groups = rows.div_ceil(down);
        self.shared();
        self.begin(false);
        self.out.line(format!("const u32 side = THREAD % {side}u, down = THREAD / {side}u, cut = block % {cuts}u;"));
        self.out.line(format!("const {index} row = ({index})(block / {cuts}u) * {down}u + down;"));
        self.out.line(format!("const bool there = row < {rows}u;"));
        self.out.line("if (there) {");
        let end = if cuts == 1 { format!("{units}u") } else { format!("(cut == {}u ? {units}u : (cut + 1) * {each}u)", cuts - 1) };
        self.out.line(format!("for (u32 unit = cut * {each}u + side; unit < {end}; unit += {side}u) {{"));
        self.out.line(format!("const {index} i = row * {width}u + unit * {lanes}u;"));
        self.element(index, false);
        self.out.line("}");
        self.out.line("}");
        let all: Vec<(usize, String, usize)> = self.reductions().map(|(r, x)| (r, join(x.join).to_string(), self.results[r])).collect();
        for (r, join, _) in &all {
            self.out.line(format!("a{r} = join_threads<{join}, {side}>(a{r}, s{r});"));
        }
        if cuts == 1 {
            self.out.line("if (!there || side != 0) return;");
            all.iter().for_each(|(r, _, result)| self.out.line(format!("p{result}[row] = ({})a{r};", self.narrow(*r))));
            return (groups, 0);
        }
        let parts: Vec<usize> = all.iter().map(|(r, ..)| self.parts(*r, rows * cuts)).collect();
        let counter = self.counters();
        self.out.line("if (there && side == 0) {");
        all.iter().zip(&parts).for_each(|((r, ..), p)| self.out.line(format!("p{p}[row * {cuts}u + cut] = a{r};")));
        self.out.line("}");
        let blocks = groups * cuts;
        self.out.line(format!("if (!is_last(p{counter}, {blocks}u, &arrived)) return;"));
        self.out.line(format!("for (u32 k = THREAD; k < {rows}u; k += THREADS) {{"));
        for ((r, join, result), p) in all.iter().zip(&parts) {
            self.out.line(format!("a{r} = p{p}[k * {cuts}u];"));
            self.out.line(format!("for (u32 part = 1; part < {cuts}u; ++part) a{r} = {join}::join(a{r}, p{p}[k * {cuts}u + part]);"));
            self.out.line(format!("p{result}[k] = ({})a{r};", self.narrow(*r)));
        }
        self.out.line("}");
        (blocks, 1)
    }

    /// Columns, each joined to one result. A block takes several results where these have few columns and rows.
    fn columns(&mut self, rows: usize, width: usize) -> (usize, usize) {
        let (results, units, lanes) = (self.count() / (rows * width), width / self.lanes, self.lanes);
        let index = index_type(self.count());
        let side = units.next_power_of_two().min(SIDE);
        let down = rows.div_ceil(4).next_power_of_two().min(THREADS / side);
        let beside = THREADS / (side * down);
        let (tiles, groups) = (units.div_ceil(side), results.div_ceil(beside));
        let wanted = WALKING.div_ceil(groups * tiles).min(rows.div_ceil(4 * down)).min(CUTS);
        let each = rows.div_ceil(wanted.max(1));
        let cuts = rows.div_ceil(each);
        self.shared();
        self.begin(true);
        self.out.line(format!("const u32 side = THREAD % {side}u, down = THREAD / {side}u % {down}u;"));
        self.out.line(format!("const u32 cut = block % {cuts}u, tile = block / {cuts}u % {tiles}u, group = block / {}u;", cuts * tiles));
        self.out.line(format!("const u32 unit = tile * {side}u + side, result = group * {beside}u + THREAD / {}u;", side * down));
        self.out.line(format!("const bool there = unit < {units}u && result < {results}u;"));
        self.out.line(format!("const u32 end = (cut + 1) * {each}u < {rows}u ? (cut + 1) * {each}u : {rows}u;"));
        self.out.line("#pragma unroll 4");
        self.out.line(format!("for (u32 row = cut * {each}u + down; there && row < end; row += {down}u) {{"));
        self.out.line(format!("const {index} i = (({index})result * {rows}u + row) * {width}u + unit * {lanes}u;"));
        self.element(index, true);
        self.out.line("}");
        let all: Vec<(usize, String, usize)> = self.reductions().map(|(r, x)| (r, join(x.join).to_string(), self.results[r])).collect();
        let joined = |out: &mut Lines| {
            for (r, join, _) in &all {
                for lane in 0..lanes {
                    out.line(format!("a{r}[{lane}] = join_columns<{join}, {side}, {down}>(a{r}[{lane}], s{r});"));
                }
            }
        };
        joined(&mut self.out);
        let first = format!("({index})result * {width}u + unit * {lanes}u");
        if cuts == 1 {
            self.out.line("if (!there || down != 0) return;");
            for (r, _, result) in &all {
                (0..lanes).for_each(|lane| self.out.line(format!("p{result}[{first} + {lane}u] = ({})a{r}[{lane}];", self.narrow(*r))));
            }
            return (groups * tiles, 0);
        }
        let parts: Vec<usize> = all.iter().map(|(r, ..)| self.parts(*r, results * cuts * width)).collect();
        let counter = self.counters();
        let part = |cut: &str| format!("(({index})result * {cuts}u + {cut}) * {width}u + unit * {lanes}u");
        self.out.line("if (there && down == 0) {");
        for ((r, ..), p) in all.iter().zip(&parts) {
            (0..lanes).for_each(|lane| self.out.line(format!("p{p}[{} + {lane}u] = a{r}[{lane}];", part("cut"))));
        }
        self.out.line("}");
        self.out.line(format!("if (!is_last(p{counter} + (group * {tiles}u + tile), {cuts}u, &arrived)) return;"));
        for (r, join, _) in &all {
            let ty = self.maker.reductions[*r].wide_name();
            (0..lanes).for_each(|lane| self.out.line(format!("a{r}[{lane}] = nothing<{join}, {ty}>();")));
        }
        self.out.line(format!("if (there) for (u32 k = down; k < {cuts}u; k += {down}u) {{"));
        for ((r, join, _), p) in all.iter().zip(&parts) {
            for lane in 0..lanes {
                self.out.line(format!("a{r}[{lane}] = {join}::join(a{r}[{lane}], p{p}[{} + {lane}u]);", part("k")));
            }
        }
        self.out.line("}");
        joined(&mut self.out);
        self.out.line("if (!there || down != 0) return;");
        for (r, _, result) in &all {
            (0..lanes).for_each(|lane| self.out.line(format!("p{result}[{first} + {lane}u] = ({})a{r}[{lane}];", self.narrow(*r))));
        }
        (groups * tiles * cuts, groups * tiles)
    }

    /// The work of the elements `i …`: loads, instructions, joins, stores.
    fn element(&mut self, index: &str, each: bool) {
        let pass = self.maker.pass;
        let lanes = self.lanes;
        let walked = |l: &Lying| matches!(l.pattern, Pattern::Rows(_) | Pattern::Repeated(_) | Pattern::Scattered(_));
        let all = self.needs.sources.iter().map(|&k| &pass.sources[k]).chain(pass.stores.iter().take(self.stores.len()).map(|s| &s.lying));
        if all.into_iter().any(walked) {
            coordinates(&mut self.out, "x", "i", &pass.dims, index);
        }
        for (k, p) in self.sources.clone() {
            self.load(k, p, &pass.sources[k]);
        }
        for s in 0..self.stores.len() {
            self.out.line(format!("{} o{s}[{lanes}];", type_name(pass.stores[s].lying.dtype)));
        }
        if lanes > 1 {
            self.out.line("#pragma unroll");
            self.out.line(format!("for (int lane = 0; lane < {lanes}; ++lane) {{"));
        } else {
            self.out.line("{ const int lane = 0;");
        }
        for &k in &self.needs.instructions {
            let instruction = &self.maker.instructions[k];
            self.out.line(format!("const auto v{k} = {};", self.value(instruction)));
        }
        for s in 0..self.stores.len() {
            let value = self.operand(self.maker.stores[s], pass.stores[s].lying.dtype);
            self.out.line(format!("o{s}[lane] = {value};"));
        }
        for (r, reduced) in self.maker.reductions.iter().enumerate() {
            let value = self.operand(reduced.operand, reduced.dtype);
            let place = if each { format!("a{r}[lane]") } else { format!("a{r}") };
            self.out.line(format!("{place} = {}::join({place}, ({}){value});", join(reduced.join), reduced.wide_name()));
        }
        self.out.line("}");
        for s in 0..self.stores.len() {
            self.store(s, self.stores[s], &pass.stores[s].lying);
        }
    }

    /// The offset of the first lane, and the distance of lanes.
    fn place(&self, lying: &Lying) -> (String, usize) {
        let rank = self.maker.pass.dims.len();
        let names = names("x", rank);
        match &lying.pattern {
            Pattern::Single => ("0".into(), 0),
            Pattern::Flat => ("i".into(), 1),
            Pattern::Rows(outer) => {
                let strides: Vec<isize> = signed(outer).into_iter().chain([1]).collect();
                (offset(&names, &strides), 1)
            }
            Pattern::Repeated(outer) => (offset(&names, &signed(outer)), 0),
            Pattern::Scattered(strides) => (offset(&names, &signed(strides)), strides.last().copied().unwrap_or(0)),
        }
    }

    /// Whether the lanes of a value may be moved as one.
    fn together(&self, lying: &Lying) -> bool {
        let even = match &lying.pattern {
            Pattern::Flat => true,
            Pattern::Rows(outer) => outer.iter().all(|s| s.is_multiple_of(self.lanes)),
            _ => false,
        };
        let aligned = !self.maker.inside || lying.at.base == ARENA;
        even && aligned && self.lanes > 1 && lying.at.offset.is_multiple_of(self.lanes)
    }

    fn load(&mut self, k: usize, p: usize, lying: &Lying) {
        let (ty, lanes) = (type_name(lying.dtype), self.lanes);
        let (place, step) = self.place(lying);
        if step == 0 {
            self.out.line(format!("const {ty} x{k}s = p{p}[{place}];"));
            return;
        }
        self.out.line(format!("{ty} x{k}s[{lanes}];"));
        if self.together(lying) {
            self.out.line(format!("load<{lanes}>(x{k}s, p{p} + ({place}));"));
            return;
        }
        for lane in 0..lanes {
            self.out.line(format!("x{k}s[{lane}] = p{p}[{place} + {}];", lane * step));
        }
    }

    fn store(&mut self, s: usize, p: usize, lying: &Lying) {
        let lanes = self.lanes;
        let (place, step) = self.place(lying);
        if self.together(lying) {
            self.out.line(format!("store<{lanes}>(p{p} + ({place}), o{s});"));
            return;
        }
        for lane in 0..lanes {
            self.out.line(format!("p{p}[{place} + {}] = o{s}[{lane}];", lane * step));
        }
    }

    fn operand(&self, operand: Operand, dtype: DType) -> String {
        match operand {
            Operand::Value(k) => format!("v{k}"),
            Operand::Constant(number) => constant(number, dtype),
            Operand::Source(k) => {
                let single = self.place(&self.maker.pass.sources[k]).1 == 0;
                if single { format!("x{k}s") } else { format!("x{k}s[lane]") }
            }
        }
    }

    fn value(&self, instruction: &Instruction) -> String {
        let get = |k: usize| self.operand(instruction.operands[k], instruction.dtype);
        if instruction.code == Code::Select {
            return format!("{} ? {} : {}", self.operand(instruction.operands[0], DType::Bool), get(1), get(2));
        }
        let arguments: Vec<String> = (0..instruction.operands.len()).map(get).collect();
        format!("{}({})", function(instruction.code), arguments.join(", "))
    }
}

/// A value of a pass, with the part of memory that it takes.
fn value(pass: &Pass, lying: &Lying, writes: bool) -> Parameter {
    let touch = Touch::of(writes, &pass.dims, &signed(&strides_of(lying, &pass.dims)));
    Parameter::Value(lying.at, lying.dtype, touch)
}

fn join(join: Join) -> &'static str {
    match join {
        Join::Sum => "Sum",
        Join::Max => "Max",
    }
}

/// The function of an instruction in the prelude.
fn function(code: Code) -> String {
    let name = match code {
        Code::Unary(op) => op.name(),
        Code::Binary(op) => op.name(),
        Code::MulAdd => "mul_add",
        Code::TwoProducts => "two_products",
        Code::Compare(comparison) => Compare { comparison }.name(),
        Code::Logical(connective) => Logical { connective }.name(),
        Code::Select => "select",
        Code::IsFinite => "is_finite",
        Code::Cast(DType::F32) => return "to_f32".into(),
        Code::Cast(DType::F64) => return "to_f64".into(),
        Code::Cast(DType::BF16) => return "to_bf16".into(),
        Code::Cast(DType::I64) => return "to_i64".into(),
        Code::Cast(DType::Bool) => return "to_bool".into(),
    };
    format!("op_{name}")
}
