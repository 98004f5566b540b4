//! From a unit to its steps, once every value has its place.

use super::arena::rounded;
use super::conv::{Conv, Images};
use super::copy::{Copy, View};
use super::fused::{self, Context};
use super::looped::Loop;
use super::memory::Address;
use super::multiply::Matrix;
use super::op::OpCall;
use super::plan::{ARENA, Planner};
use super::product::{Matrices, Product};
use super::program::Step;
use super::units::{Kind, Unit};
use super::values::loose;
use crate::geometry::{Geometry, Map};
use crate::reference::is_contiguous;
use crate::{EngineError, Result};
use std::collections::HashSet;
use std::sync::Arc;
use thalweg_graph::ops::Op;
use thalweg_graph::strides;

impl Planner<'_> {
    fn matrices(&self, i: usize) -> Matrices {
        let strides = &self.values.all[i].strides;
        let lead = strides.len() - 2;
        Matrices { at: self.place(i), batch: strides[..lead].to_vec(), row: strides[lead], column: strides[lead + 1] }
    }

    pub(super) fn view(&self, i: usize) -> View {
        View::new(self.place(i), &self.values.all[i].strides)
    }

    pub(super) fn step(
        &mut self,
        unit: &Unit,
        wanted: &HashSet<usize>,
        scratch: usize,
        looped: Option<Loop>,
        steps: &mut Vec<Step>,
    ) -> Result<()> {
        let node = &self.graph.nodes[unit.node];
        match &unit.kind {
            Kind::Pass(group) => {
                let context = Context {
                    graph: self.graph,
                    values: &self.values,
                    wanted,
                    place: &|i| self.place(i),
                    accumulates: &|i| self.summed.contains(&self.values.all[i].root),
                    scratch: Address { base: ARENA, offset: scratch },
                    native: !self.whole,
                    in_place: &|i| self.in_place.get(&i).copied(),
                };
                steps.push(Step::Pass(fused::build(&context, group)));
            }
            Kind::Product => {
                let (a, b) = (unit.reads[0], unit.reads[1]);
                let lead = node.ty.rank() - 2;
                let sizes = [node.ty.shape[lead], self.values.types[a].shape[lead + 1], node.ty.shape[lead + 1]];
                let matrices = [a, b, unit.node].map(|i| self.matrices(i));
                let summed = self.summed.contains(&self.values.all[unit.node].root);
                let product = Product::new(node.ty.dtype, node.ty.shape[..lead].to_vec(), sizes, matrices, summed);
                steps.push(Step::Product(product));
            }
            Kind::Conv => {
                let conv = self.conv(unit, scratch, steps)?;
                steps.push(Step::Conv(Box::new(conv)));
            }
            Kind::Join => {
                let Op::Concat(op) = &node.op else { return Err(EngineError::internal("a join of nothing")) };
                let whole = self.values.all[unit.node].clone();
                let mut start = 0;
                for &x in &unit.reads {
                    let ty = &self.values.types[x];
                    let offset = whole.offset + start * whole.strides[op.axis];
                    start += ty.shape[op.axis];
                    let value = &self.values.all[x];
                    let there = value.root == whole.root && value.offset == offset && same_walk(&ty.shape, &value.strides, &whole.strides);
                    if !there && ty.count() > 0 {
                        let at = Address { offset: self.place(unit.node).offset + offset - whole.offset, ..self.place(unit.node) };
                        steps.push(Step::Copy(Copy::new(&ty.shape, ty.dtype.size(), self.view(x), View::new(at, &whole.strides), None)));
                    }
                }
            }
            Kind::Copy => steps.push(Step::Copy(self.copy(unit))),
            Kind::Loop => {
                let Some(mut looped) = looped else { return Err(EngineError::internal("a loop without a body")) };
                looped.bind(scratch, unit.reads.iter().map(|&x| (self.place(x), self.view(x), self.values.types[x].clone())).collect());
                for &i in &unit.writes[1..] {
                    if let Op::Output(output) = &self.graph.nodes[i].op {
                        looped.result(output.index, self.place(i));
                    }
                }
                steps.push(Step::Loop(Box::new(looped)));
            }
            Kind::Split => {
                let Some(mut split) = self.split.take() else { return Err(EngineError::internal("a region without slices")) };
                split.bind(scratch, |i| self.place(i), |i| self.values.types[i].clone());
                steps.push(Step::Split(Box::new(split)));
            }
            Kind::Op => {
                let operands = unit.reads.iter().map(|&x| (self.view(x), Arc::new(self.values.types[x].clone()))).collect();
                steps.push(Step::Op(OpCall::new(node.op.clone(), operands, Arc::new(node.ty.clone()), self.view(unit.node))));
            }
        }
        Ok(())
    }

    /// The operands of a convolution whose images, or whose kernel's rows, have gaps: they are copied first.
    pub(super) fn loose<'a>(&'a self, unit: &'a Unit) -> impl Iterator<Item = usize> + 'a {
        let first = loose(&self.graph.nodes[unit.node].op).map_or([0; 2], |(operands, _)| operands);
        unit.reads.iter().zip(first).filter(|(x, first)| !self.values.is_dense(**x, *first)).map(|(x, _)| *x)
    }

    /// A convolution, after the copies that it needs.
    fn conv(&self, unit: &Unit, scratch: usize, steps: &mut Vec<Step>) -> Result<Conv> {
        let node = &self.graph.nodes[unit.node];
        let (map, window, [x, w, y]) = match (&node.op, &unit.reads[..], unit.node) {
            (Op::Conv(op), &[x, w], y) => (Map::Forward, &op.window, [x, w, y]),
            (Op::ConvInputGrad(op), &[y, w], x) => (Map::InputGrad, &op.window, [x, w, y]),
            (Op::ConvWeightGrad(op), &[x, y], w) => (Map::WeightGrad, &op.window, [x, w, y]),
            _ => return Err(EngineError::internal("a convolution without a kernel")),
        };
        let mut at = scratch;
        let mut places: Vec<(usize, View)> = Vec::new();
        for i in self.loose(unit) {
            let ty = &self.values.types[i];
            let place = View::new(Address { base: ARENA, offset: at / ty.dtype.size() }, &strides(&ty.shape));
            at += rounded(ty.bytes());
            steps.push(Step::Copy(Copy::new(&ty.shape, ty.dtype.size(), self.view(i), place.clone(), None)));
            places.push((i, place));
        }
        let lying = |i: usize| match places.iter().find(|(copied, _)| *copied == i) {
            Some((_, place)) => (place.at, strides(&self.values.types[i].shape)),
            None => (self.place(i), self.values.all[i].strides.clone()),
        };
        let images = |i: usize| {
            let (at, strides) = lying(i);
            Images { at, sample: strides[0], channel: strides[1] }
        };
        let shape = |i: usize| &self.values.types[i].shape;
        let geometry = Geometry::new(window, shape(x), shape(w), shape(y));
        let (at, kernel) = lying(w);
        let summed = self.summed.contains(&self.values.all[unit.node].root);
        let matrix = Matrix { at, row: kernel[0], column: 1 };
        Ok(Conv::new(map, node.ty.dtype, geometry, [images(x), images(y)], matrix, summed))
    }

    fn copy(&self, unit: &Unit) -> Copy {
        let (node, x) = (&self.graph.nodes[unit.node], unit.reads[0]);
        let (ty, from, to) = (&self.values.types[x], self.view(x), self.view(unit.node));
        let size = ty.dtype.size();
        match &node.op {
            Op::Flip(op) => {
                let mut from = from;
                let stride = from.strides[op.axis];
                from.at.offset = from.at.offset.saturating_add_signed((ty.shape[op.axis].max(1) as isize - 1) * stride);
                from.strides[op.axis] = -stride;
                Copy::new(&ty.shape, size, from, to, None)
            }
            Op::Pad(op) => {
                let offset: usize = to.strides.iter().zip(&op.before).map(|(s, b)| *s as usize * b).sum();
                let steps = to.strides.iter().zip(&op.between).map(|(s, b)| s * (*b as isize + 1)).collect();
                let place = View { at: Address { offset: to.at.offset + offset, ..to.at }, strides: steps };
                Copy::new(&ty.shape, size, from, place, Some((to.at, node.ty.count())))
            }
            // Row-major order of the operand's elements, whatever the new shape is called.
            _ => {
                let to = match is_contiguous(&node.ty.shape, &self.values.all[unit.node].strides) {
                    true => View::new(to.at, &strides(&ty.shape)),
                    false => to,
                };
                Copy::new(&ty.shape, size, from, to, None)
            }
        }
    }
}

/// Whether two views of one shape walk through memory alike.
fn same_walk(shape: &[usize], a: &[usize], b: &[usize]) -> bool {
    (0..shape.len()).all(|d| shape[d] == 1 || a[d] == b[d])
}
