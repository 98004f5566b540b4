//! Gives a program its inputs by name.
//! Graphs are built from named inputs; jobs know tensors by the same names.

use crate::objective::Rows;
use crate::store::{Group, Normalization, Store, Weights};
use crate::{ModelError, Result, definition::leaf_name};
use std::collections::HashMap;
use thalweg_engine::{Program, Tensor};
use thalweg_graph::{Builder, DType, Graph, Leaves, Var};

/// Tensors by input name.
#[derive(Clone, Default)]
pub struct Bindings {
    tensors: HashMap<String, Tensor>,
}

impl Bindings {
    /// Nothing bound.
    pub fn new() -> Bindings {
        Bindings::default()
    }

    /// Binds one name.
    pub fn set(&mut self, name: impl Into<String>, tensor: Tensor) {
        self.tensors.insert(name.into(), tensor);
    }

    /// Binds a scalar i64.
    pub fn set_i64(&mut self, name: &str, value: i64) -> Result<()> {
        self.set(name, Tensor::from_i64(vec![value], &[])?);
        Ok(())
    }

    /// Binds `prefix` or `prefix.<leaf>`.
    pub fn set_leaves(&mut self, prefix: &str, leaves: &Leaves<Tensor>) {
        for (name, tensor) in leaves.iter() {
            self.set(leaf_name(prefix, name), tensor.clone());
        }
    }

    /// Binds `x`, and `x0`, `condition`, `weight` and `energy` where there are any.
    pub fn set_rows(&mut self, rows: &Rows) {
        self.set_leaves("x", &rows.x);
        for (name, leaves) in [("x0", &rows.x0), ("condition", &rows.condition)] {
            if let Some(leaves) = leaves {
                self.set_leaves(name, leaves);
            }
        }
        if let Some(weight) = &rows.weight {
            self.set("weight", weight.clone());
        }
        if let Some(candidates) = &rows.candidates {
            self.set("energy", candidates.numbers().clone());
        }
    }

    /// Binds the flat parameters.
    pub fn set_parameters(&mut self, flat: &[Tensor; 3]) {
        self.set_parameters_at("", flat);
    }

    /// Binds another model's flat parameters, whose inputs begin with `prefix`.
    pub fn set_parameters_at(&mut self, prefix: &str, flat: &[Tensor; 3]) {
        for group in Group::ALL {
            self.set(format!("{prefix}{}", group.input()), flat[group as usize].clone());
        }
    }

    /// Binds the parameters that `weights` names, and the normalisation.
    pub fn set_store(&mut self, store: &Store, weights: Weights) {
        self.set_parameters(&store.flat(weights));
        self.set_normalization(store.normalization.as_ref());
    }

    /// Binds `norm.<k>.mean` and `norm.<k>.std`.
    pub fn set_normalization(&mut self, normalization: Option<&Normalization>) {
        for (k, (mean, std)) in normalization.iter().flat_map(|n| n.leaves.iter().enumerate()) {
            self.set(format!("norm.{k}.mean"), mean.clone());
            self.set(format!("norm.{k}.std"), std.clone());
        }
    }

    /// Runs a program whose source is `graph`. Bindings of inputs in `moved` are given away, so that the program may
    /// overwrite them.
    ///
    /// # Errors
    /// `InternalError` for an unbound input, or those of the run.
    pub fn run(&mut self, program: &Program, inputs: &[String], moved: &[String]) -> Result<Vec<Tensor>> {
        let values = self.values(inputs, moved)?;
        Ok(program.run(values)?)
    }

    /// As [`Bindings::run`], for state of which the caller keeps one more handle until the run has succeeded.
    pub fn update(&mut self, program: &Program, inputs: &[String], moved: &[String]) -> Result<Vec<Tensor>> {
        let values = self.values(inputs, moved)?;
        Ok(program.run_keeping(values)?)
    }

    /// The tensors of `inputs`; those that are `moved` are given up.
    fn values(&mut self, inputs: &[String], moved: &[String]) -> Result<Vec<Tensor>> {
        let mut values = Vec::with_capacity(inputs.len());
        for name in inputs {
            let found = if moved.contains(name) { self.tensors.remove(name) } else { self.tensors.get(name).cloned() };
            values.push(found.ok_or_else(|| ModelError::new("InternalError", format!("program input {name} is not bound")))?);
        }
        Ok(values)
    }
}

/// Names of a graph's inputs, in order.
pub fn names(graph: &Graph) -> Vec<String> {
    graph.inputs.iter().map(|i| i.name.clone()).collect()
}

/// Data in the model's units: (x − mean) / std, if the model has a normalisation.
pub fn normalize<'g>(b: &'g Builder, x: &Leaves<Var<'g>>, on: bool) -> Leaves<Var<'g>> {
    affine(b, x, on, |x, mean, std| (x - mean) / std)
}

/// Data in the user's units: x · std + mean.
pub fn denormalize<'g>(b: &'g Builder, x: &Leaves<Var<'g>>, on: bool) -> Leaves<Var<'g>> {
    affine(b, x, on, |x, mean, std| x * std + mean)
}

fn affine<'g>(b: &'g Builder, x: &Leaves<Var<'g>>, on: bool, f: impl Fn(Var<'g>, Var<'g>, Var<'g>) -> Var<'g>) -> Leaves<Var<'g>> {
    if !on {
        return x.clone();
    }
    let mut k = 0;
    x.map(|x| {
        let shape = x.shape();
        let input = |what: &str| b.input(&format!("norm.{k}.{what}"), x.dtype(), shape.get(1..).unwrap_or(&[]));
        let out = f(*x, input("mean"), input("std"));
        k += 1;
        out
    })
}

/// Declares `random.seed` and `random.counter`.
pub fn random_inputs(b: &Builder) -> (Var<'_>, Var<'_>) {
    (b.input("random.seed", DType::I64, &[]), b.input("random.counter", DType::I64, &[]))
}
