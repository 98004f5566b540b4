//! A finished graph: an arena of nodes in topological order.
//! Plain data that can cross threads; made by a `Builder`, run by an executor, never changed.

use crate::{Op, Type};
use std::fmt;

/// Index of a node in its graph; inputs of a node have smaller ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index into [`Graph::nodes`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One op with its operands and the type of its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    /// What is computed.
    pub op: Op,
    /// From which nodes.
    pub inputs: Vec<NodeId>,
    /// The type of the value (of a `scan`: of its first result).
    pub ty: Type,
}

/// A named input: an argument, a parameter or a piece of state, told apart by whoever runs the graph.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Input {
    /// Unique name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// The node that stands for it.
    pub node: NodeId,
}

/// A static single-assignment tensor program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Graph {
    /// Nodes in topological order.
    pub nodes: Vec<Node>,
    /// Inputs in the order in which they were declared.
    pub inputs: Vec<Input>,
    /// The values returned.
    pub outputs: Vec<NodeId>,
}

impl Graph {
    /// The node of this id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Position of the input of this name.
    pub fn input_index(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|i| i.name == name)
    }

    /// Types of the outputs.
    pub fn output_types(&self) -> Vec<Type> {
        self.outputs.iter().map(|&o| self.node(o).ty.clone()).collect()
    }

    /// Which nodes some output depends on.
    pub fn live(&self) -> Vec<bool> {
        let mut live = vec![false; self.nodes.len()];
        for o in &self.outputs {
            live[o.index()] = true;
        }
        for i in (0..self.nodes.len()).rev() {
            if live[i] {
                for input in &self.nodes[i].inputs {
                    live[input.index()] = true;
                }
            }
        }
        live
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, node) in self.nodes.iter().enumerate() {
            let args: Vec<String> = node.inputs.iter().map(|n| format!("%{}", n.0)).collect();
            let details = node.op.details();
            let details = if details.is_empty() { details } else { format!(" [{details}]") };
            writeln!(f, "%{i}: {} = {}({}){details}", node.ty, node.op.name(), args.join(", "))?;
        }
        let outs: Vec<String> = self.outputs.iter().map(|n| format!("%{}", n.0)).collect();
        writeln!(f, "return {}", outs.join(", "))
    }
}
