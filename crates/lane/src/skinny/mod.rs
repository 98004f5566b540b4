//! Matrix products with a side of at most [`FEW`]: bound by the reading of the large operand, which they read once and do not pack.
//! All are one of two kernels: a panel of a few rows times a wide matrix, or a few inner products with one row.

mod dots;
mod inner;
mod panel;

use crate::matrix::{Rows, RowsMut};
use crate::vector::Vector;
use dots::dots;
use panel::panel;

/// The largest short side of a skinny product.
pub const FEW: usize = 8;

/// What a product needs of its shapes.
fn check(name: &str, short: usize, fits: bool) {
    assert!((short <= FEW) & fits, "{name}: shapes do not fit, or the short side has more than {FEW}");
}

/// out = x w, few rows in x.
pub(crate) fn few_rows<T: Vector>(x: Rows<T>, w: Rows<T>, mut out: RowsMut<T>, accumulate: bool) {
    let (m, k, n) = (x.rows(), x.columns(), w.columns());
    check("few_rows", m, (w.rows(), out.rows(), out.columns()) == (k, m, n));
    panel(m, 0, k, |i, p| x.row(i)[p], w, &mut out, accumulate);
}

/// out = x wᵀ, few rows in x.
pub(crate) fn few_rows_transposed<T: Vector>(x: Rows<T>, w: Rows<T>, mut out: RowsMut<T>, accumulate: bool) {
    let (m, n) = (x.rows(), w.rows());
    check("few_rows_transposed", m, (w.columns(), out.rows(), out.columns()) == (x.columns(), m, n));
    dots(x, w, |i, j, value| {
        let out = &mut out.row(i)[j];
        *out = if accumulate { *out + value } else { value };
    });
}

/// out = x w, few columns in x.
pub(crate) fn few_inner<T: Vector>(x: Rows<T>, w: Rows<T>, mut out: RowsMut<T>, accumulate: bool) {
    let (m, k, n) = (x.rows(), x.columns(), w.columns());
    check("few_inner", k, (w.rows(), out.rows(), out.columns()) == (k, m, n));
    inner::inner(x, w, &mut out, accumulate);
}

/// out = x wᵀ, few rows in w.
pub(crate) fn few_columns<T: Vector>(x: Rows<T>, w: Rows<T>, mut out: RowsMut<T>, accumulate: bool) {
    let (m, k, n) = (x.rows(), x.columns(), w.rows());
    check("few_columns", n, (w.columns(), out.rows(), out.columns()) == (k, m, n));
    dots(w, x, |j, i, value| {
        let out = &mut out.row(i)[j];
        *out = if accumulate { *out + value } else { value };
    });
}

/// out = xᵀ g, few columns in x or in g.
pub(crate) fn few_outer<T: Vector>(x: Rows<T>, g: Rows<T>, mut out: RowsMut<T>, accumulate: bool, scratch: &mut [T]) {
    let (m, k, n) = (x.rows(), x.columns(), g.columns());
    check("few_outer", k.min(n), (g.rows(), out.rows(), out.columns()) == (m, k, n));
    if k <= FEW {
        return panel(k, 0, m, |i, p| x.row(p)[i], g, &mut out, accumulate);
    }
    let turned = &mut scratch[..n * k];
    panel(n, 0, m, |i, p| g.row(p)[i], x, &mut RowsMut::new(turned, n, k, k), false);
    for p in 0..k {
        for (j, out) in out.row(p).iter_mut().enumerate() {
            let value = turned[j * k + p];
            *out = if accumulate { *out + value } else { value };
        }
    }
}
