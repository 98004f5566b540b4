//! Programs in words: what each step does, over what, and where its values lie. And how long steps took.

use super::conv::Conv;
use super::copy::Copy;
use super::fused::{Argument, Form, Pass, Target};
use super::memory::Address;
use super::product::Product;
use super::program::{Code, Step};
use crate::geometry::Map;
use crate::profile::Limits;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What was measured of equal steps.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) step: String,
    pub(crate) count: u64,
    /// The sum over threads where it is not shared.
    pub(crate) seconds: f64,
    /// Whether one run is shared among threads. Steps of slices are not: each slice is one thread's.
    pub(crate) shared: bool,
    /// Multiplications of one run of a product or a convolution.
    pub(crate) multiplications: usize,
    /// Bytes that one run of a pass or a product reads and writes.
    pub(crate) bytes: usize,
    /// Whether it consists of steps that are measured too: slices, or a loop.
    pub(crate) holds_others: bool,
    /// What the device can do, where that is not a thread of the host.
    pub(crate) limits: Option<Limits>,
}

/// A step: the number of its program and its place there, and whether it is shared.
type Key = (u64, usize, bool);

static MEASURES: AtomicBool = AtomicBool::new(false);
static TIMES: Mutex<BTreeMap<Key, Measured>> = Mutex::new(BTreeMap::new());
static PROGRAMS: AtomicU64 = AtomicU64::new(0);

/// A number for a program that no other one of this process has.
pub(crate) fn number() -> u64 {
    PROGRAMS.fetch_add(1, Ordering::Relaxed)
}

fn times() -> MutexGuard<'static, BTreeMap<Key, Measured>> {
    TIMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts or stops measuring the steps of all programs of this process.
pub(crate) fn measure(on: bool) {
    times().clear();
    MEASURES.store(on, Ordering::Relaxed);
}

/// What was measured of equal steps.
pub(crate) fn measured() -> Vec<Measured> {
    let mut equal: BTreeMap<(String, bool), Measured> = BTreeMap::new();
    for each in times().values() {
        let sum = equal.entry((each.step.clone(), each.shared)).or_insert_with(|| Measured { count: 0, seconds: 0.0, ..each.clone() });
        sum.count += each.count;
        sum.seconds += each.seconds;
    }
    equal.into_values().collect()
}

/// Whether steps are measured.
pub(crate) fn measures() -> bool {
    MEASURES.load(Ordering::Relaxed)
}

/// Adds what was measured of step `place` of program `number`.
pub(crate) fn add(number: u64, place: usize, step: Measured) {
    let (count, seconds) = (step.count, step.seconds);
    let mut all = times();
    let entry = all.entry((number, place, step.shared)).or_insert_with(|| Measured { count: 0, seconds: 0.0, ..step });
    entry.count += count;
    entry.seconds += seconds;
}

/// Runs step `place` of program `number`, measured if asked for.
pub(crate) fn timed<R>(number: u64, place: usize, step: &Step, shared: impl FnOnce() -> bool, run: impl FnOnce() -> R) -> R {
    if !measures() {
        return run();
    }
    let start = Instant::now();
    let out = run();
    let seconds = start.elapsed().as_secs_f64();
    add(number, place, Measured { count: 1, seconds, ..measurable(step, shared()) });
    out
}

/// What a step does, and no time yet.
fn measurable(step: &Step, shared: bool) -> Measured {
    let (multiplications, bytes) = match step {
        Step::Pass(pass) => (0, pass.bytes()),
        Step::Product(product) => (product.cost(), product.bytes()),
        Step::Conv(conv) => (conv.cost(), 0),
        _ => (0, 0),
    };
    let holds_others = matches!(step, Step::Split(_) | Step::Loop(_));
    Measured { step: title(step), count: 0, seconds: 0.0, shared, multiplications, bytes, holds_others, limits: None }
}

/// One line about a step.
fn title(step: &Step) -> String {
    match step {
        Step::Pass(pass) => pass_title(pass),
        Step::Product(product) => product.to_string(),
        Step::Conv(conv) => conv.to_string(),
        Step::Copy(copy) => copy_title(copy),
        Step::Loop(_) => "loop".into(),
        Step::Split(split) => {
            let sums = split.results().iter().filter(|r| r.cut.is_none()).count();
            format!("slices: {}, {sums} sums of {} results", split.cutting(), split.results().len())
        }
        Step::Op(op) => op.name().into(),
    }
}

fn pass_title(pass: &Pass) -> String {
    let ops: Vec<String> = pass.instructions.iter().map(|i| i.code.to_string()).collect();
    let sums = pass.reductions.len();
    format!("pass {:?}: {}{}", pass.dims, ops.join(" "), if sums > 0 { format!(" → {sums} reductions") } else { String::new() })
}

fn copy_title(copy: &Copy) -> String {
    format!("copy {:?}", copy.shape())
}

impl Code {
    /// All steps in words, those of slices and loops indented.
    pub(crate) fn explain(&self) -> String {
        let mut out = String::new();
        self.lines("", &mut out);
        out
    }

    fn lines(&self, indent: &str, out: &mut String) {
        let _ = writeln!(out, "{indent}{} steps, an arena of {} bytes", self.steps.len(), self.arena);
        for (k, step) in self.steps.iter().enumerate() {
            let _ = writeln!(out, "{indent}{k:>3} {}", title(step));
            match step {
                Step::Pass(pass) => pass_lines(&Names(self), pass, indent, out),
                Step::Product(product) => {
                    let [a, b, to] = product.matrices().map(|m| Names(self).place(m.at));
                    let _ = writeln!(out, "{indent}      {to} = {a} · {b}");
                }
                Step::Split(split) => split.code().lines(&format!("{indent}    "), out),
                Step::Loop(looped) => looped.body().lines(&format!("{indent}    "), out),
                _ => {}
            }
        }
    }
}

/// How a program calls its buffers: the arena `@`, inputs, constants and outputs by number; then the element that a value begins with.
struct Names<'a>(&'a Code);

impl Names<'_> {
    fn place(&self, at: Address) -> String {
        let (inputs, constants) = (self.0.inputs, self.0.constants.len());
        match at.base {
            0 => format!("@{}", at.offset),
            base if base <= inputs => format!("in{}+{}", base - 1, at.offset),
            base if base <= inputs + constants => format!("const{}+{}", base - 1 - inputs, at.offset),
            base => format!("out{}+{}", base - 1 - inputs - constants, at.offset),
        }
    }
}

fn pass_lines(names: &Names<'_>, pass: &Pass, indent: &str, out: &mut String) {
    let place = |at: Address| names.place(at);
    let argument = |a: &Argument| match a {
        Argument::Register(r) => format!("r{r}"),
        Argument::Source(k) => place(pass.sources[*k].at),
        Argument::Constant(number) => format!("{}", number.as_f64()),
    };
    for i in &pass.instructions {
        let arguments: Vec<String> = i.arguments.iter().map(argument).collect();
        let target = match i.target {
            Target::Register(r) => format!("r{r}"),
            Target::Store(k) => place(pass.stores[k].lying.at),
        };
        let _ = writeln!(out, "{indent}      {target} = {} {}", i.code, arguments.join(" "));
    }
    if pass.native.is_some() {
        let _ = writeln!(out, "{indent}      (one loop of machine code)");
    }
    for store in pass.stores.iter().filter(|s| !s.direct) {
        let _ = writeln!(out, "{indent}      {} = {}", place(store.lying.at), argument(&store.value));
    }
    for r in &pass.reductions {
        let over = match r.form {
            Form::Rows => "each row",
            Form::Whole => "everything",
            Form::Columns => "all rows",
            Form::Blocks(_) => "the rows of each block",
        };
        let _ = writeln!(out, "{indent}      {} = {:?} of {} over {over}", place(r.result), r.join, argument(&r.value));
    }
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (dims, [m, k, n]) = self.sizes();
        let entries = if dims.is_empty() { String::new() } else { format!("{dims:?} × ") };
        let layout = |name: &str, m: &super::product::Matrices| format!("{name} {}", if m.column == 1 { "by rows" } else { "by columns" });
        let [a, b, out] = self.matrices();
        let adds = if self.accumulates { ", added up" } else { "" };
        write!(f, "product {entries}[{m}, {k}] × [{k}, {n}]: {}, {}, {}{adds}", layout("a", a), layout("b", b), layout("out", out))?;
        self.form().map_or(Ok(()), |form| write!(f, ", few {form:?}"))
    }
}

impl std::fmt::Display for Conv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (g, positions, block) = self.sizes();
        let name = match self.map() {
            Map::Forward => "conv",
            Map::InputGrad => "conv_input_grad",
            Map::WeightGrad => "conv_weight_grad",
        };
        let (inner, outer) = (g.groups * g.inner, g.groups * g.outer);
        write!(f, "{name} {} × [{inner}, {:?}] ∗ {:?} → [{outer}, {:?}]", g.samples, g.input, g.kernel, g.output)?;
        write!(f, ": {positions} positions of {block} channels at a time")?;
        if self.accumulates { f.write_str(", added up") } else { Ok(()) }
    }
}

impl std::fmt::Display for super::split::Cutting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slices: usize = (0..self.groups()).map(|g| self.slices(g).count()).sum();
        write!(f, "{slices} of {} rows in {} groups", self.slice_rows(), self.groups())
    }
}

impl std::fmt::Display for super::fused::Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use super::fused::Code;
        match self {
            Code::Unary(op) => f.write_str(op.name()),
            Code::Binary(op) => f.write_str(op.name()),
            Code::MulAdd => f.write_str("mul_add"),
            Code::TwoProducts => f.write_str("two_products"),
            Code::Compare(op) => write!(f, "{op:?}"),
            Code::Logical(op) => write!(f, "{op:?}"),
            Code::Select => f.write_str("select"),
            Code::IsFinite => f.write_str("is_finite"),
            Code::Cast(to) => write!(f, "to_{to}"),
        }
    }
}
