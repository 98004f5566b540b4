//! Seeded permutations: the order in which an epoch visits its data.
//! Fisher–Yates (Durstenfeld 1964) with unbiased bounded numbers (Lemire 2019, algorithm 5).

use super::Key;

/// 64-bit words of one draw, in order.
struct Words {
    key: Key,
    counter: i64,
    block: u64,
    spare: Option<u64>,
}

impl Words {
    fn next(&mut self) -> u64 {
        if let Some(word) = self.spare.take() {
            return word;
        }
        let [a, b, c, d] = self.key.block(self.counter, self.block);
        self.block += 1;
        self.spare = Some(u64::from(d) << 32 | u64::from(c));
        u64::from(b) << 32 | u64::from(a)
    }

    /// A number below `bound`, each equally likely.
    fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.next()) * u128::from(bound);
        let threshold = bound.wrapping_neg() % bound;
        while (product as u64) < threshold {
            product = u128::from(self.next()) * u128::from(bound);
        }
        (product >> 64) as u64
    }
}

/// The numbers 0 … n − 1 in an order that is a function of (seed, stream, epoch); each order is equally likely.
///
/// ```
/// let mut order = thalweg_engine::random::permutation(5, 1, 2, 0);
/// order.sort();
/// assert_eq!(order, [0, 1, 2, 3, 4]);
/// ```
pub fn permutation(n: usize, seed: i64, stream: u64, epoch: i64) -> Vec<i64> {
    let mut words = Words { key: Key::new(seed, stream), counter: epoch, block: 0, spare: None };
    let mut order: Vec<i64> = (0..n as i64).collect();
    for i in (1..n).rev() {
        order.swap(i, words.below(i as u64 + 1) as usize);
    }
    order
}
