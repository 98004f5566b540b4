//! A diffusion model as a function of graph values: the network and the four quantities that follow from its output.
//! Knows shapes and formulas; holds no parameter values.

use crate::config::DiffusionConfig;
use crate::external::{ExternalBackbone, ExternalModule, Forwards, Need};
use crate::objective::per_row;
use crate::store::Layout;
use crate::{ModelError, Result};
use std::collections::HashMap;
use std::sync::Arc;
use thalweg_graph::{Builder, DType, Leaves, Var};
use thalweg_nn::{Context, Declare, IntrinsicModel, Mode, NnError, RandomSource};
use thalweg_path::{Parameterization, Path, convert};

/// A diffusion model: path, network, and what the network predicts.
pub struct Diffusion {
    config: DiffusionConfig,
    network: IntrinsicModel,
    layout: Layout,
    x: Leaves<Vec<usize>>,
    condition: Option<Leaves<Vec<usize>>>,
    forwards: Arc<Forwards>,
}

impl Diffusion {
    /// Builds the model. `externals` are the backbones that TypeScript registered, by type.
    ///
    /// # Errors
    /// A `ConfigError` with the path of the field at fault.
    pub fn new(config: DiffusionConfig, externals: &HashMap<String, ExternalModule>) -> Result<Diffusion> {
        let forwards = Arc::new(Forwards::default());
        let mut declare = Declare::new();
        let external = |name: &str, _args: &serde_json::Value, declare: &mut Declare| {
            let spec = externals.get(name)?;
            let built = ExternalBackbone::new(name, spec, declare, forwards.clone());
            Some(built.map(|b| Box::new(b) as Box<dyn thalweg_nn::Backbone + Send + Sync>))
        };
        let network = IntrinsicModel::build(&config.model.args, &mut declare, &external).map_err(at_network)?;
        let layout = Layout::new(declare.finish().map_err(at_network)?, config.dtype.dtype());
        let x = config.x_size.leaves();
        let condition = config.condition_size.as_ref().map(|size| size.leaves());
        let model = Diffusion { config, network, layout, x, condition, forwards };
        model.check_shapes()?;
        Ok(model)
    }

    /// Traces the network once, so that a config whose sizes do not fit is refused when it is made.
    fn check_shapes(&self) -> Result<()> {
        let b = Builder::new();
        let outcome = self.trace(&b, Mode::Sample, 2);
        if !self.forwards.take_missing().is_empty() {
            return Ok(());
        }
        let outputs = outcome.map_err(|e| {
            let message = format!("model.args: the network does not fit xSize and conditionSize: {}", e.message);
            ModelError { code: "ConfigError", path: Some("model.args".into()), message, ..e }
        })?;
        for ((_, shape), v) in self.x.iter().zip(outputs.values()) {
            if v.shape()[1..] != shape[..] {
                let got = format!("{:?}", &v.shape()[1..]);
                return Err(ModelError::config("model.args.backbone", format!("an output of shape {shape:?} (xSize)"), got));
            }
        }
        Ok(())
    }

    fn trace<'g>(&self, b: &'g Builder, mode: Mode, rows: usize) -> Result<Leaves<Var<'g>>> {
        let params = self.layout.views(b);
        let ctx = Context { builder: b, params: &params, mode, random: self.random(b) };
        let t = b.input("t", self.dtype(), &[rows]);
        let x = self.input_leaves(b, "x", &self.x, rows);
        let condition = self.condition.as_ref().map(|c| self.input_leaves(b, "condition", c, rows));
        let out = self.predict(&ctx, t, &x, condition.as_ref());
        b.check()?;
        Ok(out)
    }

    fn random<'g>(&self, b: &'g Builder) -> Option<RandomSource<'g>> {
        Some(RandomSource::new(b.input("random.seed", DType::I64, &[]), b.input("random.counter", DType::I64, &[])))
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
        let _ = self.trace(&Builder::new(), mode, rows);
        self.forwards.take_missing()
    }

    /// The traced forwards of TypeScript modules.
    pub fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// The configuration.
    pub fn config(&self) -> &DiffusionConfig {
        &self.config
    }

    /// The parameters' declarations and places.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The path.
    pub fn path(&self) -> &Path {
        &self.config.path
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
        self.config.dtype.dtype()
    }

    /// The network's output at times `t [B]`.
    pub fn predict<'g>(
        &self,
        ctx: &Context<'_, 'g>,
        t: Var<'g>,
        x: &Leaves<Var<'g>>,
        condition: Option<&Leaves<Var<'g>>>,
    ) -> Leaves<Var<'g>> {
        self.network.forward(ctx, t, x, condition)
    }

    /// The quantity `which` at times `t [B]`, whatever the network predicts.
    pub fn function<'g>(
        &self,
        ctx: &Context<'_, 'g>,
        which: Parameterization,
        t: Var<'g>,
        x: &Leaves<Var<'g>>,
        condition: Option<&Leaves<Var<'g>>>,
    ) -> Leaves<Var<'g>> {
        let predicted = self.predict(ctx, t, x, condition);
        let from = self.config.model.parameterization;
        x.zip(&predicted, |x, value| convert(self.path(), from, which, per_row(t, *x), *x, *value))
    }
}

/// `prefix` or `prefix.leaf`.
pub fn leaf_name(prefix: &str, leaf: &str) -> String {
    if leaf.is_empty() { prefix.to_string() } else { format!("{prefix}.{leaf}") }
}

fn at_network(e: NnError) -> ModelError {
    ModelError::config(format!("model.args.{}", e.field), e.expected, e.got)
}
