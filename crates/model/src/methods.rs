//! The tensor methods that TypeScript offers, by name: one table for eager and for traced tensors.
//! Arguments that only shape the result (axes, sizes) come as JSON; tensors come as graph values.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thalweg_graph::ops::{self, Comparison, Distribution, binary::Binary, unary::Unary};
use thalweg_graph::{Builder, DType, GraphError, Result, Scalar, Type, Var};
use thalweg_nn::Activation;

/// Where random methods (dropout, randn) get their numbers from; absent for eager tensors.
pub struct Randomness<'g> {
    /// Key, a scalar i64.
    pub seed: Var<'g>,
    /// Which draw, a scalar i64.
    pub counter: Var<'g>,
    /// Stream of the next random op.
    pub stream: u64,
    /// Whether dropout drops.
    pub training: bool,
}

/// Applies the method `name` to `inputs`.
///
/// # Errors
/// An unknown name, arguments that do not fit, or the shape rule of an op. Errors left in the builder are taken out, so that
/// tracing can go on after one.
pub fn apply<'g>(
    b: &'g Builder,
    name: &str,
    args: &Value,
    inputs: &[Var<'g>],
    random: Option<&mut Randomness<'g>>,
) -> Result<Vec<Var<'g>>> {
    let out = dispatch(b, name, args, inputs, random);
    b.take_error()?;
    Ok(vec![out?])
}

/// The JSON arguments of a method.
pub(crate) fn arguments<T: DeserializeOwned>(name: &str, args: &Value) -> Result<T> {
    serde_json::from_value(args.clone())
        .map_err(|e| GraphError::trace(name, "arguments do not fit", "the arguments of this method", format!("{args}: {e}")))
}

/// Exactly so many tensors.
pub(crate) fn operands<'g, const N: usize>(name: &str, inputs: &[Var<'g>]) -> Result<[Var<'g>; N]> {
    inputs.try_into().map_err(|_| GraphError::trace(name, "wrong number of tensors", N.to_string(), inputs.len().to_string()))
}

/// A possibly negative axis of a tensor of this rank.
pub(crate) fn axis_of(name: &str, axis: i64, rank: usize) -> Result<usize> {
    let resolved = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(resolved)
        .ok()
        .filter(|&a| a < rank)
        .ok_or_else(|| GraphError::shape(name, "no such dimension", format!("an axis in −{rank} … {}", rank as i64 - 1), axis.to_string()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reduce {
    axes: Option<Vec<i64>>,
    #[serde(default)]
    keep_dims: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneAxis {
    axis: i64,
    #[serde(default)]
    keep_dims: bool,
    #[serde(default)]
    reverse: bool,
    #[serde(default)]
    size: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shaped {
    pub(crate) shape: Vec<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filled {
    #[serde(default)]
    value: f64,
    dtype: String,
    shape: Vec<usize>,
}

#[derive(Deserialize)]
struct Operand {
    scalar: Option<f64>,
    #[serde(default)]
    side: Side,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Side {
    Left,
    #[default]
    Right,
}

fn dtype_of(name: &str, dtype: &str) -> Result<DType> {
    DType::parse(dtype).ok_or_else(|| GraphError::dtype(name, "unknown element type", "f32, f64, bf16, i64 or bool", dtype))
}

fn dispatch<'g>(b: &'g Builder, name: &str, args: &Value, inputs: &[Var<'g>], random: Option<&mut Randomness<'g>>) -> Result<Var<'g>> {
    if let Some(op) = Unary::ALL.iter().find(|op| op.name() == name) {
        let [x] = operands(name, inputs)?;
        return Ok(x.unary(*op));
    }
    if let Some(op) = Binary::ALL.iter().find(|op| op.name() == name) {
        let (x, y) = pair(name, args, inputs)?;
        return Ok(x.binary(*op, y));
    }
    if let Some(comparison) = comparison(name) {
        let (x, y) = pair(name, args, inputs)?;
        return Ok(x.compare(comparison, y));
    }
    if let Some(activation) = Activation::ALL.iter().find(|a| a.method() == name && !a.is_learned()) {
        let [x] = operands(name, inputs)?;
        return Ok(activation.eval(x, x.constant(1.0)));
    }
    match name {
        "isFinite" | "not" | "stopGradient" | "and" | "or" | "where" | "matmul" | "transpose" | "cast" => simple(name, args, inputs),
        "sum" | "mean" | "max" | "min" | "variance" => reduce(name, args, inputs),
        "reshape" | "broadcastTo" | "permute" | "squeeze" | "unsqueeze" | "slice" | "narrow" | "pad" | "concat" | "stack" | "flip" => {
            crate::rearrange::apply(name, args, inputs)
        }
        "gather" | "scatterAdd" | "argMax" | "cumSum" | "softmax" | "logSumExp" | "layerNorm" | "oneHot" | "attention" => {
            structured(name, args, inputs)
        }
        "conv" | "convTranspose" => crate::convolution::apply(name, args, inputs),
        "argSort" | "sort" | "takeAlong" | "addAlong" | "quantile" => crate::ordering::apply(name, args, inputs),
        "arange" | "constant" | "dropout" | "randn" => made(b, name, args, inputs, random),
        _ => Err(GraphError::trace(name, "no such method", "a tensor method", name)),
    }
}

fn comparison(name: &str) -> Option<Comparison> {
    Some(match name {
        "eq" => Comparison::Eq,
        "ne" => Comparison::Ne,
        "lt" => Comparison::Lt,
        "le" => Comparison::Le,
        "gt" => Comparison::Gt,
        "ge" => Comparison::Ge,
        _ => return None,
    })
}

/// Two tensors, or a tensor and a number.
fn pair<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<(Var<'g>, Var<'g>)> {
    let given: Operand = arguments(name, args)?;
    match given.scalar {
        None => operands(name, inputs).map(|[x, y]| (x, y)),
        Some(number) => {
            let [x] = operands(name, inputs)?;
            let constant = x.constant(number);
            Ok(if given.side == Side::Left { (constant, x) } else { (x, constant) })
        }
    }
}

fn simple<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct To {
        dtype: String,
    }
    Ok(match name {
        "isFinite" => operands::<1>(name, inputs)?[0].is_finite(),
        "not" => !operands::<1>(name, inputs)?[0],
        "stopGradient" => operands::<1>(name, inputs)?[0].stop_gradient(),
        "transpose" => operands::<1>(name, inputs)?[0].t(),
        "cast" => operands::<1>(name, inputs)?[0].cast(dtype_of(name, &arguments::<To>(name, args)?.dtype)?),
        "where" => {
            let [condition, then, otherwise] = operands(name, inputs)?;
            condition.select(then, otherwise)
        }
        "matmul" => {
            let [x, y] = operands(name, inputs)?;
            x.matmul(y)
        }
        _ => {
            let [x, y] = operands(name, inputs)?;
            x.logical(if name == "and" { ops::Connective::And } else { ops::Connective::Or }, y)
        }
    })
}

fn reduce<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    let [x] = operands(name, inputs)?;
    let given: Reduce = arguments(name, args)?;
    let rank = x.rank();
    let mut axes: Vec<usize> = match given.axes {
        Some(axes) => axes.iter().map(|&a| axis_of(name, a, rank)).collect::<Result<_>>()?,
        None => (0..rank).collect(),
    };
    axes.sort_unstable();
    let value = match name {
        "sum" => x.sum(&axes),
        "mean" => x.mean(&axes),
        "max" => x.max(&axes),
        "min" => -(-x).max(&axes),
        _ => (x - x.mean(&axes).unsqueeze(&axes)).square().mean(&axes),
    };
    Ok(if given.keep_dims { value.unsqueeze(&axes) } else { value })
}

fn structured<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Norm {
        epsilon: f64,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Classes {
        classes: usize,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Attend {
        scale: Option<f64>,
        causal: bool,
    }
    match name {
        "attention" => {
            let [queries, keys, values] = operands(name, inputs)?;
            let given: Attend = arguments(name, args)?;
            let size = queries.shape().last().copied().unwrap_or(1).max(1);
            return Ok(queries.attention(keys, values, given.scale.unwrap_or(1.0 / (size as f64).sqrt()), given.causal));
        }
        "layerNorm" => return Ok(operands::<1>(name, inputs)?[0].layer_norm(arguments::<Norm>(name, args)?.epsilon)),
        "oneHot" => {
            let [x] = operands(name, inputs)?;
            let classes = x.builder().iota(DType::I64, arguments::<Classes>(name, args)?.classes);
            return Ok(x.unsqueeze(&[x.rank()]).eq(classes).cast(DType::F32));
        }
        _ => {}
    }
    let given: OneAxis = arguments(name, args)?;
    let Some(&x) = inputs.first() else {
        return Err(GraphError::trace(name, "wrong number of tensors", "at least 1", "0"));
    };
    if name == "scatterAdd" {
        let [updates, indices] = operands(name, inputs)?;
        let axis = axis_of(name, given.axis, updates.rank())?;
        return Ok(updates.scatter_add(indices, axis, given.size));
    }
    let axis = axis_of(name, given.axis, x.rank())?;
    Ok(match name {
        "gather" => {
            let [x, indices] = operands(name, inputs)?;
            x.gather(axis, indices)
        }
        "argMax" => x.arg_max(axis),
        "cumSum" => x.cum_sum(axis, given.reverse),
        "softmax" => x.softmax(axis),
        _ if given.keep_dims => x.log_sum_exp(axis).unsqueeze(&[axis]),
        _ => x.log_sum_exp(axis),
    })
}

fn made<'g>(b: &'g Builder, name: &str, args: &Value, inputs: &[Var<'g>], random: Option<&mut Randomness<'g>>) -> Result<Var<'g>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Range {
        length: usize,
        dtype: String,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Drop {
        rate: f64,
    }
    let eager = || GraphError::trace(name, "needs a seed", "a call inside forward, compile or trainStep", "a call on concrete tensors");
    match name {
        "arange" => {
            let given: Range = arguments(name, args)?;
            Ok(b.iota(dtype_of(name, &given.dtype)?, given.length))
        }
        "constant" => {
            let given: Filled = arguments(name, args)?;
            Ok(b.full(given.value, dtype_of(name, &given.dtype)?, &given.shape))
        }
        "randn" => {
            let given: Filled = arguments(name, args)?;
            let random = random.ok_or_else(eager)?;
            let ty = Type::new(dtype_of(name, &given.dtype)?, given.shape);
            random.stream += 1;
            Ok(b.random(Distribution::Normal, random.stream, ty, random.seed, random.counter))
        }
        _ => {
            let [x] = operands(name, inputs)?;
            let rate = arguments::<Drop>(name, args)?.rate;
            if !(0.0..1.0).contains(&rate) {
                return Err(GraphError::trace(name, "rate out of range", "0 ≤ rate < 1", rate.to_string()));
            }
            let random = match random {
                Some(random) if random.training && rate > 0.0 => random,
                _ => return Ok(x),
            };
            random.stream += 1;
            let u = b.random(Distribution::Uniform, random.stream, x.ty(), random.seed, random.counter);
            Ok(u.ge(u.constant(rate)).select(x * (1.0 / (1.0 - rate)), x.constant(0.0)))
        }
    }
}

impl Shaped {
    /// The shape, with at most one −1 replaced so that it holds `count` elements.
    pub(crate) fn resolve(&self, name: &str, count: usize) -> Result<Vec<usize>> {
        let wrong = || {
            GraphError::shape(
                name,
                "element counts differ",
                format!("sizes whose product is {count}, at most one of them −1"),
                format!("{:?}", self.shape),
            )
        };
        let known: usize = self.shape.iter().filter(|&&s| s >= 0).map(|&s| s as usize).product();
        let free = self.shape.iter().filter(|&&s| s < 0).count();
        if free > 1 || self.shape.iter().any(|&s| s < -1) || (free == 1 && (known == 0 || !count.is_multiple_of(known))) {
            return Err(wrong());
        }
        Ok(self.shape.iter().map(|&s| if s < 0 { count / known } else { s as usize }).collect())
    }
}
