//! Saving of a checkpoint folder: stage, commit, publish; see the module above for why.
//! Each step reports itself, so that tests can fail or kill a save at every one of them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::lock;
use super::manifest::{Manifest, check_names};
use super::{MANIFEST, STAGING};
use crate::atomic::sync_folder;
use crate::error::{CheckpointError, Result, shown_path};

/// Bytes written between two reports.
const CHUNK: usize = 1 << 20;

/// What a save is about to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SaveStep<'a> {
    /// The folder is locked; what a crashed save left is about to be finished or removed.
    Recover,
    /// `written` of `total` bytes of the file are staged; more, or their sync, comes next.
    Stage {
        /// Name of the file.
        name: &'a str,
        /// Bytes written so far.
        written: usize,
        /// Size of the file in bytes.
        total: usize,
    },
    /// All files are staged and synced; the next step makes the new checkpoint the valid one.
    Commit,
    /// The file is about to be moved into the folder.
    Publish {
        /// Name of the file.
        name: &'a str,
    },
    /// A file of the old checkpoint that the new one lacks is about to be removed.
    Remove {
        /// Name of the file.
        name: &'a str,
    },
    /// The manifest is about to be moved into the folder.
    Finish,
    /// The staging folder is about to be removed.
    Clean,
}

/// Told each step before it happens; its error stops the save.
type Observe<'a> = &'a mut dyn FnMut(SaveStep<'_>) -> io::Result<()>;

/// Saves `files` (name, bytes) as the checkpoint in `folder`, which is created if needed.
///
/// After a success the folder holds exactly these files of a checkpoint, beside any other files of the
/// user; after an error or a crash, [`load_folder`](super::load_folder) returns the old checkpoint or the
/// new one, whole. Names are plain file names ending in `.json` or `.safetensors`. Waits for another
/// writer of the folder.
pub fn save_folder<N, B>(folder: impl AsRef<Path>, files: &[(N, B)]) -> Result<()>
where
    N: AsRef<str>,
    B: AsRef<[u8]>,
{
    save_folder_observed(folder, files, &mut |_| Ok(()))
}

/// [`save_folder`] that calls `observe` before each step; an error from it stops the save there, as a
/// full disk would.
pub fn save_folder_observed<N, B>(
    folder: impl AsRef<Path>,
    files: &[(N, B)],
    observe: &mut dyn FnMut(SaveStep<'_>) -> io::Result<()>,
) -> Result<()>
where
    N: AsRef<str>,
    B: AsRef<[u8]>,
{
    let folder = folder.as_ref();
    let files: Vec<(&str, &[u8])> = files.iter().map(|(n, b)| (n.as_ref(), b.as_ref())).collect();
    check_names(files.iter().map(|(name, _)| *name)).map_err(|(name, expected)| {
        let problem = format!("the file name {name} is refused");
        CheckpointError::saving(shown_path(folder), problem).with(expected, name)
    })?;
    if files.is_empty() {
        return Err(CheckpointError::saving(shown_path(folder), "no files were given").with("at least one file", "none"));
    }
    create(folder)?;
    let failed = |error| CheckpointError::save_io(folder, "save the checkpoint", &error);
    let _lock = lock::exclusive(folder).map_err(|error| CheckpointError::save_io(folder, "lock the folder", &error))?;
    observe(SaveStep::Recover).map_err(failed)?;
    recover(folder, observe)?;
    let new = Manifest::of(&files);
    stage(folder, &files, &new, observe).map_err(|error| if committed(folder) { unfinished(error, folder) } else { failed(error) })?;
    publish(folder, &new, observe).map_err(|error| unfinished(error, folder))
}

fn create(folder: &Path) -> Result<()> {
    if folder.exists() && !folder.is_dir() {
        return Err(CheckpointError::saving(shown_path(folder), "a file is in place of the folder").with("a folder", "a file"));
    }
    fs::create_dir_all(folder).map_err(|error| CheckpointError::save_io(folder, "create the folder", &error))
}

/// Finishes a save that was committed, or removes one that was not.
fn recover(folder: &Path, observe: Observe<'_>) -> Result<()> {
    let staging = folder.join(STAGING);
    match Manifest::read(&staging) {
        Ok(Some(staged)) => publish(folder, &staged, observe).map_err(|error| unfinished(error, folder)),
        Ok(None) => remove_staging(&staging).map_err(|error| CheckpointError::save_io(folder, "remove an unfinished save", &error)),
        Err(error) => {
            let problem = format!("an earlier save left a damaged {MANIFEST} (delete the folder to save anew)");
            Err(CheckpointError::saving(shown_path(&staging), problem).with("a manifest", error.message))
        }
    }
}

/// Whether a complete new checkpoint is staged.
fn committed(folder: &Path) -> bool {
    folder.join(STAGING).join(MANIFEST).exists()
}

fn remove_staging(staging: &Path) -> io::Result<()> {
    match fs::remove_dir_all(staging) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes and syncs all files under the staging folder, then commits them by its manifest.
fn stage(folder: &Path, files: &[(&str, &[u8])], new: &Manifest, observe: Observe<'_>) -> io::Result<()> {
    let staging = folder.join(STAGING);
    fs::create_dir(&staging)?;
    let staged = stage_files(&staging, files, observe)
        .and_then(|()| sync_folder(&staging))
        .and_then(|()| sync_folder(folder))
        .and_then(|()| observe(SaveStep::Commit))
        .and_then(|()| new.write(&staging));
    if staged.is_err() && !committed(folder) {
        // The first error says why the save failed; what stays behind is removed by the next save.
        let _ = remove_staging(&staging);
    }
    staged
}

fn stage_files(staging: &Path, files: &[(&str, &[u8])], observe: Observe<'_>) -> io::Result<()> {
    for &(name, bytes) in files {
        let mut file = File::create_new(staging.join(name))?;
        let (mut written, total) = (0, bytes.len());
        for chunk in bytes.chunks(CHUNK) {
            observe(SaveStep::Stage { name, written, total })?;
            file.write_all(chunk)?;
            written += chunk.len();
        }
        observe(SaveStep::Stage { name, written, total })?;
        file.sync_all()?;
    }
    Ok(())
}

/// Moves a committed checkpoint from the staging folder into `folder`; may be repeated from any point.
fn publish(folder: &Path, new: &Manifest, observe: Observe<'_>) -> io::Result<()> {
    let staging = folder.join(STAGING);
    let new = &new.files;
    // A damaged manifest is no old checkpoint: its files stay, and the new manifest does not list them.
    let old = Manifest::read(folder).ok().flatten().map_or_else(Vec::new, |manifest| manifest.files);
    for record in new {
        let from = staging.join(&record.name);
        if from.exists() {
            observe(SaveStep::Publish { name: &record.name })?;
            fs::rename(from, folder.join(&record.name))?;
        }
    }
    for record in old.iter().filter(|old| new.iter().all(|new| new.name != old.name)) {
        observe(SaveStep::Remove { name: &record.name })?;
        match fs::remove_file(folder.join(&record.name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    sync_folder(&staging)?;
    sync_folder(folder)?;
    observe(SaveStep::Finish)?;
    fs::rename(staging.join(MANIFEST), folder.join(MANIFEST))?;
    sync_folder(folder)?;
    observe(SaveStep::Clean)?;
    remove_staging(&staging)
}

/// The error of a save that failed after it was committed.
fn unfinished(error: io::Error, folder: &Path) -> CheckpointError {
    let mut out = CheckpointError::save_io(folder, "move the new files into place", &error);
    out.message = format!(
        "cannot move the new files into place: {error}. The new checkpoint is complete under {STAGING}; \
         it will be loaded, and the next save finishes the move."
    );
    out
}
