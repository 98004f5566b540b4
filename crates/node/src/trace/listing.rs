//! What was recorded, as text: inputs, then one line per op and per derivative, up to a bound.
//! For people who look at what a traced function became.

use std::fmt::Write;

use thalweg_model::graph::NodeId;
use thalweg_model::graph::ops::Op;

use super::segment::{Link, Segment};
use super::tape::{Derivative, Tape};

/// More lines than this are left out and counted.
const LINES: usize = 500;

impl Tape {
    /// The recording as text, with the values that it returns. `%2.7` is node 7 of piece 2.
    pub fn listing(&self, outputs: &[usize]) -> String {
        let mut text = String::new();
        let mut lines = 0;
        for (at, segment) in self.segments.iter().enumerate() {
            for node in 0..segment.builder().len() {
                if lines == LINES {
                    let _ = writeln!(text, "… {} ops in all", self.recorded());
                    return text + &self.returned(outputs);
                }
                lines += 1;
                let _ = writeln!(text, "{}", self.line(at, segment, node));
            }
        }
        text + &self.returned(outputs)
    }

    fn returned(&self, outputs: &[usize]) -> String {
        format!("return {}\n", self.names(outputs))
    }

    fn names(&self, values: &[usize]) -> String {
        let name = |&value: &usize| format!("%{}.{}", self.places[value].segment, self.places[value].node.index());
        values.iter().map(name).collect::<Vec<_>>().join(", ")
    }

    fn line(&self, at: usize, segment: &Segment, node: usize) -> String {
        let var = segment.builder().var(NodeId(node as u32));
        let definition = match var.definition() {
            Some((Op::Input(input), _)) => segment.link(input.index).map_or_else(String::new, |link| self.source(link)),
            Some((Op::Constant(literal), _)) => match literal.splat_value() {
                Some(value) => format!("constant {}", value.as_f64()),
                None => "constant …".to_string(),
            },
            Some((op, operands)) => {
                let names: Vec<String> = operands.iter().map(|id| format!("%{at}.{}", id.index())).collect();
                format!("{}({})", op.name(), names.join(", "))
            }
            None => String::new(),
        };
        format!("%{at}.{node}: {} = {definition}", var.ty())
    }

    fn source(&self, link: Link) -> String {
        match link {
            Link::Input(number) => format!("input {:?}", self.inputs[number].name),
            Link::Value(value) => self.names(&[value]),
            Link::Derivative { number, index } => match &self.derivatives[number] {
                Derivative::Grad { output, wrt } => format!("grad({}, {})", self.names(&[*output]), self.names(&wrt[index..=index])),
                Derivative::Jvp { outputs, wrt, tangents } => {
                    format!("jvp({}, {} along {})", self.names(&outputs[index..=index]), self.names(wrt), self.names(tangents))
                }
            },
        }
    }
}
