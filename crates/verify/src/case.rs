//! The processes that everything is checked on: every path of the registries, with the span of times where orders are measured.
//! A path that is added to a registry and not here is a failing test.

use serde_json::{Value, json};
use thalweg_model::{ModelConfig, ModelError, Process, Result};
use thalweg_path::{Expression, Interpolant, Parameterization, Path};

/// A process, and how it is measured.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name in tables.
    pub name: &'static str,
    /// The class of the models on it.
    pub class: &'static str,
    /// Its path, as a config says it.
    pub path: Value,
    /// The process.
    pub process: Process,
    /// The times between which orders are measured, in the direction of sampling.
    pub span: [f64; 2],
    /// How fixed steps are spread there.
    pub grid: Value,
    /// What a network on it may predict.
    pub predictions: &'static [Parameterization],
}

/// One model class of each kind.
pub const DIFFUSION: &str = "DiffusionModel";
/// A flow.
pub const FLOW: &str = "IndependentConditionalFlowModel";
/// A bridge.
pub const BRIDGE: &str = "SchrodingerBridgeConditionalFlowModel";

/// All paths.
///
/// # Errors
/// A `ConfigError` where a path is refused.
pub fn all() -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    // σ/s of EDM, whose time is σ, covers what it covers on the straight path, t/(1 − t); VE spreads σ over more than three decades: steps
    // that are equal in time would be far from the asymptotic order there.
    let (uniform, karras) = (json!({ "type": "uniform" }), json!({ "type": "karras", "rho": 7.0 }));
    for (name, path) in [
        ("linear_vp_sde", json!({ "type": "linear_vp_sde", "beta0": 0.1, "beta1": 20.0 })),
        ("linear", json!({ "type": "linear" })),
        ("gvp", json!({ "type": "gvp" })),
        ("ve", json!({ "type": "ve" })),
        ("edm", json!({ "type": "edm" })),
        ("cosine_vp", json!({ "type": "cosine_vp" })),
        ("sub_vp", json!({ "type": "sub_vp", "beta0": 0.1, "beta1": 20.0 })),
        ("polynomial", json!({ "type": "polynomial", "exponent": 2.0 })),
        ("polynomial_convex", json!({ "type": "polynomial_convex", "exponent": 2.0 })),
        ("custom", custom()?),
    ] {
        let (span, grid) = match name {
            "edm" => ([19.0, 1.0 / 19.0], &karras),
            "ve" => ([0.95, 0.05], &karras),
            _ => ([0.95, 0.05], &uniform),
        };
        cases.push(Case::new(name, DIFFUSION, path, span, grid.clone(), &Parameterization::ALL)?);
    }
    for (name, path) in [
        ("independent", json!({ "type": "independent", "sigma": 0.0 })),
        ("independent, sigma 0.3", json!({ "type": "independent", "sigma": 0.3 })),
        ("target", json!({ "type": "target", "sigma": 0.1 })),
        ("variance_preserving", json!({ "type": "variance_preserving", "sigma": 0.0 })),
    ] {
        cases.push(Case::new(name, FLOW, path, [0.05, 0.95], uniform.clone(), &[Parameterization::Velocity])?);
    }
    let bridge = json!({ "type": "schrodinger_bridge", "sigma": 1.0 });
    cases.push(Case::new("schrodinger_bridge", BRIDGE, bridge, [0.05, 0.95], uniform, &[Parameterization::Velocity])?);
    Ok(cases)
}

/// A path that is none of the built-in ones: s = 1 − t², σ = t.
fn custom() -> Result<Value> {
    let scale = Expression::trace(|t| t.constant(1.0) - t * t)?;
    let std = Expression::trace(|t| t)?;
    Ok(json!({ "type": "custom", "scale": scale, "std": std }))
}

impl Case {
    fn new(
        name: &'static str,
        class: &'static str,
        path: Value,
        span: [f64; 2],
        grid: Value,
        predictions: &'static [Parameterization],
    ) -> Result<Case> {
        let process = process(class, &path)?;
        Ok(Case { name, class, path, process, span, grid, predictions })
    }

    /// A time of the process as samplers count it.
    pub fn sampler_time(&self, t: f64) -> f64 {
        if self.process.data_first() { self.process.times().t_max - t } else { t }
    }
}

fn process(class: &str, path: &Value) -> Result<Process> {
    let read = |e: serde_json::Error| ModelError::config("path", "a path", e);
    Ok(match class {
        DIFFUSION => Process::Gaussian(serde_json::from_value::<Path>(path.clone()).map_err(read)?),
        _ => Process::Interpolant(serde_json::from_value::<Interpolant>(path.clone()).map_err(read)?),
    })
}

/// The config of a model on this path whose networks are given as graphs.
///
/// # Errors
/// A `ConfigError` where the library refuses it.
pub fn config(case: &Case, predicts: Parameterization, dimensions: usize) -> Result<ModelConfig> {
    let network = |which: Parameterization| json!({ "type": which.name(), "args": { "backbone": { "type": "Exact", "args": {} } } });
    let mut config = json!({ "xSize": dimensions, "dtype": "f64", "path": case.path });
    if case.class == BRIDGE {
        config["path"] = json!({ "sigma": case.path["sigma"] });
        config["velocityModel"] = network(Parameterization::Velocity);
        config["scoreModel"] = network(Parameterization::Score);
    } else {
        config["model"] = network(predicts);
    }
    ModelConfig::parse(case.class, &config.to_string())
}
