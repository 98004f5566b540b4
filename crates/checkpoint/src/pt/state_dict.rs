//! The model's tensors in a `.pt` tree: found under `model` or `state_dict`, their names freed of the
//! wrappers that PyTorch adds. Whatever would be left out is an error that lists it.

use std::collections::{HashMap, HashSet};

use super::limits;
use super::value::{Key, Value};
use crate::error::{CheckpointError, Result, shown};
use crate::tensors::{Tensors, listed};

/// Keys under which a training script keeps the model's state dict.
const MODEL: [&str; 3] = ["model", "state_dict", "model_state_dict"];

/// Keys beside it that are the state of a training, not of the model.
const TRAINING: [&str; 12] = [
    "optimizer",
    "optimizer_state_dict",
    "optim",
    "scheduler",
    "lr_scheduler",
    "scheduler_state_dict",
    "iteration",
    "iter",
    "epoch",
    "step",
    "global_step",
    "loss",
];

/// Names that `DataParallel`, `DistributedDataParallel` and `torch.compile` put around a module.
const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];

/// The tensors of the model in `value`, which came from the file `source`.
///
/// The state dict is `value` itself or is found under `model`, `state_dict` or `model_state_dict`, nested
/// any number of times. The state of a training beside it (`optimizer`, `iteration`, …) stays in `value`;
/// anything else beside it, and anything in it that is not a tensor, is an error that lists it.
///
/// A module whose only child is `module` or `_orig_mod` is a wrapper, at any level of a name: that part
/// is removed, so that `module._orig_mod.net.0.weight` becomes `net.0.weight`.
pub fn state_dict(value: &Value, source: &str) -> Result<Tensors> {
    let entries = find(value, source)?;
    let refuse = |what: &str, names: Vec<String>| {
        let problem = format!("{} {what}: {}", names.len(), listed(names));
        Err(CheckpointError::loading(source, problem).with("a dict of named tensors", what))
    };
    let (mut named, mut skipped) = (Vec::new(), Vec::new());
    for (key, value) in entries {
        match (key, value) {
            (Key::Str(name), Value::Tensor(tensor)) => named.push((&**name, tensor)),
            _ => skipped.push(format!("{key} ({})", value.kind())),
        }
    }
    if !skipped.is_empty() {
        return refuse("entries of the state dict are not tensors", skipped);
    }
    if named.is_empty() {
        return refuse("tensors in the state dict", Vec::new());
    }
    let long = |name: &str| name.len() > limits::NAME || name.split('.').count() > limits::DEPTH;
    let unfit: Vec<String> = named.iter().filter(|(n, _)| long(n)).map(|(n, _)| shown(n)).collect();
    if !unfit.is_empty() {
        return refuse("names are too long or nest too deep", unfit);
    }
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let mut tensors = Tensors::from_source(source);
    for (name, (_, tensor)) in unwrapped(&names).into_iter().zip(named) {
        let mut tensor = (**tensor).clone();
        tensor.name = name;
        tensors.push(tensor)?;
    }
    Ok(tensors)
}

/// The entries of the innermost state dict.
fn find<'a>(value: &'a Value, source: &str) -> Result<&'a [(Key, Value)]> {
    let mut value = value;
    loop {
        let Some(entries) = value.entries() else {
            return Err(CheckpointError::loading(source, "it holds no state dict").with("a dict of named tensors", value.kind()));
        };
        let is = |key: &Key, names: &[&str]| matches!(key, Key::Str(n) if names.contains(&&**n));
        let inner: Vec<&'a Value> =
            entries.iter().filter(|(key, value)| is(key, &MODEL) && value.entries().is_some()).map(|(_, value)| value).collect();
        let lost: Vec<String> = entries
            .iter()
            .filter(|(key, value)| !(is(key, &TRAINING) || is(key, &MODEL) && value.entries().is_some()))
            .map(|(key, value)| format!("{key} ({})", value.kind()))
            .collect();
        match inner.as_slice() {
            [] => return Ok(entries),
            [only] if lost.is_empty() => value = only,
            [_] => {
                let problem = format!("entries beside the model would be lost: {}", listed(lost));
                return Err(CheckpointError::loading(source, problem).with("a model and the state of its training", "more"));
            }
            _ => {
                return Err(CheckpointError::loading(source, "it holds several state dicts")
                    .with("one of model, state_dict, model_state_dict", "several"));
            }
        }
    }
}

/// `names` without the parts that are wrappers.
fn unwrapped(names: &[&str]) -> Vec<String> {
    // The children of every module that has a child called like a wrapper.
    let mut children: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (parent, part, _) in names.iter().flat_map(|name| parts(name)) {
        if WRAPPERS.contains(&part) {
            children.entry(parent).or_default();
        }
    }
    for (parent, part, _) in names.iter().flat_map(|name| parts(name)) {
        if let Some(siblings) = children.get_mut(parent) {
            siblings.insert(part);
        }
    }
    names
        .iter()
        .map(|name| {
            let kept: Vec<&str> = parts(name)
                .filter(|(parent, part, last)| {
                    *last || !WRAPPERS.contains(part) || children.get(parent).is_none_or(|siblings| siblings.len() > 1)
                })
                .map(|(_, part, _)| part)
                .collect();
            kept.join(".")
        })
        .collect()
}

/// The parts of a dotted name: what comes before, the part, and whether it is the last.
fn parts(name: &str) -> impl Iterator<Item = (&str, &str, bool)> {
    let mut begin = 0;
    std::iter::from_fn(move || {
        if begin > name.len() {
            return None;
        }
        let end = name[begin..].find('.').map_or(name.len(), |length| begin + length);
        let item = (&name[..begin], &name[begin..end], end == name.len());
        begin = end + 1;
        Some(item)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapper_is_a_module_whose_only_child_is_called_so() {
        let of = |names: &[&str]| unwrapped(names);
        assert_eq!(of(&["module.a.w", "module.b"]), ["a.w", "b"]);
        assert_eq!(of(&["module._orig_mod.a", "module._orig_mod.b.c"]), ["a", "b.c"]);
        assert_eq!(of(&["_orig_mod.module.a"]), ["a"]);
        assert_eq!(of(&["net._orig_mod.0.w", "net._orig_mod.0.b", "head.w"]), ["net.0.w", "net.0.b", "head.w"]);
        assert_eq!(of(&["net.module.w", "net.scale"]), ["net.module.w", "net.scale"]);
        assert_eq!(of(&["module.w", "n_averaged"]), ["module.w", "n_averaged"]);
        assert_eq!(of(&["module", "x.module"]), ["module", "x.module"]);
        assert_eq!(of(&["a..b", "", "."]), ["a..b", "", "."]);
    }
}
