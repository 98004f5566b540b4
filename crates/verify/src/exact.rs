//! Models whose networks are exact: the model crate's own jobs then have nothing to hide behind.
//! A network is scale·exact + offset, with both as parameters (1 and 0), so that parameters have gradients, too.

use crate::case::{Case, config};
use std::collections::HashMap;
use std::sync::Arc;
use thalweg_graph::{Builder, DType, Graph, Var};
use thalweg_model::external::{ExternalModule, ExternalParameter};
use thalweg_model::{Model, Process, Result};
use thalweg_nn::{Init, Mode};
use thalweg_path::{Interpolant, Parameterization};

/// What a network computes from t and the coordinates of x, all `[rows, 1]`.
pub type Formula<'a> = dyn for<'g> Fn(Parameterization, Var<'g>, &[Var<'g>]) -> Vec<Var<'g>> + 'a;

/// What a model is made for.
pub struct Exact<'a> {
    /// The process.
    pub case: &'a Case,
    /// What the first network predicts.
    pub predicts: Parameterization,
    /// Width of x.
    pub dimensions: usize,
    /// Numbers of rows that it is asked for.
    pub rows: &'a [usize],
    /// Shape of the two parameters: `[1]`, or `[rows, 1]` for one of each row.
    pub parameters: Vec<usize>,
}

impl Exact<'_> {
    /// The model whose networks are `formula`.
    ///
    /// # Errors
    /// A `ConfigError` where the library refuses it.
    pub fn model(&self, formula: &Formula<'_>) -> Result<Model> {
        let parameter = |name: &str, init: Init| ExternalParameter {
            name: name.into(),
            shape: self.parameters.clone(),
            init,
            trainable: true,
            decay: true,
        };
        let module = ExternalModule::of(vec![parameter("scale", Init::Ones), parameter("offset", Init::Zeros)]);
        let places = ["model.args", "velocityModel.args", "scoreModel.args"];
        let externals: HashMap<String, ExternalModule> = places.iter().map(|place| (place.to_string(), module.clone())).collect();
        let model = Model::new(config(self.case, self.predicts, self.dimensions)?, &externals)?;
        for &rows in self.rows {
            for need in model.needs(Mode::Sample, rows) {
                let which = match need.module.as_str() {
                    "velocityModel.args" => Parameterization::Velocity,
                    "scoreModel.args" => Parameterization::Score,
                    _ => self.predicts,
                };
                model.definition().forwards().provide(&need.key, Arc::new(self.network(which, rows, formula)?));
            }
        }
        Ok(model)
    }

    fn network(&self, which: Parameterization, rows: usize, formula: &Formula<'_>) -> Result<Graph> {
        let b = Builder::new();
        let (t, x) = (b.input("t", DType::F64, &[rows]), b.input("x", DType::F64, &[rows, self.dimensions]));
        let [scale, offset] = ["param:scale", "param:offset"].map(|name| b.input(name, DType::F64, &self.parameters));
        let coordinates: Vec<Var> = (0..self.dimensions).map(|d| x.narrow(1, d, 1)).collect();
        let values = formula(which, t.reshape(&[rows, 1]), &coordinates);
        let values = match &self.case.process {
            // A bridge's second network is (σ²/2)∇log p.
            Process::Interpolant(Interpolant::SchrodingerBridge(bridge)) if which == Parameterization::Score => {
                values.into_iter().map(|v| v * (0.5 * bridge.sigma.powi(2))).collect()
            }
            _ => values,
        };
        Ok(b.finish(&[Var::concat(&values, 1) * scale + offset])?)
    }
}

/// The time `t` for each row of `x`, so that constant coefficients have a shape.
pub fn spread<'g>(t: Var<'g>, x: &[Var<'g>]) -> Var<'g> {
    t.broadcast_to(&x[0].shape())
}
