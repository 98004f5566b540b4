//! Every tableau satisfies the order conditions of the order that it states, and not those of the next.
//! The same for its embedded solution and, at every θ, for its dense output.

use crate::trees::of_order;
use thalweg_solver::{Method, Tableau, dense, step};

/// The largest defect of the conditions of trees with `order` nodes, for weights that should give θ^order/γ.
fn defect(tableau: &Tableau, weights: &[f64], order: u32, theta: f64) -> f64 {
    let trees = of_order(order);
    let defects = trees.iter().map(|t| (t.weight(tableau, weights) - theta.powi(order as i32) / t.density()).abs());
    defects.fold(0.0, f64::max)
}

/// The order that weights have: the trees of one more node fail.
fn order_of(tableau: &Tableau, weights: &[f64]) -> u32 {
    (1..=8).take_while(|&order| defect(tableau, weights, order, 1.0) < 1e-14).last().unwrap_or(0)
}

fn tableaus() -> impl Iterator<Item = &'static Tableau> {
    Method::ALL.iter().map(|m| m.tableau())
}

/// bᵢ(θ), read off the dense output: stage by stage, the solution when only that slope is 1.
fn dense_weights(tableau: &Tableau, theta: f64) -> Vec<f64> {
    let weight = |stage: usize| {
        let slopes: Vec<Vec<f64>> = (0..tableau.stages()).map(|i| vec![if i == stage { 1.0 } else { 0.0 }]).collect();
        dense(tableau, theta, 1.0, &[0.0], &[tableau.weights[stage]], &slopes)[0]
    };
    (0..tableau.stages()).map(weight).collect()
}

#[test]
fn tableaus_are_explicit_and_consistent() {
    for tableau in tableaus() {
        let stages = tableau.stages();
        assert_eq!((tableau.nodes.len(), tableau.matrix.len()), (stages, stages), "{}", tableau.name);
        for (i, (row, node)) in tableau.matrix.iter().zip(tableau.nodes).enumerate() {
            assert_eq!(row.len(), i, "{} row {i}", tableau.name);
            assert!((row.iter().sum::<f64>() - node).abs() < 1e-14, "{} row {i}", tableau.name);
        }
        assert!((tableau.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15, "{}", tableau.name);
        assert_eq!(tableau.embedded.is_some(), tableau.error_order.is_some(), "{}", tableau.name);
        assert!(tableau.embedded.is_none_or(|b| b.len() == stages), "{}", tableau.name);
        assert!(tableau.dense.is_none_or(|q| q.len() == stages), "{}", tableau.name);
    }
}

#[test]
fn steps_have_exactly_the_stated_order() {
    for tableau in tableaus() {
        assert_eq!(order_of(tableau, tableau.weights), tableau.order, "{}", tableau.name);
    }
}

#[test]
fn embedded_solutions_have_exactly_the_stated_order() {
    let pairs: Vec<_> = tableaus().filter_map(|t| Some((t, t.embedded?))).collect();
    assert_eq!(pairs.len(), 1, "dopri5 has an embedded solution");
    for (tableau, embedded) in pairs {
        assert_eq!(Some(order_of(tableau, embedded)), tableau.error_order, "{}", tableau.name);
    }
}

#[test]
fn first_same_as_last_methods_end_on_the_last_stage() {
    for tableau in tableaus() {
        let last = tableau.matrix[tableau.stages() - 1];
        let same = tableau.nodes[tableau.stages() - 1] == 1.0 && [last, &[0.0]].concat() == tableau.weights;
        assert_eq!(same, tableau.fsal, "{}", tableau.name);
    }
}

#[test]
fn dense_output_of_dopri5_has_order_4_at_every_theta() {
    let tableau = Method::Dopri5.tableau();
    for theta in [0.0, 0.1, 0.25, 0.5, 0.7, 0.9, 1.0] {
        let weights = dense_weights(tableau, theta);
        for order in 1..=4 {
            assert!(defect(tableau, &weights, order, theta) < 1e-14, "order {order} at {theta}");
        }
    }
    assert!(defect(tableau, &dense_weights(tableau, 0.5), 5, 0.5) > 1e-6);
}

#[test]
fn dense_output_joins_smoothly_at_both_ends() {
    let tableau = Method::Dopri5.tableau();
    let mut f = |t: f64, x: &[f64]| vec![x[0] * t.cos()];
    let (h, x0) = (0.5, [1.5]);
    let result = step(tableau, &mut f, 0.2, h, &x0, None);
    let at = |theta: f64| dense(tableau, theta, h, &x0, &result.x, &result.slopes)[0];
    assert_eq!((at(0.0), at(1.0)), (x0[0], result.x[0]));
    let d = 1e-6;
    assert!(((at(d) - at(0.0)) / (d * h) - result.slopes[0][0]).abs() < 1e-4);
    assert!(((at(1.0) - at(1.0 - d)) / (d * h) - result.slopes[6][0]).abs() < 1e-4);
}
