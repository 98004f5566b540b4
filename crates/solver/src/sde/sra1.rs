//! SRA1: a stochastic Runge–Kutta method of strong order 1.5 for additive noise.
//! It sees not only where the Brownian path ends but also its mean over the step.

use super::drift_stage;
use crate::config::SdeSolver;
use crate::{Mesh, Quantity, Result, Row, Rule, Step, Structure};

/// Rößler 2010, *SIAM J. Numer. Anal.* 48, SRA1: weights ⅓, ⅔ of drifts at 0 and ¾ of the step. With W the increment and H the space-time Lévy area,
/// I₍₁,₀₎/dt = ½W + H is the path's mean over the step above its start.
pub(super) struct Sra1;

pub(super) fn rule(_: &SdeSolver) -> Sra1 {
    Sra1
}

impl Rule for Sra1 {
    fn quantity(&self) -> Quantity {
        Quantity::Drift
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let (t, end, dt) = (mesh.times[i], mesh.times[i + 1], mesh.h(i));
        let (before, after) = (mesh.diffusion(t)?, mesh.diffusion(end)?);
        let w = Row::noise(0) * dt.abs().sqrt();
        let mean = w.clone() * 0.5 + Row::noise(1) * (dt.abs() / 12.0).sqrt();
        let inner = Row::x() + Row::evaluation(0) * (0.75 * dt) + mean.clone() * (1.5 * after);
        let stages = vec![drift_stage(mesh, dt, t, Row::x())?, drift_stage(mesh, dt, t + 0.75 * dt, inner)?];
        let drift = Row::evaluation(0) * (dt / 3.0) + Row::evaluation(1) * (2.0 * dt / 3.0);
        // ∫h dW of a diffusion that is linear in time: h₁W + (h₀ − h₁)·mean.
        let x = Row::x() + drift + w * after + mean * (before - after);
        Ok(Step::new(Structure::new(Quantity::Drift, 2).with_noises(2), stages, x, vec![]))
    }
}
