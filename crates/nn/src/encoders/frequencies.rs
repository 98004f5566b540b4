//! Sinusoids of one number per row, which all encoders of times are made of.
//! The order of sin and cos differs between them and is the caller's.

use crate::join;
use thalweg_graph::{Literal, Type, Var};

/// sin and cos of every product of a number and a frequency.
pub(super) struct Waves<'g> {
    /// Sines, `[…, F]`.
    pub sin: Var<'g>,
    /// Cosines, `[…, F]`.
    pub cos: Var<'g>,
}

/// The waves of `x` `[…]` at `frequencies` `[F]` (radians per unit of x): `[…, F]`. A single number counts as a batch of one.
pub(super) fn waves<'g>(x: Var<'g>, frequencies: Var<'g>) -> Waves<'g> {
    if x.is_poison() || frequencies.is_poison() {
        let poison = if x.is_poison() { x } else { frequencies };
        return Waves { sin: poison, cos: poison };
    }
    let rows = if x.rank() == 0 { x.reshape(&[1]) } else { x };
    let angles = rows.unsqueeze(&[rows.rank()]) * frequencies;
    Waves { sin: angles.sin(), cos: angles.cos() }
}

/// `MAX_PERIOD^{−i/denominator}` for i = 0 … `count` − 1, in the element type of `like`.
pub(super) fn geometric<'g>(like: Var<'g>, count: usize, denominator: usize) -> Var<'g> {
    let value = |i: usize| (-MAX_PERIOD.ln() * i as f64 / denominator as f64).exp();
    let values: Vec<f64> = (0..count).map(value).collect();
    like.builder().literal(Literal::dense(&values, Type::new(like.dtype(), vec![count])))
}

/// [cos tω, sin tω] `[B, width]` of times `[B]`, with ωᵢ = 10000^{−i/half}; an odd width is filled up by a zero. The features of GLIDE, DiT and
/// U-Nets, made for times of 0 … 1000.
pub(crate) fn timestep_features(t: Var<'_>, width: usize) -> Var<'_> {
    let half = width / 2;
    let waves = waves(t, geometric(t, half, half));
    let mut parts = vec![waves.cos, waves.sin];
    if !width.is_multiple_of(2) {
        parts.push(t.builder().full(0.0, t.dtype(), &[1, 1]));
    }
    join::join(t.builder(), &parts)
}

/// The longest period is 2π times this (Vaswani et al. 2017, section 3.5).
const MAX_PERIOD: f64 = 10_000.0;
