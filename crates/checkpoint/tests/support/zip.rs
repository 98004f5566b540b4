//! A zip writer for tests: every field of every header can be made to lie.

/// One entry: what its headers say and what is really there.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub data: Vec<u8>,
    /// Compression method: 0 is stored, 8 is deflate.
    pub method: u16,
    /// What the headers claim of the size before compression.
    pub size: u32,
    /// What the headers claim of the size in the archive.
    pub stored: u32,
    pub crc: u32,
    pub extra: Vec<u8>,
    /// Offset of the local header, if not where it is.
    pub offset: Option<u32>,
}

impl Entry {
    /// An honest stored entry.
    pub fn new(name: &str, data: &[u8]) -> Self {
        let size = data.len() as u32;
        let crc = crc32fast::hash(data);
        Self { name: name.into(), data: data.to_vec(), method: 0, size, stored: size, crc, extra: Vec::new(), offset: None }
    }
}

/// An archive of these entries.
pub fn zip(entries: &[Entry]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(out.len() as u32);
        let mut fields = Vec::new();
        for half in [20, 0, entry.method, 0, 0] {
            fields.extend(half.to_le_bytes());
        }
        for word in [entry.crc, entry.stored, entry.size] {
            fields.extend(word.to_le_bytes());
        }
        fields.extend((entry.name.len() as u16).to_le_bytes());
        out.extend(*b"PK\x03\x04");
        out.extend(&fields);
        out.extend(0u16.to_le_bytes());
        out.extend(entry.name.as_bytes());
        out.extend(&entry.data);
        directory.extend(*b"PK\x01\x02\x14\x00");
        directory.extend(&fields);
        directory.extend((entry.extra.len() as u16).to_le_bytes());
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(entry.name.as_bytes());
        directory.extend(&entry.extra);
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(*b"PK\x05\x06\0\0\0\0");
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A `.pt` file of a pickle and storages.
pub fn pt(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<u8> {
    zip(&pt_entries(pickle, storages))
}

/// The entries of a `.pt` file.
pub fn pt_entries(pickle: &[u8], storages: &[(&str, &[u8])]) -> Vec<Entry> {
    let mut entries = vec![Entry::new("a/data.pkl", pickle), Entry::new("a/byteorder", b"little")];
    entries.extend(storages.iter().map(|(key, data)| Entry::new(&format!("a/data/{key}"), data)));
    entries
}
