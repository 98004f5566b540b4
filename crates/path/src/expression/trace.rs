//! Expressions from traced graphs: what a user's function of t did, kept as data.
//! Only elementwise arithmetic can be kept; whatever else the function did is refused by name.

use super::{Expression, Function, Operator, Relation, Step};
use thalweg_graph::ops::binary::Binary;
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::ops::{Comparison, Connective};
use thalweg_graph::{Builder, DType, Graph, GraphError, Literal, Node, Op, Result, Var};

/// What the error of a foreign op says is possible.
const POSSIBLE: &str = "elementwise arithmetic of one time t (reshape, broadcast and float casts are passed through)";

/// What a node of the graph has become.
#[derive(Clone, Copy)]
enum Traced {
    /// A step; truth values are 0 and 1.
    Number(usize),
    /// A comparison that nothing has needed as a number yet.
    Truth { relation: Relation, x: usize, y: usize },
}

/// The steps so far, and what each node became.
struct Tracer {
    steps: Vec<Step>,
    nodes: Vec<Option<Traced>>,
    /// Number of elements of the input.
    count: usize,
}

impl Expression {
    /// The function that `graph` computes of its one float input: t of shape `[]`, `[1]` or `[n]`, elementwise.
    ///
    /// # Errors
    /// Not exactly one float input and one float output of equal size (an output may also be a single constant); an op that is not
    /// elementwise arithmetic, by name; a constant that is not finite or not the same for all elements; more steps than an
    /// expression may have.
    pub fn from_graph(graph: &Graph) -> Result<Expression> {
        let ([input], [output]) = (&graph.inputs[..], &graph.outputs[..]) else {
            let got = format!("{} inputs, {} outputs", graph.inputs.len(), graph.outputs.len());
            return Err(GraphError::trace("expression", "not a function of t", "one input and one output", got));
        };
        let count = input.ty.count();
        if !input.ty.dtype.is_float() || count == 0 || input.ty.rank() > 1 {
            return Err(GraphError::shape("expression", "wrong input", "a float tensor of shape [], [1] or [n]", input.ty.to_string()));
        }
        let ty = &graph.node(*output).ty;
        if !ty.dtype.is_float() || (ty.count() != count && ty.count() != 1) {
            return Err(GraphError::shape("expression", "wrong output", format!("a float for each of {count} times"), ty.to_string()));
        }
        let mut tracer = Tracer { steps: Vec::new(), nodes: vec![None; graph.nodes.len()], count };
        let live = graph.live();
        for i in (0..graph.nodes.len()).filter(|&i| live[i]) {
            tracer.nodes[i] = Some(tracer.node(graph, &graph.nodes[i])?);
        }
        let last = tracer.number(output.index(), "output")?;
        tracer.steps.truncate(last + 1);
        Expression::new(tracer.steps).map_err(|e| GraphError::trace("expression", e.field, e.expected, e.got))
    }

    /// The expression of a Rust function, traced with one 64-bit number.
    ///
    /// # Errors
    /// As [`from_graph`](Expression::from_graph).
    ///
    /// ```
    /// use thalweg_path::Expression;
    /// let cosine = Expression::trace(|t| (t * 2.0).cos()).unwrap();
    /// assert_eq!(cosine.evaluate(0.5), 1f64.cos());
    /// ```
    pub fn trace(function: impl for<'g> FnOnce(Var<'g>) -> Var<'g>) -> Result<Expression> {
        let b = Builder::new();
        let t = b.input("t", DType::F64, &[]);
        Expression::from_graph(&b.finish(&[function(t)])?)
    }
}

impl Tracer {
    fn push(&mut self, step: Step) -> Traced {
        self.steps.push(step);
        Traced::Number(self.steps.len() - 1)
    }

    fn constant(&mut self, value: f64) -> usize {
        let step = Step::Constant { value };
        self.steps.iter().position(|known| *known == step).unwrap_or_else(|| {
            self.steps.push(step);
            self.steps.len() - 1
        })
    }

    /// The step that holds node `i` as a number.
    fn number(&mut self, i: usize, op: &'static str) -> Result<usize> {
        match self.nodes[i] {
            Some(Traced::Number(step)) => Ok(step),
            Some(Traced::Truth { relation, x, y }) => {
                let (then, otherwise) = (self.constant(1.0), self.constant(0.0));
                self.steps.push(Step::Choose { relation, x, y, then, otherwise });
                self.nodes[i] = Some(Traced::Number(self.steps.len() - 1));
                Ok(self.steps.len() - 1)
            }
            None => {
                Err(GraphError::trace(op, "an operand does not come before its use", "a graph in topological order", format!("node {i}")))
            }
        }
    }

    fn node(&mut self, graph: &Graph, node: &Node) -> Result<Traced> {
        let name = node.op.name();
        if ![1, self.count].contains(&node.ty.count()) {
            return Err(GraphError::shape(name, "not elementwise", POSSIBLE, node.ty.to_string()));
        }
        let refused = || Err(GraphError::trace(name, "an expression of t cannot contain this op", POSSIBLE, name));
        let inputs: Vec<usize> = node.inputs.iter().map(|n| n.index()).collect();
        Ok(match &node.op {
            Op::Input(_) => self.push(Step::Time {}),
            Op::Constant(literal) => Traced::Number(self.literal(literal)?),
            Op::Unary(op) => {
                let Some(function) = function_of(*op).filter(|_| node.ty.dtype.is_float()) else { return refused() };
                let x = self.number(inputs[0], name)?;
                self.push(Step::Unary { function, x })
            }
            Op::Binary(op) if node.ty.dtype.is_float() => {
                let (x, y) = (self.number(inputs[0], name)?, self.number(inputs[1], name)?);
                self.push(Step::Binary { function: operator_of(*op), x, y })
            }
            Op::Compare(op) if graph.node(node.inputs[0]).ty.dtype != DType::I64 => {
                let (x, y) = (self.number(inputs[0], name)?, self.number(inputs[1], name)?);
                Traced::Truth { relation: relation_of(op.comparison), x, y }
            }
            Op::Logical(op) => {
                let (x, y) = (self.number(inputs[0], name)?, self.number(inputs[1], name)?);
                self.logical(op.connective, x, y)
            }
            Op::IsFinite(_) => {
                // x − x is 0 for a number and NaN for an infinity or NaN.
                let x = self.number(inputs[0], name)?;
                self.steps.push(Step::Binary { function: Operator::Sub, x, y: x });
                let (x, y) = (self.steps.len() - 1, self.constant(0.0));
                Traced::Truth { relation: Relation::Eq, x, y }
            }
            Op::Select(_) if node.ty.dtype != DType::I64 => {
                let (then, otherwise) = (self.number(inputs[1], name)?, self.number(inputs[2], name)?);
                let (relation, x, y) = match self.nodes[inputs[0]] {
                    Some(Traced::Truth { relation, x, y }) => (relation, x, y),
                    _ => (Relation::Ne, self.number(inputs[0], name)?, self.constant(0.0)),
                };
                self.push(Step::Choose { relation, x, y, then, otherwise })
            }
            Op::Cast(op) if op.dtype.is_float() && graph.node(node.inputs[0]).ty.dtype != DType::I64 => {
                Traced::Number(self.number(inputs[0], name)?)
            }
            Op::Reshape(_) | Op::Broadcast(_) | Op::StopGradient(_) if node.ty.dtype != DType::I64 => {
                Traced::Number(self.number(inputs[0], name)?)
            }
            _ => return refused(),
        })
    }

    fn literal(&mut self, literal: &Literal) -> Result<usize> {
        let Literal { ty, .. } = literal;
        let first = literal.at(0);
        let equal = literal.splat_value().is_some() || (0..ty.count()).all(|i| literal.at(i) == first);
        if ty.dtype == DType::I64 || !equal || !first.as_f64().is_finite() {
            let got = if equal { format!("{} of {ty}", first.as_f64()) } else { format!("different values of {ty}") };
            return Err(GraphError::trace("constant", "not a constant of an expression", "one finite float", got));
        }
        Ok(self.constant(first.as_f64()))
    }

    /// A connective of truth values that are 0 or 1.
    fn logical(&mut self, connective: Connective, x: usize, y: usize) -> Traced {
        match connective {
            Connective::And => self.push(Step::Binary { function: Operator::Mul, x, y }),
            Connective::Or => self.push(Step::Binary { function: Operator::Maximum, x, y }),
            Connective::Xor => Traced::Truth { relation: Relation::Ne, x, y },
        }
    }
}

fn function_of(op: Unary) -> Option<Function> {
    Some(match op {
        Unary::Neg => Function::Neg,
        Unary::Abs => Function::Abs,
        Unary::Sign => Function::Sign,
        Unary::Exp => Function::Exp,
        Unary::Expm1 => Function::Expm1,
        Unary::Log => Function::Log,
        Unary::Log1p => Function::Log1p,
        Unary::Sqrt => Function::Sqrt,
        Unary::Recip => Function::Recip,
        Unary::Sin => Function::Sin,
        Unary::Cos => Function::Cos,
        Unary::Tan => Function::Tan,
        Unary::Atan => Function::Atan,
        Unary::Tanh => Function::Tanh,
        Unary::Sigmoid => Function::Sigmoid,
        Unary::Erf => Function::Erf,
        Unary::Floor => return None,
    })
}

fn operator_of(op: Binary) -> Operator {
    match op {
        Binary::Add => Operator::Add,
        Binary::Sub => Operator::Sub,
        Binary::Mul => Operator::Mul,
        Binary::Div => Operator::Div,
        Binary::Pow => Operator::Pow,
        Binary::Maximum => Operator::Maximum,
        Binary::Minimum => Operator::Minimum,
    }
}

fn relation_of(comparison: Comparison) -> Relation {
    match comparison {
        Comparison::Eq => Relation::Eq,
        Comparison::Ne => Relation::Ne,
        Comparison::Lt => Relation::Lt,
        Comparison::Le => Relation::Le,
        Comparison::Gt => Relation::Gt,
        Comparison::Ge => Relation::Ge,
    }
}
