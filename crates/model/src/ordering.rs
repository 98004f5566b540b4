//! The tensor methods of order: sorting, the indices that sort, elements taken or added by an index of their own, quantiles.
//! A part of the table of methods that is long enough for a file of its own.

use crate::methods::{arguments, axis_of, operands};
use serde::Deserialize;
use serde_json::Value;
use thalweg_graph::{Result, Var};

/// Applies the ordering method `name`; see [`crate::methods::apply`].
pub(crate) fn apply<'g>(name: &str, args: &Value, inputs: &[Var<'g>]) -> Result<Var<'g>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Along {
        axis: i64,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sized {
        axis: i64,
        size: usize,
    }
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sort {
        axis: i64,
        #[serde(default)]
        descending: bool,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Quantile {
        q: f64,
        axis: i64,
        #[serde(default)]
        keep_dims: bool,
    }
    if name == "takeAlong" {
        let [x, indices] = operands(name, inputs)?;
        let axis = axis_of(name, arguments::<Along>(name, args)?.axis, x.rank())?;
        return Ok(x.take_along(axis, indices));
    }
    if name == "addAlong" {
        let [updates, indices] = operands(name, inputs)?;
        let given: Sized = arguments(name, args)?;
        return Ok(updates.add_along(indices, axis_of(name, given.axis, updates.rank())?, given.size));
    }
    let [x] = operands(name, inputs)?;
    match name {
        "argSort" => Ok(x.arg_sort(axis_of(name, arguments::<Along>(name, args)?.axis, x.rank())?)),
        "sort" => {
            let given: Sort = arguments(name, args)?;
            let axis = axis_of(name, given.axis, x.rank())?;
            let ascending = x.sort(axis);
            Ok(if given.descending { ascending.flip(axis) } else { ascending })
        }
        _ => {
            let given: Quantile = arguments(name, args)?;
            let axis = axis_of(name, given.axis, x.rank())?;
            let value = x.quantile(given.q, axis);
            Ok(if given.keep_dims { value.unsqueeze(&[axis]) } else { value })
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::methods::apply;
    use serde_json::{Value, json};
    use thalweg_engine::{CompileOptions, Program, Tensor};
    use thalweg_graph::{Builder, DType, Result, Type};

    /// The value of a method on `[2, 3]` numbers (and, where it takes them, on `[2, 1]` indices 2 and 0): type and elements.
    /// `addAlong` gets as many numbers as there are indices.
    fn of(name: &str, args: Value) -> Result<(Type, Vec<f64>)> {
        let b = Builder::new();
        let (x, i) = (b.input("x", DType::F64, &[2, 3]), b.input("i", DType::I64, &[2, 1]));
        let inputs = match name {
            "takeAlong" => vec![x, i],
            "addAlong" => vec![x.narrow(1, 0, 1), i],
            _ => vec![x],
        };
        let value = apply(&b, name, &args, &inputs, None)?[0];
        let graph = b.finish(&[value.cast(DType::F64)])?;
        let x = Tensor::from_f64(vec![3.0, 1.0, 2.0, 6.0, 6.0, 5.0], &[2, 3]).unwrap();
        let i = Tensor::from_i64(vec![2, 0], &[2, 1]).unwrap();
        let out = Program::compile(&graph, &CompileOptions::default()).unwrap().run(vec![x, i]).unwrap();
        Ok((value.ty(), out[0].to_f64_vec().unwrap()))
    }

    #[test]
    fn methods_of_order_take_their_arguments_by_name() {
        let (float, whole) = (|shape: &[usize]| Type::new(DType::F64, shape), |shape: &[usize]| Type::new(DType::I64, shape));
        assert_eq!(of("argSort", json!({ "axis": -1 })), Ok((whole(&[2, 3]), vec![1., 2., 0., 2., 0., 1.])));
        assert_eq!(of("sort", json!({ "axis": 1 })), Ok((float(&[2, 3]), vec![1., 2., 3., 5., 6., 6.])));
        assert_eq!(of("sort", json!({ "axis": 1, "descending": true })), Ok((float(&[2, 3]), vec![3., 2., 1., 6., 6., 5.])));
        assert_eq!(of("takeAlong", json!({ "axis": 1 })), Ok((float(&[2, 1]), vec![2., 6.])));
        assert_eq!(of("addAlong", json!({ "axis": -1, "size": 4 })), Ok((float(&[2, 4]), vec![0., 0., 3., 0., 6., 0., 0., 0.])));
        assert_eq!(of("quantile", json!({ "q": 0.25, "axis": -1 })), Ok((float(&[2]), vec![1.5, 5.5])));
        assert_eq!(of("quantile", json!({ "q": 0.25, "axis": -1, "keepDims": true })), Ok((float(&[2, 1]), vec![1.5, 5.5])));
    }

    #[test]
    fn methods_of_order_refuse_what_does_not_fit() {
        for (name, args, words) in [
            ("argSort", json!({ "axis": 2 }), "no such dimension"),
            ("argSort", json!({ "axis": 0, "descending": true }), "arguments do not fit"),
            ("sort", json!({}), "arguments do not fit"),
            ("takeAlong", json!({ "axis": 0 }), "operands do not fit"),
            ("addAlong", json!({ "axis": 0 }), "arguments do not fit"),
            ("addAlong", json!({ "axis": 2, "size": 1 }), "no such dimension"),
            ("quantile", json!({ "q": 2, "axis": 0 }), "q out of range"),
            ("quantile", json!({ "axis": 0 }), "arguments do not fit"),
        ] {
            let error = of(name, args).unwrap_err();
            assert!(error.message == words && error.op.replace('_', "").eq_ignore_ascii_case(name), "{error}");
        }
    }
}
