//! Every tableau satisfies the order conditions of the order that it states, and not those of the next.
//! The same for its embedded solution and, at every θ, for its dense output.

use crate::trees::of_order;
use thalweg_solver::{Dense, Method, Tableau, interpret};

/// The largest defect of the conditions of trees with `order` nodes, for weights that should give θ^order/γ.
fn defect(tableau: &Tableau, weights: &[f64], order: u32, theta: f64) -> f64 {
    let trees = of_order(order);
    let defects = trees.iter().map(|t| (t.weight(tableau, weights) - theta.powi(order as i32) / t.density()).abs());
    defects.fold(0.0, f64::max)
}

/// The order that weights have: the trees of one more node fail.
fn order_of(tableau: &Tableau, weights: &[f64]) -> u32 {
    (1..=9).take_while(|&order| defect(tableau, weights, order, 1.0) < 2e-14).last().unwrap_or(0)
}

fn tableaus() -> impl Iterator<Item = &'static Tableau> {
    Method::ALL.iter().filter_map(|m| m.tableau())
}

/// Those with dense output.
fn dense() -> impl Iterator<Item = (&'static Tableau, &'static Dense)> {
    tableaus().filter_map(|t| Some((t, t.dense.as_ref()?)))
}

/// The tableau with the stages that only the dense output needs.
fn extended(tableau: &'static Tableau, dense: &Dense) -> Tableau {
    let nodes = [tableau.nodes, dense.nodes].concat().leak();
    let matrix = [tableau.matrix, dense.matrix].concat().leak();
    let weights = vec![0.0; nodes.len()].leak();
    Tableau { nodes, matrix, weights, embedded: &[], dense: None, fsal: false, ..*tableau }
}

/// bᵢ(θ), read off the dense output's row.
fn dense_weights(tableau: &Tableau, theta: f64) -> Vec<f64> {
    tableau.dense_step(0.0, 1.0, theta).unwrap().end.evaluations
}

#[test]
fn tableaus_are_explicit_and_consistent() {
    for tableau in tableaus() {
        let stages = tableau.stages();
        assert_eq!((tableau.nodes.len(), tableau.matrix.len()), (stages, stages), "{}", tableau.name);
        for (i, (row, node)) in tableau.matrix.iter().zip(tableau.nodes).enumerate() {
            assert_eq!(row.len(), i, "{} row {i}", tableau.name);
            assert!((row.iter().sum::<f64>() - node).abs() < 4e-14, "{} row {i}", tableau.name);
        }
        assert!((tableau.weights.iter().sum::<f64>() - 1.0).abs() < 4e-15, "{}", tableau.name);
        assert_eq!(tableau.embedded.is_empty(), tableau.error_order.is_none(), "{}", tableau.name);
        assert!(tableau.embedded.iter().all(|b| b.len() == stages), "{}", tableau.name);
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
    let pairs: Vec<_> = tableaus().filter(|t| t.embedded.len() == 1).collect();
    assert_eq!(pairs.len(), 3, "bosh3, dopri5 and tsit5 have one embedded solution");
    for tableau in pairs {
        assert_eq!(Some(order_of(tableau, tableau.embedded[0])), tableau.error_order, "{}", tableau.name);
    }
}

#[test]
fn dopri8_has_embedded_solutions_of_orders_5_and_3_whose_combination_is_of_order_7() {
    let tableau = Method::Dopri8.tableau().unwrap();
    let orders = [order_of(tableau, tableau.embedded[0]), order_of(tableau, tableau.embedded[1])];
    assert_eq!(orders, [5, 3]);
    // e₁²/e₂ ~ h^(2·6 − 4).
    assert_eq!(tableau.error_order, Some(2 * (orders[0] + 1) - (orders[1] + 1) - 1));
}

#[test]
fn first_same_as_last_methods_end_on_the_last_stage() {
    for tableau in tableaus() {
        let last = tableau.matrix[tableau.stages() - 1];
        let ends = tableau.nodes[tableau.stages() - 1] == 1.0 && tableau.stages() > 2;
        let same = ends && [last, &[0.0]].concat() == tableau.weights;
        assert_eq!(same, tableau.fsal, "{}", tableau.name);
    }
}

#[test]
fn dense_output_has_exactly_the_stated_order_at_every_theta() {
    assert_eq!(dense().count(), 4, "bosh3, dopri5, tsit5 and dopri8 have dense output");
    for (tableau, dense) in dense() {
        let extended = extended(tableau, dense);
        let at = |theta: f64, order: u32| defect(&extended, &dense_weights(tableau, theta), order, theta);
        for theta in [0.0, 0.1, 0.25, 0.5, 0.7, 0.9, 1.0] {
            for order in 1..=dense.order {
                assert!(at(theta, order) < 5e-14, "{}: order {order} at {theta}: {}", tableau.name, at(theta, order));
            }
        }
        assert!(at(0.5, dense.order + 1) > 1e-7, "{}", tableau.name);
    }
}

#[test]
fn stages_of_dense_output_are_consistent() {
    for (tableau, dense) in dense() {
        assert_eq!(dense.weights.len(), tableau.stages() + dense.nodes.len(), "{}", tableau.name);
        for (i, (row, node)) in dense.matrix.iter().zip(dense.nodes).enumerate() {
            assert_eq!(row.len(), tableau.stages() + i, "{}", tableau.name);
            assert!((row.iter().sum::<f64>() - node).abs() < 1e-14, "{}", tableau.name);
        }
    }
}

#[test]
fn dense_output_joins_smoothly_at_both_ends() {
    for (tableau, _) in dense() {
        let f = &mut |q: &thalweg_solver::Query, x: &[f64]| vec![x[0] * q.t.cos()];
        let (h, x0) = (0.5, [1.5]);
        let result = interpret(&tableau.step(0.2, h, true), f, &x0, &[vec![1.5 * 0.2f64.cos()]], &[]);
        let f = &mut |q: &thalweg_solver::Query, x: &[f64]| vec![x[0] * q.t.cos()];
        let mut at = |theta: f64| interpret(&tableau.dense_step(0.2, h, theta).unwrap(), f, &x0, &result.evaluations, &[]).x[0];
        assert_eq!(at(0.0), x0[0], "{}", tableau.name);
        assert!((at(1.0) - result.x[0]).abs() < 1e-15, "{}", tableau.name);
        let d = 1e-6;
        let slopes = [(at(d) - at(0.0)) / (d * h), (at(1.0) - at(1.0 - d)) / (d * h)];
        let last = result.evaluations[tableau.stages() - 1][0];
        assert!((slopes[0] - result.evaluations[0][0]).abs() < 1e-4 && (slopes[1] - last).abs() < 1e-4, "{}", tableau.name);
    }
}
