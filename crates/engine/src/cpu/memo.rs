//! The programs compiled last, by the graphs that they are of: a second fit of the same model on the same number of rows, or another model
//! of the same architecture, finds its program made.

use super::program::Code;
use crate::Result;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use thalweg_graph::ops::Op;
use thalweg_graph::{Graph, Values};

/// Programs that are kept, and bytes of constants up to which one is.
const KEPT: usize = 16;
const CONSTANTS: usize = 1 << 20;

struct Known {
    hash: u64,
    graph: Graph,
    donated: Vec<usize>,
    code: Arc<Code>,
}

/// The one used last is the last one.
static KNOWN: Mutex<VecDeque<Known>> = Mutex::new(VecDeque::new());
static STATE: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// The program of `graph`, compiled by `make` unless it is known.
pub(super) fn known(graph: &Graph, donated: &[usize], make: impl FnOnce() -> Result<Code>) -> Result<Arc<Code>> {
    let constants = graph.nodes.iter().filter_map(|node| match &node.op {
        Op::Constant(literal) if !matches!(literal.values, Values::Splat(_)) => Some(node.ty.bytes()),
        _ => None,
    });
    if constants.sum::<usize>() > CONSTANTS {
        return make().map(Arc::new);
    }
    let hash = STATE.hash_one((graph, donated));
    let lock = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |known: &Known| known.hash == hash && known.donated == donated && known.graph == *graph;
    {
        let mut all = lock();
        if let Some(found) = all.iter().position(same).and_then(|at| all.remove(at)) {
            let code = found.code.clone();
            all.push_back(found);
            return Ok(code);
        }
    }
    // Others need not wait for it; of two that make the same, both are kept, and one is soon forgotten.
    let code = Arc::new(make()?);
    let mut all = lock();
    all.push_back(Known { hash, graph: graph.clone(), donated: donated.to_vec(), code: code.clone() });
    if all.len() > KEPT {
        all.pop_front();
    }
    Ok(code)
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::KEPT;
    use std::sync::Arc;
    use thalweg_graph::{Builder, DType, Graph};

    fn graph(n: usize, scale: f64) -> Graph {
        let b = Builder::new();
        let x = b.input("x", DType::F32, &[n]);
        b.finish(&[x * scale + 1.0]).unwrap()
    }

    #[test]
    fn equal_graphs_are_compiled_once_and_others_apart() {
        let first = compile(&graph(3, 2.0), &[]).unwrap();
        assert!(Arc::ptr_eq(&first, &compile(&graph(3, 2.0), &[]).unwrap()));
        for (other, donated) in [(graph(4, 2.0), vec![]), (graph(3, 2.5), vec![]), (graph(3, 2.0), vec![0])] {
            assert!(!Arc::ptr_eq(&first, &compile(&other, &donated).unwrap()));
        }
        for n in 10..10 + KEPT {
            compile(&graph(n, 2.0), &[]).unwrap();
        }
        assert!(!Arc::ptr_eq(&first, &compile(&graph(3, 2.0), &[]).unwrap()), "what was used longest ago makes room");
    }
}
