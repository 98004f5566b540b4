//! The manifest of a checkpoint folder: which files belong together, with their sizes and checksums.
//! It is the commit record of a save and the first thing that a load reads.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::MANIFEST;
use crate::atomic::replace;
use crate::error::{CheckpointError, Result, shown, shown_path};
use crate::file::{open_regular, take};

/// Version of the layout that this crate writes.
const VERSION: u32 = 1;

/// Longest manifest accepted, in bytes.
const LONGEST: u64 = 1 << 20;

/// The files of one checkpoint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    version: u32,
    pub files: Vec<Record>,
}

/// One file of a checkpoint.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub name: String,
    pub bytes: u64,
    pub crc32: u32,
}

impl Manifest {
    /// The manifest of `files`.
    pub(super) fn of(files: &[(&str, &[u8])]) -> Self {
        let record =
            |&(name, bytes): &(&str, &[u8])| Record { name: name.to_owned(), bytes: bytes.len() as u64, crc32: crc32fast::hash(bytes) };
        Self { version: VERSION, files: files.iter().map(record).collect() }
    }

    /// The manifest of `folder`; `None` where there is none.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>> {
        let path = folder.join(MANIFEST);
        let there = path.try_exists().map_err(|error| CheckpointError::load_io(&path, "look for it", &error))?;
        if !there {
            return Ok(None);
        }
        let shown_as = shown_path(&path);
        let (mut file, length) = open_regular(&path)?;
        if length > LONGEST {
            return Err(CheckpointError::loading(shown_as, "the manifest is too long")
                .with(format!("at most {LONGEST} bytes"), format!("{length} bytes")));
        }
        let text = take(&mut file, length, &shown_as)?;
        let manifest: Self = serde_json::from_slice(&text).map_err(|error| {
            let problem = format!("the manifest cannot be read: {}", shown(&error.to_string()));
            CheckpointError::loading(shown_as.as_str(), problem)
        })?;
        if manifest.version != VERSION {
            return Err(CheckpointError::loading(shown_as, "the manifest's version is unknown")
                .with(VERSION.to_string(), manifest.version.to_string()));
        }
        let names = manifest.files.iter().map(|record| record.name.as_str());
        check_names(names).map_err(|(name, expected)| {
            CheckpointError::loading(shown_as, format!("the file name {name} is refused")).with(expected, name)
        })?;
        Ok(Some(manifest))
    }

    /// Writes the manifest into `folder` by one rename.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self).map_err(io::Error::other)?;
        text.push(b'\n');
        replace(&folder.join(MANIFEST), |file| file.write_all(&text))
    }
}

/// Checks that names are plain file names of a checkpoint, each once; on refusal the name and the rule.
pub(super) fn check_names<'a>(names: impl Iterator<Item = &'a str>) -> std::result::Result<(), (String, &'static str)> {
    let mut seen = HashSet::new();
    for name in names {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let typed = name.ends_with(".json") || name.ends_with(".safetensors");
        if !typed || name.starts_with('.') || name.len() > 100 || !name.chars().all(plain) {
            let rule = "a name of ASCII letters, digits, '.', '_' and '-' that ends in .json or .safetensors";
            return Err((shown(name), rule));
        }
        if name == MANIFEST {
            return Err((shown(name), "another name: the manifest is written by the save itself"));
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err((shown(name), "names that differ in more than case"));
        }
    }
    Ok(())
}
