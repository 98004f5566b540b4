//! Grids: steps equal in the grid's variable, exact ends, outputs on step ends, and refusals where the variable is infinite.

use crate::schedules::{Edm, Gvp, Linear, Path, VpLinear, paths};
use thalweg_solver::{Grid, Problem};

/// What a grid is uniform in.
type Variable<'a> = Box<dyn Fn(f64) -> f64 + 'a>;

fn problem(path: &dyn Path) -> Problem<'_> {
    Problem { schedule: Some(path), diffusion: None }
}

#[test]
fn steps_are_equal_in_the_variable_of_the_grid() {
    for path in paths() {
        let variable: [(Grid, Variable); 4] = [
            (Grid::Uniform {}, Box::new(|t| t)),
            (Grid::Quadratic {}, Box::new(f64::sqrt)),
            (Grid::LogSnr {}, Box::new(|t| path.lambda(t))),
            (Grid::Karras { rho: 7.0 }, Box::new(|t| (path.sigma(t) / path.s(t)).powf(1.0 / 7.0))),
        ];
        for (grid, variable) in variable {
            let nodes = grid.nodes(problem(path), &path.span(), 9).unwrap();
            assert_eq!((nodes.times.len(), nodes.times[0], nodes.times[9]), (10, path.span()[0], path.span()[1]));
            let w: Vec<f64> = nodes.times.iter().map(|&t| variable(t)).collect();
            let step = (w[9] - w[0]) / 9.0;
            assert!(w.windows(2).all(|p| (p[1] - p[0] - step).abs() < 1e-11 * step.abs().max(1.0)), "{} {grid:?} {w:?}", path.name());
        }
    }
}

#[test]
fn the_grid_of_edm_is_the_published_formula() {
    let times = Grid::Karras { rho: 7.0 }.nodes(problem(&Edm), &[80.0, 0.002], 17).unwrap().times;
    for (i, t) in times.iter().enumerate() {
        let power = |sigma: f64| sigma.powf(1.0 / 7.0);
        let expected = (power(80.0) + i as f64 / 17.0 * (power(0.002) - power(80.0))).powi(7);
        assert!((t / expected - 1.0).abs() < 1e-12, "{i}");
    }
}

#[test]
fn outputs_lie_on_step_ends_on_every_grid() {
    let t_span = [0.9, 0.6, 0.55, 0.1];
    for grid in
        [Grid::Uniform {}, Grid::Quadratic {}, Grid::LogSnr {}, Grid::Karras { rho: 7.0 }, Grid::Times { times: vec![0.7, 0.2, 0.8, 0.95] }]
    {
        let nodes = grid.nodes(problem(&Gvp), &t_span, 10).unwrap();
        let at: Vec<f64> = nodes.outputs.iter().map(|&i| nodes.times[i]).collect();
        assert_eq!(at, t_span, "{grid:?}");
        assert!(nodes.times.windows(2).all(|w| w[1] < w[0]), "{grid:?}");
        assert!(matches!(grid, Grid::Times { .. }) || nodes.times.len() > 10, "{grid:?}");
    }
}

#[test]
fn given_times_replace_the_number_of_steps_in_either_direction() {
    let grid = Grid::Times { times: vec![0.5, 0.25, 0.75, 0.5, 1.0, 2.0] };
    assert_eq!(grid.nodes(Problem::default(), &[0.0, 0.6, 1.0], 99).unwrap().times, [0.0, 0.25, 0.5, 0.6, 0.75, 1.0]);
    assert_eq!(grid.nodes(Problem::default(), &[1.0, 0.0], 99).unwrap().times, [1.0, 0.75, 0.5, 0.25, 0.0]);
}

#[test]
fn karras_may_end_on_the_datum_and_log_snr_may_not() {
    let times = Grid::Karras { rho: 7.0 }.nodes(problem(&VpLinear), &[1.0, 0.0], 8).unwrap().times;
    assert!(times[8] == 0.0 && times.windows(2).all(|w| w[1] < w[0]), "{times:?}");
    let refused = [
        (Grid::LogSnr {}, &VpLinear as &dyn Path, [1.0, 0.0], "inf at t = 0"),
        (Grid::LogSnr {}, &Linear, [1.0, 0.1], "-inf at t = 1"),
        (Grid::Karras { rho: 7.0 }, &Linear, [1.0, 0.1], "inf at t = 1"),
        (Grid::Quadratic {}, &Linear, [0.5, -0.1], "NaN at t = -0.1"),
    ];
    for (grid, path, t_span, got) in refused {
        let error = grid.nodes(problem(path), &t_span, 8).unwrap_err();
        assert_eq!((error.code, error.path, error.got.as_str()), ("ConfigError", Some("grid"), got));
    }
    let error = Grid::LogSnr {}.nodes(Problem::default(), &[1.0, 0.0], 8).unwrap_err();
    assert!(error.expected.contains("Gaussian path"), "{error}");
}
