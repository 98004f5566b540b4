//! How large an error is, in units of what is tolerated: the one number that the step-size controller sees.
//! The elementwise part is generic; the norm is a graph value, so that it is computed where the state lives.

use thalweg_graph::{Scalar, Var};

/// What error a step may make: atol + rtol·|x| per element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance {
    /// Relative to the state; > 0.
    pub rtol: f64,
    /// Absolute, in units of the state; > 0.
    pub atol: f64,
}

/// e / (atol + rtol·max(|x₀|, |x₁|)), elementwise (Hairer, Nørsett & Wanner, equation II.4.10). NaN if any of them is.
///
/// ```
/// use thalweg_solver::{Tolerance, scaled_error};
/// let tolerance = Tolerance { rtol: 0.1, atol: 1.0 };
/// assert_eq!(scaled_error(3.0, -5.0, 20.0, tolerance), 1.0);
/// ```
pub fn scaled_error<S: Scalar>(error: S, x0: S, x1: S, tolerance: Tolerance) -> S {
    error / (x0.abs().maximum(x1.abs()) * tolerance.rtol + tolerance.atol)
}

/// Root mean square of [`scaled_error`] over all elements of all leaves (equation II.4.11): a scalar of the leaves' element
/// type; ≤ 1 means accept; not finite if an element is not.
///
/// `error`, `x0`, `x1` have one entry per leaf, of equal shape `[B, …]`. `rows`, a bool tensor `[B]`, says which rows count: those of
/// a padded tail do not. The starting step's norms are `error_norm(v, x, x, …)` of the state, the slope and the change
/// of slope.
///
/// ```
/// use thalweg_graph::{Builder, DType};
/// use thalweg_solver::{Tolerance, error_norm};
/// let b = Builder::new();
/// let (x, e) = (b.input("x", DType::F32, &[8, 2]), b.input("e", DType::F32, &[8, 2]));
/// let norm = error_norm(&[e], &[x], &[x], Tolerance { rtol: 1e-5, atol: 1e-5 }, None);
/// assert_eq!(norm.shape(), Vec::<usize>::new());
/// ```
///
/// # Panics
/// If there are no leaves.
pub fn error_norm<'g>(error: &[Var<'g>], x0: &[Var<'g>], x1: &[Var<'g>], tolerance: Tolerance, rows: Option<Var<'g>>) -> Var<'g> {
    let leaves = error.iter().zip(x0.iter().zip(x1));
    let squares = leaves.map(|(&e, (&x0, &x1))| scaled_error(e, x0, x1, tolerance).square());
    let Some(rows) = rows else {
        let count: usize = error.iter().map(|e| e.ty().count()).sum();
        return (sum_of(squares.map(Var::sum_all)) / count.max(1) as f64).sqrt();
    };
    let per_row: usize = error.iter().map(|e| e.shape().iter().skip(1).product::<usize>()).sum();
    let total = sum_of(squares.map(|s| s.sum(&(1..s.rank()).collect::<Vec<_>>())));
    let kept = rows.select(total, total.constant(0.0)).sum_all();
    let count = rows.cast(total.dtype()).sum_all() * per_row as f64;
    (kept / count.maximum(count.constant(1.0))).sqrt()
}

/// The sum of at least one value.
fn sum_of<'g>(values: impl Iterator<Item = Var<'g>>) -> Var<'g> {
    values.reduce(|a, b| a + b).expect("a state has at least one leaf")
}
