//! Joins the pieces of a recording into one graph and works out its derivatives.
//! Takes time in proportion to the graph, so it is done on the worker's thread.

use thalweg_model::graph::ops::Op;
use thalweg_model::graph::{Builder, Graph, GraphError, NodeId, Result, Var, grad, jvp};

use super::segment::{Link, Segment};
use super::tape::{Derivative, Tape};

/// A graph that is being joined.
struct Replay<'t, 'g> {
    tape: &'t Tape,
    builder: &'g Builder,
    inputs: Vec<Var<'g>>,
    /// For each piece, its nodes in the joined graph.
    joined: Vec<Vec<Var<'g>>>,
    derived: Vec<Option<Vec<Var<'g>>>>,
}

impl Tape {
    /// The graph that computes these values. All declared inputs are inputs of the graph, in order.
    ///
    /// # Errors
    /// What an op's derivative refuses.
    pub fn join(&self, outputs: &[usize]) -> Result<Graph> {
        let builder = Builder::new();
        let inputs = self.inputs.iter().map(|input| builder.input(&input.name, input.ty.dtype, &input.ty.shape)).collect();
        let derived = self.derivatives.iter().map(|_| None).collect();
        let mut replay = Replay { tape: self, builder: &builder, inputs, joined: Vec::new(), derived };
        for segment in &self.segments {
            replay.segment(segment)?;
        }
        let results: Vec<Var<'_>> = outputs.iter().map(|&value| replay.value(value)).collect();
        builder.finish(&results)
    }
}

impl<'g> Replay<'_, 'g> {
    fn value(&self, value: usize) -> Var<'g> {
        let place = self.tape.places[value];
        self.joined[place.segment][place.node.index()]
    }

    fn values(&self, values: &[usize]) -> Vec<Var<'g>> {
        values.iter().map(|&value| self.value(value)).collect()
    }

    fn segment(&mut self, segment: &Segment) -> Result<()> {
        let count = segment.builder().len();
        self.joined.push(Vec::with_capacity(count));
        let at = self.joined.len() - 1;
        for node in 0..count {
            let lost = || GraphError::trace("trace", "a node is missing", "a recorded op", format!("%{node}"));
            let (op, operands) = segment.builder().var(NodeId(node as u32)).definition().ok_or_else(lost)?;
            let var = match &op {
                Op::Input(input) => self.linked(segment.link(input.index).ok_or_else(lost)?),
                _ => {
                    let local: Vec<Var<'g>> = operands.iter().map(|id| self.joined[at][id.index()]).collect();
                    self.builder.push(op, &local)
                }
            };
            self.builder.check()?;
            self.joined[at].push(var);
        }
        Ok(())
    }

    fn linked(&mut self, link: Link) -> Var<'g> {
        match link {
            Link::Input(number) => self.inputs[number],
            Link::Value(value) => self.value(value),
            Link::Derivative { number, index } => match &self.derived[number] {
                Some(results) => results[index],
                None => {
                    let results = self.derive(number);
                    let result = results[index];
                    self.derived[number] = Some(results);
                    result
                }
            },
        }
    }

    fn derive(&self, number: usize) -> Vec<Var<'g>> {
        match &self.tape.derivatives[number] {
            Derivative::Grad { output, wrt } => grad(self.value(*output), &self.values(wrt)),
            Derivative::Jvp { outputs, wrt, tangents } => {
                let outputs = self.values(outputs);
                let moved = jvp(&outputs, &self.values(wrt), &self.values(tangents));
                moved.into_iter().zip(&outputs).map(|(tangent, output)| tangent.unwrap_or(output.constant(0.0))).collect()
            }
        }
    }
}
