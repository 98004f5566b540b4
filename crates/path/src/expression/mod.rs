//! A function of t as data: a list of scalar operations that a config can hold and a checkpoint can store.
//! A schedule, a weight or a diffusion of a user's own needs no code at load time; evaluated on host and graph alike.

mod trace;

use crate::error::{PathError, Result};
use schemars::JsonSchema;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use thalweg_graph::{Scalar, ops::Comparison};

/// Most steps that an expression may have: 1024.
pub const MAX_STEPS: usize = 1024;

/// A real function of one variable t, as a list of operations each of which uses results of earlier ones; the last is the value.
///
/// Every expression is well formed: at most [`MAX_STEPS`] steps, at least one, operands before their use, finite constants.
///
/// ```
/// use thalweg_path::Expression;
/// let json = r#"{ "steps": [{ "op": "time" }, { "op": "binary", "function": "mul", "x": 0, "y": 0 }] }"#;
/// let square: Expression = serde_json::from_str(json).unwrap();
/// assert_eq!(square.evaluate(3.0), 9.0);
/// assert_eq!(square, Expression::trace(|t| t * t).unwrap());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Steps", into = "Steps")]
#[schemars(
    description = "A function of the time t as data: a list of at most 1024 operations, each of which uses results of earlier ones; \
    the last one is the value. Written by tracing a function of t."
)]
pub struct Expression {
    steps: Vec<Step>,
}

/// An expression as it is written: what is read is checked by [`Expression::new`].
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Steps {
    /// The operations, in order; each refers to earlier ones by their position.
    #[serde(deserialize_with = "bounded")]
    #[schemars(length(min = 1, max = 1024))]
    steps: Vec<Step>,
}

/// One operation. Operands are positions of earlier steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// t.
    Time {},
    /// A number.
    Constant {
        /// The number; finite.
        value: f64,
    },
    /// A function of one operand.
    Unary {
        /// Which function.
        function: Function,
        /// The operand.
        x: usize,
    },
    /// A function of two operands.
    Binary {
        /// Which function.
        function: Operator,
        /// The left operand.
        x: usize,
        /// The right operand.
        y: usize,
    },
    /// `then` where x ⋄ y, else `otherwise`.
    Choose {
        /// The relation ⋄.
        relation: Relation,
        /// The left side.
        x: usize,
        /// The right side.
        y: usize,
        /// The value where the relation holds.
        then: usize,
        /// The value elsewhere.
        otherwise: usize,
    },
}

macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$item])* $variant),* }

        impl $name {
            /// Every one.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
        }
    };
}

names! {
    /// A function of one number.
    Function {
        /// −x.
        Neg,
        /// |x|.
        Abs,
        /// −1, 0 or 1.
        Sign,
        /// eˣ.
        Exp,
        /// eˣ − 1.
        Expm1,
        /// log x.
        Log,
        /// log(1 + x).
        Log1p,
        /// √x.
        Sqrt,
        /// 1/x.
        Recip,
        /// sin x.
        Sin,
        /// cos x.
        Cos,
        /// tan x.
        Tan,
        /// arctan x.
        Atan,
        /// tanh x.
        Tanh,
        /// 1/(1 + e⁻ˣ).
        Sigmoid,
        /// The error function.
        Erf,
    }
}

names! {
    /// A function of two numbers.
    Operator {
        /// x + y.
        Add,
        /// x − y.
        Sub,
        /// x y.
        Mul,
        /// x / y.
        Div,
        /// xʸ, x ≥ 0.
        Pow,
        /// The larger.
        Maximum,
        /// The smaller.
        Minimum,
    }
}

names! {
    /// A relation of two numbers.
    Relation {
        /// x = y.
        Eq,
        /// x ≠ y.
        Ne,
        /// x < y.
        Lt,
        /// x ≤ y.
        Le,
        /// x > y.
        Gt,
        /// x ≥ y.
        Ge,
    }
}

impl Function {
    fn apply<S: Scalar>(self, x: S) -> S {
        match self {
            Function::Neg => -x,
            Function::Abs => x.abs(),
            Function::Sign => {
                let [minus, zero, one] = [-1.0, 0.0, 1.0].map(|c| x.constant(c));
                x.choose(Comparison::Gt, zero, one, x.choose(Comparison::Lt, zero, minus, zero))
            }
            Function::Exp => x.exp(),
            Function::Expm1 => x.exp_m1(),
            Function::Log => x.ln(),
            Function::Log1p => x.ln_1p(),
            Function::Sqrt => x.sqrt(),
            Function::Recip => x.recip(),
            Function::Sin => x.sin(),
            Function::Cos => x.cos(),
            Function::Tan => x.tan(),
            Function::Atan => x.atan(),
            Function::Tanh => x.tanh(),
            Function::Sigmoid => x.sigmoid(),
            Function::Erf => x.erf(),
        }
    }
}

impl Operator {
    fn apply<S: Scalar>(self, x: S, y: S) -> S {
        match self {
            Operator::Add => x + y,
            Operator::Sub => x - y,
            Operator::Mul => x * y,
            Operator::Div => x / y,
            Operator::Pow => x.pow(y),
            Operator::Maximum => x.maximum(y),
            Operator::Minimum => x.minimum(y),
        }
    }
}

impl Relation {
    fn comparison(self) -> Comparison {
        match self {
            Relation::Eq => Comparison::Eq,
            Relation::Ne => Comparison::Ne,
            Relation::Lt => Comparison::Lt,
            Relation::Le => Comparison::Le,
            Relation::Gt => Comparison::Gt,
            Relation::Ge => Comparison::Ge,
        }
    }
}

impl Step {
    /// Positions of its operands.
    fn operands(self) -> Vec<usize> {
        match self {
            Step::Time {} | Step::Constant { .. } => Vec::new(),
            Step::Unary { x, .. } => vec![x],
            Step::Binary { x, y, .. } => vec![x, y],
            Step::Choose { x, y, then, otherwise, .. } => vec![x, y, then, otherwise],
        }
    }
}

impl Expression {
    /// The expression that these steps are.
    ///
    /// # Errors
    /// No step or more than [`MAX_STEPS`], an operand that is not an earlier step, a constant that is not finite.
    pub fn new(steps: Vec<Step>) -> Result<Expression> {
        let wrong = |expected: String, got: String| Err(PathError { field: "steps", expected, got });
        if steps.is_empty() || steps.len() > MAX_STEPS {
            return wrong(format!("from 1 to {MAX_STEPS} operations"), steps.len().to_string());
        }
        for (i, step) in steps.iter().enumerate() {
            if let Some(operand) = step.operands().into_iter().find(|&operand| operand >= i) {
                return wrong(format!("operands of step {i} among the steps before it"), operand.to_string());
            }
            if let Step::Constant { value } = step
                && !value.is_finite()
            {
                return wrong(format!("a finite constant at step {i}"), value.to_string());
            }
        }
        Ok(Expression { steps })
    }

    /// The constant function.
    ///
    /// # Errors
    /// A value that is not finite.
    pub fn constant(value: f64) -> Result<Expression> {
        Expression::new(vec![Step::Constant { value }])
    }

    /// Its operations; the last is the value.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The number that it is at every t, if its last step is a constant.
    pub fn as_constant(&self) -> Option<f64> {
        match self.steps[self.steps.len() - 1] {
            Step::Constant { value } => Some(value),
            _ => None,
        }
    }

    /// The value at `t`, of the shape of t.
    pub fn evaluate<S: Scalar>(&self, t: S) -> S {
        let mut values: Vec<S> = Vec::with_capacity(self.steps.len());
        for step in &self.steps {
            values.push(match *step {
                Step::Time {} => t,
                Step::Constant { value } => t.constant(value),
                Step::Unary { function, x } => function.apply(values[x]),
                Step::Binary { function, x, y } => function.apply(values[x], values[y]),
                Step::Choose { relation, x, y, then, otherwise } => {
                    values[x].choose(relation.comparison(), values[y], values[then], values[otherwise])
                }
            });
        }
        values[values.len() - 1]
    }
}

impl TryFrom<Steps> for Expression {
    type Error = PathError;
    fn try_from(Steps { steps }: Steps) -> Result<Expression> {
        Expression::new(steps)
    }
}

impl From<Expression> for Steps {
    fn from(Expression { steps }: Expression) -> Steps {
        Steps { steps }
    }
}

/// Reads at most [`MAX_STEPS`] steps: a longer list is refused before it is held in memory.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<Step>, D::Error> {
    struct Bounded;
    impl<'de> Visitor<'de> for Bounded {
        type Value = Vec<Step>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a list of at most {MAX_STEPS} operations")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> std::result::Result<Vec<Step>, A::Error> {
            let mut steps = Vec::new();
            while let Some(step) = list.next_element()? {
                if steps.len() == MAX_STEPS {
                    return Err(A::Error::custom(format!("steps: expected at most {MAX_STEPS} operations, got more")));
                }
                steps.push(step);
            }
            Ok(steps)
        }
    }
    deserializer.deserialize_seq(Bounded)
}
