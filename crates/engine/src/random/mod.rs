//! Counter-based random numbers: every number is a pure function of (seed, stream, counter, element index).
//! Row i of a tensor therefore does not depend on the batch size, on chunking or on the number of threads.
//!
//! A [`Key`] joins seed and stream: the first two words of Philox4x32-10 applied to the counter (stream low, stream high, 0, 0)
//! under the key (seed low, seed high). Numbers come from blocks of four words: counter (block low, block high, counter low,
//! counter high) under that key. The mapping (block, counter) → Philox counter is one to one; distinct streams of one seed
//! share a key with probability 2⁻⁶⁴.

mod distribution;
mod permutation;
mod philox;
mod stream;

pub use permutation::permutation;
pub use philox::philox4x32_10;
pub use stream::stream_of;

pub(crate) use distribution::{fill_normal_f32, fill_normal_f64, fill_uniform_f32, fill_uniform_f64};

/// The key under which the numbers of one random op are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key([u32; 2]);

impl Key {
    /// The key of `stream` under `seed`.
    pub fn new(seed: i64, stream: u64) -> Key {
        let [a, b, ..] = philox4x32_10([stream as u32, (stream >> 32) as u32, 0, 0], [seed as u32, (seed as u64 >> 32) as u32]);
        Key([a, b])
    }

    /// Block `block` of draw `counter`.
    pub fn block(&self, counter: i64, block: u64) -> [u32; 4] {
        let counter = counter as u64;
        philox4x32_10([block as u32, (block >> 32) as u32, counter as u32, (counter >> 32) as u32], self.0)
    }
}

macro_rules! fills {
    ($($name:ident, $fill:ident, $type:ty, $doc:literal;)*) => {$(
        #[doc = $doc]
        /// `out[i]` is element `first_element + i` of the draw.
        pub fn $name(seed: i64, stream: u64, counter: i64, first_element: u64, out: &mut [$type]) {
            $fill(&Key::new(seed, stream), counter, first_element, out);
        }
    )*};
}

fills! {
    uniform_f32, fill_uniform_f32, f32, "Uniform on the open interval (0, 1), multiples of 2⁻²⁴.";
    uniform_f64, fill_uniform_f64, f64, "Uniform on the open interval (0, 1), multiples of 2⁻⁵³.";
    normal_f32, fill_normal_f32, f32, "Standard normal.";
    normal_f64, fill_normal_f64, f64, "Standard normal.";
}
