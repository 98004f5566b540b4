//! How tokens enter a network and how its output becomes logits.
//! A backbone of this crate family sees one vector per row; a module written in TypeScript sees the tokens themselves.

use crate::vector::{joined, split};
use crate::{ModelError, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thalweg_engine::Tensor;
use thalweg_graph::{DType, Leaves, Var, count};
use thalweg_nn::{Context, Declare, Init, Param};
use thalweg_path::{DiscretePath, TokenSource};

/// How tokens become numbers for a backbone. The numbers of all positions are joined to one vector per row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum TokensConfig {
    /// V numbers per position: 1 at the token's place, else 0; the mask is all zeros.
    OneHot {},
    /// A learned vector per token, the mask included: the parameter `token_embedding.weight`.
    Embedding {
        /// Numbers per position; ≥ 1.
        #[schemars(range(min = 1))]
        dim: usize,
    },
}

impl Default for TokensConfig {
    fn default() -> Self {
        TokensConfig::OneHot {}
    }
}

/// Which positions count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Positions {
    /// All: the loss sums over all of them, and the network is asked for all of them.
    #[default]
    All,
    /// Those that are masked; the others are data already, are not in the loss, and keep their token while sampling. For the source `"mask"`.
    Masked,
}

/// The tokens of a model.
pub struct Tokens {
    /// The path.
    pub path: DiscretePath,
    /// Which positions count.
    pub positions: Positions,
    embedding: Option<Param>,
    dtype: DType,
}

impl Tokens {
    /// Declares the embedding, if there is one.
    pub fn new(config: TokensConfig, path: DiscretePath, positions: Positions, dtype: DType, declare: &Declare) -> Tokens {
        let embedding = match config {
            TokensConfig::OneHot {} => None,
            TokensConfig::Embedding { dim } => {
                let init = Init::Normal { mean: 0.0, std: 1.0 };
                Some(declare.at("token_embedding").param("weight", &[path.tokens(), dim], init))
            }
        };
        Tokens { path, positions, embedding, dtype }
    }

    /// Numbers of the tokens of all leaves, `[B, …]` i64, as one vector per row.
    pub fn features<'g>(&self, ctx: &Context<'_, 'g>, x: &Leaves<Var<'g>>) -> Var<'g> {
        let numbers = x.map(|x| match self.embedding {
            Some(table) => ctx.param(table).gather(0, *x),
            None => one_hot(*x, self.path.vocabulary, self.dtype),
        });
        *joined(&numbers).first()
    }

    /// The output of a backbone, one vector per row, as logits `[B, …, V]` of the leaves of `x`.
    pub fn logits<'g>(&self, output: Var<'g>, x: &Leaves<Var<'g>>) -> Leaves<Var<'g>> {
        split(output, x, &[self.path.vocabulary])
    }

    /// Where tokens `x` are the mask, as bool; `None` if there is no mask.
    pub fn masked<'g>(&self, x: Var<'g>) -> Option<Var<'g>> {
        (self.path.source == TokenSource::Mask).then(|| x.eq(x.constant(self.path.vocabulary as f64)))
    }

    /// Refuses numbers that are no tokens; `data` cannot have the mask.
    ///
    /// # Errors
    /// `DataError` naming the first bad row and position.
    pub fn check(&self, what: &str, leaves: &Leaves<Tensor>, data: bool) -> Result<()> {
        let limit = if data { self.path.vocabulary } else { self.path.tokens() } as i64;
        for (name, tensor) in leaves.iter() {
            let width = count(&tensor.ty().shape[1..]).max(1);
            let values = tensor.to_i64_vec()?;
            if let Some(i) = values.iter().position(|v| !(0..limit).contains(v)) {
                let place = if name.is_empty() { what.to_string() } else { format!("{what}.{name}") };
                let is_mask = self.path.source == TokenSource::Mask && values[i] == self.path.vocabulary as i64;
                let why = if is_mask { "is the mask, which data cannot have" } else { "is no token" };
                let at = format!("{place}: row {}, position {} {why}", i / width, i % width);
                return Err(ModelError::expected("DataError", at, format!("tokens from 0 to {}", limit - 1), values[i]));
            }
        }
        Ok(())
    }
}

/// `[…, classes]`: 1 at the place of each token, else 0.
pub fn one_hot<'g>(x: Var<'g>, classes: usize, dtype: DType) -> Var<'g> {
    x.unsqueeze(&[x.rank()]).eq(x.builder().iota(DType::I64, classes)).cast(dtype)
}
