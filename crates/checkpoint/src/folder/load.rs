//! Loading of a checkpoint folder: the files of one save, each as long and with the checksum that its
//! manifest says, also when the save was interrupted or another process saves at the same time.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::lock;
use super::manifest::{Manifest, Record};
use super::{MANIFEST, STAGING};
use crate::error::{CheckpointError, Result, grouped, shown, shown_path};
use crate::file::{open_regular, take};
use crate::safetensors::{parse_safetensors, read_safetensors};
use crate::tensors::{Tensors, listed};

/// The files of one checkpoint, in memory.
#[derive(Clone, Debug)]
pub struct Files {
    folder: PathBuf,
    files: Vec<(String, Vec<u8>)>,
}

impl Files {
    /// The bytes of the file called `name`.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.iter().find(|(known, _)| known == name).map(|(_, bytes)| bytes.as_slice())
    }

    /// The bytes of the file called `name`, or an error that lists what there is.
    pub fn require(&self, name: &str) -> Result<&[u8]> {
        self.get(name).ok_or_else(|| {
            let problem = format!("the checkpoint has no file {}", shown(name));
            CheckpointError::loading(shown_path(&self.folder), problem).with(shown(name), listed(self.names().collect()))
        })
    }

    /// Names of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(name, _)| name.as_str())
    }

    /// The tensors of the safetensors file called `name`.
    pub fn tensors(&self, name: &str) -> Result<Tensors> {
        parse_safetensors(self.require(name)?, &shown_path(&self.folder.join(name)))
    }

    /// What the JSON file called `name` holds.
    pub fn json<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        serde_json::from_slice(self.require(name)?).map_err(|error| {
            let what = if error.is_data() { "it holds something else" } else { "it is not JSON" };
            let problem = format!("{what}: {}", shown(&error.to_string()));
            CheckpointError::loading(shown_path(&self.folder.join(name)), problem)
        })
    }
}

/// Reads the checkpoint in `folder`: every file of it, or an error.
///
/// With a manifest, the files are those that it lists, checked for size and checksum; without one (a
/// folder put together by hand), they are all `.json` and `.safetensors` files of the folder. Waits for a
/// writer of the folder to finish. Writes nothing.
pub fn load_folder(folder: impl AsRef<Path>) -> Result<Files> {
    let folder = folder.as_ref();
    if !folder.is_dir() {
        let got = if folder.exists() { "a file" } else { "nothing" };
        return Err(CheckpointError::loading(shown_path(folder), format!("there is {got}")).with("a checkpoint folder", got));
    }
    loop {
        let locked = lock::shared(folder).map_err(|error| CheckpointError::load_io(folder, "lock the folder", &error))?;
        let unlocked_folder = locked.is_none() && !lock::exists(folder);
        let files = read_files(folder);
        // The first writer of a folder creates the lock: if one came meanwhile, read again under it.
        if !(unlocked_folder && lock::exists(folder)) {
            return Ok(Files { folder: folder.to_owned(), files: files? });
        }
    }
}

fn read_files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let staging = folder.join(STAGING);
    if let Some(committed) = Manifest::read(&staging)? {
        return committed
            .files
            .into_iter()
            .map(|record| {
                let staged = staging.join(&record.name);
                let moved = folder.join(&record.name);
                read_listed(if staged.exists() { staged } else { moved }, record)
            })
            .collect();
    }
    match Manifest::read(folder)? {
        Some(manifest) => manifest.files.into_iter().map(|record| read_listed(folder.join(&record.name), record)).collect(),
        None => read_unlisted(folder),
    }
}

/// Reads a file that a manifest lists, and checks it.
fn read_listed(path: PathBuf, record: Record) -> Result<(String, Vec<u8>)> {
    let shown_as = shown_path(&path);
    if !path.exists() {
        return Err(CheckpointError::loading(shown_as, "the file is missing from the checkpoint")
            .with(format!("{} bytes", grouped(record.bytes)), "no file"));
    }
    let (mut file, length) = open_regular(&path)?;
    if length != record.bytes {
        if record.name.ends_with(".safetensors") {
            // A file cut short says so in its own header, which is the better explanation.
            read_safetensors(&path)?;
        }
        let (want, got) = (grouped(record.bytes), grouped(length));
        let problem = format!("{MANIFEST} says {want} bytes, file has {got}; {CHANGED}");
        return Err(CheckpointError::loading(shown_as, problem).with(format!("{want} bytes"), format!("{got} bytes")));
    }
    let bytes = take(&mut file, length, &shown_as)?;
    let crc32 = crc32fast::hash(&bytes);
    if crc32 != record.crc32 {
        let problem = format!("its checksum is not the one in {MANIFEST}; {CHANGED}");
        return Err(CheckpointError::loading(shown_as, problem).with(format!("CRC-32 {:08x}", record.crc32), format!("CRC-32 {crc32:08x}")));
    }
    Ok((record.name, bytes))
}

/// What to do about a file that does not fit its manifest.
const CHANGED: &str = "it is damaged or was changed after it was saved";

/// Reads the files of a folder that no manifest describes.
fn read_unlisted(folder: &Path) -> Result<Vec<(String, Vec<u8>)>> {
    let failed = |error| CheckpointError::load_io(folder, "list the folder", &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        let Some(name) = name.to_str() else { continue };
        let typed = name.ends_with(".json") || name.ends_with(".safetensors");
        if typed && !name.starts_with('.') {
            names.push(name.to_owned());
        }
    }
    if names.is_empty() {
        let problem = "there is no checkpoint in the folder";
        return Err(CheckpointError::loading(shown_path(folder), problem)
            .with("config.json and model.safetensors", "no .json and no .safetensors file"));
    }
    names.sort();
    names
        .into_iter()
        .map(|name| {
            let path = folder.join(&name);
            let (mut file, length) = open_regular(&path)?;
            Ok((name, take(&mut file, length, &shown_path(&path))?))
        })
        .collect()
}
