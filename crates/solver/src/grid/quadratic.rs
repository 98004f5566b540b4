//! Equal steps in √t: short ones near the data of a diffusion model.
//! On variance-preserving paths σ ~ √t there, so that σ falls about evenly.

use super::Warp;

/// Song, Meng & Ermon 2021 (DDIM), appendix D.2. Times must be ≥ 0: below, √t is not a number, and the grid is refused.
pub(super) fn warp<'a>() -> Warp<'a> {
    Warp { to: Box::new(f64::sqrt), back: Box::new(|w| w * w) }
}
