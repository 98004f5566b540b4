//! Skinny products against plain sums in f64, for every short side, odd lengths and distances between rows.

use thalweg_lane::{FEW, Real, Rows, RowsMut};

/// A matrix with room between its rows.
struct Matrix<T> {
    values: Vec<T>,
    rows: usize,
    columns: usize,
    stride: usize,
}

impl<T: Real + From<f32> + Into<f64>> Matrix<T> {
    fn new(rows: usize, columns: usize, seed: usize) -> Matrix<T> {
        let stride = columns + seed % 3;
        let values =
            (0..(rows * stride).saturating_sub(seed % 3)).map(|i| T::from(((i * 29 + seed * 7) % 31) as f32 * 0.0625 - 1.0)).collect();
        Matrix { values, rows, columns, stride }
    }

    fn view(&self) -> Rows<'_, T> {
        Rows::new(&self.values, self.rows, self.columns, self.stride)
    }

    fn view_mut(&mut self) -> RowsMut<'_, T> {
        RowsMut::new(&mut self.values, self.rows, self.columns, self.stride)
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.values[i * self.stride + j].into()
    }
}

type Product<T> = fn(Rows<T>, Rows<T>, RowsMut<T>, bool);

/// Checks `product` of an `a` and a `b`, whose entry (i, j) is Σₚ `left(a, i, p)` · `right(b, p, j)`.
fn check<T: Real + From<f32> + Into<f64>>(
    name: &str,
    product: Product<T>,
    [a, b]: [&Matrix<T>; 2],
    [m, k, n]: [usize; 3],
    left: fn(&Matrix<T>, usize, usize) -> f64,
    right: fn(&Matrix<T>, usize, usize) -> f64,
) {
    for accumulate in [false, true] {
        let mut out = Matrix::<T>::new(m, n, 5);
        let before = Matrix::<T>::new(m, n, 5);
        product(a.view(), b.view(), out.view_mut(), accumulate);
        for i in 0..m {
            for j in 0..n {
                let sum: f64 = (0..k).map(|p| left(a, i, p) * right(b, p, j)).sum();
                let expected = sum + if accumulate { before.at(i, j) } else { 0.0 };
                let bound = 1e-6 * (k as f64 + 4.0) + 1e-9;
                assert!((out.at(i, j) - expected).abs() <= bound, "{name} {m}x{k}x{n} at ({i}, {j}): {} not {expected}", out.at(i, j));
            }
            // What lies between rows stays.
            for j in n..out.stride {
                assert!(i + 1 == m || out.at(i, j) == before.at(i, j), "{name} wrote beyond row {i}");
            }
        }
    }
}

fn all<T: Real + From<f32> + Into<f64>>() {
    let plain = |a: &Matrix<T>, i: usize, j: usize| a.at(i, j);
    let turned = |a: &Matrix<T>, i: usize, j: usize| a.at(j, i);
    let new = Matrix::<T>::new;
    let outer: Product<T> = |x, g, out, accumulate| {
        let mut scratch = vec![T::ONE; x.columns() * g.columns()];
        T::few_outer(x, g, out, accumulate, &mut scratch);
    };
    for few in 0..=FEW {
        for long in [0, 1, 2, 3, 7, 8, 9, 16, 31, 65, 300] {
            for wide in [0, 1, 5, 13, 64, 71] {
                check("few_rows", T::few_rows, [&new(few, long, 1), &new(long, wide, 2)], [few, long, wide], plain, plain);
                check(
                    "few_rows_transposed",
                    T::few_rows_transposed,
                    [&new(few, long, 1), &new(wide, long, 2)],
                    [few, long, wide],
                    plain,
                    turned,
                );
                check("few_inner", T::few_inner, [&new(wide, few, 1), &new(few, long, 2)], [wide, few, long], plain, plain);
                check("few_columns", T::few_columns, [&new(wide, long, 1), &new(few, long, 2)], [wide, long, few], plain, turned);
                check("few_outer", outer, [&new(long, few, 1), &new(long, wide, 2)], [few, long, wide], turned, plain);
                check("few_outer", outer, [&new(long, wide, 1), &new(long, few, 2)], [wide, long, few], turned, plain);
            }
        }
    }
}

#[test]
fn skinny_products_in_f32_are_sums_of_products() {
    all::<f32>();
}

#[test]
fn skinny_products_in_f64_are_sums_of_products() {
    all::<f64>();
}

#[test]
#[should_panic(expected = "short side")]
fn a_product_with_many_rows_is_refused() {
    let x = [0.0; 9];
    f64::few_rows(Rows::new(&x, 9, 1, 1), Rows::new(&x, 1, 1, 1), RowsMut::new(&mut [0.0; 9], 9, 1, 1), false);
}
