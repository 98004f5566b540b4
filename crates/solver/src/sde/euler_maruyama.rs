//! The Euler–Maruyama step of an SDE whose noise does not depend on the state.
//! With such additive noise it has strong order 1, not ½, and needs one drift per step.

use super::drift_stage;
use crate::config::SdeSolver;
use crate::{Mesh, Quantity, Result, Row, Rule, Step, Structure};

/// x₁ = x + f(t, x)·dt + h(t)·√|dt|·ξ of dx = f dt + h dW (Maruyama 1955; Kloeden & Platen 1992, section 10.2).
pub(super) struct EulerMaruyama;

pub(super) fn rule(_: &SdeSolver) -> EulerMaruyama {
    EulerMaruyama
}

impl Rule for EulerMaruyama {
    fn quantity(&self) -> Quantity {
        Quantity::Drift
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let (t, dt) = (mesh.times[i], mesh.h(i));
        let structure = Structure::new(Quantity::Drift, 1).with_noises(1);
        let end = Row::x() + Row::evaluation(0) * dt + Row::noise(0) * (mesh.diffusion(t)? * dt.abs().sqrt());
        Ok(Step::new(structure, vec![drift_stage(mesh, dt, t, Row::x())?], end, vec![]))
    }
}
