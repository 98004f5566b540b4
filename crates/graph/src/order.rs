//! Order statistics of a tensor along a dimension: sorted values, their indices, quantiles.
//! The order itself has no derivative; the values taken in that order have those of the elements that they are.

use crate::ops::{self, Op};
use crate::{GraphError, Var};

impl<'g> Var<'g> {
    /// Indices (i64) that sort `axis` ascending; stable, NaN last. The shape is that of the operand. Has no derivative.
    ///
    /// Errors: a dimension that is not there, truth values.
    ///
    /// ```
    /// # use thalweg_graph::{Builder, DType, Type};
    /// let b = Builder::new();
    /// let order = b.input("x", DType::F32, &[2, 5]).arg_sort(1);
    /// assert_eq!(order.ty(), Type::new(DType::I64, [2, 5]));
    /// // One element is in order.
    /// let first = b.input("y", DType::F32, &[2, 1]).arg_sort(1).as_literal().unwrap();
    /// assert_eq!(first.splat_value().unwrap().as_i64(), 0);
    /// ```
    pub fn arg_sort(self, axis: usize) -> Var<'g> {
        self.builder().push(Op::ArgSort(ops::ArgSort { axis }), &[self])
    }

    /// Elements of dimension `axis` picked by i64 `indices` of the same rank, each for its own place in the other dimensions
    /// (NumPy's `take_along_axis`); see [`ops::TakeAlong`].
    ///
    /// Errors: shapes that differ in another dimension; an index outside 0 … size − 1, when it runs.
    ///
    /// ```
    /// # use thalweg_graph::{Builder, DType, Type};
    /// let b = Builder::new();
    /// let (x, best) = (b.input("x", DType::F32, &[4, 5]), b.input("best", DType::I64, &[4, 2]));
    /// assert_eq!(x.take_along(1, best).ty(), Type::new(DType::F32, [4, 2]));
    /// ```
    pub fn take_along(self, axis: usize, indices: Var<'g>) -> Var<'g> {
        self.builder().push(Op::TakeAlong(ops::TakeAlong { axis }), &[self, indices])
    }

    /// Elements added at i64 `indices` of `axis` of zeros, each by an index of its own; see [`ops::AddAlong`].
    pub fn add_along(self, indices: Var<'g>, axis: usize, size: usize) -> Var<'g> {
        self.builder().push(Op::AddAlong(ops::AddAlong { axis, size }), &[self, indices])
    }

    /// Dimension `axis` in ascending order, NaN last. The derivative of a sorted value is that of the element that it is; of
    /// equal elements, the first counts as the smaller.
    ///
    /// Errors: a dimension that is not there, truth values.
    ///
    /// ```
    /// # use thalweg_graph::{Builder, DType};
    /// let b = Builder::new();
    /// let x = b.input("x", DType::F64, &[2, 3]);
    /// assert_eq!(x.sort(1).ty(), x.ty());
    /// let one = x.narrow(1, 0, 1);
    /// assert_eq!(one.sort(1).id(), one.id());
    /// ```
    pub fn sort(self, axis: usize) -> Var<'g> {
        self.take_along(axis, self.arg_sort(axis))
    }

    /// The `q`-quantile, 0 ≤ q ≤ 1, of floats along `axis`, which disappears: with sorted values s₀ … sₙ₋₁ and h = q (n − 1), the
    /// linear interpolation between s at ⌊h⌋ and at ⌊h⌋ + 1 (Hyndman and Fan 1996, type 7). q = 0, ½, 1 are the minimum, the
    /// median and the maximum. NaN if any element is.
    ///
    /// Errors: a q outside 0 … 1, a dimension that is not there or has no element, numbers that are not floats.
    ///
    /// ```
    /// # use thalweg_graph::{Builder, DType};
    /// let b = Builder::new();
    /// let x = b.input("x", DType::F64, &[4, 3]);
    /// assert_eq!(x.quantile(0.5, 0).shape(), [3]);
    /// assert_eq!(x.quantile(0.5, 1).shape(), [4]);
    /// x.quantile(1.5, 1);
    /// assert!(b.check().unwrap_err().to_string().contains("expected 0 ≤ q ≤ 1, got 1.5"));
    /// ```
    pub fn quantile(self, q: f64, axis: usize) -> Var<'g> {
        if self.is_poison() {
            return self;
        }
        let (length, place) = match self.quantile_place(q, axis) {
            Ok(found) => found,
            Err(error) => return self.builder().fail(error),
        };
        let order = self.arg_sort(axis);
        let mut shape = self.shape();
        shape.remove(axis);
        let at = |rank: usize| self.take_along(axis, order.narrow(axis, rank, 1)).reshape(&shape);
        let (below, part) = (place.floor() as usize, place.fract());
        let value = if part == 0.0 { at(below) } else { between(at(below), at(below + 1), part) };
        // NaN is sorted last, so that the last element tells whether there is one.
        let last = at(length - 1);
        last.eq(last).select(value, last)
    }

    /// Number of elements along `axis`, and where among them in ascending order the quantile is.
    fn quantile_place(self, q: f64, axis: usize) -> crate::Result<(usize, f64)> {
        let ty = self.ty();
        let wrong = |message: &str, expected: String| Err(GraphError::shape("quantile", message, expected, ty.to_string()));
        if !(0.0..=1.0).contains(&q) {
            return Err(GraphError::trace("quantile", "q out of range", "0 ≤ q ≤ 1", q.to_string()));
        }
        if !ty.dtype.is_float() {
            return Err(GraphError::dtype("quantile", "wrong element type", "a float tensor", ty.to_string()));
        }
        match ty.shape.get(axis) {
            None => wrong("no such dimension", format!("more than {axis} dimensions")),
            Some(0) => wrong("quantile of nothing", "at least one element to rank".into()),
            Some(&length) => Ok((length, q * (length - 1) as f64)),
        }
    }
}

/// The value `part` of the way from a to b. The weights of a and b, hence the derivatives, are 1 − part and part also where
/// a = b, at an infinity, or where b − a overflows.
fn between<'g>(a: Var<'g>, b: Var<'g>, part: f64) -> Var<'g> {
    let difference = b - a;
    // From the nearer end: never beyond the other one by rounding.
    let along = if part < 0.5 { a + difference * part } else { b - difference * (1.0 - part) };
    difference.is_finite().select(along, a * (1.0 - part) + b * part)
}
