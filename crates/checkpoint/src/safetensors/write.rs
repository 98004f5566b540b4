//! Writing of safetensors, with the same bytes for the same tensors on every run.
//! The `safetensors` crate writes metadata in the order of a randomly seeded map, so the header is ours.

use std::cmp::Reverse;
use std::path::Path;

use safetensors::tensor::TensorInfo;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::header::{LONGEST, METADATA, PREFIX};
use crate::atomic::write_file;
use crate::error::{CheckpointError, Result, grouped};
use crate::tensor::NamedTensor;
use crate::tensors::Tensors;

/// Writes `tensors` and their metadata to `path`, whole or not at all.
pub fn write_safetensors(path: impl AsRef<Path>, tensors: &Tensors) -> Result<()> {
    write_file(path, &safetensors_bytes(tensors)?)
}

/// The bytes of a safetensors file with these tensors and their metadata.
///
/// Tensors of wider elements come first and otherwise in their order, so that every tensor is aligned to
/// its element. Equal input gives equal bytes. A tensor called `__metadata__`, or one whose bytes do not
/// fill its shape, is an error.
pub fn safetensors_bytes(tensors: &Tensors) -> Result<Vec<u8>> {
    let mut ordered: Vec<&NamedTensor> = tensors.iter().collect();
    ordered.sort_by_key(|tensor| Reverse(tensor.dtype.size()));
    let mut offset = 0;
    let mut entries = Vec::with_capacity(ordered.len());
    for tensor in &ordered {
        check(tensor, tensors.source())?;
        let end = offset + tensor.data.len();
        let (dtype, shape) = (tensor.dtype.to_safetensors(), tensor.shape.clone());
        entries.push((tensor.name.as_str(), TensorInfo { dtype, shape, data_offsets: (offset, end) }));
        offset = end;
    }
    let mut header = serde_json::to_vec(&Header { tensors, entries }).map_err(|error| CheckpointError::saving(tensors.source(), error))?;
    header.resize(header.len().next_multiple_of(PREFIX as usize), b' ');
    if header.len() as u64 > LONGEST {
        let problem = "the header would be too long to be read back";
        return Err(CheckpointError::saving(tensors.source(), problem)
            .with(format!("at most {} bytes", grouped(LONGEST)), format!("{} bytes", grouped(header.len() as u64))));
    }
    let mut bytes = Vec::with_capacity(PREFIX as usize + header.len() + offset);
    bytes.extend_from_slice(&(header.len() as u64).to_le_bytes());
    bytes.append(&mut header);
    for tensor in ordered {
        bytes.extend_from_slice(&tensor.data);
    }
    Ok(bytes)
}

fn check(tensor: &NamedTensor, source: &str) -> Result<()> {
    if tensor.name == METADATA {
        let problem = format!("a tensor cannot be called {METADATA}");
        return Err(CheckpointError::saving(source, problem).with("another name", METADATA));
    }
    if tensor.dtype.bytes(&tensor.shape) != Some(tensor.data.len()) {
        let problem = format!("tensor {}: its bytes do not fill its shape", tensor.name);
        return Err(CheckpointError::saving(source, problem)
            .with(format!("{} {:?}", tensor.dtype, tensor.shape), format!("{} bytes", tensor.data.len())));
    }
    Ok(())
}

/// The header as it is written: metadata first, by key, then the entries in the order of their bytes.
struct Header<'a> {
    tensors: &'a Tensors,
    entries: Vec<(&'a str, TensorInfo)>,
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if !self.tensors.metadata().is_empty() {
            map.serialize_entry(METADATA, self.tensors.metadata())?;
        }
        for (name, info) in &self.entries {
            map.serialize_entry(name, info)?;
        }
        map.end()
    }
}
