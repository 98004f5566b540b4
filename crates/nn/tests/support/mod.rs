//! What the tests of this crate share: configurations as users write them, and models traced without an engine.
#![allow(dead_code)]

use serde_json::Value;
use thalweg_graph::{Builder, DType, Graph, GraphError, Leaves, Var};
use thalweg_nn::{Context, Declare, IntrinsicConfig, IntrinsicModel, Mode, NnError, ParamSpec, RandomSource, no_external};

/// A network with its declarations.
pub struct Built {
    pub model: IntrinsicModel,
    pub specs: Vec<ParamSpec>,
}

/// Reads and builds a network, without types registered elsewhere.
pub fn build(config: &Value) -> Result<Built, NnError> {
    let config: IntrinsicConfig = serde_json::from_value(config.clone()).expect("a readable config");
    let mut declare = Declare::new();
    let model = IntrinsicModel::build(&config, &mut declare, &no_external)?;
    Ok(Built { model, specs: declare.finish()? })
}

/// The graph of one evaluation. Inputs: the parameters, then `t`, `x`, then `condition` if it has a shape, then (when training)
/// `random.seed` and `random.counter`.
pub fn trace(built: &Built, mode: Mode, dtype: DType, t: &[usize], x: &[usize], condition: Option<&[usize]>) -> Result<Graph, GraphError> {
    let b = Builder::new();
    let params: Vec<Var> = built.specs.iter().map(|s| b.input(&s.name, dtype, &s.shape)).collect();
    let (t, x) = (b.input("t", dtype, t), b.input("x", dtype, x));
    let condition = condition.map(|shape| Leaves::one(b.input("condition", dtype, shape)));
    let random = (mode == Mode::Train)
        .then(|| RandomSource::new(b.input("random.seed", DType::I64, &[]), b.input("random.counter", DType::I64, &[])));
    let ctx = Context { builder: &b, params: &params, mode, random };
    let y = built.model.forward(&ctx, t, &Leaves::one(x), condition.as_ref());
    let outputs: Vec<Var> = y.values().copied().collect();
    b.finish(&outputs)
}

/// Shapes of the outputs of one f32 evaluation.
pub fn shapes(built: &Built, mode: Mode, t: &[usize], x: &[usize], condition: Option<&[usize]>) -> Result<Vec<Vec<usize>>, GraphError> {
    let graph = trace(built, mode, DType::F32, t, x, condition)?;
    Ok(graph.output_types().into_iter().map(|ty| ty.shape).collect())
}
