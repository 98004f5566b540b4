//! Likelihoods: the mean and its error against a Gaussian's entropy, bits against the number of levels.

use super::support::{Uniform, close};
use std::f64::consts::{E, PI};
use thalweg_metric::{bits_per_dimension, nll};

#[test]
fn the_mean_nears_the_entropy_within_its_standard_error() {
    let mut u = Uniform(1);
    let log_probs: Vec<f64> = u.normals(20_000).iter().map(|x| -0.5 * x * x - 0.5 * (2.0 * PI).ln()).collect();
    let got = nll(&log_probs).unwrap();
    // log p has variance ½ under N(0, 1).
    close(got.standard_error, (0.5f64 / 20_000.0).sqrt(), 2e-4);
    close(got.mean, 0.5 * (2.0 * PI * E).ln(), 4.0 * got.standard_error);
    assert_eq!(got.count, 20_000);
}

#[test]
fn a_large_offset_costs_no_digits_of_the_standard_error() {
    let (near, far) = (nll(&[1.0, 2.0, 4.0]).unwrap(), nll(&[1e9 + 1.0, 1e9 + 2.0, 1e9 + 4.0]).unwrap());
    close(far.standard_error, near.standard_error, 1e-6);
}

#[test]
fn bits_do_not_depend_on_how_the_data_were_scaled() {
    // D numbers of 256 levels, scaled by c: log p falls by D log c, and bins widen by c.
    let (bits, dim) = (3.2, 12);
    let nll_of_levels = bits * dim as f64 * 2f64.ln();
    for scale in [1.0, 1.0 / 256.0, 2.0 / 256.0, 7.0] {
        let nll = nll_of_levels + dim as f64 * f64::ln(scale);
        close(bits_per_dimension(nll, dim, scale).unwrap(), bits, 1e-13);
    }
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    assert_eq!(nll(&[1.0]).unwrap_err().code, "ShapeError");
    assert_eq!(nll(&[1.0, f64::NEG_INFINITY]).unwrap_err().got, "-inf at row 1");
    assert_eq!(bits_per_dimension(1.0, 0, 1.0).unwrap_err().code, "DataError");
    assert_eq!(bits_per_dimension(f64::NAN, 1, 1.0).unwrap_err().got, "NaN");
    assert_eq!(bits_per_dimension(1.0, 1, 0.0).unwrap_err().message, "the bin width is out of range");
}
