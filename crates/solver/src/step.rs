//! One step of an explicit Runge–Kutta method, whatever its tableau and whatever the numbers.
//! On `f64` it runs on the host; on graph values it writes the step's program.

use crate::Tableau;
use thalweg_graph::Scalar;

/// What a step gives. Each list has one entry per leaf of the state, of the leaf's shape.
#[derive(Clone, Debug)]
pub struct StepResult<S> {
    /// The state at t + h.
    pub x: Vec<S>,
    /// Its difference from the embedded solution, O(h^(error_order+1)), if the tableau has one.
    pub error: Option<Vec<S>>,
    /// Slopes of the stages; of a first-same-as-last tableau the last is the slope at (t + h, x).
    pub slopes: Vec<Vec<S>>,
}

/// One step of length `h` from (`t`, `x`) of dx/dt = f(t, x) (Hairer, Nørsett & Wanner, definition II.1.1).
///
/// `t` and `h` are single numbers, `x` the leaves of the state; `f` returns a slope per leaf, of its shape. `h` may be
/// negative. `first` is f(t, x) if it is known, as it is after a step of a first-same-as-last method; then f is not
/// evaluated there.
///
/// ```
/// use thalweg_solver::{Method, step};
/// let mut square = |t: f64, _x: &[f64]| vec![3.0 * t * t];
/// let result = step(Method::Rk4.tableau(), &mut square, 0.0, 2.0, &[1.0], None);
/// assert!((result.x[0] - 9.0).abs() < 1e-14); // 1 + t³, exactly, because Simpson's rule is exact for squares
/// ```
pub fn step<S: Scalar>(
    tableau: &Tableau,
    f: &mut dyn FnMut(S, &[S]) -> Vec<S>,
    t: S,
    h: S,
    x: &[S],
    first: Option<Vec<S>>,
) -> StepResult<S> {
    let mut slopes = Vec::with_capacity(tableau.stages());
    slopes.push(first.unwrap_or_else(|| f(t, x)));
    let mut point = x.to_vec();
    for (row, &node) in tableau.matrix.iter().zip(tableau.nodes).skip(1) {
        point = advance(x, h, row, &slopes);
        slopes.push(f(t + h * node, &point));
    }
    let end = if tableau.fsal { point } else { advance(x, h, tableau.weights, &slopes) };
    let error = tableau.embedded.and_then(|embedded| {
        let difference: Vec<f64> = tableau.weights.iter().zip(embedded).map(|(b, e)| b - e).collect();
        Some(combine(&difference, &slopes)?.into_iter().map(|sum| h * sum).collect())
    });
    StepResult { x: end, error, slopes }
}

/// x + h Σ cᵢkᵢ.
fn advance<S: Scalar>(x: &[S], h: S, coefficients: &[f64], slopes: &[Vec<S>]) -> Vec<S> {
    match combine(coefficients, slopes) {
        Some(sum) => x.iter().zip(sum).map(|(&x, s)| x + h * s).collect(),
        None => x.to_vec(),
    }
}

/// Σ cᵢkᵢ per leaf, without the terms that are zero; `None` if all are.
fn combine<S: Scalar>(coefficients: &[f64], slopes: &[Vec<S>]) -> Option<Vec<S>> {
    let terms = coefficients.iter().zip(slopes).filter(|(c, _)| **c != 0.0);
    terms.fold(None, |sum: Option<Vec<S>>, (&c, slope)| {
        let term = slope.iter().map(|&k| k * c);
        Some(match sum {
            Some(sum) => sum.into_iter().zip(term).map(|(a, b)| a + b).collect(),
            None => term.collect(),
        })
    })
}
