//! Passes over the same rows as one kernel: a norm or a softmax reduces each row, reads that in the next pass, and reduces again.
//!
//! The threads of a row do the first pass over it, wait for each other, and do the next. What a pass leaves in memory is then seen by all
//! threads of its block, and no other block wants it: `cuda/chains.rs` sees to that.

use super::super::{Kernel, Lines, THREADS};
use super::{Instruction, Kind, Maker, Needs, Operand, Reduced, Writer, index_type, join, named, reduced_of};
use crate::cpu::fused::{Lying, Pass};
use crate::cpu::memory::Address;
use std::collections::HashSet;

/// A pass of a chain.
struct Part<'a> {
    pass: &'a Pass,
    instructions: Vec<Instruction>,
    stores: Vec<Operand>,
    reductions: Vec<Reduced>,
}

impl<'a> Part<'a> {
    fn new(pass: &'a Pass) -> Part<'a> {
        let (instructions, stores, operands) = named(pass);
        let reductions = pass.reductions.iter().zip(operands).map(|(r, operand)| reduced_of(pass, r, operand).1).collect();
        Part { pass, instructions, stores, reductions }
    }

    fn maker(&self, inside: bool) -> Maker<'_> {
        Maker { pass: self.pass, inside, instructions: &self.instructions, stores: &self.stores, reductions: &self.reductions }
    }

    /// Where it leaves values.
    fn written(&self) -> impl Iterator<Item = Address> + '_ {
        self.pass.stores.iter().map(|s| s.lying.at).chain(self.pass.reductions.iter().map(|r| r.result))
    }
}

/// The kernel of passes that all take `rows` rows, and reduce whole rows alone.
pub(crate) fn chain(passes: &[&Pass], rows: usize, inside: bool) -> Kernel {
    let parts: Vec<Part> = passes.iter().map(|pass| Part::new(pass)).collect();
    let makers: Vec<Maker> = parts.iter().map(|part| part.maker(inside)).collect();
    let needs: Vec<Needs> = makers.iter().map(Maker::needs).collect();
    let width = |maker: &Maker| maker.pass.count / rows;
    let kind = |maker: &Maker| Kind::Rows { width: width(maker) };
    let lanes: Vec<usize> = makers.iter().zip(&needs).map(|(maker, needs)| maker.lanes(kind(maker), needs)).collect();
    let units = makers.iter().zip(&lanes).map(|(maker, lanes)| width(maker) / lanes).max().unwrap_or(1);
    let side = units.next_power_of_two().min(THREADS);
    let down = THREADS / side;
    let index = index_type(makers.iter().map(|maker| maker.pass.count).max().unwrap_or(0));
    let mut out = Lines::default();
    out.line(format!("const u32 side = THREAD % {side}u, down = THREAD / {side}u;"));
    out.line(format!("const {index} row = ({index})block * {down}u + down;"));
    out.line(format!("const bool there = row < {rows}u;"));
    let mut parameters = Vec::new();
    let mut labels = Vec::new();
    let mut bytes = 0;
    let mut written: HashSet<Address> = HashSet::new();
    for (k, ((maker, needs), lanes)) in makers.iter().zip(&needs).zip(lanes).enumerate() {
        if k > 0 {
            out.line("BARRIER();");
        }
        let mut writer = Writer::new(maker, needs, lanes, parameters, out);
        writer.row_of(width(maker), side, index);
        (parameters, out) = (writer.parameters, writer.out);
        labels.push(maker.what(needs, "rows"));
        bytes += maker.bytes(needs, |lying: &Lying| !written.contains(&lying.at));
        written.extend(parts[k].written());
    }
    let label = format!("rows [{rows}, {}]: {}", makers.iter().map(width).max().unwrap_or(0), labels.join(" | "));
    Kernel { label, body: out.text(), parameters, blocks: rows.div_ceil(down), scratch: 0, counters: 0, bytes }
}

impl Writer<'_> {
    /// A pass over row `row`, by `side` threads; in braces, since each pass has names of its own.
    fn row_of(&mut self, width: usize, side: usize, index: &str) {
        let (units, lanes) = (width / self.lanes, self.lanes);
        self.out.line("{");
        self.shared();
        self.begin(false);
        self.out.line(format!("if (there) for (u32 unit = side; unit < {units}u; unit += {side}u) {{"));
        self.out.line(format!("const {index} i = row * {width}u + unit * {lanes}u;"));
        self.element(index, false);
        self.out.line("}");
        let all: Vec<(usize, &str, usize)> = self.reductions().map(|(r, x)| (r, join(x.join), self.results[r])).collect();
        for (r, join, _) in &all {
            self.out.line(format!("a{r} = join_threads<{join}, {side}>(a{r}, s{r});"));
        }
        for (r, _, result) in &all {
            self.out.line(format!("if (there && side == 0) p{result}[row] = ({})a{r};", self.narrow(*r)));
        }
        self.out.line("}");
    }
}
