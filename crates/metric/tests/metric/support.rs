//! Seeded numbers and a comparison.
//! Shared by all tests of the metrics.

use thalweg_metric::directions;

/// SplitMix64.
pub struct Uniform(pub u64);

impl Uniform {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    pub fn normals(&mut self, count: usize) -> Vec<f64> {
        let normal = |u: &mut Uniform| (-2.0 * u.next().ln()).sqrt() * (std::f64::consts::TAU * u.next()).cos();
        (0..count).map(|_| normal(self)).collect()
    }

    pub fn directions(&mut self, dim: usize, count: usize) -> Vec<f64> {
        directions(dim, count, || self.next())
    }
}

#[track_caller]
pub fn close(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{got} is not {expected}");
}
