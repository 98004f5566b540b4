//! Dropout: elements set to zero at random while training (Srivastava et al., JMLR 2014).
//! Seeded: which elements is a function of the model's seed, the step and the element, never of the thread or the clock.

use super::Layer;
use crate::{Context, Mode, NnError, check};
use thalweg_graph::ops::Distribution;
use thalweg_graph::{DType, GraphError, Type, Var};

/// Training: each element is 0 with probability `rate`, else divided by 1 − `rate`. Otherwise: the input.
#[derive(Clone, Debug)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// Drops a share `rate` of the elements.
    ///
    /// # Errors
    /// Unless 0 ≤ `rate` < 1; `field` is `"rate"`.
    pub fn new(rate: f64) -> Result<Dropout, NnError> {
        Ok(Dropout { rate: check::rate("rate", rate)? })
    }
}

impl Layer for Dropout {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if ctx.mode == Mode::Sample || self.rate == 0.0 || x.is_poison() {
            return x;
        }
        let Some(random) = &ctx.random else {
            return ctx.builder.fail(GraphError::trace("dropout", "training needs random numbers", "a random source", "none"));
        };
        let drawn = if x.dtype() == DType::BF16 { DType::F32 } else { x.dtype() };
        let u = ctx.builder.random(Distribution::Uniform, random.stream(), Type::new(drawn, x.shape()), random.seed(), random.counter());
        if u.is_poison() {
            return u;
        }
        u.ge(u.constant(self.rate)).select(x * (1.0 / (1.0 - self.rate)), x.constant(0.0))
    }
}
