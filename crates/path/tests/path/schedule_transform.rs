//! A model of one path sampled along another: exact scores of Gaussian and mixture data stay exact, for all pairs of paths.

use crate::fokker_planck::score;
use crate::support::{GaussianData, Single, assert_close, paths};
use thalweg_path::Parameterization::{self, Data, Noise, Score, Velocity};
use thalweg_path::{GaussianPath, Path, ScheduleTransform, conversion_range, convert};

/// Calls `check` for all pairs of paths, at times of the second that both have.
fn pairs(check: impl Fn(&ScheduleTransform, f64)) {
    for trained in paths() {
        for sampled in paths() {
            let transform = ScheduleTransform { trained: trained.clone(), sampled };
            let range = transform.range(Velocity, Score).intersect(transform.range(Score, Velocity));
            assert!(range.t_min < range.t_max, "{transform:?}");
            for fraction in [0.02, 0.3, 0.6, 0.9] {
                check(&transform, range.t_min + fraction * (range.t_max - range.t_min));
            }
        }
    }
}

#[test]
fn transformed_exact_functions_of_gaussian_data_are_exact_on_the_other_path() {
    pairs(|transform, r| {
        let ScheduleTransform { trained, sampled } = transform;
        let known = GaussianData { path: trained.clone(), mean: 0.6, std: 0.5 };
        let wanted = GaussianData { path: sampled.clone(), mean: 0.6, std: 0.5 };
        let spread = wanted.variance_at(r).sqrt();
        for x in [-1.0, 0.4, 1.5].map(|z| wanted.mean_at(r) + z * spread) {
            let point = transform.trained_point(r, x);
            let exact = known.exact(Score, point.t, point.x);
            for from in Parameterization::ALL {
                let value = convert(trained, Score, from, point.t, point.x, exact);
                for to in Parameterization::ALL {
                    let expected = convert(sampled, Score, to, r, x, wanted.exact(Score, r, x));
                    let condition = 1.0 + sampled.std(r).powi(-2) + sampled.scale(r).recip() + trained.std(point.t).powi(-2);
                    let got = transform.convert(from, to, r, x, value);
                    assert_close(got, expected, 1e-12 * condition, &format!("{transform:?} at {r}, {x}: {from:?} → {to:?}"));
                }
            }
        }
    });
}

#[test]
fn the_transformed_score_of_mixture_data_is_the_score_on_the_other_path() {
    pairs(|transform, r| {
        let ScheduleTransform { trained, sampled } = transform;
        let spread = (sampled.scale(r).powi(2) + sampled.std(r).powi(2)).sqrt();
        for x in [-1.1, 0.2, 1.3].map(|z| z * spread) {
            let point = transform.trained_point(r, x);
            assert_close(trained.half_log_snr(point.t), sampled.half_log_snr(r), 1e-9, "λ");
            let exact = score(trained, point.t, point.x);
            let got = transform.convert(Score, Score, r, x, exact);
            let condition = 1.0 + sampled.std(r).powi(-2) + trained.std(point.t).powi(-2);
            assert_close(got, score(sampled, r, x), 1e-12 * condition, &format!("{transform:?} at {r}, {x}"));
            let velocity = convert(trained, Score, Velocity, point.t, point.x, exact);
            let got = transform.convert(Velocity, Score, r, x, velocity);
            assert_close(got, score(sampled, r, x), 1e-11 * condition, &format!("{transform:?} at {r}, {x}: by velocity"));
        }
    });
}

#[test]
fn the_transform_to_the_same_path_is_the_plain_conversion() {
    for path in paths() {
        let transform = ScheduleTransform { trained: path.clone(), sampled: path.clone() };
        for from in Parameterization::ALL {
            for to in Parameterization::ALL {
                let range = transform.range(from, to);
                let plain = conversion_range(&path, from, to);
                assert!(plain.t_min <= range.t_min && range.t_max <= plain.t_max, "{path:?} {from:?} → {to:?}: {range:?}, {plain:?}");
                let r = range.t_min + 0.4 * (range.t_max - range.t_min);
                let expected = convert(&path, from, to, r, 0.7, -0.4);
                assert_close(transform.convert(from, to, r, 0.7, -0.4), expected, 1e-11, &format!("{path:?} {from:?} → {to:?}"));
            }
        }
    }
}

#[test]
fn the_range_ends_where_the_trained_path_ends() {
    let range = |trained: Path, sampled: Path, from, to| ScheduleTransform { trained, sampled }.range(from, to);
    let whole = range(Path::linear(), Path::gvp(), Velocity, Velocity);
    assert_eq!((whole.t_min, whole.t_max), (0.0, 1.0), "a velocity network of linear is finite on all of gvp");
    let cut = range(Path::default(), Path::linear(), Velocity, Velocity);
    let last = Path::default().half_log_snr(1.0);
    assert_close(Path::linear().half_log_snr(cut.t_max), last, 1e-9, "linear goes on where linear_vp_sde ends");
    let edm = Path::from(thalweg_path::Edm::default());
    let cut = range(edm.clone(), Path::linear(), Data, Velocity);
    assert_close(Path::linear().half_log_snr(cut.t_min), edm.half_log_snr(0.002), 1e-9, "and begins where edm begins");
    assert_close(Path::linear().half_log_snr(cut.t_max), edm.half_log_snr(80.0), 1e-9, "and ends there");
    for trained in paths() {
        for sampled in paths() {
            let transform = ScheduleTransform { trained: trained.clone(), sampled };
            for from in Parameterization::ALL {
                for to in Parameterization::ALL {
                    let range = transform.range(from, to);
                    for r in [range.t_min, range.t_max] {
                        assert!(transform.convert(from, to, r, 1.0, 0.5).is_finite(), "{transform:?} {from:?} → {to:?} at {r}");
                    }
                }
            }
        }
    }
}

/// The ratio s_A/s_B is 0/0 at the noise end; by sizes it stays 1.
#[test]
fn the_point_is_finite_at_both_ends_of_linear_and_gvp_in_single_precision() {
    for (trained, sampled) in [(Path::linear(), Path::gvp()), (Path::gvp(), Path::linear())] {
        let transform = ScheduleTransform { trained, sampled };
        for (r, t) in [(0.0, 0.0), (1.0, 1.0)] {
            let point = transform.trained_point(Single(r), Single(0.7));
            assert_eq!((point.t, point.x), (Single(t), Single(0.7)));
            let noise = transform.convert(Velocity, Noise, Single(r), Single(0.7), Single(0.2)).value();
            assert!(noise.is_finite());
        }
    }
}
