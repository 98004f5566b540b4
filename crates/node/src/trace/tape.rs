//! The recording itself: pieces, values by number, declared inputs and derivatives.
//! Values are numbered in the order in which they are made; types are known at once, graphs when it is joined.

use std::collections::HashSet;

use serde_json::Value as Json;
use thalweg_model::graph::{Builder, DType, Graph, GraphError, Literal, NodeId, Result, Type, Var, grad};
use thalweg_model::methods::{self, Randomness};

use super::chunks::Chunks;
use super::segment::{Link, Segment};

/// A piece of this many nodes is closed.
const PIECE: usize = 4096;

/// Names of the inputs that random ops read.
const RANDOM: [&str; 2] = ["random.seed", "random.counter"];

/// Where an input's tensor comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From the caller, at each run.
    Given,
    /// It is the captured tensor of this number.
    Captured(usize),
    /// It belongs to a model: the part of this number.
    Bound(usize),
    /// It is filled in by whoever runs the graph.
    Random,
}

/// An input of the whole recording.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Unique name.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Where its tensor comes from.
    pub kind: Kind,
}

/// Where a value was made.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) segment: usize,
    pub(super) node: NodeId,
}

/// Derivatives that are worked out when the pieces are joined. Values by number.
pub(super) enum Derivative {
    Grad { output: usize, wrt: Vec<usize> },
    Jvp { outputs: Vec<usize>, wrt: Vec<usize>, tangents: Vec<usize> },
}

/// A graph that is being recorded.
pub struct Tape {
    training: bool,
    pub(super) segments: Vec<Segment>,
    pub(super) places: Chunks<Place>,
    pub(super) inputs: Vec<Declared>,
    names: HashSet<String>,
    pub(super) derivatives: Vec<Derivative>,
    random: Option<[usize; 2]>,
    stream: u64,
}

impl Tape {
    /// An empty recording; `training` says whether dropout drops.
    pub fn new(training: bool) -> Tape {
        Tape {
            training,
            segments: vec![Segment::default()],
            places: Chunks::new(),
            inputs: Vec::new(),
            names: HashSet::new(),
            derivatives: Vec::new(),
            random: None,
            stream: 0,
        }
    }

    /// Inputs in the order in which they were declared.
    pub fn inputs(&self) -> &[Declared] {
        &self.inputs
    }

    /// Number of values.
    pub fn values(&self) -> usize {
        self.places.len()
    }

    /// Number of nodes recorded so far; those of derivatives are not known yet.
    pub fn recorded(&self) -> usize {
        self.inputs.len() + self.segments.iter().map(Segment::recorded).sum::<usize>()
    }

    /// Type of a value.
    pub fn ty(&self, value: usize) -> Type {
        let place = self.places[value];
        self.segments[place.segment].builder().var(place.node).ty()
    }

    fn open(&mut self) -> usize {
        if self.segments.last().is_none_or(|last| last.builder().len() >= PIECE) {
            self.segments.push(Segment::default());
        }
        self.segments.len() - 1
    }

    fn keep(&mut self, segment: usize, node: NodeId) -> usize {
        self.places.push(Place { segment, node });
        self.places.len() - 1
    }

    fn declare(&mut self, link: Link, ty: &Type) -> usize {
        let at = self.open();
        let node = self.segments[at].declare(link, ty).id();
        self.keep(at, node)
    }

    /// Declares an input.
    ///
    /// # Errors
    /// The name is taken, or reserved for random numbers.
    pub fn input(&mut self, name: &str, ty: &Type, kind: Kind) -> Result<usize> {
        if kind != Kind::Random && name.starts_with("random.") {
            return Err(GraphError::trace("input", "reserved name", "a name that does not start with \"random.\"", name));
        }
        if self.names.contains(name) {
            return Err(GraphError::trace("input", "declared twice", "a new name", name));
        }
        let number = self.inputs.len();
        self.names.insert(name.to_string());
        self.inputs.push(Declared { name: name.to_string(), ty: ty.clone(), kind });
        Ok(self.declare(Link::Input(number), ty))
    }

    /// A constant tensor.
    pub fn constant(&mut self, value: f64, ty: &Type) -> usize {
        let at = self.open();
        let node = self.segments[at].builder().full(value, ty.dtype, &ty.shape).id();
        self.keep(at, node)
    }

    /// A constant tensor of any values.
    pub fn literal(&mut self, literal: Literal) -> usize {
        let at = self.open();
        let node = self.segments[at].builder().literal(literal).id();
        self.keep(at, node)
    }

    /// A constant scalar i64, exact beyond 2⁵³.
    pub fn integer(&mut self, value: i64) -> usize {
        self.literal(Literal::splat_i64(value, []))
    }

    /// The values of seed and counter, scalars i64, declared at the first call.
    ///
    /// # Errors
    /// None.
    pub fn random(&mut self) -> Result<[usize; 2]> {
        if let Some(known) = self.random {
            return Ok(known);
        }
        let scalar = Type::scalar(DType::I64);
        let pair = [self.input(RANDOM[0], &scalar, Kind::Random)?, self.input(RANDOM[1], &scalar, Kind::Random)?];
        self.random = Some(pair);
        Ok(pair)
    }

    /// Whether dropout drops.
    pub fn training(&self) -> bool {
        self.training
    }

    fn var(&self, at: usize, value: usize) -> Var<'_> {
        let place = self.places[value];
        if place.segment == at { self.segments[at].builder().var(place.node) } else { self.segments[at].import(value, &self.ty(value)) }
    }

    /// Records the method `name`; returns the numbers of its results.
    ///
    /// # Errors
    /// As [`methods::apply`].
    pub fn op(&mut self, name: &str, attrs: &Json, inputs: &[usize]) -> Result<Vec<usize>> {
        let draws = matches!(name, "randn" | "rand") || (name == "dropout" && self.training);
        let pair = if draws { Some(self.random()?) } else { None };
        let at = self.open();
        let vars: Vec<Var<'_>> = inputs.iter().map(|&value| self.var(at, value)).collect();
        let numbers = pair.map(|[seed, counter]| [self.var(at, seed), self.var(at, counter)]);
        let mut randomness = numbers.map(|[seed, counter]| Randomness { seed, counter, stream: self.stream, training: self.training });
        let results = methods::apply(self.segments[at].builder(), name, attrs, &vars, randomness.as_mut())?;
        let stream = randomness.map_or(self.stream, |r| r.stream);
        let nodes: Vec<NodeId> = results.iter().map(|v| v.id()).collect();
        self.stream = stream;
        Ok(nodes.into_iter().map(|node| self.keep(at, node)).collect())
    }

    /// Repeats all nodes of `graph`, with these values in place of its inputs; returns the numbers of its outputs.
    ///
    /// # Errors
    /// Values that differ from the inputs in number or type.
    pub fn inline(&mut self, graph: &Graph, values: &[usize]) -> Result<Vec<usize>> {
        let at = self.open();
        let vars: Vec<Var<'_>> = values.iter().map(|&value| self.var(at, value)).collect();
        let builder = self.segments[at].builder();
        let nodes: Vec<NodeId> = builder.inline(graph, &vars).iter().map(|v| v.id()).collect();
        builder.take_error()?;
        Ok(nodes.into_iter().map(|node| self.keep(at, node)).collect())
    }

    /// The gradient of a scalar with respect to each of `wrt`.
    ///
    /// # Errors
    /// As [`thalweg_model::graph::grad`].
    pub fn grad(&mut self, output: usize, wrt: &[usize]) -> Result<Vec<usize>> {
        let scratch = Builder::new();
        let types: Vec<Type> = wrt.iter().map(|&value| self.ty(value)).collect();
        let of = |name: &str, ty: &Type| scratch.input(name, ty.dtype, &ty.shape);
        let stand_ins: Vec<Var<'_>> = types.iter().enumerate().map(|(i, ty)| of(&format!("wrt {i}"), ty)).collect();
        grad(of("output", &self.ty(output)), &stand_ins);
        scratch.take_error()?;
        Ok(self.derive(Derivative::Grad { output, wrt: wrt.to_vec() }, &types))
    }

    /// Directional derivatives of `outputs` where each of `wrt` moves along its tangent.
    ///
    /// # Errors
    /// Tangents that differ from `wrt` in number or type, or a value that is not a float.
    pub fn jvp(&mut self, outputs: &[usize], wrt: &[usize], tangents: &[usize]) -> Result<Vec<usize>> {
        if wrt.len() != tangents.len() {
            return Err(GraphError::trace("jvp", "wrong number of tangents", wrt.len().to_string(), tangents.len().to_string()));
        }
        for (&value, &tangent) in wrt.iter().zip(tangents) {
            let (ty, got) = (self.ty(value), self.ty(tangent));
            if !ty.dtype.is_float() {
                return Err(GraphError::dtype("jvp", "not differentiable", "a float tensor", ty.to_string()));
            }
            if ty != got {
                return Err(GraphError::shape("jvp", "wrong type of tangent", ty.to_string(), got.to_string()));
            }
        }
        let types: Vec<Type> = outputs.iter().map(|&value| self.ty(value)).collect();
        let jvp = Derivative::Jvp { outputs: outputs.to_vec(), wrt: wrt.to_vec(), tangents: tangents.to_vec() };
        Ok(self.derive(jvp, &types))
    }

    fn derive(&mut self, derivative: Derivative, types: &[Type]) -> Vec<usize> {
        let number = self.derivatives.len();
        self.derivatives.push(derivative);
        types.iter().enumerate().map(|(index, ty)| self.declare(Link::Derivative { number, index }, ty)).collect()
    }
}
