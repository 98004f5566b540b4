//! Convolutions in place agree with the reference executor's: any geometry, operands and results that are views, slices of a batch.

use crate::executors::agree;
use proptest::prelude::*;
use thalweg_graph::ops::{Conv, ConvInputGrad, ConvWeightGrad, Op, Window};
use thalweg_graph::{Builder, DType, Graph, Var, grad};

/// Sizes of a convolution.
#[derive(Clone, Debug)]
struct Sizes {
    window: Window,
    x: Vec<usize>,
    w: Vec<usize>,
}

/// One spatial dimension: size, kernel, stride, zeros before and after, dilation.
fn dimension(longest: usize) -> impl Strategy<Value = [usize; 6]> {
    (1..=longest, 1usize..6, 1usize..4, 0usize..4, 0usize..4, 1usize..4)
        .prop_map(|(size, kernel, stride, before, after, dilation)| [size, kernel, stride, before, after, dilation])
        .prop_filter("a kernel that fits", |[size, kernel, _, before, after, dilation]| size + before + after > dilation * (kernel - 1))
}

fn sizes() -> impl Strategy<Value = Sizes> {
    let spatial = prop_oneof![
        prop::collection::vec(dimension(20), 1..3),
        // One that is the input's own size, as most are.
        prop::collection::vec((1usize..40).prop_map(|size| [size, 3, 1, 1, 1, 1]), 1..3),
        // More positions than a tile has.
        prop::collection::vec(dimension(1500), 1),
        prop::collection::vec(Just([1usize, 1, 1, 0, 0, 1]), 2),
        prop::collection::vec((1usize..15).prop_map(|size| [size, 1, 1, 0, 0, 1]), 1..3),
    ];
    (spatial, 1usize..8, 1usize..4, 1usize..6, 1usize..15, any::<bool>()).prop_map(|(d, samples, groups, inner, outer, wide)| {
        let of = |k: usize| d.iter().map(|d| d[k]).collect::<Vec<_>>();
        let inner = if wide { inner * 20 } else { inner };
        Sizes {
            window: Window { stride: of(2), before: of(3), after: of(4), dilation: of(5), groups },
            x: [vec![samples, groups * inner], of(0)].concat(),
            w: [vec![groups * outer, inner], of(1)].concat(),
        }
    })
}

impl Sizes {
    fn y(&self) -> Vec<usize> {
        self.window.output_shape("conv", &self.x, &self.w).unwrap()
    }

    /// The three maps of an input, a kernel and an output's gradient.
    fn maps<'g>(&self, [x, w, y]: [Var<'g>; 3]) -> Vec<Var<'g>> {
        let window = || self.window.clone();
        let push = |op: Op, a: Var<'g>, b: Var<'g>| a.builder().push(op, &[a, b]);
        vec![
            push(Op::Conv(Conv { window: window() }), x, w),
            push(Op::ConvInputGrad(ConvInputGrad { window: window(), spatial: self.x[2..].to_vec() }), y, w),
            push(Op::ConvWeightGrad(ConvWeightGrad { window: window(), kernel: self.w[2..].to_vec() }), x, y),
        ]
    }

    fn plain(&self, dtype: DType) -> Graph {
        let b = Builder::new();
        let operands = [("x", &self.x), ("w", &self.w), ("y", &self.y())].map(|(name, shape)| b.input(name, dtype, shape));
        b.finish(&self.maps(operands)).unwrap()
    }
}

/// A part of something larger.
fn narrowed<'g>(b: &'g Builder, name: &str, shape: &[usize], axis: usize) -> Var<'g> {
    let mut larger = shape.to_vec();
    larger[axis] += 3;
    b.input(name, DType::F64, &larger).narrow(axis, 1, shape[axis])
}

/// What lies with its dimensions in another order.
fn turned<'g>(b: &'g Builder, name: &str, shape: &[usize], order: &[usize]) -> Var<'g> {
    let mut there = vec![0; shape.len()];
    order.iter().zip(shape).for_each(|(&d, &size)| there[d] = size);
    b.input(name, DType::F64, &there).transpose(order)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: crate::executors::cases(300), ..ProptestConfig::default() })]

    #[test]
    fn any_geometry(sizes in sizes(), seed in 0i64..1 << 30) {
        agree(&sizes.plain(DType::F64), &[], seed, 1e-9);
        agree(&sizes.plain(DType::F32), &[], seed, 1e-5);
    }

    #[test]
    fn operands_and_results_that_are_views(sizes in sizes(), seed in 0i64..1 << 30, axis in 0usize..3, order in 0usize..3) {
        let b = Builder::new();
        let rank = sizes.x.len();
        let mut swapped: Vec<usize> = (0..rank).collect();
        swapped.swap(order, (order + 1) % rank);
        let repeated = |name: &str, shape: &[usize]| b.input(name, DType::F64, &shape[2..]).broadcast_to(shape);
        let operands = [
            [narrowed(&b, "x0", &sizes.x, axis), narrowed(&b, "w0", &sizes.w, axis), narrowed(&b, "y0", &sizes.y(), axis)],
            [turned(&b, "x1", &sizes.x, &swapped), turned(&b, "w1", &sizes.w, &swapped), turned(&b, "y1", &sizes.y(), &swapped)],
            [repeated("x2", &sizes.x), repeated("w2", &sizes.w), repeated("y2", &sizes.y())],
        ];
        let maps: Vec<Vec<Var>> = operands.into_iter().map(|of| sizes.maps(of)).collect();
        // Results that are computed inside a concatenation.
        let mut joined: Vec<Var> = (0..3).map(|k| Var::concat(&[maps[0][k] * 2.0, maps[1][k], maps[2][k]], axis)).collect();
        joined.extend((0..3).map(|k| Var::concat(&[maps[0][k].transpose(&swapped), maps[2][k].transpose(&swapped) * 2.0], axis)));
        agree(&b.finish(&joined).unwrap(), &[], seed, 1e-9);
    }
}

#[test]
fn kernels_longer_and_images_larger_than_a_tile() {
    for (x, w, groups) in [([2, 2, 1, 900], [3, 2, 1, 700], 1), ([2, 80, 60, 60], [6, 40, 3, 3], 2), ([1, 3, 2, 5000], [4, 3, 2, 30], 1)] {
        let window = Window { stride: vec![1, 1], before: vec![1, 0], after: vec![0, 2], dilation: vec![1, 1], groups };
        let sizes = Sizes { window, x: x.to_vec(), w: w.to_vec() };
        agree(&sizes.plain(DType::F64), &[], 2, 1e-9);
        agree(&sizes.plain(DType::F32), &[], 2, 1e-5);
    }
}

#[test]
fn kernels_whose_elements_lie_far_apart() {
    for (size, dilation, inner) in [(16, 100_000, 1), (40, 24, 80), (64, 512, 70), (1, 1 << 40, 1)] {
        let window = Window {
            stride: vec![1, 1],
            before: vec![dilation / 2; 2],
            after: vec![dilation - dilation / 2; 2],
            dilation: vec![dilation; 2],
            groups: 1,
        };
        let sizes = Sizes { window, x: vec![1, inner, size, size], w: vec![3, inner, 2, 2] };
        agree(&sizes.plain(DType::F64), &[], 4, 1e-9);
    }
}

#[test]
fn nothing_to_add_up_is_zero() {
    let same = Window { stride: vec![1], before: vec![1], after: vec![1], dilation: vec![1], groups: 1 };
    for (samples, inner, outer) in [(0, 2, 3), (2, 0, 3), (2, 3, 0)] {
        let sizes = Sizes { window: same.clone(), x: vec![samples, inner, 5], w: vec![outer, inner, 3] };
        agree(&sizes.plain(DType::F64), &[], 1, 0.0);
    }
}

/// Loss and gradients of a net that goes down to half the side and up again.
pub fn training_step(dtype: DType, batch: usize, side: usize, width: usize) -> Graph {
    let b = Builder::new();
    let x = b.input("x", dtype, &[batch, 3, side, side]);
    let mut parameters: Vec<Var> = Vec::new();
    let mut conv = |h: Var<'_>, outputs: usize, stride: usize, groups: usize| {
        let h = b.var(h.id());
        let k = parameters.len();
        let weight = b.input(&format!("{k}"), dtype, &[outputs, h.shape()[1] / groups, 3, 3]);
        let bias = b.input(&format!("{}", k + 1), dtype, &[outputs]);
        parameters.extend([weight, bias]);
        let window = Window { stride: vec![stride; 2], before: vec![1; 2], after: vec![1; 2], dilation: vec![1; 2], groups };
        let y = h.conv(weight * 0.2, &window);
        y + bias.reshape(&[outputs, 1, 1]).broadcast_to(&y.shape())
    };
    let skip = conv(x, width, 1, 1).silu();
    let h = conv(skip, 2 * width, 2, 2).silu();
    let h = conv(h, 2 * width, 1, 1).tanh();
    let half = side / 2;
    let spread = h.reshape(&[batch, 2 * width, half, 1, half, 1]).broadcast_to(&[batch, 2 * width, half, 2, half, 2]);
    let up = spread.reshape(&[batch, 2 * width, side, side]);
    let out = conv(Var::concat(&[up, skip], 1), 3, 1, 1);
    let loss = ((out - x) * (out - x)).mean_all();
    let gradients = grad(loss, &parameters);
    let flat: Vec<Var> = gradients.iter().map(|g| g.reshape(&[g.ty().count()])).collect();
    b.finish(&[&[loss, out, Var::concat(&flat, 0)][..], &gradients].concat()).unwrap()
}

#[test]
fn a_training_step_slice_by_slice() {
    for (batch, side, width) in [(9, 8, 8), (32, 16, 8), (70, 4, 16)] {
        agree(&training_step(DType::F64, batch, side, width), &[], 3, 1e-11);
        agree(&training_step(DType::F32, batch, side, width), &[], 3, 2e-5);
    }
}
