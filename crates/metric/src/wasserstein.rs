//! The Wasserstein distance on a line, exactly, also between sets of different size.
//! On a line the optimal plan is monotone: it joins equal quantiles (Villani 2003, *Topics in Optimal Transportation*, theorem 2.18).

/// Wₚᵖ = ∫₀¹ |F⁻¹(u) − G⁻¹(u)|ᵖ du of two non-empty ascending lists whose elements each weigh the same, p ≥ 1.
///
/// Quantile functions are step functions; between equal sizes n their steps coincide, otherwise levels are counted in whole
/// numbers of 1/(n·m), so that no level is lost to rounding.
pub(crate) fn power_distance(a: &[f64], b: &[f64], p: u32) -> f64 {
    let cost = |x: f64, y: f64| (x - y).abs().powi(p as i32);
    let (n, m) = (a.len() as u128, b.len() as u128);
    if n == m {
        return a.iter().zip(b).map(|(&x, &y)| cost(x, y)).sum::<f64>() / n as f64;
    }
    let (mut i, mut j, mut level, mut sum) = (0, 0, 0u128, 0.0);
    while i < a.len() && j < b.len() {
        let (end_of_a, end_of_b) = ((i as u128 + 1) * m, (j as u128 + 1) * n);
        let next = end_of_a.min(end_of_b);
        sum += cost(a[i], b[j]) * (next - level) as f64;
        level = next;
        i += usize::from(end_of_a == next);
        j += usize::from(end_of_b == next);
    }
    sum / (n * m) as f64
}
