//! States of any shape and any number of parts as one vector per row, and back: what a backbone of this crate family sees of them.
//! A module written in TypeScript, and a backbone behind an encoder, sees the parts as they are.

use thalweg_graph::{GraphError, Leaves, Var, count};

/// The parts `[B, …]` of a state, flattened and joined: `[B, D]`. A vector stays itself.
pub fn joined<'g>(parts: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
    if parts.values().any(|v| v.is_poison()) || parts.single().is_some_and(|v| v.rank() <= 2) {
        return parts.clone();
    }
    let flat = |v: &Var<'g>| v.reshape(&[v.shape()[0], count(&v.shape()[1..])]);
    Leaves::one(Var::concat(&parts.values().map(flat).collect::<Vec<_>>(), 1))
}

/// A vector per row `[B, D]` as parts like those of `like`, each with the dimensions `last` behind its own.
pub fn split<'g>(vector: Var<'g>, like: &Leaves<Var<'g>>, last: &[usize]) -> Leaves<Var<'g>> {
    let rows = like.first().shape()[0];
    let sizes: Vec<Vec<usize>> = like.values().map(|v| [&v.shape()[..], last].concat()).collect();
    let widths: Vec<usize> = sizes.iter().map(|size| count(&size[1..])).collect();
    let expected = [rows, widths.iter().sum()];
    if !vector.is_poison() && vector.shape() != expected {
        let got = format!("{:?}", vector.shape());
        let why = GraphError::shape("the output", "wrong width", format!("{expected:?}, a number for each of the state"), got);
        let poison = vector.builder().fail(why);
        return like.map(|_| poison);
    }
    let (mut start, mut k) = (0, 0);
    like.map(|_| {
        let (width, size) = (widths[k], &sizes[k]);
        (start, k) = (start + width, k + 1);
        if vector.is_poison() { vector } else { vector.narrow(1, start - width, width).reshape(size) }
    })
}
