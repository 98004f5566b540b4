//! Heun's method for SDEs: drift and diffusion are averaged over both ends of the step.
//! Stratonovich's and Itô's integrals coincide for additive noise, so it needs no correction.

use super::drift_stage;
use crate::config::SdeSolver;
use crate::{Mesh, Quantity, Result, Row, Rule, Step, Structure};

/// x̂ = x + f₀dt + h₀W, x₁ = x + ½(f₀ + f̂₁)dt + ½(h₀ + h₁)W (Rümelin 1982; Kloeden & Platen 1992, section 15.5).
pub(super) struct Heun;

pub(super) fn rule(_: &SdeSolver) -> Heun {
    Heun
}

impl Rule for Heun {
    fn quantity(&self) -> Quantity {
        Quantity::Drift
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let (t, end, dt) = (mesh.times[i], mesh.times[i + 1], mesh.h(i));
        let (before, after, w) = (mesh.diffusion(t)?, mesh.diffusion(end)?, Row::noise(0) * dt.abs().sqrt());
        let predicted = Row::x() + Row::evaluation(0) * dt + w.clone() * before;
        let stages = vec![drift_stage(mesh, dt, t, Row::x())?, drift_stage(mesh, dt, end, predicted)?];
        let drift = (Row::evaluation(0) + Row::evaluation(1)) * (0.5 * dt);
        let x = Row::x() + drift + w * (0.5 * (before + after));
        Ok(Step::new(Structure::new(Quantity::Drift, 2).with_noises(1), stages, x, vec![]))
    }
}
