//! Which order each step of a multistep exponential rule has: it builds up at the start and may fall at the end.
//! Places at which λ is infinite are no interpolation nodes.

use super::leap::Place;
use crate::{Mesh, Result, SolverError};

/// The order of step `i` of `mesh`, at most `order`: that many evaluations, at distinct finite λ, are at hand.
///
/// # Errors
/// A `ConfigError` at `lowerOrderFinal` if the last step goes to σ = 0 and would have an order above 1.
pub(super) fn multistep_order(mesh: &Mesh<'_>, i: usize, order: usize, lower_final: bool) -> Result<usize> {
    let mut at_hand = 1;
    while at_hand < order.min(i + 1) && Place::node(mesh, i - at_hand)?.lambda.is_finite() {
        at_hand += 1;
    }
    if Place::node(mesh, i)?.lambda.is_infinite() {
        at_hand = 1;
    }
    let wanted = if lower_final { at_hand.min(mesh.steps() - i) } else { at_hand };
    check_final(mesh, i, wanted)?;
    Ok(wanted)
}

/// Refuses steps of an order above 1 to σ = 0, where their formulas have no limit.
pub(super) fn check_final(mesh: &Mesh<'_>, i: usize, order: usize) -> Result<()> {
    let to = Place::node(mesh, i + 1)?;
    if order > 1 && to.lambda == f64::INFINITY {
        let expected = "true (a step to σ = 0 has a limit only at order 1, x = s·D), or a last time with σ > 0";
        return Err(SolverError::config("lowerOrderFinal", expected, format!("false, and σ = 0 at t = {}", to.t)));
    }
    Ok(())
}
