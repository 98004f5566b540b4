//! Composite ops: functions with a name and a single node, defined by other ops.
//! An executor may implement the node (one fused pass) or run its decomposition; derivatives are those of the decomposition.

use super::{Jvp, Rule, Vjp};
use crate::{Result, Type, Var, autodiff};

/// What a composite consists of.
pub trait CompositeRule {
    /// The type of the value.
    ///
    /// # Errors
    /// A shape or element-type error.
    fn infer(&self, inputs: &[Type]) -> Result<Type>;
    /// The value in terms of other ops.
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Var<'g>;
    /// The op's name.
    fn name(&self) -> &'static str;
}

macro_rules! registry {
    ($($module:ident :: $name:ident),* $(,)?) => {
        $(mod $module; pub use $module::$name;)*

        /// The registered composites.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Composite { $(#[doc = concat!("See [`struct@", stringify!($name), "`].")] $name($name)),* }

        impl Composite {
            fn inner(&self) -> &dyn CompositeRule {
                match self { $(Composite::$name(op) => op),* }
            }
        }
    };
}

registry! {
    softmax::Softmax,
    log_sum_exp::LogSumExp,
    layer_norm::LayerNorm,
    gelu::Gelu,
    attention::Attention,
}

impl Rule for Composite {
    fn name(&self) -> &'static str {
        self.inner().name()
    }
    fn infer(&self, inputs: &[Type]) -> Result<Type> {
        self.inner().infer(inputs)
    }
    fn vjp<'g>(&self, ctx: &Vjp<'_, 'g>) -> Vec<Option<Var<'g>>> {
        let _held = ctx.cotangent.builder().hold(ctx.inputs);
        let value = self.inner().decompose(ctx.inputs);
        let mut cotangents = autodiff::vjp_within(&[value], &[Some(ctx.cotangent)], ctx.inputs);
        // What reaches a value that is several operands at once is already the sum over all of them.
        for (i, operand) in ctx.inputs.iter().enumerate() {
            if ctx.inputs[..i].iter().any(|before| before.id() == operand.id()) {
                cotangents[i] = None;
            }
        }
        cotangents
    }
    fn jvp<'g>(&self, ctx: &Jvp<'_, 'g>) -> Option<Var<'g>> {
        let _held = ctx.output.builder().hold(ctx.inputs);
        let value = self.inner().decompose(ctx.inputs);
        let moving: Vec<(Var<'g>, Var<'g>)> = ctx.inputs.iter().zip(ctx.tangents).filter_map(|(x, t)| t.map(|t| (*x, t))).collect();
        let (wrt, seeds): (Vec<_>, Vec<_>) = moving.into_iter().unzip();
        autodiff::jvp_within(&[value], &wrt, &seeds)[0]
    }
    fn decompose<'g>(&self, inputs: &[Var<'g>]) -> Option<Var<'g>> {
        Some(self.inner().decompose(inputs))
    }
}
