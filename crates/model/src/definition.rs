//! A model as a function of graph values: its process, its networks, and the quantities that follow from what they predict.
//! Knows shapes and formulas; holds no parameter values.

use crate::config::{Common, ModelConfig};
use crate::external::{ExternalBackbone, ExternalModule, Forwards, Gives, Need};
use crate::objective::per_row;
use crate::process::{Process, Role, coupling, energy, roles, what_knows_more};
use crate::sampling::DiscreteSampler;
use crate::store::Layout;
use crate::tokens::Tokens;
use crate::vector::{joined, split};
use crate::{ModelError, Result};
use std::collections::HashMap;
use std::sync::Arc;
use thalweg_coupling::Coupling;
use thalweg_graph::{Builder, DType, GraphError, Leaves, Var, count};
use thalweg_nn::{Context, Declare, Init, IntrinsicConfig, IntrinsicModel, Mode, NnError, Param, RandomSource};
use thalweg_path::{
    GaussianPath, Interpolant, Parameterization, Preconditioning, StochasticInterpolant, TimeRange, conversion_range, convert,
};

/// A network and what it is read as.
struct Network {
    parameterization: Parameterization,
    preconditioning: Option<Preconditioning>,
    body: Body,
    /// Its place in the config, for errors.
    path: &'static str,
}

/// A model: a process, and networks that predict one quantity each.
pub struct Definition {
    config: ModelConfig,
    common: Common,
    process: Process,
    networks: Vec<Network>,
    energy: Option<Body>,
    tokens: Option<Tokens>,
    layout: Layout,
    x: Leaves<Vec<usize>>,
    condition: Option<Leaves<Vec<usize>>>,
    /// The number of classes, where conditions are labels.
    classes: Option<f64>,
    /// What stands for "no condition", leaf by leaf, if training hides conditions: a learned vector, or the number of "no label".
    null_condition: Option<Vec<Param>>,
    forwards: Arc<Forwards>,
}

impl Definition {
    /// Builds the model. `externals` are the backbones that TypeScript registered, by the place of their network in the config (`"model.args"`).
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn new(config: ModelConfig, externals: &HashMap<String, ExternalModule>) -> Result<Definition> {
        let common = config.common();
        let forwards = Arc::new(Forwards::default());
        let declare = Declare::new();
        let process = Process::of(&config);
        let mut networks = Vec::new();
        let drops = common.condition_dropout.is_some();
        for Role { prefix, path, config } in roles(&config) {
            let gives = process.discrete().map_or(Gives::State, |path| Gives::Logits(path.vocabulary));
            let external = externals.contains_key(path);
            let model =
                network(&config.args, declare.at(prefix), path, &External { modules: externals, forwards: &forwards, gives, drops })?;
            let (parameterization, preconditioning) = (config.parameterization, config.preconditioning);
            networks.push(Network { parameterization, preconditioning, body: Body { model, external }, path });
        }
        let energy = energy(&config).map(|(args, prefix, path)| {
            let external = External { modules: externals, forwards: &forwards, gives: Gives::Number, drops };
            network(args, declare.at(prefix), path, &external).map(|model| Body { model, external: externals.contains_key(path) })
        });
        let energy = energy.transpose()?;
        let tokens = match &config {
            ModelConfig::DiscreteFlow(c) => Some(Tokens::new(c.tokens, c.discrete_path(), c.positions, common.dtype.dtype(), &declare)),
            _ => None,
        };
        let x = common.x_size.leaves();
        let condition = common.condition_size.as_ref().map(|size| size.leaves());
        let label = |shape: &[usize]| networks.iter().find_map(|n| n.body.model.no_label(count(shape)));
        let classes = condition.as_ref().filter(|leaves| leaves.len() == 1).and_then(|leaves| label(leaves.first()));
        let own = |n: &Network| externals.get(n.path).filter(|_| !n.body.model.encodes_conditions())?.no_condition;
        let none = classes.or_else(|| networks.iter().find_map(own));
        let null_condition = condition.as_ref().filter(|_| drops).map(|leaves| {
            let declare = declare.at("null_condition");
            let leaf = |(name, shape): (&str, &Vec<usize>)| {
                let name = if name.is_empty() { "value" } else { name };
                match none {
                    Some(value) => declare.frozen(name, shape, Init::Constant { value }),
                    None => declare.undecayed(name, shape, Init::Zeros),
                }
            };
            leaves.iter().map(leaf).collect()
        });
        let layout = Layout::new(declare.finish().map_err(|e| at_network("model.args", e))?, common.dtype.dtype());
        let model =
            Definition { config, common, process, networks, energy, tokens, layout, x, condition, classes, null_condition, forwards };
        model.check_shapes()?;
        Ok(model)
    }

    /// Traces the networks once, so that a config whose sizes do not fit is refused when it is made.
    fn check_shapes(&self) -> Result<()> {
        for network in &self.networks {
            let b = Builder::new();
            let outcome = self.trace(&b, Mode::Sample, 2, network);
            if !self.forwards.take_missing().is_empty() {
                continue;
            }
            let outputs = outcome.map_err(|e| {
                let message = format!("{}: the network does not fit xSize and conditionSize: {e}", network.path);
                ModelError { code: "ConfigError", path: Some(network.path.into()), message, ..e }
            })?;
            for ((_, shape), v) in self.x.iter().zip(outputs.values()) {
                let wanted = self.quantity_shape(shape);
                if v.shape()[1..] != wanted[..] {
                    let got = format!("{:?}", &v.shape()[1..]);
                    let path = format!("{}.backbone", network.path);
                    let of = if self.tokens.is_some() { "xSize, vocabulary" } else { "xSize" };
                    return Err(ModelError::config(path, format!("an output of shape {wanted:?} ({of})"), got));
                }
            }
        }
        if !self.has_energy() {
            return Ok(());
        }
        let b = Builder::new();
        match self.trace_energy(&b, Mode::Sample, 2) {
            Err(e) if self.forwards.take_missing().is_empty() => {
                let message = format!("energyGuidance: the network does not give one number per row of xSize and conditionSize: {e}");
                Err(ModelError { code: "ConfigError", path: Some("energyGuidance".into()), message, ..e })
            }
            _ => Ok(()),
        }
    }

    fn trace<'g>(&self, b: &'g Builder, mode: Mode, rows: usize, network: &Network) -> Result<Leaves<Var<'g>>> {
        let params = self.layout.views(b);
        let ctx = Context { builder: b, params: &params, mode, random: self.random(b) };
        let t = b.input("t", self.dtype(), &[rows]);
        let x = self.state_leaves(b, "x", rows);
        let condition = self.condition.as_ref().map(|c| self.input_leaves(b, "condition", c, rows));
        let out = self.output(&ctx, network, &At { t, x: &x, condition: condition.as_ref() });
        b.check()?;
        Ok(out)
    }

    fn trace_energy<'g>(&self, b: &'g Builder, mode: Mode, rows: usize) -> Result<Var<'g>> {
        let params = self.layout.views(b);
        let ctx = Context { builder: b, params: &params, mode, random: self.random(b) };
        let x = self.input_leaves(b, "x", &self.x, rows);
        let condition = self.condition.as_ref().map(|c| self.input_leaves(b, "condition", c, rows));
        let energy = self.energy(&ctx, &At { t: b.input("t", self.dtype(), &[rows]), x: &x, condition: condition.as_ref() });
        b.check()?;
        Ok(energy)
    }

    fn random<'g>(&self, b: &'g Builder) -> Option<RandomSource<'g>> {
        Some(RandomSource::new(b.input("random.seed", DType::I64, &[]), b.input("random.counter", DType::I64, &[])))
    }

    /// What a network says of the state: its output, or the logits that its output is.
    fn output<'g>(&self, ctx: &Context<'_, 'g>, network: &Network, at: &At<'_, 'g>) -> Leaves<Var<'g>> {
        let body = &network.body;
        match &self.tokens {
            Some(tokens) if !body.external => {
                let features = Leaves::one(tokens.features(ctx, at.x));
                tokens.logits(*body.forward(ctx, &At { x: &features, ..*at }).first(), at.x)
            }
            _ => {
                let output = body.forward(ctx, at);
                let shaped = |x: &Var<'_>| x.rank() > 2;
                match output.single().filter(|_| !body.external && (at.x.len() > 1 || at.x.values().any(shaped))) {
                    Some(vector) if vector.is_poison() || vector.rank() == 2 => split(*vector, at.x, &[]),
                    _ => output,
                }
            }
        }
    }

    /// Declares inputs `<prefix>` or `<prefix>.<leaf>` of `rows` states: i64 where they are tokens.
    pub fn state_leaves<'g>(&self, b: &'g Builder, prefix: &str, rows: usize) -> Leaves<Var<'g>> {
        let entry = |(name, shape): (&str, &Vec<usize>)| {
            (name.to_string(), b.input(&leaf_name(prefix, name), self.state_dtype(), &[&[rows], &shape[..]].concat()))
        };
        Leaves::new(self.x.iter().map(entry).collect())
    }

    /// Declares inputs `<prefix>` or `<prefix>.<leaf>` of `rows` samples.
    pub fn input_leaves<'g>(&self, b: &'g Builder, prefix: &str, sizes: &Leaves<Vec<usize>>, rows: usize) -> Leaves<Var<'g>> {
        let entry = |(name, shape): (&str, &Vec<usize>)| {
            (name.to_string(), b.input(&leaf_name(prefix, name), self.dtype(), &[&[rows], &shape[..]].concat()))
        };
        Leaves::new(sizes.iter().map(entry).collect())
    }

    /// Which forwards TypeScript must trace before the network can be evaluated on `rows` rows.
    pub fn needs(&self, mode: Mode, rows: usize) -> Vec<Need> {
        self.forwards.take_missing();
        for network in &self.networks {
            let _ = self.trace(&Builder::new(), mode, rows, network);
        }
        if self.has_energy() {
            let _ = self.trace_energy(&Builder::new(), mode, rows);
        }
        self.forwards.take_missing()
    }

    /// The traced forwards of TypeScript modules.
    pub fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// The configuration.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// What all models have in their configuration.
    pub fn common(&self) -> &Common {
        &self.common
    }

    /// The parameters' declarations and places.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What is transported, and in which time.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Shapes of one sample's leaves.
    pub fn x(&self) -> &Leaves<Vec<usize>> {
        &self.x
    }

    /// Shapes of one condition's leaves.
    pub fn condition(&self) -> Option<&Leaves<Vec<usize>>> {
        self.condition.as_ref()
    }

    /// Element type.
    pub fn dtype(&self) -> DType {
        self.common.dtype.dtype()
    }

    /// Element type of states: i64 where they are tokens, else the model's.
    pub fn state_dtype(&self) -> DType {
        if self.tokens.is_some() { DType::I64 } else { self.dtype() }
    }

    /// The tokens, if states are made of them.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_ref()
    }

    /// How tokens are sampled unless a call says otherwise.
    pub fn sampler(&self) -> Option<&DiscreteSampler> {
        match &self.config {
            ModelConfig::DiscreteFlow(config) => Some(&config.sampler),
            _ => None,
        }
    }

    /// The shape of a quantity of a sample whose leaf has this shape: of tokens, a number for each position and token.
    pub fn quantity_shape(&self, leaf: &[usize]) -> Vec<usize> {
        let last = self.tokens.as_ref().map(|tokens| tokens.path.vocabulary);
        leaf.iter().copied().chain(last).collect()
    }

    /// What the first network predicts.
    pub fn predicted(&self) -> Parameterization {
        self.networks[0].parameterization
    }

    /// How many networks it has.
    pub fn networks(&self) -> usize {
        self.networks.len()
    }

    /// What network `k` predicts; of tokens, the logits `[B, …, V]` of the posterior p(x₁ | x_t).
    pub fn predict<'g>(&self, ctx: &Context<'_, 'g>, k: usize, at: &At<'_, 'g>) -> Leaves<Var<'g>> {
        let network = &self.networks[k];
        let (Some(edm), Process::Gaussian(path)) = (&network.preconditioning, &self.process) else {
            return self.output(ctx, network, at);
        };
        let input = at.x.map(|x| edm.input(path, per_row(at.t, *x), *x));
        let output = self.output(ctx, network, &At { t: edm.coefficients(path, at.t).c_noise, x: &input, ..*at });
        at.x.zip(&output, |x, f| edm.data(path, per_row(at.t, *x), *x, *f))
    }

    /// The network that the quantity `which` follows from.
    pub fn source_of(&self, which: Parameterization) -> usize {
        if which == Parameterization::Score { self.networks.len() - 1 } else { 0 }
    }

    /// The quantity `which` of the prediction of the network [`Definition::source_of`] it. One that the model does not have is an error of the
    /// graph; see [`Definition::range`].
    pub fn read<'g>(&self, which: Parameterization, at: &At<'_, 'g>, predicted: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        let from = self.networks[self.source_of(which)].parameterization;
        match &self.process {
            Process::Gaussian(path) => at.x.zip(predicted, |x, value| convert(path, from, which, per_row(at.t, *x), *x, *value)),
            Process::Interpolant(Interpolant::SchrodingerBridge(bridge)) if which == Parameterization::Score => {
                predicted.map(|scaled| bridge.score(*scaled))
            }
            Process::Discrete(_) if which == from => predicted.map(|logits| logits.softmax(logits.rank().saturating_sub(1))),
            Process::Interpolant(_) if which == from => predicted.clone(),
            Process::Interpolant(path) => match path.as_gaussian().filter(|_| which != Parameterization::Score || self.has_normal_source())
            {
                Some(gaussian) => at.x.zip(predicted, |x, value| {
                    let t = per_row(at.t, *x);
                    convert(&gaussian, Parameterization::Velocity, which, t.constant(1.0) - t, *x, -*value)
                }),
                None => self.refuse(which, at, path.name()),
            },
            Process::Discrete(_) => self.refuse(which, at, "tokens"),
        }
    }

    /// The error that the model does not have the quantity `which`.
    fn refuse<'g>(&self, which: Parameterization, at: &At<'_, 'g>, got: &str) -> Leaves<Var<'g>> {
        let why = GraphError::trace(which.name(), "the model does not have it", what_knows_more(&self.process), got);
        let poison = at.t.builder().fail(why);
        at.x.map(|_| poison)
    }

    /// The quantity `which`, whatever the networks predict; of tokens the data, as probabilities `[B, …, V]`; see [`Definition::read`].
    pub fn function<'g>(&self, ctx: &Context<'_, 'g>, which: Parameterization, at: &At<'_, 'g>) -> Leaves<Var<'g>> {
        self.read(which, at, &self.predict(ctx, self.source_of(which), at))
    }

    /// The velocity; see [`Definition::function`].
    pub fn velocity<'g>(&self, ctx: &Context<'_, 'g>, at: &At<'_, 'g>) -> Leaves<Var<'g>> {
        self.function(ctx, Parameterization::Velocity, at)
    }

    /// (σ²/2)∇log p, which the second network of a bridge predicts.
    pub fn scaled_score<'g>(&self, ctx: &Context<'_, 'g>, at: &At<'_, 'g>) -> Leaves<Var<'g>> {
        self.predict(ctx, self.networks.len() - 1, at)
    }

    /// For each parameter, whether it is the energy network's.
    pub fn energy_parameters(&self) -> Vec<bool> {
        let prefix = energy(&self.config).map(|(_, prefix, _)| format!("{prefix}."));
        self.layout.specs().iter().map(|spec| prefix.as_ref().is_some_and(|prefix| spec.name.starts_with(prefix.as_str()))).collect()
    }

    /// Whether it has an energy network.
    pub fn has_energy(&self) -> bool {
        self.energy.is_some()
    }

    /// The energy of each row, `[B]`, of a model that has an energy network.
    pub fn energy<'g>(&self, ctx: &Context<'_, 'g>, at: &At<'_, 'g>) -> Var<'g> {
        let rows = at.x.first().shape()[0];
        match &self.energy {
            Some(network) => network.forward(ctx, at).first().reshape(&[rows]),
            None => {
                ctx.builder.fail(GraphError::trace("energy", "the model has none", "an EnergyConditionalDiffusionModel", "another model"))
            }
        }
    }

    /// Whether the process, as it is trained, is s·x₀ + σ·ε with normal ε independent of the datum: what a score follows from. Sources that are data
    /// are not known here.
    pub fn has_normal_source(&self) -> bool {
        let independent = matches!(coupling(&self.config), Coupling::Independent(_));
        match &self.process {
            Process::Gaussian(_) => true,
            Process::Interpolant(path) => independent && path.as_gaussian().is_some(),
            Process::Discrete(_) => false,
        }
    }

    /// The times at which the quantity `which` is finite; `None` where the model does not have it.
    pub fn range(&self, which: Parameterization) -> Option<TimeRange> {
        let from = self.networks[0].parameterization;
        match &self.process {
            // The preconditioned network's time is ¼ log(σ/s), which must be finite.
            Process::Gaussian(path) if self.networks[0].preconditioning.is_some() => {
                Some(conversion_range(path, from, which).intersect(path.regular_range()))
            }
            Process::Gaussian(path) => Some(conversion_range(path, from, which)),
            Process::Interpolant(_) | Process::Discrete(_) if which == from => Some(self.process.times()),
            Process::Discrete(_) => None,
            Process::Interpolant(Interpolant::SchrodingerBridge(_)) if which == Parameterization::Score => Some(self.process.times()),
            Process::Interpolant(_) if which == Parameterization::Score && !self.has_normal_source() => None,
            Process::Interpolant(path) => path.as_gaussian().map(|gaussian| {
                let mirrored = conversion_range(&gaussian, Parameterization::Velocity, which);
                TimeRange::new(1.0 - mirrored.t_max, 1.0 - mirrored.t_min)
            }),
        }
    }

    /// `condition`, of which the rows where `hide [B]` is true are replaced by "no condition".
    pub fn hide_conditions<'g>(&self, ctx: &Context<'_, 'g>, condition: &Leaves<Var<'g>>, hide: Var<'g>) -> Leaves<Var<'g>> {
        let Some(null) = &self.null_condition else { return condition.clone() };
        let mut params = null.iter();
        condition.map(|c| match params.next() {
            Some(param) => per_row(hide, *c).broadcast_to(&c.shape()).select(ctx.param(*param).broadcast_to(&c.shape()), *c),
            None => *c,
        })
    }

    /// "No condition" for `rows` rows; `None` where training hid none.
    pub fn no_condition<'g>(&self, ctx: &Context<'_, 'g>, rows: usize) -> Option<Leaves<Var<'g>>> {
        let (null, sizes) = (self.null_condition.as_ref()?, self.condition.as_ref()?);
        let mut params = null.iter();
        let leaf = |(name, shape): (&str, &Vec<usize>)| {
            let value = params.next().map(|p| ctx.param(*p).broadcast_to(&[&[rows], &shape[..]].concat()));
            value.map(|v| (name.to_string(), v))
        };
        Some(Leaves::new(sizes.iter().filter_map(leaf).collect()))
    }

    /// The number of classes, where conditions are labels: whole numbers below it.
    pub fn classes(&self) -> Option<f64> {
        self.classes
    }

    /// Whether training hides conditions, so that the model can do without one.
    pub fn has_null_condition(&self) -> bool {
        self.null_condition.is_some()
    }
}

/// A network.
struct Body {
    model: IntrinsicModel,
    /// Whether its backbone is written in TypeScript.
    external: bool,
}

impl Body {
    /// Its output. One that is built in sees states and conditions as one vector per row, unless an encoder, or a network of images and
    /// the like, takes them as they are.
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, at: &At<'_, 'g>) -> Leaves<Var<'g>> {
        if self.external {
            return self.model.forward(ctx, at.t, at.x, at.condition);
        }
        let whole = self.model.encodes_states() || self.model.keeps_shape();
        let x = if whole { at.x.clone() } else { joined(at.x) };
        let condition = at.condition.map(|c| if self.model.encodes_conditions() { c.clone() } else { joined(c) });
        self.model.forward(ctx, at.t, &x, condition.as_ref())
    }
}

/// Where a network is evaluated.
#[derive(Clone, Copy)]
pub struct At<'a, 'g> {
    /// Times `[B]`.
    pub t: Var<'g>,
    /// The state.
    pub x: &'a Leaves<Var<'g>>,
    /// The condition, for conditional models.
    pub condition: Option<&'a Leaves<Var<'g>>>,
}

/// What networks written in TypeScript are built with.
struct External<'a> {
    modules: &'a HashMap<String, ExternalModule>,
    forwards: &'a Arc<Forwards>,
    gives: Gives,
    /// Whether conditions are left out of some rows.
    drops: bool,
}

fn network(config: &IntrinsicConfig, mut declare: Declare, path: &'static str, external: &External<'_>) -> Result<IntrinsicModel> {
    let build = |name: &str, _args: &serde_json::Value, declare: &mut Declare| {
        let spec = external.modules.get(path)?;
        let built = ExternalBackbone::new(name, path, spec, declare, external.forwards.clone(), external.gives, external.drops);
        Some(built.map(|b| Box::new(b) as Box<dyn thalweg_nn::Backbone + Send + Sync>))
    };
    IntrinsicModel::build(config, &mut declare, &build).map_err(|e| at_network(path, e))
}

/// `prefix` or `prefix.leaf`.
pub fn leaf_name(prefix: &str, leaf: &str) -> String {
    if leaf.is_empty() { prefix.to_string() } else { format!("{prefix}.{leaf}") }
}

fn at_network(path: &str, e: NnError) -> ModelError {
    ModelError::config(format!("{path}.{}", e.field), e.expected, e.got)
}
