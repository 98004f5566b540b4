//! Opening and reading of files, with every length known before anything is allocated.
//! All readers of this crate go through it, so that none waits on a pipe or trusts a header's size.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::{CheckpointError, Result, grouped, shown_path};

/// Opens a regular file and says how long it is; a folder, a pipe or a device is an error.
pub(crate) fn open_regular(path: &Path) -> Result<(File, u64)> {
    let metadata = std::fs::metadata(path).map_err(|error| CheckpointError::load_io(path, "open it", &error))?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(CheckpointError::loading(shown_path(path), format!("it is {kind}, not a file")).with("a file", kind));
    }
    let file = File::open(path).map_err(|error| CheckpointError::load_io(path, "open it", &error))?;
    Ok((file, metadata.len()))
}

/// An empty buffer that can take `bytes` without growing; an allocation that fails is an error.
pub(crate) fn reserve(bytes: u64, path: &str) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    let reserved = usize::try_from(bytes).is_ok_and(|n| buffer.try_reserve_exact(n).is_ok());
    if reserved {
        return Ok(buffer);
    }
    let problem = format!("no memory for {} bytes", grouped(bytes));
    Err(CheckpointError::loading(path, problem).with("free memory", "an allocation that failed"))
}

/// Exactly `size` bytes of `reader`.
pub(crate) fn take(reader: &mut impl Read, size: u64, path: &str) -> Result<Vec<u8>> {
    let mut buffer = reserve(size, path)?;
    let read = reader.by_ref().take(size).read_to_end(&mut buffer);
    match read {
        Ok(n) if n as u64 == size => Ok(buffer),
        Ok(n) => Err(CheckpointError::loading(path, "the file became shorter while it was read")
            .with(format!("{} bytes", grouped(size)), format!("{} bytes", grouped(n as u64)))),
        Err(error) => Err(CheckpointError::loading(path, format!("cannot read it: {error}"))),
    }
}
