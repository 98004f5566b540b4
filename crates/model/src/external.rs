//! Backbones written in TypeScript: their `forward` is traced there, once per mode and input types, and inlined here.
//! A forward that is asked for before it was traced is noted as missing, so that the caller can provide it and ask again.

use crate::{ModelError, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use thalweg_graph::{DType, Graph, GraphError, Leaves, Type, Var, ops::Op};
use thalweg_nn::{Backbone, Context, Declare, Init, Mode, NnError, Param};

/// A parameter that a TypeScript module declares.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalParameter {
    /// Dotted name within the module.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// How it starts.
    pub init: Init,
    /// Whether it is trained.
    #[serde(default = "yes")]
    pub trainable: bool,
    /// Whether weight decay applies.
    #[serde(default = "yes")]
    pub decay: bool,
}

fn yes() -> bool {
    true
}

/// What a TypeScript module consists of, apart from its forward.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExternalModule {
    /// Its parameters.
    pub parameters: Vec<ExternalParameter>,
    /// What the condition of a row is that has none; learned if absent.
    #[serde(default)]
    pub no_condition: Option<f64>,
}

impl ExternalModule {
    /// A module of these parameters.
    pub fn of(parameters: Vec<ExternalParameter>) -> Self {
        ExternalModule { parameters, no_condition: None }
    }
}

/// A named input of a forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamedType {
    /// `t`, `x`, `x.<leaf>`, `condition`, `condition.<leaf>`.
    pub name: String,
    /// Element type.
    pub dtype: String,
    /// Shape, batch first.
    pub shape: Vec<usize>,
}

/// A forward that has to be traced before a job can run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Need {
    /// Names the forward; given back with the traced graph.
    pub key: String,
    /// The place of the module's network in the config: `model.args`.
    pub module: String,
    /// `train` or `sample`.
    pub mode: &'static str,
    /// Its inputs.
    pub inputs: Vec<NamedType>,
}

/// The traced forwards of one model's TypeScript modules.
#[derive(Default)]
pub struct Forwards {
    known: Mutex<HashMap<String, Arc<Graph>>>,
    missing: Mutex<BTreeMap<String, Need>>,
}

impl Forwards {
    /// Keeps the traced graph of the forward `key`.
    pub fn provide(&self, key: &str, graph: Arc<Graph>) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_string(), graph);
    }

    /// What was asked for and is not known; forgets it.
    pub fn take_missing(&self) -> Vec<Need> {
        std::mem::take(&mut *self.missing.lock().unwrap_or_else(PoisonError::into_inner)).into_values().collect()
    }
}

/// What a module's forward gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Leaves like those of the state.
    State,
    /// One number per row, `[B]` or `[B, 1]`.
    Number,
    /// Of tokens, which come as i64, so many logits at each position: `[B, …, V]`.
    Logits(usize),
}

/// A backbone whose forward is traced in TypeScript.
pub struct ExternalBackbone {
    gives: Gives,
    module: String,
    /// The place of its network in the config.
    place: String,
    names: Vec<String>,
    params: Vec<Param>,
    forwards: Arc<Forwards>,
    /// Whether what stands for no condition is learned, by way of the forward.
    learns_none: bool,
}

impl ExternalBackbone {
    /// Declares the module's parameters.
    pub fn new(
        module: &str,
        place: &str,
        spec: &ExternalModule,
        declare: &mut Declare,
        forwards: Arc<Forwards>,
        gives: Gives,
        drops: bool,
    ) -> std::result::Result<Self, NnError> {
        let mut params = Vec::new();
        for p in &spec.parameters {
            params.push(declare.external(&p.name, &p.shape, p.init.clone(), p.trainable, p.decay));
        }
        Ok(ExternalBackbone {
            module: module.into(),
            place: place.into(),
            names: spec.parameters.iter().map(|p| p.name.clone()).collect(),
            params,
            gives,
            forwards,
            learns_none: drops && spec.no_condition.is_none(),
        })
    }

    /// The type of the output for a leaf of the state, of a model of this element type.
    fn given_for(&self, leaf: &Type, dtype: DType) -> Type {
        match self.gives {
            Gives::Logits(vocabulary) => Type::new(dtype, [&leaf.shape[..], &[vocabulary]].concat()),
            _ => leaf.clone(),
        }
    }

    fn fail<'g>(&self, ctx: &Context<'_, 'g>, message: &str, expected: &str, got: String, like: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let poison = ctx.builder.fail(GraphError::trace(&format!("{}.forward", self.module), message, expected, got));
        like.map(|_| poison)
    }
}

impl ExternalBackbone {
    /// One number per row, as `[B, 1]`.
    fn number<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>, outputs: &[Var<'g>]) -> Leaves<Var<'g>> {
        let (rows, dtype) = (x.first().shape()[0], x.first().dtype());
        match outputs {
            [one] if one.is_poison() => Leaves::one(*one),
            [one] if one.dtype() == dtype && (one.shape() == [rows] || one.shape() == [rows, 1]) => Leaves::one(one.reshape(&[rows, 1])),
            _ => {
                let got = outputs.iter().map(|v| v.ty().to_string()).collect::<Vec<_>>().join(", ");
                let expected = format!("{dtype} [{rows}, 1]: one number per row");
                Leaves::one(ctx.builder.fail(GraphError::shape(&format!("{}.forward", self.module), "wrong result", expected, got)))
            }
        }
    }
}

/// Whether a forward looks at its condition, and no output changes with it continuously.
fn ignores_slopes(graph: &Graph) -> bool {
    let mut smooth = vec![false; graph.nodes.len()];
    let mut seen = false;
    for (i, node) in graph.nodes.iter().enumerate() {
        let is_condition = matches!(&node.op, Op::Input(input) if graph.inputs[input.index].name.split('.').next() == Some("condition"));
        seen |= node.inputs.iter().any(|id| smooth[id.index()]);
        smooth[i] = node.ty.dtype.is_float() && (is_condition || node.inputs.iter().any(|id| smooth[id.index()]));
    }
    seen && !graph.outputs.iter().any(|id| smooth[id.index()])
}

fn named(inputs: &mut Vec<(NamedType, usize)>, prefix: &str, leaf: &str, ty: &Type, at: usize) {
    let name = if leaf.is_empty() { prefix.to_string() } else { format!("{prefix}.{leaf}") };
    inputs.push((NamedType { name, dtype: ty.dtype.name().into(), shape: ty.shape.clone() }, at));
}

impl Backbone for ExternalBackbone {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, t: Var<'g>, x: &Leaves<Var<'g>>, condition: Option<&Leaves<Var<'g>>>) -> Leaves<Var<'g>> {
        if t.is_poison() || x.values().any(|v| v.is_poison()) {
            return x.clone();
        }
        let mut values = vec![t];
        let mut inputs = Vec::new();
        named(&mut inputs, "t", "", &t.ty(), 0);
        for (prefix, leaves) in [("x", Some(x)), ("condition", condition)] {
            for (leaf, v) in leaves.into_iter().flat_map(|l| l.iter()) {
                named(&mut inputs, prefix, leaf, &v.ty(), values.len());
                values.push(*v);
            }
        }
        let mode = if ctx.mode == Mode::Train { "train" } else { "sample" };
        let types: Vec<String> = inputs.iter().map(|(n, _)| format!("{} {} {:?}", n.name, n.dtype, n.shape)).collect();
        let key = format!("{}|{mode}|{}", self.place, types.join(";"));
        let known = self.forwards.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let Some(graph) = known else {
            let need = Need { key: key.clone(), module: self.place.clone(), mode, inputs: inputs.into_iter().map(|(n, _)| n).collect() };
            self.forwards.missing.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone(), need);
            return self.fail(ctx, "not traced for these shapes", "a traced forward", key, x);
        };
        if self.learns_none && ignores_slopes(&graph) {
            let message =
                "what stands for no condition (conditionDropout) cannot be learned, since the condition is taken as whole numbers";
            let expected = "a module that says it: noCondition = classes, and one class more, as in new nn.Embedding(classes + 1, width)";
            return self.fail(ctx, message, expected, "a condition without a gradient".into(), x);
        }
        let mut args = Vec::new();
        for input in &graph.inputs {
            let bound = inputs.iter().find(|(n, _)| n.name == input.name).map(|(_, i)| values[*i]);
            let parameter =
                input.name.strip_prefix("param:").and_then(|p| self.names.iter().position(|n| n == p)).map(|i| ctx.param(self.params[i]));
            match bound.or(parameter).or_else(|| ctx.random_input(&input.name)) {
                Some(v) => args.push(v),
                None => return self.fail(ctx, "unknown input", "t, x, condition or a declared parameter", input.name.clone(), x),
            }
        }
        let outputs = ctx.builder.inline(&graph, &args);
        if self.gives == Gives::Number {
            return self.number(ctx, x, &outputs);
        }
        let expected: Vec<Type> = x.values().map(|x| self.given_for(&x.ty(), t.dtype())).collect();
        let got: Vec<Type> = outputs.iter().map(|v| v.ty()).collect();
        if outputs.iter().all(|v| !v.is_poison()) && got != expected {
            let show = |types: &[Type]| types.iter().map(Type::to_string).collect::<Vec<_>>().join(", ");
            let error = GraphError::shape(&format!("{}.forward", self.module), "wrong result", show(&expected), show(&got));
            let poison = ctx.builder.fail(error);
            return x.map(|_| poison);
        }
        let mut results = outputs.into_iter();
        x.map(|v| results.next().unwrap_or(*v))
    }
}

/// Refuses graphs that a module may not contain: none so far but inputs it cannot be given.
///
/// # Errors
/// `TraceError` naming the input.
pub fn check(graph: &Graph) -> Result<()> {
    let inputs = graph.nodes.iter().filter(|n| matches!(n.op, Op::Input(_))).count();
    if inputs != graph.inputs.len() {
        return Err(ModelError::new("TraceError", "the traced graph has undeclared inputs"));
    }
    Ok(())
}
