//! Expectations over independent normal numbers, exact for polynomials of degree 5 in each: Gauss–Hermite nodes.
//! All losses of affine networks on Gaussian data are of degree 2.

/// A node: its normal numbers and its weight.
pub struct Node<const N: usize> {
    /// The normal numbers.
    pub z: [f64; N],
    /// The weight; all weights add up to 1.
    pub weight: f64,
}

const NODES: [(f64, f64); 3] = [(-1.732_050_807_568_877_2, 1.0 / 6.0), (0.0, 2.0 / 3.0), (1.732_050_807_568_877_2, 1.0 / 6.0)];

/// The nodes of `N` normal numbers.
///
/// ```
/// let nodes = thalweg_verify::gauss::nodes::<2>();
/// let moment: f64 = nodes.iter().map(|n| n.weight * n.z[0].powi(4) * n.z[1].powi(2)).sum();
/// assert!((moment - 3.0).abs() < 1e-14);
/// ```
pub fn nodes<const N: usize>() -> Vec<Node<N>> {
    let count = NODES.len().pow(N as u32);
    let node = |index: usize| {
        let digits: [usize; N] = std::array::from_fn(|k| index / NODES.len().pow(k as u32) % NODES.len());
        Node { z: digits.map(|d| NODES[d].0), weight: digits.iter().map(|&d| NODES[d].1).product() }
    };
    (0..count).map(node).collect()
}
