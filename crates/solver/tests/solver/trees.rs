//! Rooted trees and the order conditions that they stand for.
//! A method has order p if every tree of at most p nodes holds (Hairer, Nørsett & Wanner, theorem II.2.13).

use thalweg_solver::Tableau;

/// A rooted tree: the subtrees at its root.
#[derive(Clone, Debug, PartialEq)]
pub struct Tree(pub Vec<Tree>);

impl Tree {
    /// Number of nodes.
    pub fn order(&self) -> u32 {
        1 + self.0.iter().map(Tree::order).sum::<u32>()
    }

    /// γ: the product of the orders of all subtrees.
    pub fn density(&self) -> f64 {
        f64::from(self.order()) * self.0.iter().map(Tree::density).product::<f64>()
    }

    /// The stages' factors: Π over subtrees of Σⱼ aᵢⱼ·(factor j of the subtree).
    fn factors(&self, tableau: &Tableau) -> Vec<f64> {
        let subtrees: Vec<Vec<f64>> = self.0.iter().map(|t| t.factors(tableau)).collect();
        let stage = |i: usize| {
            let sum = |factors: &Vec<f64>| tableau.matrix[i].iter().zip(factors).map(|(a, f)| a * f).sum::<f64>();
            subtrees.iter().map(sum).product()
        };
        (0..tableau.stages()).map(stage).collect()
    }

    /// Φ of the method with these weights: 1/γ if the condition holds.
    pub fn weight(&self, tableau: &Tableau, weights: &[f64]) -> f64 {
        self.factors(tableau).iter().zip(weights).map(|(f, b)| f * b).sum()
    }
}

/// All rooted trees with `order` nodes.
pub fn of_order(order: u32) -> Vec<Tree> {
    let smaller: Vec<Tree> = (1..order).flat_map(of_order).collect();
    let mut found = Vec::new();
    forests(&smaller, order - 1, &mut Vec::new(), &mut found);
    found
}

/// All multisets of `trees` with `nodes` nodes in all, each as the subtrees of a new root.
fn forests(trees: &[Tree], nodes: u32, chosen: &mut Vec<Tree>, found: &mut Vec<Tree>) {
    if nodes == 0 {
        found.push(Tree(chosen.clone()));
        return;
    }
    for (i, tree) in trees.iter().enumerate().filter(|(_, tree)| tree.order() <= nodes) {
        chosen.push(tree.clone());
        forests(&trees[i..], nodes - tree.order(), chosen, found);
        chosen.pop();
    }
}

#[test]
fn there_are_as_many_rooted_trees_as_cayley_counted() {
    let counts: Vec<usize> = (1..=7).map(|order| of_order(order).len()).collect();
    assert_eq!(counts, [1, 1, 2, 4, 9, 20, 48]);
}

#[test]
fn the_density_of_a_bush_is_its_order_and_of_a_chain_a_factorial() {
    let leaf = Tree(vec![]);
    assert_eq!(Tree(vec![leaf.clone(); 3]).density(), 4.0);
    assert_eq!(Tree(vec![Tree(vec![Tree(vec![leaf])])]).density(), 24.0);
}
