//! The loss of discrete flow matching: −log p̂(x₁ | x_t), summed over positions; Gat et al. 2024, "Discrete flow matching".
//! The posterior of each position given all of x_t is its optimum, whatever the weight of the times.

use super::{Draw, Fixed, Objective, SOURCE, per_row};
use crate::Definition;
use crate::definition::At;
use crate::tokens::Positions;
use thalweg_graph::{DType, Leaves, Var};
use thalweg_nn::Context;
use thalweg_path::{DiscretePath, MixtureSchedule, TokenSource, Weight};

/// Tokens of the source, like the data.
pub fn source<'g>(path: &DiscretePath, x: &Leaves<Var<'g>>, draw: Draw<'g>, dtype: DType) -> Leaves<Var<'g>> {
    let v = path.vocabulary as f64;
    match path.source {
        TokenSource::Mask => x.map(|x| x.constant(v)),
        // A number just below 1 may be rounded to V when it is multiplied.
        TokenSource::Uniform => draw.uniform_like(SOURCE, dtype, x).map(|u| (*u * v).floor().minimum(u.constant(v - 1.0)).cast(DType::I64)),
    }
}

/// See [`Objective::at`]; x is the data, `fixed.x0` the source, `fixed.noise` uniform numbers: a token is the data's where they are below κ.
pub fn loss<'g>(
    objective: &Objective,
    model: &Definition,
    ctx: &Context<'_, 'g>,
    path: &DiscretePath,
    t: Var<'g>,
    x: &Leaves<Var<'g>>,
    fixed: &Fixed<'g>,
) -> Var<'g> {
    let kappa = path.mixture.kappa(t);
    let x0 = fixed.x0.as_ref().unwrap_or(x);
    let xt = x.zip(&x0.zip(&fixed.noise, |a, u| (*a, *u)), |x, (x0, u)| u.lt(per_row(kappa, *u)).select(*x, *x0));
    let logits = model.predict(ctx, 0, &At { t, x: &xt, condition: fixed.condition.as_ref() });
    let only_masked = model.tokens().filter(|tokens| tokens.positions == Positions::Masked);
    let losses = xt.zip(&x.zip(&logits, |x, logits| (*x, *logits)), |xt, (x, logits)| {
        let last = x.rank();
        let of_data = logits.take_along(last, x.unsqueeze(&[last])).reshape(&x.shape());
        let loss = logits.log_sum_exp(last) - of_data;
        let counted = match only_masked.and_then(|tokens| tokens.masked(*xt)) {
            Some(masked) => masked.select(loss, loss.constant(0.0)),
            None => loss,
        };
        counted.sum(&(1..last).collect::<Vec<_>>())
    });
    let first = *losses.first();
    let loss = losses.values().skip(1).fold(first, |sum, l| sum + *l);
    match &objective.weight {
        Some(Weight::Function(weight)) => loss * weight.weight.evaluate(t),
        _ => loss,
    }
}
