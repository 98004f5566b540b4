//! How long the steps of programs take, and how much they have to do.

/// What was measured of equal steps.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The step in words.
    pub step: String,
    /// How often it ran.
    pub count: u64,
    /// Seconds in all; the sum over threads where it is not shared.
    pub seconds: f64,
    /// Whether one run is shared among threads. Steps of slices are not: each slice is one thread's.
    pub shared: bool,
    /// Multiplications of a product or a convolution.
    pub multiplications: usize,
    /// Bytes that a pass or a product reads and writes.
    pub bytes: usize,
    /// Whether it consists of steps that are measured too: slices, or a loop.
    pub holds_others: bool,
}

/// Starts (or ends) measuring the steps of all programs of this process, and forgets what was measured.
pub fn measure(on: bool) {
    crate::cpu::explain::measure(on);
}

/// All that was measured since [`measure`].
pub fn measured() -> Vec<Measured> {
    crate::cpu::explain::measured()
}
