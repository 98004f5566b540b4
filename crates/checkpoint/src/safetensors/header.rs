//! The header of a safetensors file: parsed by the `safetensors` crate's types, checked against the file.
//! The checks are ours, because a refusal must name the tensor and both sizes, and duplicates are lost
//! once the names are keys of a map.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use safetensors::tensor::TensorInfo;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};

use crate::dtype::DType;
use crate::error::{CheckpointError, Result, grouped, shown};

/// Bytes before the header: its length, u64 little-endian.
pub(super) const PREFIX: u64 = 8;

/// Longest header accepted, in bytes: that of some 250,000 tensors.
pub(super) const LONGEST: u64 = 32 << 20;

/// Key under which a header keeps free text.
pub(super) const METADATA: &str = "__metadata__";

/// One tensor of the header: where its bytes are, relative to the end of the header.
pub(super) struct Entry {
    pub name: String,
    pub dtype: DType,
    pub shape: Vec<usize>,
    pub begin: usize,
    pub end: usize,
}

/// A header whose entries are sorted by offset and cover the data without hole or overlap.
pub(super) struct Header {
    pub metadata: BTreeMap<String, String>,
    pub entries: Vec<Entry>,
}

/// Parses the header's `text` and checks it against `data`, the number of bytes that follow it.
pub(super) fn parse(text: &[u8], data: u64, path: &str) -> Result<Header> {
    let text = std::str::from_utf8(text).map_err(|error| {
        let problem = format!("the header is not UTF-8 at its byte {}", error.valid_up_to());
        CheckpointError::loading(path, problem).with("UTF-8 text", "other bytes")
    })?;
    let raw: Raw = serde_json::from_str(text).map_err(|error| {
        let problem = format!("the header cannot be read: {}", shown(&error.to_string()));
        CheckpointError::loading(path, problem).with("a safetensors header", "other text")
    })?;
    refuse_duplicates(raw.tensors.iter().map(|(name, _)| name.as_str()), path)?;
    refuse_duplicates(raw.metadata.iter().map(|(key, _)| key.as_str()), path)?;
    let mut entries = raw.tensors.into_iter().map(|t| entry(t, path)).collect::<Result<Vec<_>>>()?;
    entries.sort_by(|a, b| (a.begin, a.end, &a.name).cmp(&(b.begin, b.end, &b.name)));
    let header_end = PREFIX + text.len() as u64;
    check_coverage(&entries, header_end, data, path)?;
    Ok(Header { metadata: raw.metadata.into_iter().collect(), entries })
}

fn refuse_duplicates<'a>(names: impl Iterator<Item = &'a str>, path: &str) -> Result<()> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            let problem = format!("the header has {} twice", shown(name));
            return Err(CheckpointError::loading(path, problem).with("unique names", shown(name)));
        }
    }
    Ok(())
}

/// Checks one tensor by itself: a known type, and offsets that span exactly its shape.
fn entry((name, info): (String, TensorInfo), path: &str) -> Result<Entry> {
    let refuse = |problem: String| CheckpointError::loading(path, format!("tensor {}: {problem}", shown(&name)));
    let Some(dtype) = DType::from_safetensors(info.dtype) else {
        let known = DType::all().map(|d| d.to_string()).collect::<Vec<_>>().join(", ");
        return Err(refuse(format!("its type {} is not supported", info.dtype)).with(known, info.dtype.to_string()));
    };
    let (begin, end) = info.data_offsets;
    let span = end
        .checked_sub(begin)
        .ok_or_else(|| refuse("it ends before it begins".into()).with(format!("an end ≥ {begin}"), end.to_string()))?;
    let wanted = dtype.bytes(&info.shape).ok_or_else(|| {
        refuse("its size overflows".into()).with("a size that fits in memory", format!("{} axes of {dtype}", info.shape.len()))
    })?;
    if wanted != span {
        let (wanted, span) = (grouped(wanted as u64), grouped(span as u64));
        return Err(refuse(format!("its shape needs {wanted} bytes, its offsets span {span}"))
            .with(format!("{wanted} bytes"), format!("{span} bytes")));
    }
    Ok(Entry { name, dtype, shape: info.shape, begin, end })
}

/// Checks that sorted entries cover `0..data` exactly.
fn check_coverage(entries: &[Entry], header_end: u64, data: u64, path: &str) -> Result<()> {
    let claimed = entries.iter().map(|entry| entry.end as u64).max().unwrap_or(0);
    if claimed > data {
        return Err(truncated(header_end.saturating_add(claimed), header_end + data, path));
    }
    let mut previous: Option<&Entry> = None;
    for entry in entries {
        let covered = previous.map_or(0, |p| p.end);
        if entry.begin != covered {
            let kind = if entry.begin < covered { "overlap" } else { "leave a hole before" };
            let before = previous.map_or("the header".to_owned(), |p| shown(&p.name));
            let problem = format!("the bytes of {before} and {} {kind}", shown(&entry.name));
            return Err(CheckpointError::loading(path, problem).with(format!("an offset of {covered}"), entry.begin.to_string()));
        }
        previous = Some(entry);
    }
    if claimed < data {
        let (end, size) = (grouped(header_end + claimed), grouped(header_end + data));
        let problem = format!("header says {end} bytes, file has {size}; the rest is unaccounted for");
        return Err(CheckpointError::loading(path, problem).with(format!("{end} bytes"), format!("{size} bytes")));
    }
    Ok(())
}

/// The refusal of a file that is shorter than its header says.
pub(super) fn truncated(expected: u64, got: u64, path: &str) -> CheckpointError {
    let (expected, got) = (grouped(expected), grouped(got));
    let problem = format!("header says {expected} bytes, file has {got}; the file is truncated");
    CheckpointError::loading(path, problem).with(format!("{expected} bytes"), format!("{got} bytes"))
}

/// The header as it is written, every entry in order and none merged.
struct Raw {
    metadata: Vec<(String, String)>,
    tensors: Vec<(String, TensorInfo)>,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Raw, A::Error> {
        let (mut metadata, mut tensors) = (None, Vec::new());
        while let Some(name) = map.next_key::<String>()? {
            if name != METADATA {
                tensors.push((name, map.next_value()?));
            } else if metadata.replace(map.next_value::<Pairs>()?).is_some() {
                return Err(A::Error::custom("__metadata__ is there twice"));
            }
        }
        Ok(Raw { metadata: metadata.map_or_else(Vec::new, |pairs| pairs.0), tensors })
    }
}

/// A map of strings, every pair in order and none merged.
struct Pairs(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
