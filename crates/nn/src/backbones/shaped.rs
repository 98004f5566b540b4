//! What networks of images, series and volumes share: states in their own shape, and conditions that become one vector.
//! Labels, vectors and "no condition" are told apart here, once.

use super::Widths;
use crate::layers::{LabelEmbedding, Layer, Linear};
use crate::{Context, Declare, NnError, check, join};
use thalweg_graph::{GraphError, Leaves, Var};

/// The state `[B, …sizes]`; a size of 0 stands for any.
pub(super) fn state<'g>(ctx: &Context<'_, 'g>, network: &str, x: &Leaves<Var<'g>>, sizes: &[usize]) -> Var<'g> {
    let x = join::single(ctx.builder, network, "the state", x);
    let shape = x.shape();
    let fits = shape.len() == sizes.len() + 1 && shape[1..].iter().zip(sizes).all(|(given, built)| *built == 0 || given == built);
    if fits || x.is_poison() {
        return x;
    }
    let size = |s: &usize| if *s == 0 { "any".to_string() } else { s.to_string() };
    let expected = format!("[batch, {}]", sizes.iter().map(size).collect::<Vec<_>>().join(", "));
    ctx.builder.fail(GraphError::shape(network, "the state has another shape", expected, x.ty().to_string()))
}

/// How a network reads its condition.
pub(super) enum Conditioning {
    /// There is none.
    None,
    /// Labels of classes.
    Labels(LabelEmbedding),
    /// Vectors.
    Vectors(Linear),
}

impl Conditioning {
    /// Declares the embedding at `labels` if there are `classes`, or a linear map at `vectors` for conditions `dim` wide. `has_none` and `std`
    /// are those of [`LabelEmbedding::new`].
    ///
    /// # Errors
    /// Both are given, or one is 0.
    pub fn new(
        declare: &Declare,
        [labels, vectors]: [&str; 2],
        classes: Option<usize>,
        dim: Option<usize>,
        width: usize,
        (has_none, std): (bool, f64),
    ) -> Result<Conditioning, NnError> {
        match (classes, dim.filter(|dim| *dim > 0)) {
            (None, None) => Ok(Conditioning::None),
            (Some(classes), None) => {
                let classes = check::width("numClasses", classes)?;
                Ok(Conditioning::Labels(LabelEmbedding::new(declare.at(labels), classes, has_none, width, std)))
            }
            (None, Some(dim)) => Ok(Conditioning::Vectors(Linear::new(declare.at(vectors), check::width("conditionDim", dim)?, width))),
            (Some(_), Some(dim)) => Err(NnError::new("conditionDim", "nothing, since there are numClasses", dim)),
        }
    }

    /// The condition as vectors `[B, width]`; `None` for a network without.
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, network: &str, condition: Option<&Leaves<Var<'g>>>) -> Option<Var<'g>> {
        let fail = |message, expected, got: &str| Some(ctx.builder.fail(GraphError::shape(network, message, expected, got)));
        let single = |leaves| join::single(ctx.builder, network, "the condition", leaves);
        match (self, condition) {
            (Conditioning::None, None) => None,
            (Conditioning::None, Some(_)) => fail("built without numClasses or conditionDim", "no condition", "a condition"),
            (_, None) => fail("the condition is missing", "a condition", "none"),
            (Conditioning::Labels(table), Some(leaves)) => Some(table.forward(ctx, single(leaves))),
            (Conditioning::Vectors(linear), Some(leaves)) => Some(linear.forward(ctx, single(leaves))),
        }
    }

    /// The number that stands for "no label", if conditions of `size` numbers are labels.
    pub fn no_label(&self, size: usize) -> Option<f64> {
        match self {
            Conditioning::Labels(table) if size == 1 => Some(table.none()),
            _ => None,
        }
    }

    /// Widths of a network that encodes plain times itself.
    pub fn widths(&self) -> Widths {
        let condition = match self {
            Conditioning::None => Some(0),
            Conditioning::Labels(_) => None,
            Conditioning::Vectors(linear) => Some(linear.inputs()),
        };
        Widths { t: Some(1), x: None, condition }
    }
}
