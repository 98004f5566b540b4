//! The density along a flow: d log p/dt = −∇·v (Chen et al. 2018, "Neural ordinary differential equations", theorem 1; Song et al. 2021, eq. 39).
//! A leaf of its own accumulates ∫∇·v dt beside the state, so that one solver integrates both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Builder, Leaves, Var, jvp};

/// How ∇·v is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Divergence {
    /// One Jacobian–vector product per dimension (Chen et al. 2018, theorem 1).
    Exact,
    /// εᵀ(∂v/∂x)ε with one Rademacher probe ε per row, the same along the whole trajectory: unbiased (Hutchinson 1990; Grathwohl et al. 2019, FFJORD).
    Hutchinson,
}

/// Up to how many dimensions of a sample the divergence is exact unless told otherwise.
pub const EXACT_UP_TO: usize = 64;

impl Divergence {
    /// The way for samples of `dimensions` numbers, if nothing is said.
    pub fn for_dimensions(dimensions: usize) -> Divergence {
        if dimensions <= EXACT_UP_TO { Divergence::Exact } else { Divergence::Hutchinson }
    }

    /// ∇·v of each row, `[B]`, for values `v` that depend on `x`. Hutchinson's probe is like x.
    pub fn of<'g>(self, b: &'g Builder, x: &Leaves<Var<'g>>, v: &Leaves<Var<'g>>, probe: Option<&Leaves<Var<'g>>>) -> Var<'g> {
        let (x, v): (Vec<Var>, Vec<Var>) = (x.values().copied().collect(), v.values().copied().collect());
        let rows = x[0].shape()[0];
        let zero = b.full(0.0, x[0].dtype(), &[rows]);
        match (self, probe) {
            (Divergence::Hutchinson, Some(probe)) => quadratic(&x, &v, &probe.values().copied().collect::<Vec<_>>(), zero),
            _ => unit_tangents(b, &x).fold(zero, |sum, tangents| sum + quadratic(&x, &v, &tangents, zero)),
        }
    }
}

/// eᵀ(∂v/∂x)e of each row.
fn quadratic<'g>(x: &[Var<'g>], v: &[Var<'g>], e: &[Var<'g>], zero: Var<'g>) -> Var<'g> {
    let products = jvp(v, x, e);
    products.into_iter().zip(e).fold(zero, |sum, (product, e)| match product {
        Some(product) => sum + (product * *e).sum(&(1..e.rank()).collect::<Vec<_>>()),
        None => sum,
    })
}

/// For each dimension of a sample, the tangents that move it alone, in all rows.
fn unit_tangents<'a, 'g>(b: &'g Builder, x: &'a [Var<'g>]) -> impl Iterator<Item = Vec<Var<'g>>> + 'a {
    let width = |v: &Var<'g>| v.shape()[1..].iter().product::<usize>();
    (0..x.len()).flat_map(move |leaf| (0..width(&x[leaf])).map(move |d| (leaf, d))).map(move |(leaf, d)| {
        let tangent = |(k, v): (usize, &Var<'g>)| {
            if k != leaf {
                return v.constant(0.0);
            }
            let place = b.iota(v.dtype(), width(v));
            let unit = place.eq(place.constant(d as f64)).cast(v.dtype());
            unit.reshape(&[&[1], &v.shape()[1..]].concat()).broadcast_to(&v.shape())
        };
        x.iter().enumerate().map(tangent).collect()
    })
}
