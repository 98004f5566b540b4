//! The parameter store: all parameters of a model in three flat buffers, their EMA, and the optimiser's state.
//! Programs see parameters as views of the flat inputs; an update is one elementwise pass per buffer.

use crate::posthoc::Tracked;
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use thalweg_engine::{CompileOptions, Program, Tensor, random};
use thalweg_graph::{Builder, DType, Type, Var};
use thalweg_nn::ParamSpec;

/// Which buffer a parameter lives in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Trained, with weight decay.
    Decayed,
    /// Trained, without (biases, norms).
    Undecayed,
    /// Not trained (Fourier features).
    Frozen,
}

impl Group {
    /// All groups, in the order in which buffers are listed.
    pub const ALL: [Group; 3] = [Group::Decayed, Group::Undecayed, Group::Frozen];

    /// Those that an optimiser changes.
    pub const TRAINED: [Group; 2] = [Group::Decayed, Group::Undecayed];

    /// The name of its graph input.
    pub fn input(self) -> &'static str {
        match self {
            Group::Decayed => "params.decayed",
            Group::Undecayed => "params.undecayed",
            Group::Frozen => "params.frozen",
        }
    }

    fn of(spec: &ParamSpec) -> Group {
        match (spec.trainable, spec.decay) {
            (false, _) => Group::Frozen,
            (true, true) => Group::Decayed,
            (true, false) => Group::Undecayed,
        }
    }
}

/// Where each parameter lives.
#[derive(Clone, Debug)]
pub struct Layout {
    specs: Vec<ParamSpec>,
    places: Vec<(Group, usize)>,
    sizes: [usize; 3],
    dtype: DType,
}

impl Layout {
    /// The layout of these declarations.
    pub fn new(specs: Vec<ParamSpec>, dtype: DType) -> Layout {
        let mut sizes = [0; 3];
        let place = |spec: &ParamSpec| {
            let group = Group::of(spec);
            let offset = sizes[group as usize];
            sizes[group as usize] += thalweg_graph::count(&spec.shape);
            (group, offset)
        };
        let places = specs.iter().map(place).collect();
        Layout { specs, places, sizes, dtype }
    }

    /// The declarations, in the order in which they were made.
    pub fn specs(&self) -> &[ParamSpec] {
        &self.specs
    }

    /// Element type of all parameters.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// Number of elements of a group.
    pub fn size(&self, group: Group) -> usize {
        self.sizes[group as usize]
    }

    /// Number of parameters' elements.
    pub fn count(&self) -> usize {
        self.sizes.iter().sum()
    }

    /// Declares the flat inputs and returns each parameter as a view, in declaration order.
    pub fn views<'g>(&self, b: &'g Builder) -> Vec<Var<'g>> {
        self.views_at(b, "")
    }

    /// As [`Layout::views`], of inputs whose names begin with `prefix`.
    pub fn views_at<'g>(&self, b: &'g Builder, prefix: &str) -> Vec<Var<'g>> {
        let flat = Group::ALL.map(|g| b.input(&format!("{prefix}{}", g.input()), self.dtype, &[self.size(g)]));
        let view = |(spec, &(group, offset)): (&ParamSpec, &(Group, usize))| {
            flat[group as usize].narrow(0, offset, thalweg_graph::count(&spec.shape)).reshape(&spec.shape)
        };
        self.specs.iter().zip(&self.places).map(view).collect()
    }

    /// The parameters of a group that `select` keeps, as (index, offset).
    pub fn members(&self, group: Group) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.places.iter().enumerate().filter(move |(_, (g, _))| *g == group).map(|(i, (_, offset))| (i, *offset))
    }

    /// Values of all parameters of a group, in order, as one flat value.
    pub fn flatten<'g>(&self, group: Group, b: &'g Builder, values: &[Var<'g>]) -> Var<'g> {
        let parts: Vec<Var<'g>> =
            self.members(group).map(|(i, _)| values[i].reshape(&[thalweg_graph::count(&self.specs[i].shape)])).collect();
        if parts.is_empty() { b.full(0.0, self.dtype, &[0]) } else { Var::concat(&parts, 0) }
    }

    /// A flat tensor cut into parameters: (index, tensor).
    fn cut(&self, group: Group, flat: &Tensor) -> Result<Vec<(usize, Tensor)>> {
        let part = |(i, offset): (usize, usize)| {
            let shape = &self.specs[i].shape;
            Ok((i, flat.narrow(0, offset, thalweg_graph::count(shape))?.reshape(shape)?))
        };
        self.members(group).map(part).collect()
    }

    /// A group's buffer in which the parameters that are `kept` have the values of `old` and the others those of `new`, or 0.
    pub(crate) fn merge(&self, group: Group, old: &Tensor, new: Option<&Tensor>, kept: &[bool]) -> Result<Tensor> {
        let mut values = match new {
            Some(new) => new.to_f64_vec()?,
            None => vec![0.0; self.size(group)],
        };
        let old = old.to_f64_vec()?;
        for (i, offset) in self.members(group).filter(|(i, _)| kept[*i]) {
            let place = offset..offset + thalweg_graph::count(&self.specs[i].shape);
            values[place.clone()].copy_from_slice(&old[place]);
        }
        crate::data::tensor_of(values, &[self.size(group)], self.dtype)
    }

    /// All parameters, in declaration order, of flat buffers.
    pub fn unflatten(&self, flat: &[Tensor; 3]) -> Result<Vec<Tensor>> {
        let mut out: Vec<Option<Tensor>> = vec![None; self.specs.len()];
        for group in Group::ALL {
            for (i, tensor) in self.cut(group, &flat[group as usize])? {
                out[i] = Some(tensor);
            }
        }
        Ok(out.into_iter().flatten().collect())
    }

    /// Flat buffers of tensors in declaration order.
    pub fn flat(&self, tensors: &[Tensor]) -> Result<[Tensor; 3]> {
        let b = Builder::new();
        let inputs: Vec<Var> = self.specs.iter().enumerate().map(|(i, s)| b.input(&format!("p{i}"), self.dtype, &s.shape)).collect();
        let outs = Group::ALL.map(|g| self.flatten(g, &b, &inputs));
        let graph = b.finish(&outs)?;
        let results = Program::compile(&graph, &CompileOptions::default())?.run(tensors.to_vec())?;
        results.try_into().map_err(|_| ModelError::new("InternalError", "flattening gave the wrong number of buffers"))
    }

    /// Initial values: each a function of (seed, full name, shape).
    pub fn initial(&self, seed: i64) -> Result<[Tensor; 3]> {
        let b = Builder::new();
        let key = b.input("seed", DType::I64, &[]);
        let value = |s: &ParamSpec| s.init.build(&b, self.dtype, &s.shape, random::stream_of(&s.name), key);
        let values: Vec<Var> = self.specs.iter().map(value).collect();
        let outs = Group::ALL.map(|g| self.flatten(g, &b, &values));
        let graph = b.finish(&outs)?;
        let results = Program::compile(&graph, &CompileOptions::default())?.run(vec![Tensor::from_i64(vec![seed], &[])?])?;
        results.try_into().map_err(|_| ModelError::new("InternalError", "initialisation gave the wrong number of buffers"))
    }
}

/// Mean and standard deviation of each leaf of the data, which fit subtracts and divides by and sample undoes.
#[derive(Clone, Debug)]
pub struct Normalization {
    /// Per leaf: mean and standard deviation, each of the leaf's shape.
    pub leaves: Vec<(Tensor, Tensor)>,
}

/// Which of a model's networks a fit trains. Their parameters, optimiser states and numbers of steps do not touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// Those that samples come from.
    #[default]
    Model,
    /// The energy that guides them.
    Energy,
}

/// What training changes.
#[derive(Clone, Debug)]
pub struct Store {
    /// Flat parameters, in the order of [`Group::ALL`].
    pub parameters: [Tensor; 3],
    /// Moving average of the trained groups, if there is one.
    pub ema: Option<[Tensor; 2]>,
    /// Optimiser state: per trained group, buffers by name.
    pub optimizer: HashMap<String, [Tensor; 2]>,
    /// Averages that others are made of after training.
    pub posthoc: Option<Tracked>,
    /// Number of steps taken.
    pub step: i64,
    /// Number of steps taken by the energy.
    pub energy_step: i64,
    /// Bumped by every write.
    pub version: u64,
    /// How data was normalised.
    pub normalization: Option<Normalization>,
    /// Whether the model was fitted from samples of a source, so that starts are in the user's units.
    pub source_is_data: bool,
    /// Text of the fit that is under way, for resuming; JSON.
    pub training: Option<String>,
}

/// Which weights a job reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weights {
    /// The moving average where there is one.
    #[default]
    Ema,
    /// What the optimiser works on.
    Raw,
}

impl Store {
    /// Fresh parameters.
    pub fn new(layout: &Layout, seed: i64) -> Result<Store> {
        Ok(Store::of(layout.initial(seed)?))
    }

    /// Parameters of these values, that nothing was done with yet.
    pub fn of(parameters: [Tensor; 3]) -> Store {
        Store {
            parameters,
            ema: None,
            posthoc: None,
            optimizer: HashMap::new(),
            step: 0,
            energy_step: 0,
            version: 0,
            normalization: None,
            source_is_data: false,
            training: None,
        }
    }

    /// The flat buffers that `weights` names.
    pub fn flat(&self, weights: Weights) -> [Tensor; 3] {
        match (&self.ema, weights) {
            (Some([a, b]), Weights::Ema) => [a.clone(), b.clone(), self.parameters[2].clone()],
            _ => self.parameters.clone(),
        }
    }

    /// Number of steps that a part has taken.
    pub fn steps(&mut self, part: Part) -> &mut i64 {
        match part {
            Part::Model => &mut self.step,
            Part::Energy => &mut self.energy_step,
        }
    }

    /// Begins a fit anew: no steps, no optimiser state and a moving average equal to the parameters, for all but the `kept` parameters.
    ///
    /// # Errors
    /// No memory.
    pub fn restart(&mut self, layout: &Layout, part: Part, kept: &[bool]) -> Result<()> {
        *self.steps(part) = 0;
        if !kept.contains(&true) {
            self.optimizer.clear();
            self.ema = None;
            return Ok(());
        }
        for buffers in self.optimizer.values_mut() {
            for group in Group::TRAINED {
                let buffer = &mut buffers[group as usize];
                *buffer = layout.merge(group, buffer, None, kept)?;
            }
        }
        if let Some(ema) = &mut self.ema {
            for group in Group::TRAINED {
                let average = &mut ema[group as usize];
                *average = layout.merge(group, average, Some(&self.parameters[group as usize]), kept)?;
            }
        }
        Ok(())
    }

    /// Buffers of zeros for `name`, unless they exist.
    pub fn ensure_state(&mut self, layout: &Layout, name: &str) -> Result<()> {
        if !self.optimizer.contains_key(name) {
            let zeros = |g: Group| Tensor::zeros(Type::new(layout.dtype(), vec![layout.size(g)]));
            self.optimizer.insert(name.to_string(), [zeros(Group::Decayed)?, zeros(Group::Undecayed)?]);
        }
        Ok(())
    }
}
