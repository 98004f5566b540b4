//! Exponential step rules of Gaussian paths: the linear part of the dynamics is solved exactly, the network is a polynomial in log(s/σ).
//! One file per family; the settings that choose among them are in `config`.

mod ddim;
mod deis;
mod dpm_multistep;
mod dpm_singlestep;
mod leap;
mod order;
mod split;
mod unipc;

pub(crate) use ddim::Ddim;
pub(crate) use deis::Deis;
pub(crate) use dpm_multistep::Multistep;
pub(crate) use dpm_singlestep::Singlestep;
pub(crate) use leap::Form;
pub(crate) use split::{SinglestepPlan, singlestep_plan};
pub(crate) use unipc::UniPc;
