//! The tensor methods that move elements without changing them.
//! Part of the table in `methods`; apart because it is mostly about reading axes.

use crate::methods::{Shaped, arguments, axis_of, operands};
use serde::Deserialize;
use serde_json::Value;
use thalweg_graph::{GraphError, Result, Var};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Axis {
    axis: i64,
}

/// Applies the rearranging method `name`; see [`crate::methods::apply`].
pub(crate) fn apply<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    match name {
        "concat" | "stack" => return join(name, args, inputs),
        "slice" | "narrow" => return part(name, args, inputs),
        _ => {}
    }
    let [x] = operands(name, inputs)?;
    let rank = x.rank();
    match name {
        "reshape" => Ok(x.reshape(&arguments::<Shaped>(name, args)?.resolve(name, x.ty().count())?)),
        "broadcastTo" => {
            let shape = arguments::<Shaped>(name, args)?;
            Ok(x.broadcast_to(&shape.shape.iter().map(|&s| s.max(0) as usize).collect::<Vec<_>>()))
        }
        "permute" => {
            #[derive(Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Axes {
                axes: Vec<i64>,
            }
            let axes: Vec<usize> = arguments::<Axes>(name, args)?.axes.iter().map(|&a| axis_of(name, a, rank)).collect::<Result<_>>()?;
            Ok(x.transpose(&axes))
        }
        "unsqueeze" => {
            let axis = axis_of(name, arguments::<Axis>(name, args)?.axis, rank + 1)?;
            Ok(x.unsqueeze(&[axis]))
        }
        "squeeze" => {
            let axis = axis_of(name, arguments::<Axis>(name, args)?.axis, rank)?;
            let mut shape = x.shape();
            if shape.remove(axis) != 1 {
                return Err(GraphError::shape(name, "dimension is not 1", "a dimension of size 1", format!("{} at axis {axis}", x.ty())));
            }
            Ok(x.reshape(&shape))
        }
        "flip" => Ok(x.flip(axis_of(name, arguments::<Axis>(name, args)?.axis, rank)?)),
        _ => {
            #[derive(Deserialize)]
            #[serde(deny_unknown_fields)]
            struct Amounts {
                before: Vec<usize>,
                after: Vec<usize>,
            }
            let given: Amounts = arguments(name, args)?;
            Ok(x.pad(&given.before, &given.after))
        }
    }
}

fn join<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    let Some(first) = inputs.first() else {
        return Err(GraphError::shape(name, "nothing to join", "at least one tensor", "none"));
    };
    let stack = name == "stack";
    let axis = axis_of(name, arguments::<Axis>(name, args)?.axis, first.rank() + usize::from(stack))?;
    if stack {
        let raised: Vec<Var<'g>> = inputs.iter().map(|x| x.unsqueeze(&[axis])).collect();
        return Ok(Var::concat(&raised, axis));
    }
    Ok(Var::concat(inputs, axis))
}

fn part<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    let [x] = operands(name, inputs)?;
    if name == "narrow" {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Range {
            axis: i64,
            start: usize,
            length: usize,
        }
        let given: Range = arguments(name, args)?;
        return Ok(x.narrow(axis_of(name, given.axis, x.rank())?, given.start, given.length));
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Ranges {
        starts: Vec<usize>,
        stops: Vec<usize>,
        steps: Option<Vec<usize>>,
    }
    let given: Ranges = arguments(name, args)?;
    let steps = given.steps.unwrap_or_else(|| vec![1; given.starts.len()]);
    Ok(x.slice(&given.starts, &given.stops, &steps))
}
