//! Path energy, its normalised form and straightness: flows whose energy is known, the identity between them, and their errors.

use super::support::{Uniform, close};
use std::f64::consts::{FRAC_PI_2, PI};
use thalweg_metric::{
    ExactWasserstein, Trajectories, exact_wasserstein, normalized_path_energy, path_energy, path_energy_of_speeds, straightness,
};

struct Path {
    times: Vec<f64>,
    states: Vec<f64>,
}

impl Path {
    /// x(t) = f(t, x₀) at `steps` + 1 times over [0, `span`], t scaled to [0, 1].
    fn new(start: &[f64], steps: usize, span: f64, f: impl Fn(f64, usize, f64) -> f64) -> Path {
        let unit = |k: usize| k as f64 / steps as f64;
        let states = (0..=steps).flat_map(|k| start.iter().enumerate().map(|(i, &x)| f(unit(k), i, x)).collect::<Vec<_>>()).collect();
        Path { times: (0..=steps).map(|k| span * unit(k)).collect(), states }
    }

    fn trajectories(&self, dim: usize) -> Trajectories<'_> {
        let rows = self.states.len() / self.times.len() / dim;
        Trajectories::new(&self.times, &self.states, rows, dim).unwrap()
    }
}

fn mean_squared_displacement(t: &Trajectories<'_>, rows: usize) -> f64 {
    t.start().iter().zip(t.end()).map(|(x, y)| (y - x).powi(2)).sum::<f64>() / rows as f64
}

#[test]
fn the_optimal_flow_has_no_excess_energy_and_is_straight() {
    // x(t) = (1 − t) x₀ + t T x₀, with T the gradient of a convex function, in any unit of time.
    let mut u = Uniform(1);
    let start = u.normals(2 * 100);
    for span in [1.0, 3.5] {
        let path = Path::new(&start, 7, span, |t, i, x| (1.0 - t) * x + t * (2.0 * x + i as f64 % 2.0));
        let trajectories = path.trajectories(2);
        let least = exact_wasserstein(trajectories.start(), trajectories.end(), 2).unwrap();
        let energy = path_energy(&trajectories);
        close(energy, least.squared, 1e-12);
        close(normalized_path_energy(energy, &least).unwrap().normalized, 0.0, 1e-12);
        close(straightness(&trajectories), 0.0, 1e-13);
    }
}

#[test]
fn a_quarter_turn_has_its_closed_form_reached_at_second_order() {
    // x = cos(πt/2) a + sin(πt/2) b has energy (π²/8)(|a|² + |b|²) − (π/2) a·b.
    let mut u = Uniform(2);
    let (a, b) = (u.normals(30), u.normals(30));
    let square = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>() / 30.0;
    let product = a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>() / 30.0;
    let exact = PI * PI / 8.0 * (square(&a) + square(&b)) - FRAC_PI_2 * product;
    let error = |steps| {
        let path = Path::new(&a, steps, 1.0, |t, i, a| (FRAC_PI_2 * t).cos() * a + (FRAC_PI_2 * t).sin() * b[i]);
        exact - path_energy(&path.trajectories(1))
    };
    let order = (error(20) / error(40)).log2();
    close(order, 2.0, 0.01);
    assert!(error(400) > 0.0 && error(400) < 1e-4 * exact);
}

#[test]
fn straightness_is_the_path_energy_beyond_the_displacement() {
    let mut u = Uniform(3);
    let times = [0.0, 0.1, 0.15, 0.6, 2.0];
    let states = u.normals(5 * 12 * 3);
    let trajectories = Trajectories::new(&times, &states, 12, 3).unwrap();
    let expected = path_energy(&trajectories) - mean_squared_displacement(&trajectories, 12);
    close(straightness(&trajectories), expected, 1e-11);
    assert!(expected > 0.0);
}

#[test]
fn no_trajectories_have_less_energy_than_the_distance_of_their_ends() {
    let mut u = Uniform(4);
    for _ in 0..20 {
        let states = u.normals(4 * 15 * 2);
        let trajectories = Trajectories::new(&[0.0, 0.2, 0.5, 1.0], &states, 15, 2).unwrap();
        let least = exact_wasserstein(trajectories.start(), trajectories.end(), 2).unwrap();
        assert!(normalized_path_energy(path_energy(&trajectories), &least).unwrap().normalized >= 0.0);
    }
}

#[test]
fn speeds_are_integrated_over_unequal_times_in_scaled_time() {
    // E‖v‖² = 2 + 3t: the trapezoidal rule is exact for it.
    let times = [0.0, 0.3, 0.35, 1.0];
    let speeds: Vec<f64> = times.iter().map(|t| 2.0 + 3.0 * t).collect();
    close(path_energy_of_speeds(&times, &speeds).unwrap(), 3.5, 1e-14);
    // The same path taken in four times the time is a quarter as fast.
    let (slow, slower) = (times.map(|t| 4.0 * t), speeds.iter().map(|s| s / 16.0).collect::<Vec<_>>());
    close(path_energy_of_speeds(&slow, &slower).unwrap(), 3.5, 1e-14);
}

#[test]
fn the_normalised_energy_keeps_its_sign() {
    let least = ExactWasserstein { squared: 4.0, distance: 2.0, lower_bound: 4.0 };
    assert_eq!(normalized_path_energy(6.0, &least).unwrap().normalized, 0.5);
    assert_eq!(normalized_path_energy(3.0, &least).unwrap().normalized, -0.25);
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    let fail = |times: &[f64], states: &[f64], rows, dim| {
        let error = Trajectories::new(times, states, rows, dim).unwrap_err();
        (error.code, error.got)
    };
    assert_eq!(fail(&[0.0], &[1.0], 1, 1), ("ShapeError", "1".to_string()));
    assert_eq!(fail(&[0.0, 1.0], &[1.0; 3], 1, 2), ("ShapeError", "3".to_string()));
    assert_eq!(fail(&[0.0, 1.0], &[], 0, 2).0, "ShapeError");
    assert_eq!(fail(&[0.0, 1.0, 1.0], &[1.0; 3], 1, 1), ("DataError", "1 at 2".to_string()));
    assert_eq!(fail(&[0.0, f64::NAN], &[1.0; 2], 1, 1), ("DataError", "NaN at 1".to_string()));
    let nan = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, f64::NAN, 7.0];
    assert_eq!(fail(&[0.0, 1.0], &nan, 2, 2), ("DataError", "NaN at time 1, row 1, column 0".to_string()));
    assert_eq!(path_energy_of_speeds(&[0.0, 1.0], &[1.0, -1.0]).unwrap_err().got, "-1 at 1");
    assert_eq!(path_energy_of_speeds(&[0.0, 1.0], &[1.0]).unwrap_err().code, "ShapeError");
    let nowhere = ExactWasserstein { squared: 0.0, distance: 0.0, lower_bound: 0.0 };
    assert_eq!(normalized_path_energy(1.0, &nowhere).unwrap_err().code, "DataError");
    assert_eq!(normalized_path_energy(f64::NAN, &nowhere).unwrap_err().got, "NaN");
}
