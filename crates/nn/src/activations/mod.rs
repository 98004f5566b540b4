//! Activations: one formula per file, generic over host numbers and graph values.
//! Branches are chosen by comparison, so that derivatives at 0 are PyTorch's, and NaN stays NaN.

use crate::layers::Layer;
use crate::{Context, Declare, Init, Param};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Scalar, Var};

/// What an activation consists of.
pub trait Formula {
    /// Whether the slope β is a trained parameter (else it is not used).
    const LEARNED: bool = false;

    /// The value at `x`.
    fn eval<S: Scalar>(x: S, beta: S) -> S;
}

macro_rules! activations {
    ($($(#[$meta:meta])* $module:ident :: $name:ident as $text:literal, method $method:literal;)*) => {
        $(mod $module; pub use $module::$name;)*

        /// An elementwise function between layers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Activation { $($(#[$meta])* #[serde(rename = $text)] $name),* }

        impl Activation {
            /// Every registered activation.
            pub const ALL: &'static [Activation] = &[$(Activation::$name),*];

            /// The name in configurations.
            pub fn name(self) -> &'static str {
                match self { $(Activation::$name => $text),* }
            }

            /// The name of the tensor method in TypeScript.
            pub fn method(self) -> &'static str {
                match self { $(Activation::$name => $method),* }
            }

            /// Whether the slope β is a trained parameter.
            pub fn is_learned(self) -> bool {
                match self { $(Activation::$name => <$name as Formula>::LEARNED),* }
            }

            /// The value at `x` with slope `beta`, which only learned activations use.
            pub fn eval<S: Scalar>(self, x: S, beta: S) -> S {
                match self { $(Activation::$name => <$name as Formula>::eval(x, beta)),* }
            }
        }
    };
}

activations! {
    /// x · tanh(softplus(x)) (Misra 2019).
    mish::Mish as "mish", method "mish";
    /// tanh x.
    tanh::Tanh as "tanh", method "tanh";
    /// max(x, 0) (Nair & Hinton 2010).
    relu::Relu as "relu", method "relu";
    /// log(1 + eˣ) (Dugas et al. 2001).
    softplus::Softplus as "softplus", method "softplus";
    /// x above 0, eˣ − 1 below (Clevert, Unterthiner & Hochreiter 2016).
    elu::Elu as "elu", method "elu";
    /// A scaled elu that keeps mean 0 and variance 1 (Klambauer et al. 2017).
    selu::Selu as "selu", method "selu";
    /// x · sigmoid(x) (Elfwing, Uchibe & Doya 2018).
    silu::Silu as "silu", method "silu";
    /// x · sigmoid(βx) with a trained β, one per use (Ramachandran, Zoph & Le 2017).
    swish::Swish as "swish", method "swish";
    /// x Φ(x), Φ the normal distribution function (Hendrycks & Gimpel 2016).
    gelu::Gelu as "gelu", method "gelu";
    /// gelu with Φ approximated by tanh (Hendrycks & Gimpel 2016).
    gelu_tanh::GeluTanh as "gelu_tanh", method "geluTanh";
    /// x².
    square::Square as "square", method "square";
    /// x.
    identity::Identity as "identity", method "identity";
}

impl Activation {
    /// The activation whose tensor method has this name. Learned ones are layers, not methods.
    pub fn of_method(name: &str) -> Option<Activation> {
        Self::ALL.iter().copied().find(|a| a.method() == name && !a.is_learned())
    }

    /// The value at `x`, elementwise; a learned slope is 1.
    pub fn apply(self, x: Var<'_>) -> Var<'_> {
        self.eval(x, x.constant(1.0))
    }
}

/// An activation at one place of a network. A learned slope is the parameter `beta` of shape `[]`, starting at 1, and belongs to
/// this place alone.
#[derive(Clone, Debug)]
pub struct Activate {
    activation: Activation,
    beta: Option<Param>,
}

impl Activate {
    /// Declares `beta` if the activation is learned.
    pub fn new(declare: Declare, activation: Activation) -> Activate {
        let beta = activation.is_learned().then(|| declare.undecayed("beta", &[], Init::Ones));
        Activate { activation, beta }
    }
}

impl Layer for Activate {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        match self.beta {
            Some(beta) => self.activation.eval(x, ctx.param(beta)),
            None => self.activation.apply(x),
        }
    }
}
