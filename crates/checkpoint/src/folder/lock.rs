//! The lock of a checkpoint folder: one writer or many readers, released by the system when they die.
//! It is a lock on an empty file, because a lock on a folder does not exist on every system.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::LOCK;

/// Held until dropped.
pub(super) struct Lock {
    _file: File,
}

/// Waits until no other writer and no reader uses `folder`.
pub(super) fn exclusive(folder: &Path) -> io::Result<Lock> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(folder.join(LOCK))?;
    file.lock()?;
    Ok(Lock { _file: file })
}

/// Waits until no writer uses `folder`; `None` where no writer has ever been, or can be.
pub(super) fn shared(folder: &Path) -> io::Result<Option<Lock>> {
    let file = match File::open(folder.join(LOCK)) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.lock_shared() {
        Ok(()) => Ok(Some(Lock { _file: file })),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether a writer has been in `folder`.
pub(super) fn exists(folder: &Path) -> bool {
    folder.join(LOCK).exists()
}
