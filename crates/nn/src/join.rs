//! Joining what a network is given: tensors of one batch, side by side in their last dimension.
//! Times, states and conditions may differ in their leading dimensions; one rule aligns them.

use thalweg_graph::{Builder, GraphError, Leaves, Var, broadcast};

/// Aligns features `[B, F]` with tensors `[B, …, G]` of rank `rank`: new dimensions of size 1 go between the batch and the
/// features. A single number or one number per row becomes one feature.
pub(crate) fn align(features: Var<'_>, rank: usize) -> Var<'_> {
    if features.is_poison() {
        return features;
    }
    let mut shape = features.shape();
    while shape.len() < 2 {
        shape.push(1);
    }
    while shape.len() < rank {
        shape.insert(shape.len() - 1, 1);
    }
    features.reshape(&shape)
}

/// `parts` joined along their last dimension, after [`align`] and broadcasting of all other dimensions.
pub(crate) fn join<'g>(b: &'g Builder, parts: &[Var<'g>]) -> Var<'g> {
    if let Some(poison) = parts.iter().find(|p| p.is_poison()) {
        return *poison;
    }
    let rank = parts.iter().map(|p| p.rank()).max().unwrap_or(0).max(2);
    let aligned: Vec<Var<'g>> = parts.iter().map(|p| align(*p, rank)).collect();
    let mut leading = vec![1; rank - 1];
    for part in &aligned {
        match broadcast(&leading, &part.shape()[..rank - 1]) {
            Some(shape) => leading = shape,
            None => {
                let got: Vec<String> = parts.iter().map(|p| p.ty().to_string()).collect();
                let expected = "equal sizes or 1 in all dimensions but the last";
                return b.fail(GraphError::shape("join", "inputs of a network do not share a batch", expected, got.join(" × ")));
            }
        }
    }
    let widened: Vec<Var<'g>> = aligned.iter().map(|p| p.broadcast_to(&[&leading[..], &p.shape()[rank - 1..]].concat())).collect();
    match widened.len() {
        0 => b.fail(GraphError::shape("join", "nothing to join", "at least one tensor", "none")),
        _ => Var::concat(&widened, rank - 1),
    }
}

/// The one tensor of `leaves`, for networks that read a single tensor.
pub(crate) fn single<'g>(b: &'g Builder, network: &str, what: &str, leaves: &Leaves<Var<'g>>) -> Var<'g> {
    match leaves.single() {
        Some(value) => *value,
        None => {
            let names: Vec<&str> = leaves.iter().map(|(name, _)| name).collect();
            let message = format!("{what} has several parts");
            b.fail(GraphError::shape(network, message, "a single tensor (or an encoder that joins the parts)", names.join(", ")))
        }
    }
}
