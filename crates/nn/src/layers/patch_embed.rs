//! PatchEmbed: an image, series or volume cut into patches, each mapped to a token (Dosovitskiy et al. 2021, eq. 1).
//! A convolution whose stride is its kernel is a product of patches and weights, in any number of dimensions.

use crate::{Context, Declare, Init, Param};
use thalweg_graph::{GraphError, Var, count};

/// Cuts `[B, channels, …sizes]` into patches, and puts patches together again.
#[derive(Clone, Debug)]
pub struct Patches {
    /// Channels of the state.
    pub channels: usize,
    /// Patches along each dimension.
    pub grid: Vec<usize>,
    /// Size of a patch along each dimension.
    pub size: Vec<usize>,
}

impl Patches {
    /// How many there are.
    pub fn count(&self) -> usize {
        count(&self.grid)
    }

    /// `n₁ p₁ n₂ p₂ …` behind the given sizes.
    fn interleaved(&self, leading: &[usize]) -> Vec<usize> {
        let both = self.grid.iter().zip(&self.size).flat_map(|(n, p)| [*n, *p]);
        leading.iter().copied().chain(both).collect()
    }

    /// Shape of the states.
    pub fn state(&self, batch: usize, channels: usize) -> Vec<usize> {
        let sizes = self.grid.iter().zip(&self.size).map(|(n, p)| n * p);
        [batch, channels].into_iter().chain(sizes).collect()
    }

    /// `[B, channels, …sizes]` → `[B, patches, channels, elements of a patch]`.
    fn cut<'g>(&self, x: Var<'g>) -> Var<'g> {
        let (batch, d) = (x.shape()[0], self.grid.len());
        let places = (0..d).map(|i| 2 + 2 * i);
        let within = (0..d).map(|i| 3 + 2 * i);
        let order: Vec<usize> = [0].into_iter().chain(places).chain([1]).chain(within).collect();
        let parts = x.reshape(&self.interleaved(&[batch, self.channels])).transpose(&order);
        parts.reshape(&[batch, self.count(), self.channels, count(&self.size)])
    }

    /// `[B, patches, elements of a patch · channels]`, channels last → `[B, channels, …sizes]`.
    pub fn join<'g>(&self, tokens: Var<'g>, batch: usize, channels: usize) -> Var<'g> {
        let d = self.grid.len();
        let shape: Vec<usize> = [&[batch], &self.grid[..], &self.size[..], &[channels]].concat();
        let pairs = (0..d).flat_map(|i| [1 + i, 1 + d + i]);
        let order: Vec<usize> = [0, 1 + 2 * d].into_iter().chain(pairs).collect();
        tokens.reshape(&shape).transpose(&order).reshape(&self.state(batch, channels))
    }
}

/// token = W · patch + b, with `proj.weight` W `[width, channels / groups, …patch]` and `proj.bias` b `[width]`. With one group per
/// channel, each channel fills a part of the token of its own.
#[derive(Clone, Debug)]
pub struct PatchEmbed {
    patches: Patches,
    name: String,
    weight: Param,
    bias: Param,
    width: usize,
    groups: usize,
}

impl PatchEmbed {
    /// Declares `proj.weight` and `proj.bias`, which start as given. `groups` is 1 or the number of channels, and divides the width.
    pub fn new(declare: &Declare, patches: Patches, width: usize, groups: usize, weight: Init, bias: Init) -> PatchEmbed {
        let declare = declare.at("proj");
        let shape = [&[width, patches.channels / groups], &patches.size[..]].concat();
        PatchEmbed {
            weight: declare.param("weight", &shape, weight),
            bias: declare.undecayed("bias", &[width], bias),
            name: declare.name().to_string(),
            patches,
            width,
            groups,
        }
    }

    /// How it cuts.
    pub fn patches(&self) -> &Patches {
        &self.patches
    }

    /// `[B, channels, …sizes]` → `[B, patches, width]`.
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        if x.is_poison() {
            return x;
        }
        let _scope = ctx.builder.scope(&self.name);
        let wanted = self.patches.state(x.shape().first().copied().unwrap_or(0), self.patches.channels);
        if x.shape() != wanted {
            let expected = format!("[batch, {}]", wanted[1..].iter().map(usize::to_string).collect::<Vec<_>>().join(", "));
            return ctx.builder.fail(GraphError::shape("patches", "the state has another shape", expected, x.ty().to_string()));
        }
        let (batch, tokens) = (wanted[0], self.patches.count());
        let features = self.patches.channels / self.groups * count(&self.patches.size);
        let cut = self.patches.cut(x);
        let weight = ctx.param(self.weight);
        let embedded = if self.groups == 1 {
            cut.reshape(&[batch * tokens, features]).matmul(weight.reshape(&[self.width, features]).t())
        } else {
            let rows = cut.transpose(&[2, 0, 1, 3]).reshape(&[self.groups, batch * tokens, features]);
            let each = self.width / self.groups;
            rows.matmul(weight.reshape(&[self.groups, each, features]).t()).transpose(&[1, 0, 2])
        };
        embedded.reshape(&[batch, tokens, self.width]) + ctx.param(self.bias)
    }
}
