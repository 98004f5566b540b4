//! The CPU executor: a graph becomes a few passes, products and copies over memory that was planned at compile time.
//!
//! `values` says what is a view of what; `groups` which ops run in one pass; `units` in what order; `plan` where every value lies, `steps` what is done there.

mod again;
mod arena;
pub(crate) mod conv;
pub(crate) mod copy;
mod crew;
pub(crate) mod explain;
pub(crate) mod fused;
mod gather;
mod groups;
pub(crate) mod looped;
mod memo;
pub(crate) mod memory;
pub(crate) mod multiply;
mod narrow;
pub(crate) mod op;
mod outer;
pub(crate) mod plan;
pub(crate) mod product;
pub(crate) mod program;
mod reductions;
mod region;
mod skinny;
mod slice;
mod split;
mod steps;
mod units;
mod values;

use crate::Result;
use plan::Request;
use program::Code;
use std::sync::Arc;
use thalweg_graph::Graph;

/// The program of a graph whose inputs at positions `donated` may be overwritten.
pub(crate) fn compile(graph: &Graph, donated: &[usize]) -> Result<Arc<Code>> {
    memo::known(graph, donated, || plan::compile(graph, &Request { donated: donated.to_vec(), ..Request::default() }))
}
