//! Checkpoints: a folder with the config, the parameters, their moving average and the training state.
//! Written whole or not at all by the checkpoint crate; read in full and checked before anything changes.

use crate::ordered::Ordered;
use crate::posthoc::{PosthocEma, Snapshot, Tracked};
use crate::store::{Group, Normalization, Store};
use crate::{Definition, ModelConfig, ModelError, Result};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::path::Path;
use thalweg_checkpoint::{
    CheckpointError, DType as FileType, Files, MANIFEST, NamedTensor, Tensors, load_folder, safetensors_bytes, save_folder,
};
use thalweg_engine::Tensor;
use thalweg_graph::{DType, count};

const CONFIG: &str = "config.json";
const MODEL: &str = "model.safetensors";
const EMA: &str = "ema.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const POSTHOC: &str = "posthoc.safetensors";
const TRAINING: &str = "training.json";
/// The version of the folder's layout.
const FORMAT: u32 = 1;

/// What the config file holds.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    /// The class of the model.
    model: String,
    config: Ordered,
}

/// What the training file holds.
#[derive(Serialize, Deserialize)]
struct Training {
    step: i64,
    #[serde(default)]
    energy_step: i64,
    normalization: Option<Vec<Scales>>,
    #[serde(default)]
    source_is_data: bool,
    options: Option<serde_json::Value>,
    /// What is tracked for later averages, and the steps of the snapshots.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    posthoc: Option<Posthoc>,
}

#[derive(Serialize, Deserialize)]
struct Posthoc {
    settings: PosthocEma,
    steps: Vec<i64>,
}

#[derive(Serialize, Deserialize)]
struct Scales {
    mean: Vec<f64>,
    std: Vec<f64>,
}

impl From<CheckpointError> for ModelError {
    fn from(e: CheckpointError) -> Self {
        let mut error = ModelError::new("CheckpointError", e.to_string());
        error.expected = Some(e.expected).filter(|s| !s.is_empty());
        error.got = Some(e.got).filter(|s| !s.is_empty());
        error
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| ModelError::new("InternalError", e.to_string()))
}

fn file_type(dtype: DType) -> FileType {
    if dtype == DType::F64 { FileType::F64 } else { FileType::F32 }
}

fn entry(name: &str, tensor: &Tensor) -> Result<NamedTensor> {
    let shape = &tensor.ty().shape;
    Ok(match tensor.ty().dtype {
        DType::F64 => NamedTensor::from_f64(name, shape, &tensor.to_f64_vec()?)?,
        _ => NamedTensor::from_f32(name, shape, &tensor.to_f32_vec()?)?,
    })
}

/// Parameters under their names.
fn named(definition: &Definition, flat: &[Tensor; 3]) -> Result<Tensors> {
    let mut out = Tensors::default();
    for (spec, tensor) in definition.layout().specs().iter().zip(definition.layout().unflatten(flat)?) {
        out.push(entry(&spec.name, &tensor)?)?;
    }
    Ok(out)
}

/// Writes the folder of a model with this config.
pub fn save(dir: &Path, config: &ModelConfig, definition: &Definition, store: &Store) -> Result<()> {
    let header = Header { format: FORMAT, model: config.class().into(), config: config.to_json()? };
    let scales = |n: &Normalization| -> Result<Vec<Scales>> {
        n.leaves.iter().map(|(mean, std)| Ok(Scales { mean: mean.to_f64_vec()?, std: std.to_f64_vec()? })).collect()
    };
    let training = Training {
        step: store.step,
        energy_step: store.energy_step,
        normalization: store.normalization.as_ref().map(scales).transpose()?,
        source_is_data: store.source_is_data,
        posthoc: store.posthoc.as_ref().map(|t| Posthoc {
            settings: t.settings.clone(),
            steps: t.snapshots.iter().filter(|s| s.which == 0).map(|s| s.step).collect(),
        }),
        options: store.training.as_ref().and_then(|text| serde_json::from_str(text).ok()),
    };
    let mut files = vec![
        (CONFIG.to_string(), json(&header)?),
        (TRAINING.to_string(), json(&training)?),
        (MODEL.to_string(), safetensors_bytes(&named(definition, &store.parameters)?)?),
    ];
    if let Some([a, b]) = &store.ema {
        let flat = [a.clone(), b.clone(), store.parameters[2].clone()];
        files.push((EMA.to_string(), safetensors_bytes(&named(definition, &flat)?)?));
    }
    if !store.optimizer.is_empty() {
        let mut tensors = Tensors::default();
        let mut names: Vec<&String> = store.optimizer.keys().collect();
        names.sort();
        for name in names {
            for (group, buffer) in Group::TRAINED.iter().zip(&store.optimizer[name]) {
                tensors.push(entry(&format!("{name}.{group:?}").to_lowercase(), buffer)?)?;
            }
        }
        files.push((OPTIMIZER.to_string(), safetensors_bytes(&tensors)?));
    }
    if let Some(tracked) = &store.posthoc {
        let mut tensors = Tensors::default();
        for (name, average) in averages(tracked) {
            for (group, buffer) in Group::TRAINED.iter().zip(average) {
                tensors.push(entry(&format!("{name}.{group:?}").to_lowercase(), buffer)?)?;
            }
        }
        files.push((POSTHOC.to_string(), safetensors_bytes(&tensors)?));
    }
    let listed: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    Ok(save_folder(dir, &listed)?)
}

/// The averages that are tracked, by name: the present ones, then the snapshots.
fn averages(tracked: &Tracked) -> impl Iterator<Item = (String, &[Tensor; 2])> {
    let now = tracked.averages.iter().enumerate().map(|(k, average)| (format!("now.{k}"), average));
    now.chain(tracked.snapshots.iter().map(|s| (format!("{}.{}", s.step, s.which), &s.average)))
}

fn tracked(definition: &Definition, tensors: &Tensors, saved: Posthoc) -> Result<Tracked> {
    let layout = definition.layout();
    saved.settings.validate().map_err(|e| {
        ModelError::expected("CheckpointError", format!("{TRAINING}: {}. Nothing was loaded", e.message), "settings", "others")
    })?;
    let count = saved.settings.sigma_rel.len();
    let names: Vec<String> = ["now".to_string()].into_iter().chain(saved.steps.iter().map(i64::to_string)).collect();
    let names: Vec<String> = names.iter().flat_map(|name| (0..count).map(move |k| format!("{name}.{k}"))).collect();
    let buffer = |name: &str, group: Group| format!("{name}.{group:?}").to_lowercase();
    let expected: Vec<(String, Vec<usize>, FileType)> =
        names.iter().flat_map(|name| Group::TRAINED.map(|g| (buffer(name, g), vec![layout.size(g)], file_type(layout.dtype())))).collect();
    tensors.check_against(&expected)?;
    let read = |name: &str, group: Group| tensor(tensors.require(&buffer(name, group))?, layout.dtype());
    let average = |name: String| -> Result<[Tensor; 2]> { Ok([read(&name, Group::Decayed)?, read(&name, Group::Undecayed)?]) };
    let averages = (0..count).map(|k| average(format!("now.{k}"))).collect::<Result<_>>()?;
    let places = saved.steps.iter().flat_map(|&step| (0..count).map(move |which| (step, which)));
    let snapshot = |(step, which): (i64, usize)| Ok(Snapshot { step, which, average: average(format!("{step}.{which}"))? });
    let snapshots = places.map(snapshot).collect::<Result<_>>()?;
    Ok(Tracked { settings: saved.settings, averages, snapshots })
}

/// The files of a checkpoint, whose sizes and checksums are known. A folder that lost its manifest cannot be checked, and is refused.
fn open(dir: &Path) -> Result<Files> {
    let files = load_folder(dir)?;
    if !dir.join(MANIFEST).is_file() && !dir.join(".saving").join(MANIFEST).is_file() {
        let expected = format!("{MANIFEST}, which a saved model has beside its other files");
        return Err(ModelError::expected(
            "CheckpointError",
            format!("{}: not a whole checkpoint. Nothing was loaded", dir.display()),
            expected,
            "none",
        ));
    }
    Ok(files)
}

/// The config of a saved model, with its class.
///
/// # Errors
/// `CheckpointError`.
pub fn read_config(dir: &Path) -> Result<ModelConfig> {
    let header = header(&open(dir)?, dir)?;
    ModelConfig::parse(&header.model, &header.config.to_string())
        .map_err(|e| ModelError::expected("CheckpointError", dir.join(CONFIG).display().to_string(), "the config of a model", e.message))
}

fn header(files: &Files, dir: &Path) -> Result<Header> {
    let wrong = |what: String| {
        ModelError::expected(
            "CheckpointError",
            format!("{}", dir.join(CONFIG).display()),
            format!("a thalweg model of format {FORMAT}"),
            what,
        )
    };
    let header: Header = files.json(CONFIG)?;
    if header.format != FORMAT || !ModelConfig::NAMES.contains(&header.model.as_str()) {
        return Err(wrong(format!("{} of format {}", header.model, header.format)));
    }
    Ok(header)
}

/// Reads the folder into a store for `definition`.
pub fn load(dir: &Path, definition: &Definition) -> Result<Store> {
    let files = open(dir)?;
    let saved = header(&files, dir)?.model;
    if saved != definition.config().class() {
        let message = format!("{}: another kind of model. Nothing was loaded", dir.display());
        return Err(ModelError::expected("CheckpointError", message, definition.config().class(), saved));
    }
    let training: Training = files.json(TRAINING)?;
    if training.step < 0 || training.energy_step < 0 {
        let got = format!("{} and {}", training.step, training.energy_step);
        return Err(ModelError::expected("CheckpointError", format!("{TRAINING}. Nothing was loaded"), "numbers of steps ≥ 0", got));
    }
    let parameters = parameters(definition, &files, MODEL)?;
    let ema = if files.names().any(|n| n == EMA) {
        let [a, b, _] = parameters_of(definition, &files.tensors(EMA)?)?;
        Some([a, b])
    } else {
        None
    };
    let optimizer = if files.names().any(|n| n == OPTIMIZER) { buffers(definition, &files.tensors(OPTIMIZER)?)? } else { HashMap::new() };
    let normalization = training.normalization.map(|leaves| scales(definition, leaves)).transpose()?;
    let posthoc = training.posthoc.map(|saved| tracked(definition, &files.tensors(POSTHOC)?, saved)).transpose()?;
    let options = training.options.map(|value| value.to_string());
    Ok(Store {
        parameters,
        ema,
        posthoc,
        optimizer,
        step: training.step,
        energy_step: training.energy_step,
        version: 1,
        normalization,
        source_is_data: training.source_is_data,
        training: options,
    })
}

fn parameters(definition: &Definition, files: &Files, name: &str) -> Result<[Tensor; 3]> {
    parameters_of(definition, &files.tensors(name)?)
}

fn parameters_of(definition: &Definition, tensors: &Tensors) -> Result<[Tensor; 3]> {
    let layout = definition.layout();
    let expected: Vec<(String, Vec<usize>, FileType)> =
        layout.specs().iter().map(|s| (s.name.clone(), s.shape.clone(), file_type(layout.dtype()))).collect();
    tensors.check_against(&expected)?;
    let values: Result<Vec<Tensor>> = layout.specs().iter().map(|s| tensor(tensors.require(&s.name)?, layout.dtype())).collect();
    layout.flat(&values?)
}

/// A file's tensor as an engine tensor of `dtype`.
pub fn tensor(entry: &NamedTensor, dtype: DType) -> Result<Tensor> {
    Ok(match dtype {
        DType::F64 => Tensor::from_f64(entry.to_f64()?, &entry.shape)?,
        _ => Tensor::from_f32(entry.to_f32()?, &entry.shape)?,
    })
}

fn buffers(definition: &Definition, tensors: &Tensors) -> Result<HashMap<String, [Tensor; 2]>> {
    let layout = definition.layout();
    let mut out: HashMap<String, Vec<Tensor>> = HashMap::new();
    let mut names: Vec<String> = tensors.names().filter_map(|n| n.strip_suffix(".decayed").map(String::from)).collect();
    names.sort();
    let expected: Vec<(String, Vec<usize>, FileType)> = names
        .iter()
        .flat_map(|n| Group::TRAINED.map(|g| (format!("{n}.{g:?}").to_lowercase(), vec![layout.size(g)], file_type(layout.dtype()))))
        .collect();
    tensors.check_against(&expected)?;
    for (name, _, _) in &expected {
        let base = name.rsplit_once('.').map_or(name.as_str(), |(base, _)| base);
        out.entry(base.to_string()).or_default().push(tensor(tensors.require(name)?, layout.dtype())?);
    }
    let pair = |(name, list): (String, Vec<Tensor>)| -> Result<(String, [Tensor; 2])> {
        let pair = list.try_into().map_err(|_| ModelError::new("CheckpointError", format!("{OPTIMIZER}: {name} is incomplete")))?;
        Ok((name, pair))
    };
    out.into_iter().map(pair).collect()
}

fn scales(definition: &Definition, leaves: Vec<Scales>) -> Result<Normalization> {
    let fits = leaves.len() == definition.x().len()
        && leaves.iter().zip(definition.x().values()).all(|(s, shape)| s.mean.len() == count(shape) && s.std.len() == count(shape));
    if !fits {
        return Err(ModelError::new("CheckpointError", format!("{TRAINING}: the normalisation does not fit xSize. Nothing was loaded.")));
    }
    let sound = |s: &Scales| s.mean.iter().all(|m| m.is_finite()) && s.std.iter().all(|d| d.is_finite() && *d > 0.0);
    if !leaves.iter().all(sound) {
        let message = format!("{TRAINING}: the normalisation is damaged. Nothing was loaded");
        return Err(ModelError::expected("CheckpointError", message, "finite means and deviations > 0", "others"));
    }
    let one = |(s, shape): (Scales, &Vec<usize>)| -> Result<(Tensor, Tensor)> {
        Ok((crate::data::tensor_of(s.mean, shape, definition.dtype())?, crate::data::tensor_of(s.std, shape, definition.dtype())?))
    };
    Ok(Normalization { leaves: leaves.into_iter().zip(definition.x().values()).map(one).collect::<Result<_>>()? })
}

/// The named tensors of a `.pt` or `.safetensors` file.
///
/// # Errors
/// `CheckpointError`.
pub fn read_weights(file: &Path) -> Result<Tensors> {
    match file.extension().and_then(|e| e.to_str()) {
        Some("pt" | "pth" | "ckpt") => Ok(thalweg_checkpoint::read_state_dict(file)?),
        Some("safetensors") => Ok(thalweg_checkpoint::read_safetensors(file)?),
        other => Err(ModelError::expected(
            "CheckpointError",
            file.display().to_string(),
            "a file ending in .pt or .safetensors",
            format!("{other:?}"),
        )),
    }
}
