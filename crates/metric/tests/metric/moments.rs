//! Moments: known sets, how they transform, digits far from 0, and the errors between them.

use super::support::{Uniform, close};
use thalweg_metric::{Moments, moment_errors, moments};

#[test]
fn a_known_set_has_its_known_moments() {
    let got = moments(&[0.0, 0.0, 2.0, 0.0, 0.0, 4.0, 2.0, 4.0], 2).unwrap();
    assert_eq!(got, Moments { mean: vec![1.0, 2.0], covariance: vec![4.0 / 3.0, 0.0, 0.0, 16.0 / 3.0] });
}

#[test]
fn a_linear_map_acts_on_both_moments() {
    let mut u = Uniform(1);
    let points = u.normals(2 * 50);
    let moved: Vec<f64> = points.chunks(2).flat_map(|x| [2.0 * x[0] + x[1] + 1e6, 3.0 * x[1] - 5.0]).collect();
    let (before, after) = (moments(&points, 2).unwrap(), moments(&moved, 2).unwrap());
    let [xx, xy, _, yy] = before.covariance[..] else { panic!("four entries") };
    let expected = [4.0 * xx + 4.0 * xy + yy, 6.0 * xy + 3.0 * yy, 6.0 * xy + 3.0 * yy, 9.0 * yy];
    after.covariance.iter().zip(expected).for_each(|(c, e)| close(*c, e, 1e-8));
    close(after.mean[0], 2.0 * before.mean[0] + before.mean[1] + 1e6, 1e-8);
}

#[test]
fn the_covariance_of_a_sample_is_without_bias() {
    let mut u = Uniform(2);
    let rounds = 20_000;
    let mean = (0..rounds).map(|_| moments(&u.normals(3), 1).unwrap().covariance[0]).sum::<f64>() / f64::from(rounds);
    close(mean, 1.0, 0.03);
}

#[test]
fn errors_are_norms_of_differences() {
    let reference = Moments { mean: vec![0.0, 0.0], covariance: vec![3.0, 0.0, 0.0, 4.0] };
    let sample = Moments { mean: vec![3.0, -4.0], covariance: vec![3.0, 1.0, 1.0, 4.0] };
    let got = moment_errors(&sample, &reference).unwrap();
    assert_eq!((got.mean, got.covariance), (5.0, 2f64.sqrt()));
    close(got.relative_covariance, 2f64.sqrt() / 5.0, 1e-15);
    let none = moment_errors(&sample, &sample).unwrap();
    assert_eq!((none.mean, none.covariance, none.relative_covariance), (0.0, 0.0, 0.0));
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    assert_eq!(moments(&[1.0, 2.0], 2).unwrap_err().message, "the set has too few points");
    assert_eq!(moments(&[1.0, f64::NAN], 1).unwrap_err().got, "NaN at row 1, column 0");
    let line = moments(&[0.0, 1.0], 1).unwrap();
    let plane = moments(&[0.0, 1.0, 2.0, 3.0], 2).unwrap();
    assert_eq!(moment_errors(&line, &plane).unwrap_err().code, "ShapeError");
    let broken = Moments { covariance: vec![1.0], ..plane.clone() };
    assert_eq!(moment_errors(&broken, &plane).unwrap_err().got, "1");
}
