//! The tensor methods conv and convTranspose, as PyTorch names and counts their arguments.
//! A part of the table of methods that is long enough for a file of its own.

use crate::methods::{arguments, operands};
use serde::Deserialize;
use serde_json::Value;
use thalweg_graph::ops::Window;
use thalweg_graph::{GraphError, Result, Var};

/// Applies the convolution `name`; see [`crate::methods::apply`].
pub(crate) fn apply<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Conv {
        stride: Vec<usize>,
        before: Vec<usize>,
        after: Vec<usize>,
        dilation: Vec<usize>,
        groups: usize,
    }
    let [x, w] = operands(name, inputs)?;
    if name == "convTranspose" {
        return transposed(name, x, w, &arguments(name, args)?);
    }
    let Conv { stride, before, after, dilation, groups } = arguments(name, args)?;
    Ok(x.conv(w, &Window { stride, before, after, dilation, groups }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Transpose {
    stride: Vec<usize>,
    padding: Vec<usize>,
    output_padding: Vec<usize>,
    dilation: Vec<usize>,
    groups: usize,
}

/// The transpose of a convolution. What `output_padding` adds at the end is taken from the padding there; where that is less,
/// there are zeros behind.
fn transposed<'g>(name: &str, x: Var<'g>, w: Var<'g>, given: &Transpose) -> Result<Var<'g>> {
    let spatial = given.stride.len();
    let lists = [&given.padding, &given.output_padding, &given.dilation];
    if x.rank() != spatial + 2 || w.rank() != spatial + 2 || lists.iter().any(|list| list.len() != spatial) {
        let expected = format!("input and kernel of rank {}, and as many paddings and dilations as strides", spatial + 2);
        return Err(GraphError::shape(name, "wrong number of dimensions", expected, format!("{} and {}", x.ty(), w.ty())));
    }
    let (from, kernel) = (x.shape(), w.shape());
    let mut window = Window {
        stride: given.stride.clone(),
        before: given.padding.clone(),
        after: given.padding.clone(),
        dilation: given.dilation.clone(),
        groups: given.groups,
    };
    let (mut sizes, mut behind) = (vec![0; spatial], vec![0; spatial + 2]);
    for d in 0..spatial {
        let (padding, more) = (given.padding[d], given.output_padding[d]);
        window.after[d] = padding.saturating_sub(more);
        behind[d + 2] = more.saturating_sub(padding);
        sizes[d] = size(from[d + 2], kernel[d + 2], given.stride[d], given.dilation[d], padding, window.after[d]).ok_or_else(|| {
            let expected = "an output of at least one element, of a size that does not overflow";
            GraphError::shape(name, "the padding is larger than the output", expected, format!("{} with kernel {}", x.ty(), w.ty()))
        })?;
    }
    Ok(x.conv_transpose(w, &window, &sizes).pad(&vec![0; spatial + 2], &behind))
}

/// (n − 1)·stride + dilation·(kernel − 1) + 1 − before − after, if that is a positive number.
fn size(n: usize, kernel: usize, stride: usize, dilation: usize, before: usize, after: usize) -> Option<usize> {
    let reach = n.checked_sub(1)?.checked_mul(stride)?;
    let extent = dilation.checked_mul(kernel.checked_sub(1)?)?.checked_add(1)?;
    reach.checked_add(extent)?.checked_sub(before)?.checked_sub(after).filter(|&size| size > 0)
}

#[cfg(test)]
mod tests {
    use crate::methods::apply;
    use serde_json::{Value, json};
    use thalweg_engine::{CompileOptions, Program, Tensor};
    use thalweg_graph::{Builder, DType, Result};

    /// The value of a method on x = 1, 2 in one channel with the kernel 1, 10, 100: its elements.
    fn of(name: &str, args: Value) -> Result<Vec<f64>> {
        let b = Builder::new();
        let (x, w) = (b.input("x", DType::F64, &[1, 1, 2]), b.input("w", DType::F64, &[1, 1, 3]));
        let graph = b.finish(&apply(&b, name, &args, &[x, w], None)?)?;
        let x = Tensor::from_f64(vec![1.0, 2.0], &[1, 1, 2]).unwrap();
        let w = Tensor::from_f64(vec![1.0, 10.0, 100.0], &[1, 1, 3]).unwrap();
        let out = Program::compile(&graph, &CompileOptions::default()).unwrap().run(vec![x, w]).unwrap();
        Ok(out[0].to_f64_vec().unwrap())
    }

    fn transposed(stride: usize, padding: usize, more: usize, dilation: usize) -> Result<Vec<f64>> {
        let args = json!({ "stride": [stride], "padding": [padding], "outputPadding": [more], "dilation": [dilation], "groups": 1 });
        of("convTranspose", args)
    }

    #[test]
    fn a_convolution_may_have_more_zeros_at_one_end() {
        let args =
            |before: usize, after: usize| json!({ "stride": [1], "before": [before], "after": [after], "dilation": [1], "groups": 1 });
        assert_eq!(of("conv", args(1, 0)), Ok(vec![210.0]));
        assert_eq!(of("conv", args(0, 1)), Ok(vec![21.0]));
        assert_eq!(of("conv", args(2, 1)), Ok(vec![100.0, 210.0, 21.0]));
    }

    #[test]
    fn a_transposed_convolution_spreads_the_kernel() {
        assert_eq!(transposed(1, 0, 0, 1), Ok(vec![1., 12., 120., 200.]));
        assert_eq!(transposed(2, 0, 0, 1), Ok(vec![1., 10., 102., 20., 200.]));
        assert_eq!(transposed(2, 1, 0, 1), Ok(vec![10., 102., 20.]));
        assert_eq!(transposed(1, 0, 0, 2), Ok(vec![1., 2., 10., 20., 100., 200.]));
    }

    #[test]
    fn output_padding_takes_from_the_padding_and_then_adds_zeros() {
        assert_eq!(transposed(2, 1, 1, 1), Ok(vec![10., 102., 20., 200.]));
        assert_eq!(transposed(2, 0, 1, 1), Ok(vec![1., 10., 102., 20., 200., 0.]));
        assert_eq!(transposed(1, 0, 1, 2), Ok(vec![1., 2., 10., 20., 100., 200., 0.]));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(transposed(1, 2, 0, 1).unwrap_err().message, "the padding is larger than the output");
        let two = json!({ "stride": [1, 1], "padding": [0, 0], "outputPadding": [0, 0], "dilation": [1, 1], "groups": 1 });
        assert_eq!(of("convTranspose", two).unwrap_err().message, "wrong number of dimensions");
        assert_eq!(of("convTranspose", json!({ "stride": [1] })).unwrap_err().message, "arguments do not fit");
        assert_eq!(of("conv", json!({ "stride": [1], "padding": [0] })).unwrap_err().message, "arguments do not fit");
    }
}
