//! The zip archive of a `.pt` file: finds the one pickle and hands out entries, whole and checked.
//! The `zip` crate parses the directory; sizes, duplicates and overlaps are judged here.

use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use zip::read::{ArchiveOffset, Config};
use zip::{CompressionMethod, ZipArchive};

use super::limits;
use crate::error::{CheckpointError, Result, grouped, shown};
use crate::file::reserve;

/// First bytes of a zip archive.
const ZIP: [u8; 4] = *b"PK\x03\x04";

/// First byte of a bare pickle of protocol 2 or later, which is what PyTorch wrote before 1.6.
const BARE_PICKLE: u8 = 0x80;

/// How a user gets from a file that is refused to one that is read.
const CONVERT: &str = "load it in Python and save it again: \
                       torch.save(torch.load(old, map_location=\"cpu\"), new)";

/// An open archive.
pub(super) struct Archive<R> {
    zip: ZipArchive<Metered<R>>,
    /// The folder inside the archive that holds everything.
    root: String,
    length: u64,
    path: String,
}

impl<R: Read + Seek> Archive<R> {
    /// Opens an archive of `length` bytes and checks its directory.
    pub(super) fn open(mut reader: R, length: u64, path: &str) -> Result<Self> {
        check_signature(&mut reader, length, path)?;
        let budget = Rc::new(Cell::new(limits::DIRECTORY));
        let metered = Metered { inner: reader, budget: Rc::clone(&budget) };
        let config = Config { archive_offset: ArchiveOffset::Known(0) };
        let zip = ZipArchive::with_config(config, metered).map_err(|error| broken(path, &error.to_string()))?;
        budget.set(u64::MAX);
        let mut archive = Self { zip, root: String::new(), length, path: path.to_owned() };
        archive.check_entries()?;
        archive.root = archive.find_root()?;
        archive.check_kind()?;
        Ok(archive)
    }

    /// The file, as the caller named it.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The bytes of `data.pkl`.
    pub(super) fn pickle(&mut self) -> Result<Vec<u8>> {
        self.entry("data.pkl", limits::PICKLE)
    }

    /// The bytes of the storage called `key`, of which there must be `bytes`.
    pub(super) fn storage(&mut self, key: &str, bytes: u64) -> Result<Vec<u8>> {
        let name = format!("data/{key}");
        let (index, _) = self.find(&name)?;
        let size = self.size(index)?;
        if size != bytes {
            let (want, got) = (grouped(bytes), grouped(size));
            return Err(self
                .refuse(format!("storage {} has {got} bytes, its tensors need {want}", shown(key)))
                .with(format!("{want} bytes"), format!("{got} bytes")));
        }
        self.entry(&name, u64::MAX)
    }

    /// The whole entry called `name` under the root, its checksum checked.
    fn entry(&mut self, name: &str, limit: u64) -> Result<Vec<u8>> {
        let (index, full) = self.find(name)?;
        let size = self.size(index)?;
        let limit = limit.min(self.length);
        if size > limit {
            return Err(self
                .refuse(format!("entry {} is too large", shown(&full)))
                .with(format!("at most {} bytes", grouped(limit)), format!("{} bytes", grouped(size))));
        }
        let mut bytes = reserve(size, &self.path)?;
        let read = match self.zip.by_index(index) {
            // One more byte than there should be, so that the end is reached and the checksum compared.
            Ok(mut file) => file.by_ref().take(size + 1).read_to_end(&mut bytes),
            Err(error) => Err(io::Error::other(error)),
        };
        match read {
            Ok(n) if n as u64 == size => Ok(bytes),
            Ok(n) => Err(self
                .refuse(format!("entry {} does not have the size it claims", shown(&full)))
                .with(format!("{size} bytes"), format!("{n} bytes"))),
            Err(error) => {
                let error = shown(&error.to_string());
                Err(self.refuse(format!("entry {} cannot be read: {error}", shown(&full))))
            }
        }
    }

    fn find(&self, name: &str) -> Result<(usize, String)> {
        let full = format!("{}/{name}", self.root);
        match self.zip.index_for_name(&full) {
            Some(index) => Ok((index, full)),
            None => Err(self.refuse(format!("entry {} is missing from the archive", shown(&full))).with(shown(&full), "no such entry")),
        }
    }

    fn size(&self, index: usize) -> Result<u64> {
        let entry = self.zip.by_index_data(index);
        Ok(entry.map_err(|error| broken(&self.path, &error.to_string()))?.size())
    }

    /// Refuses what `torch.save` never writes and a hostile file may: compressed or encrypted entries,
    /// two of one name, two that share bytes.
    fn check_entries(&mut self) -> Result<()> {
        if self.zip.has_duplicate_names() {
            return Err(self.refuse("two entries of the archive have the same name".into()).with("unique names", "a duplicate"));
        }
        for index in 0..self.zip.len() {
            let entry = self.zip.by_index_data(index).map_err(|error| broken(&self.path, &error.to_string()))?;
            let name = shown(&String::from_utf8_lossy(entry.name_raw()));
            if entry.compression() != CompressionMethod::Stored || entry.encrypted() {
                let problem = format!("entry {name} is compressed or encrypted; {CONVERT}");
                return Err(self.refuse(problem).with(
                    "stored entries, as torch.save writes them",
                    format!("{}, {} bytes", entry.compression(), grouped(entry.size())),
                ));
            }
            if entry.size() != entry.compressed_size() {
                let problem = format!("entry {name} is stored but claims two sizes");
                return Err(self.refuse(problem).with(format!("{} bytes", entry.compressed_size()), format!("{} bytes", entry.size())));
            }
        }
        let overlap = self.zip.has_overlapping_entries();
        if overlap.map_err(|error| broken(&self.path, &error.to_string()))? {
            return Err(self.refuse("entries of the archive overlap".into()).with("entries with bytes of their own", "shared bytes"));
        }
        Ok(())
    }

    /// The one folder with a `data.pkl` in it.
    fn find_root(&self) -> Result<String> {
        let mut roots = self.zip.file_names_raw().filter_map(|name| {
            let root = std::str::from_utf8(name).ok()?.strip_suffix("/data.pkl")?;
            (!root.contains('/')).then_some(root)
        });
        match (roots.next(), roots.next()) {
            (Some(root), None) => Ok(root.to_owned()),
            (first, _) => {
                let got = if first.is_some() { "several" } else { "none" };
                let problem = "the archive is not one that torch.save writes";
                Err(self.refuse(problem.into()).with("one <name>/data.pkl", got))
            }
        }
    }

    /// Refuses archives that hold a program, and numbers of the other byte order.
    fn check_kind(&mut self) -> Result<()> {
        if self.zip.index_for_name(&format!("{}/constants.pkl", self.root)).is_some() {
            let problem = "it is a TorchScript program; save the module's state_dict() instead";
            return Err(self.refuse(problem.into()).with("tensors", "a program"));
        }
        if self.zip.index_for_name(&format!("{}/byteorder", self.root)).is_none() {
            return Ok(());
        }
        let order = self.entry("byteorder", 16)?;
        if order != b"little" {
            let got = shown(&String::from_utf8_lossy(&order));
            let problem = format!("its byte order is not little-endian; {CONVERT}, on another machine");
            return Err(self.refuse(problem).with("little", got));
        }
        Ok(())
    }

    fn refuse(&self, problem: String) -> CheckpointError {
        CheckpointError::loading(self.path.as_str(), problem)
    }
}

fn broken(path: &str, error: &str) -> CheckpointError {
    let problem = format!("the zip archive is truncated or damaged: {}", shown(error));
    CheckpointError::loading(path, problem).with("a zip archive", "a damaged one")
}

/// Tells apart a zip archive, PyTorch's old format and anything else, by the first bytes.
fn check_signature(reader: &mut (impl Read + Seek), length: u64, path: &str) -> Result<()> {
    let mut first = Vec::with_capacity(ZIP.len());
    reader
        .by_ref()
        .take(ZIP.len() as u64)
        .read_to_end(&mut first)
        .and_then(|_| reader.seek(SeekFrom::Start(0)))
        .map_err(|error| CheckpointError::loading(path, format!("cannot read it: {error}")))?;
    if first == ZIP {
        return Ok(());
    }
    if first.first() == Some(&BARE_PICKLE) {
        let problem = format!("it is in PyTorch's format before 1.6, one bare pickle; {CONVERT}");
        return Err(CheckpointError::loading(path, problem).with("a zip archive", "a pickle"));
    }
    let got = format!("{} bytes that begin with {first:02x?}", grouped(length));
    Err(CheckpointError::loading(path, "it is not a .pt file").with("a zip archive", got))
}

/// A reader that refuses to read more than its budget, which bounds what a directory can cost.
struct Metered<R> {
    inner: R,
    budget: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let rest = self.budget.get().checked_sub(n as u64);
        self.budget.set(rest.ok_or_else(|| {
            let limit = grouped(limits::DIRECTORY);
            io::Error::other(format!("its directory is longer than {limit} bytes"))
        })?);
        Ok(n)
    }
}

impl<R: Seek> Seek for Metered<R> {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        self.inner.seek(position)
    }
}
