//! UniPC: a predictor from remembered evaluations, and a corrector that uses the evaluation at the predicted point.
//! That evaluation is also the next step's first, so a step costs one.

use super::leap::{Form, Leap, Place};
use super::order::multistep_order;
use crate::config::UniPcVariant;
use crate::linear::solve_linear;
use crate::{Mesh, Quantity, Result, Row, Rule, Step, Structure};

/// Zhao et al. 2023, algorithms 1 and 2. The last step is not corrected: there is nothing to evaluate for.
pub(crate) struct UniPc {
    pub form: Form,
    pub order: usize,
    pub variant: UniPcVariant,
    pub lower_final: bool,
}

/// One remembered evaluation: which, and where in units of the step's h from its start (0 is the start, 1 the end).
struct Node {
    index: usize,
    r: f64,
}

impl UniPc {
    /// Σ wₖ(mₖ − m₀) with weights that integrate polynomials of degree ≤ number of nodes exactly. With one node the published weight ½·B(h) is
    /// taken, for B(h) as the variant says.
    fn differences(&self, leap: &Leap, start: usize, nodes: &[Node]) -> Row {
        let weights = match nodes {
            [node] => {
                let b = if self.variant == UniPcVariant::Bh1 { leap.plain_gain() } else { leap.gain(1) };
                vec![0.5 * b / node.r]
            }
            _ => {
                let moment = |j: usize| (1..=j).map(|i| i as f64).product::<f64>() * leap.gain(j + 1);
                let rows = (1..=nodes.len()).map(|j| nodes.iter().map(|n| n.r.powi(j as i32)).collect()).collect();
                solve_linear(rows, (1..=nodes.len()).map(moment).collect())
            }
        };
        let difference = |n: &Node| Row::evaluation(n.index) - Row::evaluation(start);
        nodes.iter().zip(weights).map(|(n, w)| difference(n) * w).fold(Row::default(), |a, b| a + b)
    }
}

impl Rule for UniPc {
    fn quantity(&self) -> Quantity {
        self.form.quantity()
    }

    fn starts_with_evaluation(&self) -> bool {
        true
    }

    fn step(&self, mesh: &Mesh<'_>, i: usize) -> Result<Step> {
        let leap = Leap::new(self.form, Place::node(mesh, i)?, Place::node(mesh, i + 1)?)?;
        let order = multistep_order(mesh, i, self.order, self.lower_final)?;
        let (start, lambda) = (self.order - 1, Place::node(mesh, i)?.lambda);
        let earlier =
            |j: usize| -> Result<Node> { Ok(Node { index: start - j, r: (Place::node(mesh, i - j)?.lambda - lambda) / leap.h() }) };
        let mut nodes = (1..order).map(earlier).collect::<Result<Vec<_>>>()?;
        let first = leap.first(start);
        let predicted = first.clone() + if nodes.is_empty() { Row::default() } else { self.differences(&leap, start, &nodes) };
        if i + 1 == mesh.steps() {
            let structure = Structure { history: self.order, ..Structure::new(self.quantity(), 0) };
            return Ok(Step::new(structure, Vec::new(), predicted, vec![]));
        }
        let structure = Structure::new(self.quantity(), 1).remembering(self.order, 0);
        let stage = leap.stage(predicted.clone());
        if leap.h().is_infinite() {
            // From s = 0 the predictor is the limit of order 1; the corrector has none.
            return Ok(Step::new(structure, vec![stage], predicted, vec![]));
        }
        nodes.push(Node { index: self.order, r: 1.0 });
        let end = first + self.differences(&leap, start, &nodes);
        Ok(Step::new(structure, vec![stage], end, vec![]))
    }
}
