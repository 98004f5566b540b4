//! Where an element lies: its place in a row-major order taken apart into coordinates.

use super::Lines;
use crate::cpu::fused::{Lying, Pattern};
use thalweg_graph::strides;

/// The type of numbers up to `count`: 32 bits wherever they are enough.
pub(crate) fn index_type(count: usize) -> &'static str {
    if count < 1 << 31 { "u32" } else { "u64" }
}

/// Declares `name`: the number of a thread among `count`; the others are done.
pub(crate) fn one_each(out: &mut Lines, name: &str, count: usize, index: &str) {
    out.line(format!("const {index} {name} = ({index})block * THREADS + THREAD;"));
    out.line(format!("if ({name} >= {count}u) return;"));
}

/// Declares `{name}0`, `{name}1`, …: the coordinates in `dims` of element `from` (an expression).
pub(crate) fn coordinates(out: &mut Lines, name: &str, from: &str, dims: &[usize], index: &str) {
    if dims.is_empty() {
        return;
    }
    let last = dims.len() - 1;
    let mut rest = from.to_string();
    for d in (1..dims.len()).rev() {
        out.line(format!("const {index} {name}{d} = ({rest}) % {}u;", dims[d]));
        let next = if d == 1 { format!("{name}0") } else { format!("{name}r{d}") };
        out.line(format!("const {index} {next} = ({rest}) / {}u;", dims[d]));
        rest = next;
    }
    if last == 0 {
        out.line(format!("const {index} {name}0 = {rest};"));
    }
}

/// Σ coordinate · stride, of coordinates called `names`.
pub(crate) fn offset(names: &[String], strides: &[isize]) -> String {
    let terms: Vec<String> = names
        .iter()
        .zip(strides)
        .filter(|(_, stride)| **stride != 0)
        .map(|(name, stride)| if *stride == 1 { format!("(i64){name}") } else { format!("(i64){name} * {stride}LL") })
        .collect();
    if terms.is_empty() { "0".into() } else { terms.join(" + ") }
}

/// The names of coordinates.
pub(crate) fn names(name: &str, rank: usize) -> Vec<String> {
    (0..rank).map(|d| format!("{name}{d}")).collect()
}

/// Strides as those that may be negative.
pub(crate) fn signed(strides: &[usize]) -> Vec<isize> {
    strides.iter().map(|&s| s as isize).collect()
}

/// The strides of a value over the dimensions of its pass.
pub(crate) fn strides_of(lying: &Lying, dims: &[usize]) -> Vec<usize> {
    let with = |outer: &[usize], last: usize| [outer, &[last]].concat();
    match &lying.pattern {
        Pattern::Single => vec![0; dims.len()],
        Pattern::Flat => strides(dims),
        Pattern::Rows(outer) => with(outer, 1),
        Pattern::Repeated(outer) => with(outer, 0),
        Pattern::Scattered(all) => all.clone(),
    }
}
