//! Builds graphs: infers each node's type, simplifies it, and shares equal nodes.
//! The first error is kept and reported by `finish`, so that formulas need no `?` on every operator.

use crate::ops::{self, Op};
use crate::{DType, Graph, GraphError, Input, Literal, Node, NodeId, Result, Type, Var};
use std::cell::{Ref, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// A graph under construction. Values in it are [`Var`]s.
#[derive(Default)]
pub struct Builder {
    inner: RefCell<Inner>,
}

#[derive(Default)]
struct Inner {
    nodes: Vec<Node>,
    inputs: Vec<Input>,
    /// Place in `inputs` by name.
    named: HashMap<String, usize>,
    shared: HashMap<Node, NodeId>,
    error: Option<GraphError>,
    scopes: Vec<String>,
    /// How many guards hold a node; see [`Builder::hold`].
    held: HashMap<NodeId, usize>,
}

/// The id of the placeholder that an erroneous op returns.
pub(crate) const POISON: NodeId = NodeId(u32::MAX);

/// While it lives, errors say that they arose inside the scope of this name. See [`Builder::scope`].
pub struct Scope<'g>(&'g Builder);

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        self.0.inner.borrow_mut().scopes.pop();
    }
}

/// While it lives, simplification does not look through some values. See [`Builder::hold`].
pub struct Held<'g> {
    builder: &'g Builder,
    ids: Vec<NodeId>,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut inner = self.builder.inner.borrow_mut();
        for id in &self.ids {
            if let Some(guards) = inner.held.get_mut(id) {
                *guards -= 1;
            }
        }
        inner.held.retain(|_, guards| *guards > 0);
    }
}

impl Builder {
    /// An empty graph.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Declares the input `name`, or returns it if it was declared with the same type before.
    pub fn input(&self, name: &str, dtype: DType, shape: &[usize]) -> Var<'_> {
        let ty = Type::new(dtype, shape);
        let mut inner = self.inner.borrow_mut();
        if let Some(known) = inner.named.get(name).map(|&i| &inner.inputs[i]) {
            let (node, same, got) = (known.node, known.ty == ty, known.ty.to_string());
            drop(inner);
            if same {
                return Var::new(self, node);
            }
            return self.fail(GraphError::shape("input", format!("{name} was declared before"), got, ty.to_string()));
        }
        let id = NodeId(inner.nodes.len() as u32);
        let index = inner.inputs.len();
        inner.nodes.push(Node { op: Op::Input(ops::Input { index }), inputs: Vec::new(), ty: ty.clone() });
        inner.named.insert(name.to_string(), index);
        inner.inputs.push(Input { name: name.to_string(), ty, node: id });
        Var::new(self, id)
    }

    /// The declared inputs, in order.
    pub fn inputs(&self) -> Vec<Input> {
        self.inner.borrow().inputs.clone()
    }

    /// A tensor whose elements all are `value`.
    pub fn full(&self, value: f64, dtype: DType, shape: &[usize]) -> Var<'_> {
        self.literal(Literal::splat(value, Type::new(dtype, shape)))
    }

    /// A constant tensor.
    pub fn literal(&self, literal: Literal) -> Var<'_> {
        let ty = literal.ty.clone();
        self.append(Node { op: Op::Constant(literal), inputs: Vec::new(), ty })
    }

    /// 0, 1, …, `length` − 1 as a vector.
    pub fn iota(&self, dtype: DType, length: usize) -> Var<'_> {
        self.push(Op::Iota(ops::Iota { dtype, length }), &[])
    }

    /// Seeded random numbers: a pure function of the scalars `seed` and `counter` (i64), of the constant `stream` and of the
    /// flat element index. See [`ops::Random`].
    pub fn random<'g>(&'g self, distribution: ops::Distribution, stream: u64, ty: Type, seed: Var<'g>, counter: Var<'g>) -> Var<'g> {
        self.push(Op::Random(ops::Random { distribution, stream, ty }), &[seed, counter])
    }

    /// `length` steps of `(carry, x) → (carry, y)`: `body` takes `consts ++ carry ++ x` and returns `carry ++ y`; each of
    /// `xs` has a leading dimension `length`. Returns the last carry, then each `y` stacked along a new leading dimension.
    pub fn scan<'g>(&'g self, body: Arc<Graph>, length: usize, consts: &[Var<'g>], carry: &[Var<'g>], xs: &[Var<'g>]) -> Vec<Var<'g>> {
        let op = ops::Scan { body: ops::Body(body), length, consts: consts.len(), carry: carry.len() };
        let results = op.body.0.outputs.len();
        let all: Vec<Var<'g>> = [consts, carry, xs].concat();
        let scan = self.push(Op::Scan(op), &all);
        (0..results).map(|index| self.push(Op::Output(ops::Output { index }), &[scan])).collect()
    }

    /// Names the part of the model that is being traced, for errors: `let _scope = builder.scope("layers.0");`
    pub fn scope(&self, name: &str) -> Scope<'_> {
        self.inner.borrow_mut().scopes.push(name.to_string());
        Scope(self)
    }

    /// Keeps simplification from looking through these values until the guard is dropped: what is made of them meanwhile has
    /// them as operands, and not theirs, so that it can be differentiated by them.
    ///
    /// ```
    /// # use thalweg_graph::{Builder, DType, grad};
    /// let b = Builder::new();
    /// let x = b.input("x", DType::F64, &[4]).reshape(&[2, 2]);
    /// // Two reshapes are one, of what x is made of, and x has no part in it …
    /// assert_eq!(grad(x.reshape(&[4]).sum_all(), &[x])[0].as_literal().unwrap().at(0).as_f64(), 0.0);
    /// // … unless it is held.
    /// let _held = b.hold(&[x]);
    /// assert_eq!(grad(x.reshape(&[1, 4]).sum_all(), &[x])[0].as_literal().unwrap().at(0).as_f64(), 1.0);
    /// ```
    pub fn hold<'g>(&'g self, values: &[Var<'g>]) -> Held<'g> {
        let ids: Vec<NodeId> = values.iter().filter(|v| !v.is_poison()).map(|v| v.id()).collect();
        let mut inner = self.inner.borrow_mut();
        for &id in &ids {
            *inner.held.entry(id).or_default() += 1;
        }
        Held { builder: self, ids }
    }

    /// Whether a guard holds this node.
    pub(crate) fn is_held(&self, id: NodeId) -> bool {
        self.inner.borrow().held.contains_key(&id)
    }

    /// Repeats all nodes of `graph` here, with `args` in place of its inputs; returns its outputs.
    pub fn inline<'g>(&'g self, graph: &Graph, args: &[Var<'g>]) -> Vec<Var<'g>> {
        if args.len() != graph.inputs.len() {
            let poison =
                self.fail(GraphError::trace("inline", "wrong number of arguments", graph.inputs.len().to_string(), args.len().to_string()));
            return vec![poison; graph.outputs.len()];
        }
        for (arg, input) in args.iter().zip(&graph.inputs) {
            if !arg.is_poison() && arg.ty() != input.ty {
                let poison =
                    self.fail(GraphError::shape("inline", format!("argument {}", input.name), input.ty.to_string(), arg.ty().to_string()));
                return vec![poison; graph.outputs.len()];
            }
        }
        self.repeat(graph, args, |_, _| None)
    }

    /// All nodes of `graph` that its outputs need, with `args` in place of its inputs, and what `replace` gives for a node and its
    /// operands in place of that node.
    pub(crate) fn repeat<'g>(
        &'g self,
        graph: &Graph,
        args: &[Var<'g>],
        replace: impl Fn(&Node, &[Var<'g>]) -> Option<Var<'g>>,
    ) -> Vec<Var<'g>> {
        let live = graph.live();
        let mut map: Vec<Option<Var<'g>>> = vec![None; graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            map[i] = match &node.op {
                Op::Input(input) => Some(args[input.index]),
                _ if !live[i] => None,
                op => {
                    let inputs: Vec<Var<'g>> = node.inputs.iter().filter_map(|n| map[n.index()]).collect();
                    Some(replace(node, &inputs).unwrap_or_else(|| self.push(op.clone(), &inputs)))
                }
            };
        }
        graph.outputs.iter().filter_map(|o| map[o.index()]).collect()
    }

    /// The graph that computes `outputs`. Dead nodes are dropped; declared inputs are kept, used or not.
    ///
    /// # Errors
    /// The first error of any op since the builder was made.
    pub fn finish(&self, outputs: &[Var<'_>]) -> Result<Graph> {
        self.check()?;
        let inner = self.inner.borrow();
        let graph = Graph { nodes: inner.nodes.clone(), inputs: inner.inputs.clone(), outputs: outputs.iter().map(|v| v.id()).collect() };
        Ok(compact(&graph))
    }

    /// The first error so far, if any.
    pub fn check(&self) -> Result<()> {
        self.inner.borrow().error.clone().map_or(Ok(()), Err)
    }

    /// Takes the first error so far, so that building can go on: for tracers that report each error at once.
    pub fn take_error(&self) -> Result<()> {
        self.inner.borrow_mut().error.take().map_or(Ok(()), Err)
    }

    /// Number of nodes so far.
    pub fn len(&self) -> usize {
        self.inner.borrow().nodes.len()
    }

    /// Whether nothing was built yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of node `id` (which must be of this builder).
    pub fn var(&self, id: NodeId) -> Var<'_> {
        Var::new(self, id)
    }

    pub(crate) fn node(&self, id: NodeId) -> Ref<'_, Node> {
        Ref::map(self.inner.borrow(), |inner| &inner.nodes[id.index()])
    }

    /// Records the first error and returns the placeholder value.
    pub fn fail(&self, mut error: GraphError) -> Var<'_> {
        let mut inner = self.inner.borrow_mut();
        if inner.error.is_none() {
            if !inner.scopes.is_empty() {
                error.got = format!("{} (in {})", error.got, inner.scopes.join("."));
            }
            inner.error = Some(error);
        }
        Var::new(self, POISON)
    }

    /// Appends `op(inputs)`: infers its type, simplifies it, reuses an equal node.
    pub fn push<'g>(&'g self, op: Op, inputs: &[Var<'g>]) -> Var<'g> {
        if inputs.iter().any(|v| v.is_poison()) {
            return Var::new(self, POISON);
        }
        if inputs.iter().any(|v| !std::ptr::eq(v.builder(), self)) {
            return self.fail(GraphError::trace(
                op.name(),
                "an operand belongs to another graph",
                "operands of one graph",
                "a foreign operand",
            ));
        }
        let types: Vec<Type> = match &op {
            Op::Output(_) => Vec::new(),
            _ => inputs.iter().map(|v| v.ty()).collect(),
        };
        let inferred = match &op {
            Op::Output(out) => out.infer_from(&self.node(inputs[0].id())),
            _ => op.infer(&types),
        };
        let ty = match inferred {
            Ok(ty) => ty,
            Err(error) => return self.fail(error),
        };
        if let Some(simpler) = op.simplify(self, inputs, &ty) {
            return simpler;
        }
        self.append(Node { op, inputs: inputs.iter().map(|v| v.id()).collect(), ty })
    }

    fn append(&self, node: Node) -> Var<'_> {
        let mut inner = self.inner.borrow_mut();
        if let Some(&id) = inner.shared.get(&node) {
            drop(inner);
            return Var::new(self, id);
        }
        let id = NodeId(inner.nodes.len() as u32);
        inner.shared.insert(node.clone(), id);
        inner.nodes.push(node);
        drop(inner);
        Var::new(self, id)
    }
}

/// The same graph without dead nodes; inputs stay.
fn compact(graph: &Graph) -> Graph {
    let live = graph.live();
    let mut map = vec![POISON; graph.nodes.len()];
    let mut nodes = Vec::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        if live[i] || matches!(node.op, Op::Input(_)) {
            map[i] = NodeId(nodes.len() as u32);
            let inputs = node.inputs.iter().map(|n| map[n.index()]).collect();
            nodes.push(Node { op: node.op.clone(), inputs, ty: node.ty.clone() });
        }
    }
    let inputs = graph.inputs.iter().map(|i| Input { node: map[i.node.index()], ..i.clone() }).collect();
    Graph { nodes, inputs, outputs: graph.outputs.iter().map(|o| map[o.index()]).collect() }
}
