//! weighted: density of t in proportion to a weight, by a piecewise linear quantile function made on the host.
//! What is drawn has exactly the piecewise constant density that is reported: an importance weight divided by it is exact.

use super::TimeDensity;
use crate::error::{PathError, Result};
use crate::weight::Weight;
use crate::{GaussianPath, Parameterization, Path, TimeRange};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_graph::{Scalar, ops::Comparison};

/// Density in proportion to a weight of the loss.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Weighted {
    /// The weight that t is drawn in proportion to.
    pub weight: Weight,
    /// The quantity whose error the weight multiplies; noise by default.
    #[serde(default = "noise")]
    pub of: Parameterization,
}

fn noise() -> Parameterization {
    Parameterization::Noise
}

/// Cells of equal probability.
const CELLS: u32 = 64;
/// Cells of the quadrature: evenly spaced, and per decade towards both ends.
const EVEN: u32 = 1024;
const PER_DECADE: u32 = 16;
/// Decades of the interval's length that the quadrature resolves towards its ends.
const DECADES: u32 = 7;

/// A cell of the distribution: the draws `u ≥ start_u` become `start_t + (u − start_u)/density`.
struct Cell {
    start_u: f64,
    start_t: f64,
    density: f64,
}

/// The integral of the weight up to some time.
struct Mass {
    t: f64,
    below: f64,
}

impl Weighted {
    /// The integral of the weight from t_min on, by the midpoint rule.
    fn integral(&self, path: &Path, t_min: f64, t_max: f64) -> Vec<Mass> {
        let near = (PER_DECADE..PER_DECADE * DECADES).map(|i| 10f64.powf(-f64::from(i) / f64::from(PER_DECADE)));
        let mut fractions: Vec<f64> = (1..EVEN).map(|i| f64::from(i) / f64::from(EVEN)).collect();
        fractions.extend(near.clone());
        fractions.extend(near.map(|x| 1.0 - x));
        fractions.sort_by(f64::total_cmp);
        let inner = fractions.into_iter().map(|x| t_min + x * (t_max - t_min));
        let mut masses = vec![Mass { t: t_min, below: 0.0 }];
        for t in inner.chain([t_max]) {
            let Mass { t: before, below } = masses[masses.len() - 1];
            let middle = 0.5 * (before + t);
            masses.push(Mass { t, below: below + self.weight.factor(path, self.of, middle) * (t - before) });
        }
        masses
    }

    /// Cells of equal probability between t_min and t_max.
    fn cells(&self, path: &Path, t_min: f64, t_max: f64) -> Vec<Cell> {
        let masses = self.integral(path, t_min, t_max);
        let total = masses[masses.len() - 1].below;
        let quantile = |k: u32| {
            let wanted = total * f64::from(k) / f64::from(CELLS);
            let i = masses.partition_point(|mass| mass.below < wanted).clamp(1, masses.len() - 1);
            let (before, after) = (&masses[i - 1], &masses[i]);
            before.t + (wanted - before.below) / (after.below - before.below) * (after.t - before.t)
        };
        let edge = |k: u32| match k {
            0 => t_min,
            CELLS => t_max,
            k => quantile(k),
        };
        (0..CELLS)
            .map(|k| {
                let (start_t, end_t) = (edge(k), edge(k + 1));
                Cell { start_u: f64::from(k) / f64::from(CELLS), start_t, density: 1.0 / (f64::from(CELLS) * (end_t - start_t)) }
            })
            .collect()
    }
}

/// The entry of the last cell whose start is ≤ `at`.
fn look_up<S: Scalar>(cells: &[Cell], at: S, start: fn(&Cell) -> f64, entry: fn(&Cell) -> f64) -> S {
    let constant = |value: f64| at.constant(value);
    cells[1..].iter().fold(constant(entry(&cells[0])), |found, cell| {
        at.choose(Comparison::Ge, constant(start(cell)), constant(entry(cell)), found)
    })
}

impl TimeDensity for Weighted {
    fn sample<S: Scalar>(&self, path: &Path, u: S, t_min: f64, t_max: f64) -> S {
        let cells = self.cells(path, t_min, t_max);
        let by_u = |entry| look_up(&cells, u, |cell| cell.start_u, entry);
        let t = by_u(|cell| cell.start_t) + (u - by_u(|cell| cell.start_u)) * by_u(|cell| 1.0 / cell.density);
        t.minimum(u.constant(t_max))
    }

    /// The piecewise constant density that [`sample`](TimeDensity::sample) has exactly.
    fn density<S: Scalar>(&self, path: &Path, t: S, t_min: f64, t_max: f64) -> S {
        look_up(&self.cells(path, t_min, t_max), t, |cell| cell.start_t, |cell| cell.density)
    }

    fn range(&self, path: &Path) -> TimeRange {
        path.regular_range()
    }

    fn validate(&self, path: &Path, range: TimeRange) -> Result<()> {
        range.validate(path)?;
        self.weight.validate(path)?;
        range.require_nonnegative("weight", |t| self.weight.factor(path, self.of, t))?;
        let total = self.integral(path, range.t_min, range.t_max).last().map_or(0.0, |mass| mass.below);
        PathError::require(total.is_finite() && total > 0.0, "weight", "a weight with a positive finite integral", total)
    }
}
