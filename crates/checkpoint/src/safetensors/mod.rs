//! safetensors files: a JSON header of names, shapes and offsets, then the bytes of all tensors.
//! Reading checks every size against the file before it allocates; writing is whole or not at all.

mod header;
mod read;
mod write;

pub use read::{parse_safetensors, read_safetensors};
pub use write::{safetensors_bytes, write_safetensors};
