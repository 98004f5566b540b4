//! Uniform and normal numbers from Philox words.
//! Element i of an f32 tensor comes from block i / 4, of an f64 tensor from block i / 2; normals are computed in f64 with
//! `libm`, whose results are the same bits on every machine (Box, Muller 1958).

use super::Key;

/// 23 bits and a half: the largest value, 1 − 2⁻²⁴, is still below 1 in f32.
fn unit_f32(word: u32) -> f32 {
    ((word >> 9) as f32 + 0.5) * (1.0 / (1 << 23) as f32)
}

/// 52 bits and a half: the largest value, 1 − 2⁻⁵³, is still below 1 in f64.
fn unit_f64(low: u32, high: u32) -> f64 {
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 12;
    (bits as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// Two independent standard normals from two independent uniforms in (0, 1).
fn box_muller(u: f64, v: f64) -> [f64; 2] {
    let radius = libm::sqrt(-2.0 * libm::log(u));
    let (sin, cos) = libm::sincos(2.0 * std::f64::consts::PI * v);
    [radius * cos, radius * sin]
}

/// A word as a uniform in (0, 1), exact in f64.
fn unit_of_word(word: u32) -> f64 {
    (f64::from(word) + 0.5) * (1.0 / (1u64 << 32) as f64)
}

/// Writes elements `first …` to `out`, `N` per block.
fn fill<T: Copy, const N: usize>(key: &Key, counter: i64, first: u64, out: &mut [T], of_block: impl Fn([u32; 4]) -> [T; N]) {
    let mut at = first;
    let mut rest = out;
    while !rest.is_empty() {
        let values = of_block(key.block(counter, at / N as u64));
        let skip = (at % N as u64) as usize;
        let take = (N - skip).min(rest.len());
        let (piece, behind) = rest.split_at_mut(take);
        piece.copy_from_slice(&values[skip..skip + take]);
        rest = behind;
        at += take as u64;
    }
}

pub(crate) fn fill_uniform_f32(key: &Key, counter: i64, first: u64, out: &mut [f32]) {
    fill(key, counter, first, out, |w| w.map(unit_f32));
}

pub(crate) fn fill_uniform_f64(key: &Key, counter: i64, first: u64, out: &mut [f64]) {
    fill(key, counter, first, out, |w| [unit_f64(w[0], w[1]), unit_f64(w[2], w[3])]);
}

pub(crate) fn fill_normal_f32(key: &Key, counter: i64, first: u64, out: &mut [f32]) {
    fill(key, counter, first, out, |w| {
        let ([a, b], [c, d]) = (box_muller(unit_of_word(w[0]), unit_of_word(w[1])), box_muller(unit_of_word(w[2]), unit_of_word(w[3])));
        [a as f32, b as f32, c as f32, d as f32]
    });
}

pub(crate) fn fill_normal_f64(key: &Key, counter: i64, first: u64, out: &mut [f64]) {
    fill(key, counter, first, out, |w| box_muller(unit_f64(w[0], w[1]), unit_f64(w[2], w[3])));
}
