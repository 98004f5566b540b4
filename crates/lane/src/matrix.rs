//! Matrices as the skinny products take them: row-major, with a distance between rows.

/// A matrix to be read: element (i, j) is `values[i · stride + j]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a, T> {
    values: &'a [T],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// A matrix to be written: element (i, j) is `values[i · stride + j]`.
#[derive(Debug)]
pub struct RowsMut<'a, T> {
    values: &'a mut [T],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// Panics unless the last row ends within `length`.
fn check(length: usize, rows: usize, columns: usize, stride: usize) {
    assert!(rows == 0 || (rows - 1) * stride + columns <= length, "{rows} rows of {columns} at a distance of {stride} in {length} numbers");
    assert!(rows <= 1 || columns <= stride, "rows of {columns} overlap at a distance of {stride}");
}

impl<'a, T> Rows<'a, T> {
    /// A `rows` × `columns` matrix whose rows begin `stride` apart.
    ///
    /// # Panics
    /// If `values` ends before the last row does, or rows overlap.
    pub fn new(values: &'a [T], rows: usize, columns: usize, stride: usize) -> Rows<'a, T> {
        check(values.len(), rows, columns, stride);
        Rows { values, rows, columns, stride }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> &'a [T] {
        &self.values[i * self.stride..][..self.columns]
    }

    /// Columns `first` to `first + columns`.
    pub(crate) fn part_of_columns(&self, first: usize, columns: usize) -> Rows<'a, T> {
        assert!(first + columns <= self.columns);
        Rows { values: &self.values[first.min(self.values.len())..], columns, ..*self }
    }

    /// Rows `first` to `first + rows`.
    pub(crate) fn part(&self, first: usize, rows: usize) -> Rows<'a, T> {
        assert!(first + rows <= self.rows);
        Rows { values: &self.values[(first * self.stride).min(self.values.len())..], rows, ..*self }
    }
}

impl<'a, T> RowsMut<'a, T> {
    /// A `rows` × `columns` matrix whose rows begin `stride` apart.
    ///
    /// # Panics
    /// If `values` ends before the last row does, or rows overlap.
    pub fn new(values: &'a mut [T], rows: usize, columns: usize, stride: usize) -> RowsMut<'a, T> {
        check(values.len(), rows, columns, stride);
        RowsMut { values, rows, columns, stride }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Row `i`.
    #[inline(always)]
    pub fn row(&mut self, i: usize) -> &mut [T] {
        &mut self.values[i * self.stride..][..self.columns]
    }

    /// All numbers, and the distance between rows.
    #[inline(always)]
    pub(crate) fn flat(&mut self) -> (&mut [T], usize) {
        (self.values, self.stride)
    }

    /// Rows `first` to `first + N`.
    #[inline(always)]
    pub(crate) fn several<const N: usize>(&mut self, first: usize) -> [&mut [T]; N] {
        let (columns, stride) = (self.columns, self.stride);
        let mut rest = &mut self.values[first * stride..];
        std::array::from_fn(|i| {
            let last = first + i + 1 == self.rows;
            let (row, after) = std::mem::take(&mut rest).split_at_mut(if last { columns } else { stride });
            rest = after;
            &mut row[..columns]
        })
    }
}
