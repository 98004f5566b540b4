//! C²OT: what plain minibatch transport does to p(source | condition), and that this one does not do it.

use super::support::{Uniform, close, correlation, sorted};
use thalweg_coupling::{Batch, ConditionDistance, Conditional, Conditions, Coupling, Pairing};

const N: usize = 400;

fn pair(coupling: impl Into<Coupling>, source: &[f64], data: &[f64], conditions: Conditions<'_, f64>) -> Pairing {
    coupling.into().pair(&Batch { source, data, dim: 1, conditions }, &[]).unwrap()
}

fn by_weight(weight: f64) -> Conditional {
    Conditional { weight: Some(weight), ..Conditional::default() }
}

fn by_ratio(ratio: f64) -> Conditional {
    Conditional { target_ratio: Some(ratio), ..Conditional::default() }
}

/// Source N(0, 1); data at ±5, by class.
fn two_classes() -> (Vec<f64>, Vec<f64>, Vec<i64>) {
    let mut u = Uniform(1);
    let labels: Vec<i64> = u.numbers(N).iter().map(|&x| if x < 0.5 { -3 } else { 8 }).collect();
    let data = labels.iter().zip(u.normals(N)).map(|(&l, x)| if l < 0 { x - 5.0 } else { x + 5.0 }).collect();
    (u.normals(N), data, labels)
}

fn mean_source_of(class: i64, pairing: &Pairing, source: &[f64], labels: &[i64]) -> f64 {
    let of_class: Vec<f64> = (0..N).filter(|&k| labels[pairing.data[k]] == class).map(|k| source[pairing.source[k]]).collect();
    of_class.iter().sum::<f64>() / of_class.len() as f64
}

/// Trap: minibatch transport without conditions skews p(source | class): each class gets its half of the source.
#[test]
fn plain_transport_skews_the_source_of_a_class_and_conditional_transport_does_not() {
    let (source, data, labels) = two_classes();
    let conditions = Conditions::Discrete(&labels);
    let half_normal_mean = (2.0 / std::f64::consts::PI).sqrt();
    close(mean_source_of(8, &pair(Coupling::exact(), &source, &data, conditions), &source, &labels), half_normal_mean, 0.15);
    let pairing = pair(Conditional::default(), &source, &data, conditions);
    for class in [-3, 8] {
        close(mean_source_of(class, &pairing, &source, &labels), 0.0, 4.0 / (N as f64 / 2.0).sqrt());
        // Not only on average: a class keeps exactly the samples that were drawn with it.
        let rows: Vec<usize> = (0..N).filter(|&k| labels[k] == class).collect();
        let sources: Vec<usize> = rows.iter().map(|&k| pairing.source[k]).collect();
        assert_eq!(sorted(&sources), rows);
    }
}

#[test]
fn within_a_class_pairs_are_optimal() {
    let (source, data, labels) = two_classes();
    let pairing = pair(Conditional::default(), &source, &data, Conditions::Discrete(&labels));
    for j in 0..N {
        for k in 0..j {
            if labels[j] == labels[k] {
                assert!((data[j] - data[k]) * (source[pairing.source[j]] - source[pairing.source[k]]) >= 0.0);
            }
        }
    }
}

#[test]
fn a_class_of_its_own_keeps_its_source_and_one_class_is_plain_transport() {
    let (source, data, _) = two_classes();
    let every: Vec<i64> = (0..N as i64).collect();
    let pairing = pair(Conditional::default(), &source, &data, Conditions::Discrete(&every));
    assert_eq!(pairing.source, pairing.data);
    let one = pair(Conditional::default(), &source, &data, Conditions::Discrete(&[7; N]));
    assert_eq!(one.source, pair(Coupling::exact(), &source, &data, Conditions::None).source);
}

#[test]
fn the_weight_goes_from_plain_transport_to_the_pairs_as_drawn() {
    let mut u = Uniform(2);
    let (source, data) = (u.normals(N), u.normals(N));
    let conditions = Conditions::Continuous { values: &data, dim: 1 };
    let source_of = |weight: f64| pair(by_weight(weight), &source, &data, conditions);
    assert_eq!(source_of(0.0).source, pair(Coupling::exact(), &source, &data, Conditions::None).source);
    let drawn = source_of(1e12);
    assert_eq!(drawn.source, drawn.data);
    // The skew, the correlation of condition and source, falls with the weight.
    let skew = |weight: f64| correlation(&data, &source_of(weight).gather_source(&source, 1));
    let skews = [0.0, 1.0, 10.0, 1000.0].map(skew);
    assert!(skews[0] > 0.99 && skews.is_sorted_by(|a, b| a > b) && skews[3].abs() < 0.15, "{skews:?}");
}

#[test]
fn the_adapted_weight_is_the_smallest_that_meets_its_ratio() {
    let mut u = Uniform(3);
    let n = 60;
    let (source, data, conditions) = (u.normals(n), u.normals(n), u.normals(2 * n));
    let distance = |i: usize, j: usize| (0..2).map(|d| (conditions[2 * i + d] - conditions[2 * j + d]).powi(2)).sum::<f64>();
    let cost = |i: usize, j: usize| (source[i] - data[j]).powi(2);
    let share = |w: f64| {
        let counts = |k: usize| cost(k / n, k % n) + w * distance(k / n, k % n) <= cost(k % n, k % n) + 1e-12;
        (0..n * n).filter(|&k| counts(k)).count() as f64 / (n * n) as f64
    };
    for ratio in [0.02, 0.05, 0.2, 0.4] {
        let batch = Conditions::Continuous { values: &conditions, dim: 2 };
        let weight = pair(by_ratio(ratio), &source, &data, batch).report.condition_weight.unwrap();
        assert!(share(weight * 1.0001) <= ratio && share(weight * 0.9999) > ratio, "{ratio}: {weight}");
        let by_hand = pair(by_weight(weight), &source, &data, batch);
        assert_eq!(by_hand, pair(by_ratio(ratio), &source, &data, batch));
    }
    // Exactly: at w = 4 the exchanged pairs of two rows cost as much as the drawn ones, and count; just above they do not.
    let exchanged = pair(by_ratio(0.5), &[0.0, 2.0], &[2.0, 0.0], Conditions::Continuous { values: &[0.0, 1.0], dim: 1 });
    assert_eq!(exchanged.report.condition_weight, Some(4f64.next_up()));
    assert_eq!(exchanged.source, [0, 1]);
    let all = pair(by_ratio(1.0), &source, &data, Conditions::Continuous { values: &conditions, dim: 2 });
    assert_eq!(all.report.condition_weight, Some(0.0));
}

#[test]
fn cosine_distance_sees_directions_only() {
    let source = [0.0, 10.0];
    let data = [10.0, 0.0];
    let cosine = Conditional { distance: ConditionDistance::Cosine, ..by_weight(1e6) };
    let pairs = |values: &[f64]| pair(cosine, &source, &data, Conditions::Continuous { values, dim: 2 }).source;
    assert_eq!(pairs(&[1.0, 2.0, 3.0, 6.0]), [1, 0]); // one direction: plain transport
    assert_eq!(pairs(&[1.0, 2.0, 2.0, -1.0]), [0, 1]);
    let zero = Batch { source: &source, data: &data, dim: 1, conditions: Conditions::Continuous { values: &[1.0, 0.0, 0.0, 0.0], dim: 2 } };
    let error = Coupling::from(cosine).pair(&zero, &[]).unwrap_err();
    assert_eq!((error.code, error.got.as_str()), ("DataError", "length 0 at row 1"));
}

#[test]
fn weights_belong_to_vectors_and_are_then_required() {
    let error = |coupling: Conditional, conditions| {
        let batch = Batch { source: &[0.0, 1.0], data: &[0.0, 1.0], dim: 1, conditions };
        let error = Coupling::from(coupling).pair(&batch, &[]).unwrap_err();
        (error.code, error.path)
    };
    let vectors = Conditions::Continuous { values: &[0.0, 1.0], dim: 1 };
    assert_eq!(error(Conditional::default(), vectors), ("ConfigError", Some("weight")));
    assert_eq!(error(by_weight(1.0), Conditions::Discrete(&[0, 1])), ("ConfigError", Some("weight")));
    assert_eq!(error(by_ratio(0.1), Conditions::Discrete(&[0, 1])), ("ConfigError", Some("targetRatio")));
    assert_eq!(error(by_weight(-1.0), vectors), ("ConfigError", Some("weight")));
    assert_eq!(error(by_ratio(0.0), vectors), ("ConfigError", Some("targetRatio")));
    assert_eq!(error(Conditional { target_ratio: Some(0.1), ..by_weight(1.0) }, vectors), ("ConfigError", Some("targetRatio")));
}
