//! Parts that a recorded graph reads: parameters of a model or of a module in training, and the mean and standard deviation
//! of a model's data. Taken by reference when the graph runs, so that a graph always sees them as they are.

use std::collections::HashMap;
use std::sync::Arc;

use thalweg_model::engine::{Choice, Tensor};
use thalweg_model::{Layout, Model, ModelError, Normalization, Parameters, Trained, Weights};

use crate::error::ThalwegError;
use crate::worker::internal;

#[derive(Clone, Copy)]
enum Which {
    Parameter(usize),
    Mean(usize),
    Deviation(usize),
}

/// What parts belong to.
#[derive(Clone)]
pub enum Owner {
    /// A model.
    Model(Model),
    /// A module that is trained by itself.
    Module(Arc<Parameters>),
}

impl Owner {
    /// Tells one from another.
    fn address(&self) -> usize {
        match self {
            Owner::Model(model) => Arc::as_ptr(model.inner()) as usize,
            Owner::Module(parameters) => Arc::as_ptr(parameters) as usize,
        }
    }

    /// Whether both are the same one.
    pub fn is(&self, other: &Owner) -> bool {
        self.address() == other.address()
    }

    /// Where its jobs run.
    pub fn device(&self) -> Choice {
        match self {
            Owner::Model(model) => model.inner().device(),
            Owner::Module(_) => Choice::Auto,
        }
    }

    /// Refuses a change of parameters that a fit is changing.
    ///
    /// # Errors
    /// `TrainingError`.
    pub fn refuse_while_training(&self, method: &str) -> Result<(), ModelError> {
        match self {
            Owner::Model(model) => model.inner().refuse_while_training(method),
            Owner::Module(_) => Ok(()),
        }
    }

    fn layout(&self) -> &Layout {
        match self {
            Owner::Model(model) => model.definition().layout(),
            Owner::Module(parameters) => parameters.layout(),
        }
    }

    /// Parameters and normalisation of one moment.
    fn values(&self, weights: Weights) -> Result<(Vec<Tensor>, Option<Normalization>), ModelError> {
        match self {
            Owner::Model(model) => model.inner().with_store(|store| {
                let parameters = self.layout().unflatten(&store.flat(weights))?;
                Ok((parameters, store.normalization.clone()))
            }),
            Owner::Module(parameters) => Ok((parameters.values()?, None)),
        }
    }
}

/// A part of an owner.
pub struct Part {
    owner: Owner,
    name: String,
    which: Which,
}

impl Part {
    /// The part that the model crate calls `name`: `param:<name>`, `norm.<leaf>.mean` or `norm.<leaf>.std`.
    ///
    /// # Errors
    /// `InternalError` for another name.
    pub fn new(owner: &Owner, name: &str) -> Result<Part, ThalwegError> {
        let specs = owner.layout().specs();
        let parameter = name.strip_prefix("param:").and_then(|own| specs.iter().position(|spec| spec.name == own));
        let leaf = |end: &str| name.strip_prefix("norm.")?.strip_suffix(end)?.parse::<usize>().ok();
        let which = parameter
            .map(Which::Parameter)
            .or_else(|| leaf(".mean").map(Which::Mean))
            .or_else(|| leaf(".std").map(Which::Deviation))
            .ok_or_else(|| internal(&format!("nothing has a part {name} here")))?;
        Ok(Part { owner: owner.clone(), name: name.to_string(), which })
    }

    /// What it belongs to.
    pub fn owner(&self) -> &Owner {
        &self.owner
    }

    /// The name that the model crate knows it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tensors of the parts that are `needed`; parts of one owner are those of one moment. Only jobs call this.
    ///
    /// # Errors
    /// `TraceError` where a model has lost the normalisation that the graph was recorded with.
    pub fn tensors(parts: &[Part], needed: &[bool], weights: Weights) -> Result<Vec<Option<Tensor>>, ModelError> {
        let mut of_owner: HashMap<usize, Vec<usize>> = HashMap::new();
        for (number, part) in parts.iter().enumerate().filter(|(number, _)| needed[*number]) {
            of_owner.entry(part.owner.address()).or_default().push(number);
        }
        let mut out = vec![None; parts.len()];
        for numbers in of_owner.into_values() {
            let (parameters, normalization) = parts[numbers[0]].owner.values(weights)?;
            let scales = |leaf: usize| normalization.as_ref().and_then(|n| n.leaves.get(leaf));
            for number in numbers {
                let found = match parts[number].which {
                    Which::Parameter(index) => parameters.get(index).cloned(),
                    Which::Mean(leaf) => scales(leaf).map(|(mean, _)| mean.clone()),
                    Which::Deviation(leaf) => scales(leaf).map(|(_, deviation)| deviation.clone()),
                };
                let lost = || ModelError::new("TraceError", "the model was normalised when this graph was recorded, and is not any more");
                out[number] = Some(found.ok_or_else(lost)?);
            }
        }
        Ok(out)
    }
}
