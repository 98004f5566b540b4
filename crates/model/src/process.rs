//! What a model transports: which way its time runs, where sampling starts, and how its quantities follow from what its networks predict.
//! The one place where diffusion models (data at t = 0) and flows (data at t = 1) differ.

use crate::config::{ModelConfig, NetworkConfig};
use thalweg_coupling::Coupling;
use thalweg_nn::IntrinsicConfig;
use thalweg_path::{DiscretePath, GaussianPath, Interpolant, Path, TimeRange};

/// The stochastic process between a simple distribution and the data.
#[derive(Clone, Debug, PartialEq)]
pub enum Process {
    /// x_t = s(t)x₀ + σ(t)ε from data at t = 0 to noise at t = t_max.
    Gaussian(Path),
    /// x_t = a(t)x₀ + b(t)x₁ + c(t)ε from a source at t = 0 to data at t = 1.
    Interpolant(Interpolant),
    /// Tokens, each the data's with probability κ(t), from a source at t = 0 to data at t = 1.
    Discrete(DiscretePath),
}

impl Process {
    /// The process of a config.
    pub fn of(config: &ModelConfig) -> Process {
        match config {
            ModelConfig::Diffusion(config) => Process::Gaussian(config.path.clone()),
            ModelConfig::EnergyDiffusion(config) => Process::Gaussian(config.path.clone()),
            ModelConfig::IndependentFlow(config) | ModelConfig::OptimalTransportFlow(config) => Process::Interpolant(config.path),
            ModelConfig::SchrodingerBridge(config) => Process::Interpolant(config.path.into()),
            ModelConfig::DiscreteFlow(config) => Process::Discrete(config.discrete_path()),
        }
    }

    /// All of its times.
    pub fn times(&self) -> TimeRange {
        match self {
            Process::Gaussian(path) => TimeRange::new(path.t_min(), path.t_max()),
            Process::Interpolant(_) | Process::Discrete(_) => TimeRange::new(0.0, 1.0),
        }
    }

    /// Whether data is where t is least: sampling then runs against t.
    pub fn data_first(&self) -> bool {
        matches!(self, Process::Gaussian(_))
    }

    /// Standard deviation of the normal distribution that sampling starts from, unless it is given starts.
    pub fn prior_std(&self) -> f64 {
        match self {
            Process::Gaussian(path) => path.prior_std(),
            Process::Interpolant(_) | Process::Discrete(_) => 1.0,
        }
    }

    /// The path of tokens, if it is one.
    pub fn discrete(&self) -> Option<&DiscretePath> {
        match self {
            Process::Discrete(path) => Some(path),
            _ => None,
        }
    }

    /// The Gaussian path, if it is one.
    pub fn gaussian(&self) -> Option<&Path> {
        match self {
            Process::Gaussian(path) => Some(path),
            Process::Interpolant(_) | Process::Discrete(_) => None,
        }
    }
}

/// A network of a model: where its parameters are and what it is read as.
pub struct Role<'a> {
    /// Prefix of its parameters' names, empty where the model has one network.
    pub prefix: &'static str,
    /// Its place in the config, for errors.
    pub path: &'static str,
    /// Its config.
    pub config: &'a NetworkConfig,
}

/// The networks of a config: the one that the velocity follows from comes first.
pub fn roles(config: &ModelConfig) -> Vec<Role<'_>> {
    match config {
        ModelConfig::Diffusion(c) => vec![Role { prefix: "", path: "model.args", config: &c.model }],
        ModelConfig::EnergyDiffusion(c) => vec![Role { prefix: "", path: "model.args", config: &c.model }],
        ModelConfig::IndependentFlow(c) | ModelConfig::OptimalTransportFlow(c) => {
            vec![Role { prefix: "", path: "model.args", config: &c.model }]
        }
        ModelConfig::DiscreteFlow(c) => vec![Role { prefix: "", path: "model.args", config: &c.model }],
        ModelConfig::SchrodingerBridge(c) => vec![
            Role { prefix: "velocity_model.model", path: "velocityModel.args", config: &c.velocity_model },
            Role { prefix: "score_model.model", path: "scoreModel.args", config: &c.score_model },
        ],
    }
}

/// The energy network of a config, the prefix of its parameters' names, and its place in the config.
pub fn energy(config: &ModelConfig) -> Option<(&IntrinsicConfig, &'static str, &'static str)> {
    match config {
        ModelConfig::EnergyDiffusion(c) => Some((&c.energy_guidance, "energy_guidance.model", "energyGuidance")),
        _ => None,
    }
}

/// How batches are coupled: as the config says, or else by the custom of its class.
pub fn coupling(config: &ModelConfig) -> Coupling {
    match config {
        ModelConfig::Diffusion(_) | ModelConfig::EnergyDiffusion(_) => Coupling::independent(),
        ModelConfig::IndependentFlow(c) => c.coupling.unwrap_or_default(),
        ModelConfig::OptimalTransportFlow(c) => c.coupling.unwrap_or(Coupling::exact()),
        ModelConfig::SchrodingerBridge(c) => c.coupling.unwrap_or(Coupling::exact()),
        ModelConfig::DiscreteFlow(c) => c.coupling.unwrap_or_default(),
    }
}

/// What a model would have to be to know more than its networks say, for messages.
pub fn what_knows_more(process: &Process) -> &'static str {
    match process {
        Process::Discrete(_) => "a model of continuous states: a flow of tokens knows the probabilities of its data, and nothing else",
        _ => "a diffusion model, or a flow whose source is standard normal and independent of the data",
    }
}
