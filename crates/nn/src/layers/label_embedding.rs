//! LabelEmbedding: a trained vector per class, and one for "no class".
//! How class-conditional networks read their condition, and do without one for classifier-free guidance (Ho, Salimans 2022).

use crate::{Context, Declare, Init, Param};
use thalweg_graph::ops::unary::Unary;
use thalweg_graph::{DType, GraphError, Var};

/// Rows of `weight` `[classes, width]`, or `[classes + 1, width]` with a row for "no class". Without that row, no class is 0.
///
/// Shapes: labels `[B]` or `[B, 1]` (whole numbers 0 … classes, of which the last is "no class"; others are an error of the run), or
/// weights of the classes `[B, classes]`, such as one-hot rows → `[B, width]`.
#[derive(Clone, Debug)]
pub struct LabelEmbedding {
    name: String,
    weight: Param,
    classes: usize,
    has_none: bool,
}

impl LabelEmbedding {
    /// Declares `weight`, starting as N(0, `std`²).
    pub fn new(declare: Declare, classes: usize, has_none: bool, width: usize, std: f64) -> LabelEmbedding {
        let rows = classes + usize::from(has_none);
        LabelEmbedding {
            weight: declare.param("weight", &[rows, width], Init::Normal { mean: 0.0, std }),
            name: declare.name().to_string(),
            classes,
            has_none,
        }
    }

    /// The label that stands for "no class".
    pub fn none(&self) -> f64 {
        self.classes as f64
    }

    /// The vectors of labels.
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, labels: Var<'g>) -> Var<'g> {
        let _scope = ctx.builder.scope(&self.name);
        let table = ctx.param(self.weight);
        match labels.shape()[..] {
            _ if labels.is_poison() => labels,
            [rows] | [rows, 1] => {
                let table = if self.has_none { table } else { table.pad(&[0, 0], &[1, 0]) };
                // What is no whole number is no label either, and refused as an index out of range.
                let whole = |x: Var<'g>| (x.unary(Unary::Floor)).eq(x).and(x.is_finite()).select(x, x.constant(-1.0)).cast(DType::I64);
                let label = if labels.dtype().is_float() { whole(labels) } else { labels };
                table.gather(0, label.reshape(&[rows]))
            }
            [_, classes] if classes == self.classes => labels.matmul(table.narrow(0, 0, classes)),
            _ => {
                let expected = format!("labels [batch], or weights of the classes [batch, {}]", self.classes);
                ctx.builder.fail(GraphError::shape("labels", "no labels", expected, labels.ty().to_string()))
            }
        }
    }
}
