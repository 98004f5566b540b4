//! What a `.pt` file may cost at most, each limit far above any real checkpoint.
//! Together they bound the memory of a read by a constant factor of the file's size.

/// Bytes of the zip directory: some 100,000 entries.
pub(super) const DIRECTORY: u64 = 8 << 20;

/// Bytes of `data.pkl`: some 200,000 tensors.
pub(super) const PICKLE: u64 = 32 << 20;

/// Opcodes of the pickle, of which a tensor takes about 35; each costs at most some 100 bytes.
pub(super) const OPCODES: usize = 1 << 21;

/// Levels of containers, and of names separated by dots.
pub(super) const DEPTH: usize = 64;

/// Axes of a tensor, as in PyTorch.
pub(super) const RANK: usize = 64;

/// Values of the tree of a pickle of so many opcodes, where a shared container counts at each place. A
/// tree without shared containers has fewer values than opcodes.
pub(super) fn values(opcodes: usize) -> usize {
    2 * opcodes
}

/// Bytes of a tensor's name.
pub(super) const NAME: usize = 4096;

/// Bytes that a tensor of `rank` axes takes beside its elements and its name.
pub(super) fn overhead(rank: usize) -> u64 {
    64 + 24 * rank as u64
}

/// Bytes of all tensors of a file of `length` bytes: views may share storage or repeat it by a stride
/// of zero, up to four times the file, or one MiB for a small file.
pub(super) fn tensor_bytes(length: u64) -> u64 {
    length.saturating_mul(4).saturating_add(1 << 20)
}
