//! Bad calls: each names the op, the operand shapes and what was expected.

use thalweg_engine::{Choice, CompileOptions, Device, EngineError, Program, Tensor};
use thalweg_graph::{Builder, DType, Type, Var};

/// What is called, and words that the message must contain.
type BadCall = (&'static str, for<'g> fn(&'g Builder) -> Var<'g>, &'static str, &'static [&'static str]);

fn f32s<'g>(b: &'g Builder, name: &str, shape: &[usize]) -> Var<'g> {
    b.input(name, DType::F32, shape)
}

const BAD_CALLS: &[BadCall] = &[
    ("matmul", |b| f32s(b, "x", &[512, 3]).matmul(f32s(b, "w", &[2, 128])), "ShapeError", &["inner dimensions", "[512, 3]", "[2, 128]"]),
    ("matmul", |b| f32s(b, "x", &[3]).matmul(f32s(b, "w", &[3])), "ShapeError", &["rank", "[3]"]),
    ("matmul", |b| f32s(b, "x", &[2, 2, 3]).matmul(f32s(b, "w", &[3, 3, 1])), "ShapeError", &["[2, 2, 3]", "[3, 3, 1]"]),
    ("add", |b| f32s(b, "x", &[4]) + f32s(b, "y", &[3]), "ShapeError", &["broadcast", "[4]", "[3]"]),
    ("mul", |b| f32s(b, "x", &[4]) * b.input("y", DType::F64, &[4]), "DTypeError", &["f32 [4]", "f64 [4]"]),
    ("exp", |b| b.input("i", DType::I64, &[2]).exp(), "DTypeError", &["float", "i64 [2]"]),
    ("reshape", |b| f32s(b, "x", &[4, 3]).reshape(&[5, 2]), "ShapeError", &["12 elements", "[5, 2]", "[4, 3]"]),
    ("broadcast", |b| f32s(b, "x", &[4]).broadcast_to(&[4, 3]), "ShapeError", &["[4, 3]", "[4]"]),
    ("transpose", |b| f32s(b, "x", &[4, 3]).transpose(&[0, 0]), "ShapeError", &["permutation", "[0, 0]", "[4, 3]"]),
    ("slice", |b| f32s(b, "x", &[4]).narrow(0, 2, 3), "ShapeError", &["range", "[2]..[5]", "[4]"]),
    ("slice", |b| f32s(b, "x", &[4]).narrow(1, 0, 1), "ShapeError", &["no such dimension", "[4]"]),
    ("pad", |b| f32s(b, "x", &[4]).pad(&[1, 1], &[1, 1]), "ShapeError", &["[4]"]),
    ("concat", |b| Var::concat(&[f32s(b, "x", &[4, 2]), f32s(b, "y", &[4, 3])], 0), "ShapeError", &["dimension 0", "[4, 2]", "[4, 3]"]),
    ("flip", |b| f32s(b, "x", &[4]).flip(1), "ShapeError", &["[4]"]),
    ("gather", |b| f32s(b, "x", &[4]).gather(0, f32s(b, "i", &[2])), "ShapeError", &["i64", "f32 [2]"]),
    ("scatter_add", |b| f32s(b, "x", &[4]).scatter_add(b.input("i", DType::I64, &[3]), 0, 9), "ShapeError", &["f32 [4]", "i64 [3]"]),
    ("reduce_sum", |b| f32s(b, "x", &[4]).sum(&[1]), "ShapeError", &["below 1", "[1]", "[4]"]),
    ("reduce_sum", |b| f32s(b, "x", &[4, 2]).sum(&[1, 0]), "ShapeError", &["ascending", "[1, 0]"]),
    ("reduce_max", |b| f32s(b, "x", &[0, 2]).max(&[0]), "ShapeError", &["nothing", "[0, 2]"]),
    ("arg_max", |b| f32s(b, "x", &[2, 0]).arg_max(1), "ShapeError", &["nothing", "[2, 0]"]),
    ("arg_sort", |b| f32s(b, "x", &[2, 3]).arg_sort(2), "ShapeError", &["below 2", "[2, 3]"]),
    ("arg_sort", |b| b.input("x", DType::Bool, &[2]).sort(0), "DTypeError", &["numbers", "bool [2]"]),
    (
        "take_along",
        |b| f32s(b, "x", &[2, 3]).take_along(1, b.input("i", DType::I64, &[3, 3])),
        "ShapeError",
        &["dimension 1", "i64 [3, 3]"],
    ),
    ("take_along", |b| f32s(b, "x", &[2]).take_along(0, f32s(b, "i", &[2])), "ShapeError", &["i64", "f32 [2]"]),
    ("take_along", |b| f32s(b, "x", &[2]).take_along(1, b.input("i", DType::I64, &[2])), "ShapeError", &["i64 [2]"]),
    ("add_along", |b| f32s(b, "x", &[4]).add_along(b.input("i", DType::I64, &[3]), 0, 9), "ShapeError", &["f32 [4]", "i64 [3]"]),
    ("quantile", |b| f32s(b, "x", &[4]).quantile(f64::NAN, 0), "TraceError", &["0 ≤ q ≤ 1", "NaN"]),
    ("quantile", |b| f32s(b, "x", &[4]).quantile(-0.1, 0), "TraceError", &["0 ≤ q ≤ 1", "-0.1"]),
    ("quantile", |b| f32s(b, "x", &[4]).quantile(0.5, 1), "ShapeError", &["more than 1", "[4]"]),
    ("quantile", |b| f32s(b, "x", &[4, 0]).quantile(0.5, 1), "ShapeError", &["nothing", "[4, 0]"]),
    ("quantile", |b| b.input("x", DType::I64, &[4]).quantile(0.5, 0), "DTypeError", &["float", "i64 [4]"]),
    ("select", |b| f32s(b, "c", &[2]).select(f32s(b, "x", &[2]), f32s(b, "y", &[2])), "ShapeError", &["bool", "f32 [2]"]),
    ("softmax", |b| f32s(b, "x", &[2]).softmax(1), "ShapeError", &["[2]"]),
    ("grad", |b| thalweg_graph::grad(f32s(b, "x", &[2]), &[f32s(b, "x", &[2])])[0], "ShapeError", &["scalar", "f32 [2]"]),
    (
        "input",
        |b| {
            f32s(b, "x", &[2]);
            f32s(b, "x", &[3])
        },
        "ShapeError",
        &["x", "[2]", "[3]"],
    ),
];

#[test]
fn a_bad_call_names_op_shapes_and_expectation() {
    for (op, call, code, words) in BAD_CALLS {
        let b = Builder::new();
        let value = call(&b);
        let error = EngineError::from(b.finish(&[value]).expect_err(op));
        assert_eq!(error.code, *code, "{error}");
        let text = error.to_string();
        let starts = ["reduce_max", "compare"].contains(op)
            || text.contains(&format!("{op}: "))
            || (*op == "softmax" && text.contains("reduce_max"));
        assert!(starts, "{text} does not name {op}");
        for word in *words {
            assert!(text.contains(word), "{text} does not say {word}");
        }
        assert!(error.expected.is_some() && error.got.is_some());
    }
}

#[test]
fn the_first_error_says_in_which_part_of_the_model_it_arose() {
    let b = Builder::new();
    let x = f32s(&b, "x", &[2]);
    let y = {
        let _outer = b.scope("layers");
        let _inner = b.scope("0");
        x + f32s(&b, "y", &[3])
    };
    let error = b.finish(&[y * y, x.matmul(x)]).unwrap_err();
    assert_eq!(error.op, "add");
    assert!(error.got.contains("layers.0"), "{error}");
}

#[test]
fn a_program_checks_what_it_is_given() {
    let b = Builder::new();
    let (x, y) = (b.input("x", DType::F32, &[2]), b.input("steps", DType::I64, &[]));
    let graph = b.finish(&[x * 2.0, y]).unwrap();
    let program = Program::compile(&graph, &CompileOptions::default()).unwrap();
    let (good, count) = (Tensor::from_f32(vec![1.0, 2.0], &[2]).unwrap(), Tensor::from_i64(vec![1], &[]).unwrap());
    let error = program.run(vec![good.clone()]).unwrap_err();
    assert_eq!((error.code, error.expected.as_deref(), error.got.as_deref()), ("ShapeError", Some("2 (x, steps)"), Some("1")));
    let error = program.run(vec![good.reshape(&[2, 1]).unwrap(), count.clone()]).unwrap_err();
    assert_eq!((error.code, error.message.as_str()), ("ShapeError", "input x"));
    assert_eq!((error.expected.as_deref(), error.got.as_deref()), (Some("f32 [2]"), Some("f32 [2, 1]")));
    let error = program.run(vec![Tensor::from_f64(vec![1.0, 2.0], &[2]).unwrap(), count]).unwrap_err();
    assert_eq!(error.code, "DTypeError");
    let wrong = CompileOptions { donated: vec![2], ..CompileOptions::default() };
    assert_eq!(Program::compile(&graph, &wrong).unwrap_err().code, "TraceError");
}

#[test]
fn tensors_check_their_values() {
    let error = Tensor::from_f32(vec![1.0; 5], &[2, 3]).unwrap_err();
    assert_eq!((error.code, error.got.as_deref()), ("DataError", Some("5")));
    let x = Tensor::from_f32(vec![1.0; 6], &[2, 3]).unwrap();
    assert_eq!(x.to_i64_vec().unwrap_err().code, "DTypeError");
    assert_eq!(x.to_bool_vec().unwrap_err().code, "DTypeError");
    assert_eq!(x.reshape(&[4]).unwrap_err().code, "ShapeError");
    assert_eq!(x.narrow(1, 2, 2).unwrap_err().code, "ShapeError");
    assert_eq!(x.narrow(2, 0, 1).unwrap_err().code, "ShapeError");
    assert_eq!(Tensor::concat(&[], 0).unwrap_err().code, "ShapeError");
    assert_eq!(Tensor::concat(&[x.clone(), x.reshape(&[3, 2]).unwrap()], 0).unwrap_err().code, "ShapeError");
    assert_eq!(x.item().unwrap_err().code, "ShapeError");
    assert_eq!(Tensor::from_i64(vec![4], &[1]).unwrap().to_f64_vec().unwrap_err().code, "DTypeError");
}

#[test]
fn devices_are_known_by_name() {
    for (name, choice) in [
        ("auto", Choice::Auto),
        ("cpu", Choice::Named(Device::Cpu)),
        ("cuda", Choice::Named(Device::Cuda(0))),
        ("cuda:17", Choice::Named(Device::Cuda(17))),
    ] {
        assert_eq!(Choice::parse(name).unwrap(), choice);
        assert_eq!(Choice::parse(&choice.to_string()).unwrap(), choice);
    }
    for unknown in ["gpu", "", "CPU", "cuda:", "cuda:x", "cuda:-1"] {
        let error = Choice::parse(unknown).unwrap_err();
        assert!(error.code == "DeviceError" && error.message.contains("unknown device"), "{error}");
    }
}

#[test]
fn a_device_that_is_not_there_is_an_error() {
    Device::Cpu.check().unwrap();
    // A build with CUDA may be tested where there is a GPU.
    let absent: &[usize] = if cfg!(feature = "cuda") { &[17] } else { &[0, 17] };
    for &absent in absent {
        let error = Device::Cuda(absent).check().unwrap_err();
        assert!(error.code == "DeviceError" && error.message.contains("no CUDA device"), "{error}");
    }
}

#[test]
fn the_type_of_a_tensor_is_the_declared_one() {
    assert_eq!(Tensor::zeros(Type::new(DType::Bool, [2, 0])).unwrap().ty(), &Type::new(DType::Bool, [2, 0]));
}
