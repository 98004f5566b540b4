//! PyTorch's `.pt` files: a zip archive with one pickle (`data.pkl`) and one entry per storage.
//! A pickle is a program; ours is interpreted in a loop that builds data and can call nothing.
//!
//! bytes → [`archive`] (zip directory) → [`opcode`] → [`machine`] (stack, memo) with [`globals`] (what may
//! be named) → [`storage`] (bytes of tensors) → [`value`] (the tree) → [`state_dict`] (names of a model).
//! Every stage counts against [`limits`], so that memory stays within a constant factor of the file.
//!
//! Format: PyTorch's `torch/csrc/jit/serialization` and `torch/serialization.py` (zip layout since 1.6),
//! Python's `pickletools` (opcodes).

mod archive;
mod globals;
mod limits;
mod machine;
mod opcode;
mod state_dict;
mod storage;
mod value;

use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

pub use state_dict::state_dict;
pub use value::{Key, Value};

use self::archive::Archive;
use crate::error::{Result, shown_path};
use crate::file::open_regular;
use crate::tensors::Tensors;

/// Reads everything in a `.pt` file written by `torch.save`: the tree of its dicts, lists, tensors,
/// numbers and strings.
///
/// Refused, with an error that says what: files of PyTorch's format before 1.6, TorchScript archives,
/// compressed, overlapping or duplicate entries, a pickle that names anything but what state dicts need,
/// and anything deeper, longer or larger than the limits.
pub fn read_pt(path: impl AsRef<Path>) -> Result<Value> {
    let path = path.as_ref();
    let (file, length) = open_regular(path)?;
    read(BufReader::new(file), length, &shown_path(path))
}

/// Reads a `.pt` file that is already in memory; `source` names it in errors.
pub fn parse_pt(bytes: &[u8], source: &str) -> Result<Value> {
    read(Cursor::new(bytes), bytes.len() as u64, source)
}

/// Reads the model's tensors from a `.pt` file: [`read_pt`], then [`state_dict`].
pub fn read_state_dict(path: impl AsRef<Path>) -> Result<Tensors> {
    let path = path.as_ref();
    state_dict(&read_pt(path)?, &shown_path(path))
}

fn read<R: Read + Seek>(reader: R, length: u64, path: &str) -> Result<Value> {
    let mut archive = Archive::open(reader, length, path)?;
    let pickle = archive.pickle()?;
    let heap = machine::run(&pickle, length, path)?;
    let tensors = storage::materialise(&mut archive, &heap)?;
    value::expand(&heap, &tensors, length, path)
}
