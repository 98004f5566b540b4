//! The sixteen conversions: against the definitions, round trips, compositions, and where they are singular.

use crate::support::{GaussianData, assert_close, paths, regular_times};
use thalweg_path::Parameterization::{self, Data, Noise, Score, Velocity};
use thalweg_path::{GaussianPath, Path, conversion_range, convert, interpolate, target};

/// A vector of data and one of noise.
const DATA: [f64; 5] = [0.7, -1.9, 0.02, 1.3, -0.6];
const NOISE: [f64; 5] = [-1.1, 0.3, 2.4, 1.7, -0.01];

/// x_t and the four targets of a vector of samples at one time.
struct Sample {
    path: Path,
    t: f64,
}

impl Sample {
    fn target(&self, kind: Parameterization) -> Vec<f64> {
        DATA.iter().zip(NOISE).map(|(&x0, noise)| target(&self.path, kind, self.t, x0, noise)).collect()
    }

    fn convert(&self, from: Parameterization, to: Parameterization, values: &[f64]) -> Vec<f64> {
        let row = |((&x0, noise), &value): ((&f64, f64), &f64)| {
            convert(&self.path, from, to, self.t, interpolate(&self.path, self.t, x0, noise), value)
        };
        DATA.iter().zip(NOISE).zip(values).map(row).collect()
    }
}

/// Times at which no conversion loses more than about three digits: s, σ, Δ neither large nor small.
fn conditioned_times(path: &Path) -> Vec<f64> {
    let fair = |value: f64| (1e-3..=1e3).contains(&value);
    regular_times(path).into_iter().filter(|&t| fair(path.scale(t)) && fair(path.std(t)) && fair(path.delta(t))).collect()
}

/// Calls `check` on every path at every such time.
fn samples(check: impl Fn(&Sample, &str)) {
    for path in paths() {
        assert!(conditioned_times(&path).len() > 20, "{path:?}");
        for t in conditioned_times(&path) {
            check(&Sample { path: path.clone(), t }, &format!("{path:?} at {t}"));
        }
    }
}

/// Panics unless ‖got − expected‖∞ ≤ 1e-12 · max(1, ‖expected‖∞).
#[track_caller]
fn assert_equal(got: &[f64], expected: &[f64], what: &str) {
    let error = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let size = expected.iter().fold(1f64, |most, v| most.max(v.abs()));
    assert!(error <= 1e-12 * size, "{what}: got {got:?}, expected {expected:?}");
}

#[test]
fn every_conversion_maps_a_target_to_a_target() {
    samples(|sample, at| {
        for from in Parameterization::ALL {
            for to in Parameterization::ALL {
                let got = sample.convert(from, to, &sample.target(from));
                assert_equal(&got, &sample.target(to), &format!("{at}: {from:?} → {to:?}"));
            }
        }
    });
}

#[test]
fn every_round_trip_returns_to_its_start() {
    samples(|sample, at| {
        for from in Parameterization::ALL {
            for via in Parameterization::ALL {
                let start = sample.target(from);
                let back = sample.convert(via, from, &sample.convert(from, via, &start));
                assert_equal(&back, &start, &format!("{at}: {from:?} → {via:?} → {from:?}"));
            }
        }
    });
}

#[test]
fn two_conversions_compose_to_the_direct_one() {
    samples(|sample, at| {
        for a in Parameterization::ALL {
            for b in Parameterization::ALL {
                for c in Parameterization::ALL {
                    let start = sample.target(a);
                    let composed = sample.convert(b, c, &sample.convert(a, b, &start));
                    assert_equal(&composed, &sample.convert(a, c, &start), &format!("{at}: {a:?} → {b:?} → {c:?}"));
                }
            }
        }
    });
}

#[test]
fn conversion_to_the_same_kind_changes_no_bit() {
    samples(|sample, _| {
        for kind in Parameterization::ALL {
            let value = sample.target(kind);
            assert_eq!(sample.convert(kind, kind, &value), value);
        }
    });
}

#[test]
fn exact_functions_of_gaussian_data_convert_into_each_other() {
    for path in paths() {
        let data = GaussianData { path: path.clone(), mean: 0.8, std: 0.6 };
        for t in conditioned_times(&path) {
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
            let sample = Sample { path: path.clone(), t };
            let velocity = sample.target(Velocity);
            assert_equal(&sample.convert(Velocity, Noise, &velocity), &NOISE, "noise");
            assert_equal(&sample.convert(Velocity, Data, &velocity), &DATA, "data");
        }
    }
}
