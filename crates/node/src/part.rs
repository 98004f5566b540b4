//! Parts of a model that a recorded graph reads: parameters, and the mean and standard deviation of its data.
//! Taken by reference when the graph runs, so that a graph always sees the model as it is.

use std::collections::HashMap;

use thalweg_model::engine::Tensor;
use thalweg_model::{Model, ModelError, Weights};

use crate::error::ThalwegError;
use crate::worker::internal;

#[derive(Clone, Copy)]
enum Which {
    Parameter(usize),
    Mean(usize),
    Deviation(usize),
}

/// A part of a model.
pub struct Part {
    model: Model,
    name: String,
    which: Which,
}

impl Part {
    /// The part that the model crate calls `name`: `param:<name>`, `norm.<leaf>.mean` or `norm.<leaf>.std`.
    ///
    /// # Errors
    /// `InternalError` for another name.
    pub fn new(model: &Model, name: &str) -> Result<Part, ThalwegError> {
        let specs = model.definition().layout().specs();
        let parameter = name.strip_prefix("param:").and_then(|own| specs.iter().position(|spec| spec.name == own));
        let leaf = |end: &str| name.strip_prefix("norm.")?.strip_suffix(end)?.parse::<usize>().ok();
        let which = parameter
            .map(Which::Parameter)
            .or_else(|| leaf(".mean").map(Which::Mean))
            .or_else(|| leaf(".std").map(Which::Deviation))
            .ok_or_else(|| internal(&format!("a model has no part {name}")))?;
        Ok(Part { model: model.clone(), name: name.to_string(), which })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The name that the model crate knows it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tensors of the parts that are `needed`; parts of one model are those of one moment. Only jobs call this.
    ///
    /// # Errors
    /// `TraceError` where a model has lost the normalisation that the graph was recorded with.
    pub fn tensors(parts: &[Part], needed: &[bool], weights: Weights) -> Result<Vec<Option<Tensor>>, ModelError> {
        let mut of_model: HashMap<usize, Vec<usize>> = HashMap::new();
        for (number, part) in parts.iter().enumerate().filter(|(number, _)| needed[*number]) {
            let address = std::sync::Arc::as_ptr(part.model.inner()) as usize;
            of_model.entry(address).or_default().push(number);
        }
        let mut out = vec![None; parts.len()];
        for numbers in of_model.into_values() {
            let model = &parts[numbers[0]].model;
            let (parameters, normalization) = model.inner().with_store(|store| {
                let parameters = model.definition().layout().unflatten(&store.flat(weights))?;
                Ok((parameters, store.normalization.clone()))
            })?;
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
