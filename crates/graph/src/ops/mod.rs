//! The op set. Each op has its shape rule, its derivative rules, its simplifications and its documentation in one file.
//! To add one: a file that implements [`Rule`] and a line in the registry below (an elementwise op: in `unary` or `binary`).

pub mod binary;
pub mod composite;
mod fold;
pub mod unary;

use crate::{Builder, Literal, Result, Type, Var};

/// What the reverse-mode rule of an op is given.
pub struct Vjp<'a, 'g> {
    /// The operands.
    pub inputs: &'a [Var<'g>],
    /// The value.
    pub output: Var<'g>,
    /// The derivative of the differentiated number with respect to the value.
    pub cotangent: Var<'g>,
    /// Which operands' derivatives are asked for.
    pub wanted: &'a [bool],
}

/// What the forward-mode rule of an op is given.
pub struct Jvp<'a, 'g> {
    /// The operands.
    pub inputs: &'a [Var<'g>],
    /// The value.
    pub output: Var<'g>,
    /// Directional derivatives of the operands; `None` is zero.
    pub tangents: &'a [Option<Var<'g>>],
}

/// Everything there is to know about an op, except how to run it.
pub trait Rule {
    /// The name in messages and listings.
    fn name(&self) -> &'static str;

    /// The type of the value, or what is wrong with the operands.
    ///
    /// # Errors
    /// A shape or element-type error that names the op, what was expected and what came.
    fn infer(&self, inputs: &[Type]) -> Result<Type>;

    /// Cotangents of the operands, in order; `None` is zero (or not wanted).
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>>;

    /// Tangent of the value; `None` is zero.
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>>;

    /// A simpler value equal to this op's (constant folding, algebraic identities).
    fn simplify<'g>(&self, _builder: &'g Builder, _inputs: &[Var<'g>], _ty: &Type) -> Option<Var<'g>> {
        None
    }

    /// The same value written with other ops, for executors that do not implement this one.
    fn decompose<'g>(&self, _inputs: &[Var<'g>]) -> Option<Var<'g>> {
        None
    }
}

macro_rules! registry {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $(mod $module;)*
        $(pub use $module::$name;)*

        /// An op with its static parameters.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Op {
            /// A constant tensor.
            Constant(Literal),
            /// An elementwise function of one tensor.
            Unary(unary::Unary),
            /// An elementwise function of two tensors.
            Binary(binary::Binary),
            /// A function with a name of its own that is defined by other ops.
            Composite(composite::Composite),
            $(#[doc = concat!("See [`struct@", stringify!($name), "`].")] $name($name),)*
        }

        impl Op {
            /// The op's rules.
            pub fn rule(&self) -> &dyn Rule {
                match self {
                    Op::Constant(literal) => literal,
                    Op::Unary(op) => op,
                    Op::Binary(op) => op,
                    Op::Composite(op) => op,
                    $(Op::$name(op) => op,)*
                }
            }
        }
    };
}

registry! {
    input::Input,
    iota::Iota,
    random::Random,
    compare::Compare,
    logical::Logical,
    is_finite::IsFinite,
    select::Select,
    cast::Cast,
    broadcast::Broadcast,
    reshape::Reshape,
    transpose::Transpose,
    slice::Slice,
    pad::Pad,
    concat::Concat,
    flip::Flip,
    gather::Gather,
    scatter_add::ScatterAdd,
    take_along::TakeAlong,
    add_along::AddAlong,
    reduce_sum::ReduceSum,
    reduce_max::ReduceMax,
    arg_max::ArgMax,
    arg_sort::ArgSort,
    cum_sum::CumSum,
    matmul::MatMul,
    conv::Conv,
    conv_input_grad::ConvInputGrad,
    conv_weight_grad::ConvWeightGrad,
    stop_gradient::StopGradient,
    scan::Scan,
    output::Output,
}

pub use compare::Comparison;
pub use conv::Window;
pub use logical::Connective;
pub use random::Distribution;
pub use scan::Body;

impl Op {
    /// The name in messages and listings.
    pub fn name(&self) -> &'static str {
        self.rule().name()
    }

    /// The static parameters that neither name nor type shows, for listings.
    pub fn details(&self) -> String {
        match self {
            Op::Constant(literal) => literal.splat_value().map_or("many values".into(), |number| number.as_f64().to_string()),
            Op::Scan(scan) => format!("{} steps, {} constants, {} carried", scan.length, scan.consts, scan.carry),
            Op::Composite(_) | Op::Input(_) | Op::Reshape(_) | Op::Broadcast(_) | Op::Cast(_) => String::new(),
            op => {
                let text = format!("{op:?}");
                let fields = text.split_once("{ ").and_then(|(_, rest)| rest.rsplit_once(" }"));
                fields.map_or_else(String::new, |(fields, _)| fields.to_string())
            }
        }
    }

    pub(crate) fn infer(&self, inputs: &[Type]) -> Result<Type> {
        self.rule().infer(inputs)
    }

    pub(crate) fn simplify<'g>(&self, builder: &'g Builder, inputs: &[Var<'g>], ty: &Type) -> Option<Var<'g>> {
        self.rule().simplify(builder, inputs, ty)
    }
}

/// The types of operands, for messages: `f32 [512, 3] × f32 [2, 128]`.
pub(crate) fn show(inputs: &[Type]) -> String {
    inputs.iter().map(Type::to_string).collect::<Vec<_>>().join(" × ")
}

impl Rule for Literal {
    fn name(&self) -> &'static str {
        "constant"
    }
    fn infer(&self, _inputs: &[Type]) -> Result<Type> {
        Ok(self.ty.clone())
    }
    fn vjp<'g>(&self, _ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        Vec::new()
    }
    fn jvp<'g>(&self, _ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        None
    }
}
