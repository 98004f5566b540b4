//! The opcodes of a pickle, decoded one at a time with every length checked against what is left.
//! Binary opcodes of protocols 2 to 5 that data need; source: Python's `pickletools.opcodes`.

use std::fmt::Display;

use crate::error::{CheckpointError, Result, shown};

/// Newest pickle protocol.
const PROTOCOL: u8 = 5;

/// One opcode with its argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op<'a> {
    /// Says nothing that the stack needs to know: protocol and frame headers.
    Header,
    Stop,
    Mark,
    Pop,
    PopMark,
    Duplicate,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(&'a str),
    Bytes(&'a [u8]),
    /// A list of what is above the mark.
    List,
    /// An empty list.
    EmptyList,
    Append,
    Appends,
    /// A tuple of what is above the mark.
    Tuple,
    /// A tuple of the topmost values.
    TupleOf(usize),
    /// A dict of what is above the mark.
    Dict,
    /// An empty dict.
    EmptyDict,
    SetItem,
    SetItems,
    Get(u32),
    Put(u32),
    /// Puts under the next free number.
    Memoize,
    Global(&'a str, &'a str),
    /// A global whose two names are on the stack.
    StackGlobal,
    PersistentId,
    Reduce,
    Build,
}

/// The bytes of a pickle and how far they are read.
pub(super) struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    path: &'a str,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(bytes: &'a [u8], path: &'a str) -> Self {
        Self { bytes, at: 0, path }
    }

    /// The error that `problem` is, at the current byte.
    pub(super) fn error(&self, problem: impl Display) -> CheckpointError {
        CheckpointError::loading(self.path, format!("data.pkl, byte {}: {problem}", self.at))
    }

    /// The next opcode.
    pub(super) fn next(&mut self) -> Result<Op<'a>> {
        let [code] = self.array()?;
        Ok(match code {
            0x80 => self.protocol()?,
            0x95 => self.frame()?,
            b'.' => Op::Stop,
            b'(' => Op::Mark,
            b'0' => Op::Pop,
            b'1' => Op::PopMark,
            b'2' => Op::Duplicate,
            b'N' => Op::None,
            0x88 => Op::Bool(true),
            0x89 => Op::Bool(false),
            b'J' => Op::Int(i64::from(i32::from_le_bytes(self.array()?))),
            b'K' => Op::Int(i64::from(u8::from_le_bytes(self.array()?))),
            b'M' => Op::Int(i64::from(u16::from_le_bytes(self.array()?))),
            0x8a => self.long()?,
            b'G' => Op::Float(f64::from_be_bytes(self.array()?)),
            0x8c | b'U' => self.sized::<1>(Self::text)?,
            b'X' | b'T' => self.sized::<4>(Self::text)?,
            0x8d => self.sized::<8>(Self::text)?,
            b'C' => self.sized::<1>(|_, bytes| Ok(Op::Bytes(bytes)))?,
            b'B' => self.sized::<4>(|_, bytes| Ok(Op::Bytes(bytes)))?,
            b'l' => Op::List,
            b']' => Op::EmptyList,
            b'a' => Op::Append,
            b'e' => Op::Appends,
            b't' => Op::Tuple,
            b')' => Op::TupleOf(0),
            0x85 => Op::TupleOf(1),
            0x86 => Op::TupleOf(2),
            0x87 => Op::TupleOf(3),
            b'd' => Op::Dict,
            b'}' => Op::EmptyDict,
            b's' => Op::SetItem,
            b'u' => Op::SetItems,
            b'h' => Op::Get(u32::from(u8::from_le_bytes(self.array()?))),
            b'j' => Op::Get(u32::from_le_bytes(self.array()?)),
            b'q' => Op::Put(u32::from(u8::from_le_bytes(self.array()?))),
            b'r' => Op::Put(u32::from_le_bytes(self.array()?)),
            0x94 => Op::Memoize,
            b'c' => Op::Global(self.line()?, self.line()?),
            0x93 => Op::StackGlobal,
            b'Q' => Op::PersistentId,
            b'R' => Op::Reduce,
            b'b' => Op::Build,
            _ => return Err(self.unknown(code)),
        })
    }

    fn unknown(&self, code: u8) -> CheckpointError {
        let shown = char::from(code).escape_default();
        self.error(format!("opcode 0x{code:02x} ('{shown}') is not one that torch.save writes"))
            .with("an opcode that builds data", format!("0x{code:02x}"))
    }

    fn protocol(&mut self) -> Result<Op<'a>> {
        let [version] = self.array()?;
        if version > PROTOCOL {
            return Err(self
                .error(format!("pickle protocol {version} is unknown"))
                .with(format!("at most {PROTOCOL}"), version.to_string()));
        }
        Ok(Op::Header)
    }

    fn frame(&mut self) -> Result<Op<'a>> {
        let length = u64::from_le_bytes(self.array()?);
        let left = (self.bytes.len() - self.at) as u64;
        if length > left {
            return Err(self.short(length, left));
        }
        Ok(Op::Header)
    }

    /// An integer of up to 8 little-endian bytes, the sign in the last one.
    fn long(&mut self) -> Result<Op<'a>> {
        let [length] = self.array()?;
        let bytes = self.take(usize::from(length))?;
        if bytes.len() > 8 {
            return Err(self.error("an integer does not fit into 64 bits").with("at most 8 bytes", format!("{length} bytes")));
        }
        let negative = bytes.last().is_some_and(|&byte| byte >= 0x80);
        let mut wide = if negative { [0xff; 8] } else { [0; 8] };
        wide[..bytes.len()].copy_from_slice(bytes);
        Ok(Op::Int(i64::from_le_bytes(wide)))
    }

    /// An argument that says its length in `N` bytes.
    fn sized<const N: usize>(&mut self, make: impl FnOnce(&Self, &'a [u8]) -> Result<Op<'a>>) -> Result<Op<'a>> {
        let mut wide = [0; 8];
        wide[..N].copy_from_slice(&self.array::<N>()?);
        let length = usize::try_from(u64::from_le_bytes(wide)).unwrap_or(usize::MAX);
        let bytes = self.take(length)?;
        make(self, bytes)
    }

    fn text(&self, bytes: &'a [u8]) -> Result<Op<'a>> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Op::Str(text)),
            Err(_) => Err(self.error("a string is not UTF-8")),
        }
    }

    /// Text up to a line feed.
    fn line(&mut self) -> Result<&'a str> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|&byte| byte == b'\n');
        let Some(end) = end else { return Err(self.error("a name has no end")) };
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| self.error("a name is not UTF-8").with("UTF-8", "other bytes"))?;
        self.at += end + 1;
        Ok(line)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let bytes = self.take(N)?;
        Ok(bytes.try_into().expect("take returns as many bytes as asked"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let rest = &self.bytes[self.at..];
        let Some(taken) = rest.get(..length) else {
            return Err(self.short(length as u64, rest.len() as u64));
        };
        self.at += length;
        Ok(taken)
    }

    fn short(&self, wanted: u64, left: u64) -> CheckpointError {
        self.error("the pickle ends too early").with(format!("{wanted} bytes"), format!("{left} bytes"))
    }
}

/// A name as it stands in a pickle: `torch.FloatStorage`.
pub(super) fn dotted(module: &str, name: &str) -> String {
    shown(&format!("{}.{}", shown(module), shown(name)))
}
