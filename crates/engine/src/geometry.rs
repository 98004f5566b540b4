//! Sizes of a convolution, as every executor sees them.

use thalweg_graph::ops::Window;

/// Which of the three bilinear maps that share a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Map {
    /// input × kernel → output.
    Forward,
    /// output's gradient × kernel → input's gradient.
    InputGrad,
    /// input × output's gradient → kernel's gradient.
    WeightGrad,
}

/// Sizes of a convolution; one spatial dimension is two with a first one of size 1.
#[derive(Clone, Debug)]
pub(crate) struct Geometry {
    pub(crate) samples: usize,
    pub(crate) groups: usize,
    /// Channels of the input and of the output, per group.
    pub(crate) inner: usize,
    pub(crate) outer: usize,
    pub(crate) input: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) output: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) before: [usize; 2],
    pub(crate) dilation: [usize; 2],
}

fn pair(values: &[usize], first: usize) -> [usize; 2] {
    match values {
        [one] => [first, *one],
        [a, b] => [*a, *b],
        _ => [first, first],
    }
}

impl Geometry {
    /// The sizes of a convolution of `x` with `w` that gives `y`.
    pub(crate) fn new(window: &Window, x: &[usize], w: &[usize], y: &[usize]) -> Geometry {
        Geometry {
            samples: x[0],
            groups: window.groups,
            inner: w[1],
            outer: w[0] / window.groups,
            input: pair(&x[2..], 1),
            kernel: pair(&w[2..], 1),
            output: pair(&y[2..], 1),
            stride: pair(&window.stride, 1),
            before: pair(&window.before, 0),
            dilation: pair(&window.dilation, 1),
        }
    }

    /// Elements of the kernel per channel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Positions of a sample.
    pub(crate) fn positions(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Whether the patches of a sample are its elements.
    pub(crate) fn is_pointwise(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.before == [0, 0] && self.input == self.output
    }
}
