//! Checkpoint files: safetensors, checkpoint folders, and a bounded reader of PyTorch's `.pt` archives.
//! Files in, named tensors out; the crate knows no graph and no engine.
//!
//! - [`read_safetensors`], [`write_safetensors`]: one file of [`Tensors`].
//! - [`save_folder`], [`load_folder`]: several files that change together or not at all.
//! - [`read_pt`], [`state_dict`], [`read_state_dict`]: what PyTorch saved.
//! - [`write_file`], [`canonical_json`]: what the layers above need to write files of their own.
//!
//! A load returns everything or an error; memory stays within a constant factor of the file's size, also
//! for hostile files.
//!
//! ```
//! use thalweg_checkpoint::{NamedTensor, Tensors, load_folder, safetensors_bytes, save_folder};
//!
//! let mut tensors = Tensors::default();
//! tensors.push(NamedTensor::from_f32("weight", &[2], &[1.0, 2.0]).unwrap()).unwrap();
//! let model = safetensors_bytes(&tensors).unwrap();
//!
//! let folder = tempfile::tempdir().unwrap();
//! save_folder(folder.path(), &[("config.json", b"{}\n".as_slice()), ("model.safetensors", &model)])
//!     .unwrap();
//! let loaded = load_folder(folder.path()).unwrap().tensors("model.safetensors").unwrap();
//! assert_eq!(loaded.require("weight").unwrap().to_f32().unwrap(), [1.0, 2.0]);
//! ```

mod atomic;
mod dtype;
mod error;
mod file;
mod folder;
mod json;
mod pt;
mod safetensors;
mod tensor;
mod tensors;

pub use atomic::{write_file, write_file_with};
pub use dtype::DType;
pub use error::{CODE, CheckpointError, Result};
pub use folder::{Files, MANIFEST, SaveStep, load_folder, save_folder, save_folder_observed};
pub use json::canonical_json;
pub use pt::{Key, Value, parse_pt, read_pt, read_state_dict, state_dict};
pub use safetensors::{parse_safetensors, read_safetensors, safetensors_bytes, write_safetensors};
pub use tensor::NamedTensor;
pub use tensors::Tensors;
