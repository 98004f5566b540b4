//! The sixteen conversions: against the definitions, round trips, compositions, and where they are singular.

use crate::support::{GaussianData, assert_close, paths, regular_times};
use thalweg_path::Parameterization::{self, Data, Noise, Score, Velocity};
use thalweg_path::{GaussianPath, Path, conversion_range, convert, interpolate, target};

/// Data and noise of a few samples.
const SAMPLES: [(f64, f64); 5] = [(0.7, -1.1), (-1.9, 0.3), (0.02, 2.4), (1.3, 1.7), (-0.6, -0.01)];

/// Calls `check` on every path, for t from 1e-3 to t_max − 1e-3, with (path, t, x_t, x₀, ε).
fn samples(check: impl Fn(&Path, f64, f64, f64, f64)) {
    for path in paths() {
        for t in regular_times(&path).into_iter().filter(|&t| t >= 1e-3 && t <= path.t_max() - 1e-3) {
            for (x0, noise) in SAMPLES {
                check(&path, t, interpolate(&path, t, x0, noise), x0, noise);
            }
        }
    }
}

#[test]
fn every_conversion_maps_a_target_to_a_target() {
    samples(|path, t, x, x0, noise| {
        for from in Parameterization::ALL {
            for to in Parameterization::ALL {
                let got = convert(path, from, to, t, x, target(path, from, t, x0, noise));
                assert_close(got, target(path, to, t, x0, noise), 1e-12, &format!("{path:?} at {t}: {from:?} → {to:?}"));
            }
        }
    });
}

#[test]
fn every_round_trip_returns_to_its_start() {
    samples(|path, t, x, x0, noise| {
        for from in Parameterization::ALL {
            for via in Parameterization::ALL {
                let start = target(path, from, t, x0, noise);
                let back = convert(path, via, from, t, x, convert(path, from, via, t, x, start));
                assert_close(back, start, 1e-12, &format!("{path:?} at {t}: {from:?} → {via:?} → {from:?}"));
            }
        }
    });
}

#[test]
fn two_conversions_compose_to_the_direct_one() {
    samples(|path, t, x, x0, noise| {
        for a in Parameterization::ALL {
            for b in Parameterization::ALL {
                for c in Parameterization::ALL {
                    let start = target(path, a, t, x0, noise);
                    let composed = convert(path, b, c, t, x, convert(path, a, b, t, x, start));
                    assert_close(composed, convert(path, a, c, t, x, start), 1e-12, &format!("{path:?} at {t}: {a:?} → {b:?} → {c:?}"));
                }
            }
        }
    });
}

#[test]
fn conversion_to_the_same_kind_changes_no_bit() {
    samples(|path, t, x, x0, noise| {
        for kind in Parameterization::ALL {
            let value = target(path, kind, t, x0, noise);
            assert_eq!(convert(path, kind, kind, t, x, value), value);
        }
    });
}

#[test]
fn exact_functions_of_gaussian_data_convert_into_each_other() {
    for path in paths() {
        let data = GaussianData { path, mean: 0.8, std: 0.6 };
        for t in regular_times(&path).into_iter().filter(|t| (1e-3..=0.999).contains(t)) {
            // Rounding of x alone changes a value by this many units of the last place.
            let condition = path.std(t).powi(-2).max(path.scale(t).recip());
            for x in [-2.0, 0.1, 1.4] {
                for from in Parameterization::ALL {
                    for to in Parameterization::ALL {
                        // The exact velocity is a finite difference, good to about 1e-10.
                        let source = if from == Velocity || to == Velocity { 1e-10 } else { 1e-15 };
                        let got = convert(&path, from, to, t, x, data.exact(from, t, x));
                        let what = format!("{path:?} at {t}, x = {x}: {from:?} → {to:?}");
                        assert_close(got, data.exact(to, t, x), source * (10.0 + condition), &what);
                    }
                }
            }
        }
    }
}

/// MATH: to score always; on linear_vp_sde also to velocity from noise and data; from data to everything.
#[test]
fn conversions_are_singular_where_sigma_vanishes_exactly_as_the_theory_says() {
    let singular = |path: &Path, from, to| conversion_range(path, from, to).t_min > 0.0;
    for path in [Path::default(), Path::linear(), Path::gvp()] {
        for from in [Noise, Velocity, Data] {
            assert!(singular(&path, from, Score), "{path:?} {from:?} → score");
        }
        for to in [Score, Noise, Velocity] {
            assert!(singular(&path, Data, to), "{path:?} data → {to:?}");
        }
        for (from, to) in [(Score, Noise), (Score, Velocity), (Score, Data), (Noise, Data)] {
            assert!(!singular(&path, from, to), "{path:?} {from:?} → {to:?}");
        }
    }
    assert!(singular(&Path::default(), Noise, Velocity));
    for path in [Path::linear(), Path::gvp()] {
        for (from, to) in [(Noise, Velocity), (Velocity, Noise), (Velocity, Data)] {
            assert!(!singular(&path, from, to), "{path:?} {from:?} → {to:?}");
        }
    }
}

/// MATH: from score and noise to velocity and data, and nowhere else.
#[test]
fn conversions_are_singular_where_the_scale_vanishes_exactly_as_the_theory_says() {
    for path in [Path::linear(), Path::gvp()] {
        for from in Parameterization::ALL {
            for to in Parameterization::ALL {
                let singular = matches!(from, Score | Noise) && matches!(to, Velocity | Data);
                let expected = if singular { path.regular_range().t_max } else { path.t_max() };
                assert_eq!(conversion_range(&path, from, to).t_max, expected, "{path:?} {from:?} → {to:?}");
            }
        }
    }
    for from in Parameterization::ALL {
        for to in Parameterization::ALL {
            assert_eq!(conversion_range(&Path::default(), from, to).t_max, 1.0, "{from:?} → {to:?}");
        }
    }
}

#[test]
fn velocity_gives_noise_and_data_up_to_both_ends_of_linear_and_gvp() {
    for path in [Path::linear(), Path::gvp()] {
        for t in [0.0, 1.0] {
            for (x0, noise) in SAMPLES {
                let x = interpolate(&path, t, x0, noise);
                let velocity = target(&path, Velocity, t, x0, noise);
                assert_close(convert(&path, Velocity, Noise, t, x, velocity), noise, 1e-14, "noise");
                assert_close(convert(&path, Velocity, Data, t, x, velocity), x0, 1e-14, "data");
            }
        }
    }
}
