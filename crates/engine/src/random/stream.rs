//! Streams from names: a stable hash, the same on every machine and in every version.

/// The stream of the random op or parameter of this name: FNV-1a (64 bits) of its UTF-8 bytes.
///
/// ```
/// assert_eq!(thalweg_engine::random::stream_of(""), 0xcbf29ce484222325);
/// assert_ne!(thalweg_engine::random::stream_of("layers.0.weight"), thalweg_engine::random::stream_of("layers.1.weight"));
/// ```
pub fn stream_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
