//! What every coupling promises: data in order, rows of the batch, a function of its arguments, errors that say where.

use super::support::{Uniform, sorted};
use thalweg_coupling::{Batch, Conditional, Conditions, Couple, Coupling, Pairing, Report, Sinkhorn};

fn all() -> Vec<Coupling> {
    let conditional = Conditional { weight: Some(0.5), ..Conditional::default() };
    vec![Coupling::independent(), Coupling::exact(), Sinkhorn::relative(0.1).into(), conditional.into(), Coupling::paired()]
}

struct Rows {
    source: Vec<f64>,
    data: Vec<f64>,
    conditions: Vec<f64>,
    uniforms: Vec<f64>,
}

impl Rows {
    fn new(n: usize) -> Rows {
        let mut u = Uniform(1);
        Rows { source: u.normals(3 * n), data: u.normals(3 * n), conditions: u.normals(2 * n), uniforms: u.numbers(n) }
    }

    fn batch(&self) -> Batch<'_, f64> {
        let conditions = Conditions::Continuous { values: &self.conditions, dim: 2 };
        Batch { source: &self.source, data: &self.data, dim: 3, conditions }
    }

    fn pair(&self, coupling: &Coupling) -> Pairing {
        let draws = coupling.draws(self.uniforms.len());
        coupling.pair(&self.batch(), &self.uniforms[..draws]).unwrap()
    }
}

#[test]
fn all_couplings_are_tested_here() {
    assert_eq!(all().iter().map(Coupling::name).collect::<Vec<_>>(), Coupling::NAMES);
}

/// Trap: weights or conditions left in the old order after the data were resampled. Here data keep their order, and gathering by
/// datum is right for any pairing.
#[test]
fn each_datum_occurs_once_and_in_order_so_that_conditions_and_weights_stay_with_it() {
    let rows = Rows::new(40);
    for coupling in all() {
        let pairing = rows.pair(&coupling);
        assert!(pairing.data.iter().copied().eq(0..40), "{}", coupling.name());
        assert!(pairing.source.iter().all(|&i| i < 40));
        if coupling.name() != "sinkhorn" {
            assert_eq!(sorted(&pairing.source), pairing.data, "{}", coupling.name());
        }
    }
    let resampled = Pairing { source: vec![2, 0, 2], data: vec![1, 2, 1], report: Report::default() };
    assert_eq!(resampled.gather_data(&[0.1, 0.2, 0.3], 1), [0.2, 0.3, 0.2]);
    assert_eq!(resampled.gather_source(&[0, 1, 10, 11, 20, 21], 2), [20, 21, 0, 1, 20, 21]);
}

#[test]
fn single_and_double_precision_give_the_same_pairs() {
    let rows = Rows::new(50);
    let single = |v: &[f64]| v.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let (source, data, conditions) = (single(&rows.source), single(&rows.data), single(&rows.conditions));
    let narrow = Batch { source: &source, data: &data, dim: 3, conditions: Conditions::Continuous { values: &conditions, dim: 2 } };
    let double = |v: &[f32]| v.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
    let wide = Rows { source: double(&source), data: double(&data), conditions: double(&conditions), uniforms: rows.uniforms };
    for coupling in all() {
        let draws = coupling.draws(50);
        assert_eq!(coupling.pair(&narrow, &wide.uniforms[..draws]).unwrap(), wide.pair(&coupling));
    }
}

#[test]
fn independent_pairs_are_every_permutation_equally_often() {
    let mut u = Uniform(3);
    let rows = [0.0; 3];
    let batch = Batch { source: &rows, data: &rows, dim: 1, conditions: Conditions::None };
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..6000 {
        *counts.entry(Coupling::independent().pair(&batch, &u.numbers(3)).unwrap().source).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(counts.values().all(|&c: &i32| (c - 1000).abs() < 150), "{counts:?}"); // five standard deviations
}

#[test]
fn a_paired_batch_stays_as_it_is() {
    let rows = Rows::new(5);
    assert_eq!(rows.pair(&Coupling::paired()).source, [0, 1, 2, 3, 4]);
}

#[test]
fn bad_batches_are_errors_that_say_where() {
    let fail = |coupling: &Coupling, source: &[f64], data: &[f64], dim, conditions, uniforms: &[f64]| {
        let error = coupling.pair(&Batch { source, data, dim, conditions }, uniforms).unwrap_err();
        (error.code, error.to_string())
    };
    let exact = Coupling::exact();
    let none = Conditions::None;
    let shape = |text: &str| ("ShapeError", text.to_string());
    let data = |text: &str| ("DataError", text.to_string());
    assert_eq!(
        fail(&exact, &[], &[], 1, none, &[]),
        shape("the data has the wrong size: expected a positive multiple of 1 numbers, got 0")
    );
    assert_eq!(fail(&exact, &[1.0], &[1.0], 0, none, &[]).0, "ShapeError");
    assert_eq!(
        fail(&exact, &[1.0, 2.0], &[1.0], 1, none, &[]),
        shape("the batch has the wrong number of source rows: expected 1, as data rows, got 2")
    );
    assert_eq!(
        fail(&exact, &[1.0], &[1.0], 1, Conditions::Discrete(&[1, 2]), &[]),
        shape("the batch has the wrong number of conditions: expected 1, as data rows, got 2")
    );
    assert_eq!(
        fail(&exact, &[1.0, 0.0, f64::NAN, 0.0], &[1.0; 4], 2, none, &[]),
        data("the source holds a number that is not finite: expected finite numbers, got NaN at row 1, column 0")
    );
    let classes = Coupling::from(Conditional::default());
    assert_eq!(
        fail(&classes, &[1.0; 3], &[1.0, 2.0, f64::INFINITY], 1, Conditions::Discrete(&[4, 4, 7]), &[]),
        data("the data holds a number that is not finite: expected finite numbers, got inf at row 2, column 0")
    );
    assert_eq!(
        fail(&Coupling::independent(), &[1.0], &[1.0], 1, none, &[]),
        shape("independent coupling of 1 rows got the wrong number of uniforms: expected 1, got 0")
    );
    assert_eq!(
        fail(&Coupling::independent(), &[1.0; 2], &[1.0; 2], 1, none, &[0.5, 1.0]),
        data("a uniform number is out of range: expected at least 0 and below 1, got 1 at 1")
    );
    assert_eq!(fail(&classes, &[1.0], &[1.0], 1, none, &[]).0, "DataError");
}
