//! Squared Euclidean distances between two sets of points, accumulated in f64 from the differences themselves.
//! The expansion ‖x‖² + ‖y‖² − 2⟨x, y⟩ would be one matrix product, but cancels: equal points would not be at distance 0.

use crate::{AssignmentError, Costs, LARGEST_COST, Matrix, Result};
use pulp::{Arch, Simd, WithSimd};

/// Coordinates from which a sum runs along the coordinates of one pair, and not along neighbouring columns.
const MANY: usize = 32;

/// Partial sums of a pair: a few vector registers.
const LANES: usize = 16;

/// Coordinates added per pass over a row of distances: each pass loads and stores the sums once.
const DIMS: usize = 4;

/// Bytes of columns worked on at once while a matrix is filled: half of a common second-level cache.
const BLOCK: usize = 256 << 10;

/// Points of `dim` coordinates, row-major; finite, at least one.
#[derive(Clone, Debug)]
pub struct Points {
    dim: usize,
    values: Vec<f64>,
}

impl Points {
    /// Points of `dim` coordinates each; `what` names them in errors: `"the source"`.
    ///
    /// # Errors
    /// A `ShapeError` if there are none or no whole number of them; a `DataError` if a coordinate is not finite or so large that
    /// a squared distance would exceed [`LARGEST_COST`].
    pub fn new<T: Copy + Into<f64>>(what: &str, values: &[T], dim: usize) -> Result<Points> {
        if dim == 0 || values.is_empty() || !values.len().is_multiple_of(dim) {
            let expected = format!("a positive multiple of {dim} coordinates");
            return Err(AssignmentError::shape(format!("{what} has the wrong size"), expected, values.len()));
        }
        let values: Vec<f64> = values.iter().map(|&x| x.into()).collect();
        let largest = (LARGEST_COST / (4.0 * dim as f64)).sqrt();
        let place = |at: usize| format!("{} at row {}, column {}", values[at], at / dim, at % dim);
        // A NaN is not at most anything.
        let fits = |x: &f64| x.abs() <= largest;
        match values.iter().position(|x| !fits(x)) {
            None => Ok(Points { dim, values }),
            Some(at) if values[at].is_finite() => Err(AssignmentError::data(
                format!("{what} holds a number that is too large"),
                format!("at most {largest:.1e} in size"),
                place(at),
            )),
            Some(at) => Err(AssignmentError::data(format!("{what} holds a number that is not finite"), "finite numbers", place(at))),
        }
    }

    /// Number of points.
    #[allow(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    /// Number of coordinates of a point.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The coordinates, row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The coordinates of point `row`.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.dim..][..self.dim]
    }
}

/// ‖aᵢ − bⱼ‖² for all pairs, computed a row at a time whenever asked for.
///
/// ```
/// use thalweg_assignment::{Costs, Points, SquaredDistances};
/// let (a, b) = (Points::new("a", &[0.0, 0.0], 2)?, Points::new("b", &[3.0, 4.0, 0.0, 0.0], 2)?);
/// assert_eq!(SquaredDistances::new(&a, &b)?.row(0, &mut [0.0; 2]), [25.0, 0.0]);
/// # Ok::<(), thalweg_assignment::AssignmentError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SquaredDistances<'a> {
    a: &'a Points,
    b: &'a Points,
    /// The coordinates of b, one axis after the other, so that neighbouring columns share a vector register; if they are few.
    axes: Vec<f64>,
    arch: Arch,
}

impl<'a> SquaredDistances<'a> {
    /// Distances from each point of `a` to each of `b`.
    ///
    /// # Errors
    /// A `ShapeError` if their points differ in dimension.
    pub fn new(a: &'a Points, b: &'a Points) -> Result<SquaredDistances<'a>> {
        if a.dim != b.dim {
            return Err(AssignmentError::shape("the two sets differ in dimension", a.dim, b.dim));
        }
        let few = if b.dim < MANY { b.dim } else { 0 };
        let axes = (0..few).flat_map(|axis| b.values.iter().skip(axis).step_by(b.dim)).copied().collect();
        Ok(SquaredDistances { a, b, axes, arch: Arch::new() })
    }

    /// Distances of `row` to the columns from `start` on, as many as `out` is long.
    ///
    /// # Panics
    /// If there is no such row, or `out` reaches beyond the last column.
    pub fn part(&self, row: usize, start: usize, out: &mut [f64]) {
        let (end, columns, dim) = (start + out.len(), self.b.len(), self.b.dim);
        assert!(end <= columns, "columns {start} to {end} of {columns}");
        let x = self.a.row(row);
        if dim < MANY {
            self.arch.dispatch(AlongColumns { x, axes: &self.axes[start..], stride: columns, out });
        } else {
            self.arch.dispatch(AlongCoordinates { x, points: &self.b.values[start * dim..end * dim], out });
        }
    }
}

impl Costs for SquaredDistances<'_> {
    fn rows(&self) -> usize {
        self.a.len()
    }

    fn columns(&self) -> usize {
        self.b.len()
    }

    fn row<'a>(&'a self, row: usize, scratch: &'a mut [f64]) -> &'a [f64] {
        self.part(row, 0, scratch);
        scratch
    }
}

// Kernels are types and not closures, because a closure is not inlined into the function that is compiled for wide registers. The
// order of each sum is fixed by the dimension, whatever the width of a register.

/// out = Σ (x − axis)², axis by axis.
struct AlongColumns<'a> {
    x: &'a [f64],
    axes: &'a [f64],
    stride: usize,
    out: &'a mut [f64],
}

impl WithSimd for AlongColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let AlongColumns { x, axes, stride, out } = self;
        let n = out.len();
        let axis = |at: usize| &axes[at * stride..][..n];
        out.fill(0.0);
        let whole = x.len() / DIMS * DIMS;
        for at in (0..whole).step_by(DIMS) {
            let [x0, x1, x2, x3] = [x[at], x[at + 1], x[at + 2], x[at + 3]];
            let (b0, b1, b2, b3) = (axis(at), axis(at + 1), axis(at + 2), axis(at + 3));
            for j in 0..n {
                let (d0, d1, d2, d3) = (x0 - b0[j], x1 - b1[j], x2 - b2[j], x3 - b3[j]);
                out[j] = (((out[j] + d0 * d0) + d1 * d1) + d2 * d2) + d3 * d3;
            }
        }
        for (at, &x) in x.iter().enumerate().skip(whole) {
            for (out, b) in out.iter_mut().zip(axis(at)) {
                let d = x - b;
                *out += d * d;
            }
        }
    }
}

/// out = Σ (x − point)², point by point.
struct AlongCoordinates<'a> {
    x: &'a [f64],
    points: &'a [f64],
    out: &'a mut [f64],
}

impl WithSimd for AlongCoordinates<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (x, x_rest) = self.x.as_chunks::<LANES>();
        for (out, point) in self.out.iter_mut().zip(self.points.chunks_exact(self.x.len())) {
            let (point, point_rest) = point.as_chunks::<LANES>();
            let mut lanes = [0.0; LANES];
            for (x, y) in x.iter().zip(point) {
                for k in 0..LANES {
                    let d = x[k] - y[k];
                    lanes[k] += d * d;
                }
            }
            let rest: f64 = x_rest.iter().zip(point_rest).map(|(x, y)| (x - y) * (x - y)).sum();
            *out = lanes.iter().sum::<f64>() + rest;
        }
    }
}

/// The matrix of ‖aᵢ − bⱼ‖², `a.len()` × `b.len()`; the same numbers as [`SquaredDistances`] gives.
///
/// # Errors
/// A `ShapeError` if the points differ in dimension.
pub fn squared_distances(a: &Points, b: &Points) -> Result<Matrix> {
    let distances = SquaredDistances::new(a, b)?;
    let columns = b.len();
    let mut values = vec![0.0; a.len() * columns];
    let width = (BLOCK / (size_of::<f64>() * b.dim)).max(1);
    for start in (0..columns).step_by(width) {
        let end = (start + width).min(columns);
        for (row, out) in values.chunks_exact_mut(columns).enumerate() {
            distances.part(row, start, &mut out[start..end]);
        }
    }
    Matrix::new(a.len(), columns, values)
}
