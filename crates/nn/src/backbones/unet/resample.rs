//! Half the size and twice the size, in any number of dimensions and for odd sizes, too.
//! What joins the levels of a U-Net.

use crate::Context;
use crate::layers::{Conv, Layer};
use thalweg_graph::Var;

/// Half the size along every dimension, by a strided convolution or by means.
pub(super) enum Down {
    Conv(Conv),
    Mean,
}

impl Layer for Down {
    fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>) -> Var<'g> {
        match self {
            Down::Conv(conv) => conv.forward(ctx, x),
            Down::Mean => halved(x),
        }
    }
}

/// The mean of each 2 (by 2) positions; the last of an odd number counts twice.
pub(super) fn halved(x: Var<'_>) -> Var<'_> {
    if x.is_poison() {
        return x;
    }
    let shape = x.shape();
    let even = (2..shape.len()).fold(x, |x, axis| match shape[axis] % 2 {
        0 => x,
        _ => Var::concat(&[x, x.narrow(axis, shape[axis] - 1, 1)], axis),
    });
    let pairs = shape[2..].iter().flat_map(|size| [size.div_ceil(2), 2]);
    let paired: Vec<usize> = shape[..2].iter().copied().chain(pairs).collect();
    let within: Vec<usize> = (0..shape.len() - 2).map(|i| 3 + 2 * i).collect();
    even.reshape(&paired).mean(&within)
}

/// Every position as 2 (by 2), cut to the sizes of `like`, then perhaps a convolution.
pub(super) struct Up {
    pub conv: Option<Conv>,
}

impl Up {
    pub fn forward<'g>(&self, ctx: &Context<'_, 'g>, x: Var<'g>, like: Var<'g>) -> Var<'g> {
        if x.is_poison() || like.is_poison() {
            return if x.is_poison() { x } else { like };
        }
        let shape = x.shape();
        let spread = |copies: usize| shape[2..].iter().flat_map(|size| [*size, copies]).collect::<Vec<_>>();
        let doubled: Vec<usize> = shape[..2].iter().copied().chain(shape[2..].iter().map(|size| 2 * size)).collect();
        let copies = x.reshape(&[&shape[..2], &spread(1)[..]].concat()).broadcast_to(&[&shape[..2], &spread(2)[..]].concat());
        let stops = [&shape[..2], &like.shape()[2..]].concat();
        let cut = copies.reshape(&doubled).slice(&vec![0; shape.len()], &stops, &vec![1; shape.len()]);
        self.conv.as_ref().map_or(cut, |conv| conv.forward(ctx, cut))
    }
}
