//! Reading of safetensors: length, header, then each tensor's bytes in the order of the file.
//! Nothing is allocated before the file is known to hold as much.

use std::io::{BufReader, Read};
use std::path::Path;

use super::header::{self, LONGEST, PREFIX};
use crate::error::{CheckpointError, Result, grouped, shown_path};
use crate::file::{open_regular, take};
use crate::tensor::NamedTensor;
use crate::tensors::Tensors;

/// Reads every tensor of a safetensors file, in the order of the file.
///
/// Memory stays within the file's size plus a small multiple of its header. A file that is truncated,
/// has bytes that no tensor owns, overlapping or out-of-range offsets, duplicate names or an unknown
/// element type is an error, and nothing is returned of it.
pub fn read_safetensors(path: impl AsRef<Path>) -> Result<Tensors> {
    let path = path.as_ref();
    let (file, length) = open_regular(path)?;
    read(BufReader::with_capacity(1 << 16, file), length, &shown_path(path))
}

/// Reads the tensors of a safetensors file that is already in memory; `source` names it in errors.
pub fn parse_safetensors(bytes: &[u8], source: &str) -> Result<Tensors> {
    read(bytes, bytes.len() as u64, source)
}

fn read(mut reader: impl Read, length: u64, path: &str) -> Result<Tensors> {
    let text = header_text(&mut reader, length, path)?;
    let data = length - PREFIX - text.len() as u64;
    let header = header::parse(&text, data, path)?;
    drop(text);
    let mut tensors = Tensors::from_source(path);
    *tensors.metadata_mut() = header.metadata;
    for entry in header.entries {
        let bytes = take(&mut reader, (entry.end - entry.begin) as u64, path)?;
        tensors.push(NamedTensor { name: entry.name, dtype: entry.dtype, shape: entry.shape, data: bytes })?;
    }
    Ok(tensors)
}

fn header_text(reader: &mut impl Read, length: u64, path: &str) -> Result<Vec<u8>> {
    if length < PREFIX {
        return Err(CheckpointError::loading(path, "the file is too short for a safetensors header")
            .with(format!("at least {PREFIX} bytes"), format!("{length} bytes")));
    }
    let prefix = take(reader, PREFIX, path)?;
    let size = u64::from_le_bytes(prefix.try_into().expect("take returns as many bytes as asked"));
    if size > LONGEST {
        let problem = format!("its header claims {} bytes", grouped(size));
        return Err(
            CheckpointError::loading(path, problem).with(format!("at most {} bytes", grouped(LONGEST)), format!("{} bytes", grouped(size)))
        );
    }
    if size > length - PREFIX {
        return Err(header::truncated(PREFIX + size, length, path));
    }
    take(reader, size, path)
}
