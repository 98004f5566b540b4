//! The reference executor: op by op on candle's storage, the oracle of every other executor.
//! No fusion and no cleverness beyond views, early frees and buffers taken over in place.

mod decompose;
pub(crate) mod kernels;
mod layout;
mod plan;
mod run;
mod scan;

pub(crate) use decompose::decompose;
pub(crate) use layout::is_contiguous;
pub(crate) use plan::turned_products;
pub(crate) use run::evaluate;

use crate::Result;
use crate::program::Executable;
use crate::tensor::Tensor;
use plan::Plan;
use std::collections::HashSet;
use thalweg_graph::Graph;

/// The plan of a graph whose inputs at positions `donated` may be overwritten.
pub(crate) fn compile(graph: &Graph, donated: &[usize]) -> Result<Plan> {
    let graph = decompose(graph)?;
    Plan::new(&graph, &donated.iter().copied().collect::<HashSet<_>>())
}

impl Executable for Plan {
    // It overwrites as it goes: what the caller keeps is left alone, by the count of its handles.
    fn run(&self, inputs: Vec<Tensor>, _kept: bool) -> Result<Vec<Tensor>> {
        run::run(self, inputs)
    }
    fn peak_bytes(&self) -> usize {
        self.peak
    }
    fn is_large(&self) -> bool {
        self.large
    }
    fn explain(&self) -> String {
        format!("{} ops, one by one", self.instructions.len())
    }
}
