//! Expectations over independent normal numbers: Gauss–Hermite nodes, exact for polynomials of degree 5 in each, and a fine grid for other functions.
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

/// Spacing of [`line`]: the rule's error on the normal density is about exp(−2π²/h²), 6e-16.
const SPACING: f64 = 0.75;
/// Nodes on either side of 0, up to where the density is 1e-11 of its height.
const SIDE: i32 = 9;

/// Normal numbers and their weights for any smooth function: the trapezoidal rule, which converges exponentially on the whole line
/// (Trefethen & Weideman 2014, section 5).
///
/// ```
/// let mean: f64 = thalweg_verify::gauss::line().map(|(z, weight)| weight * (0.5 * z).cos()).sum();
/// assert!((mean - (-0.125_f64).exp()).abs() < 1e-10);
/// ```
pub fn line() -> impl Iterator<Item = (f64, f64)> {
    let density = |z: f64| (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt();
    (-SIDE..=SIDE).map(move |k| f64::from(k) * SPACING).map(move |z| (z, SPACING * density(z)))
}
