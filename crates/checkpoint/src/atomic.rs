//! One file, written whole or not at all: a temporary name beside it, synced, then renamed over it.
//! A reader, and a crash at any moment, sees the old file or the new one, never a part.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{CheckpointError, Result};

/// Tells apart the temporary files of one process.
static COUNTER: AtomicU64 = AtomicU64::new(0);

/// Writes `bytes` to `path`, replacing what is there; on an error what was there is unchanged.
///
/// The folder must exist. A symbolic link is replaced, not followed.
pub fn write_file(path: impl AsRef<Path>, bytes: &[u8]) -> Result<()> {
    write_file_with(path, |file| file.write_all(bytes))
}

/// Writes to `path` what `write` writes, replacing what is there, once `write` has returned `Ok`.
///
/// On an error, also one of `write`, what was there is unchanged and the temporary file is removed.
pub fn write_file_with(path: impl AsRef<Path>, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let path = path.as_ref();
    replace(path, write).map_err(|error| CheckpointError::save_io(path, "write it", &error))
}

/// The same with the bare I/O error, for callers that say more about it.
pub(crate) fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::new(ErrorKind::IsADirectory, "a folder has that name"));
    }
    let (temporary, mut file) = create_beside(path)?;
    write(&mut file)?;
    file.flush()?;
    file.sync_all()?;
    drop(file);
    temporary.rename_to(path)?;
    sync_folder(folder_of(path))
}

/// Makes the names in `folder` durable; on systems that cannot sync a folder, renames already are.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// The folder that holds `path`.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// A file that is removed unless it is renamed.
struct Temporary(Option<PathBuf>);

impl Temporary {
    fn rename_to(mut self, path: &Path) -> io::Result<()> {
        if let Some(from) = &self.0 {
            fs::rename(from, path)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // The write has already failed with an error of its own, which says more than this one.
            let _ = fs::remove_file(path);
        }
    }
}

/// A new file in the folder of `path` under a name that no other file has.
fn create_beside(path: &Path) -> io::Result<(Temporary, File)> {
    let name = path.file_name().ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "the path does not end in a file name"))?;
    loop {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        let n = COUNTER.fetch_add(1, Ordering::Relaxed);
        hidden.push(format!(".{}-{n}.tmp", std::process::id()));
        let beside = folder_of(path).join(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(file) => return Ok((Temporary(Some(beside)), file)),
            // Left behind by a killed process that had the same id.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}
