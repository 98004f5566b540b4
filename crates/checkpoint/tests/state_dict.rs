//! Finding the model in a `.pt` tree: nested under any of its usual keys, freed of wrappers, and never with
//! a part left out in silence.

mod support;

use support::pickle::{call, dict, global, int, list, pickle, storage, tensor, text, tuple};
use support::zip::pt;
use thalweg_checkpoint::{CheckpointError, DType, Tensors, parse_pt, state_dict};

fn scalar() -> Vec<u8> {
    tensor(storage("FloatStorage", "0", 1), 0, &[], &[])
}

fn of(root: &[u8]) -> Result<Tensors, CheckpointError> {
    let file = pt(&pickle(root), &[("0", &1.5f32.to_le_bytes())]);
    state_dict(&parse_pt(&file, "a.pt").unwrap(), "a.pt")
}

fn names(root: &[u8]) -> Vec<String> {
    of(root).unwrap().names().map(str::to_owned).collect()
}

fn problem(root: &[u8]) -> String {
    of(root).unwrap_err().to_string()
}

#[test]
fn the_model_is_found_wherever_scripts_keep_it() {
    let state = dict(&[("net.0.weight", scalar()), ("net.0.bias", scalar())]);
    let want = ["net.0.weight", "net.0.bias"];
    assert_eq!(names(&state), want);
    for key in ["model", "state_dict", "model_state_dict"] {
        assert_eq!(names(&dict(&[(key, state.clone())])), want);
    }
    let nested = dict(&[("model", dict(&[("state_dict", state.clone())])), ("iteration", int(3))]);
    assert_eq!(names(&nested), want);
    let trained = dict(&[("epoch", int(1)), ("optimizer", dict(&[("state", scalar())])), ("model", state)]);
    assert_eq!(names(&trained), want);
}

#[test]
fn wrappers_are_removed_and_names_that_collide_are_refused() {
    let wrapped = dict(&[("module._orig_mod.a.w", scalar()), ("module._orig_mod.a.b", scalar())]);
    assert_eq!(names(&wrapped), ["a.w", "a.b"]);
    let inner = dict(&[("net._orig_mod.w", scalar()), ("head.w", scalar())]);
    assert_eq!(names(&inner), ["net.w", "head.w"]);
    let kept = dict(&[("module.w", scalar()), ("module_b", scalar())]);
    assert_eq!(names(&kept), ["module.w", "module_b"]);
}

#[test]
fn whatever_would_be_left_out_is_an_error_that_lists_it() {
    let state = dict(&[("w", scalar())]);
    let beside = dict(&[("model", state.clone()), ("ema", state.clone()), ("note", text("x"))]);
    assert_eq!(problem(&beside), "a.pt: entries beside the model would be lost: ema (a dict of 1), note (a string). Nothing was loaded.");
    let mixed = dict(&[("w", scalar()), ("steps", int(3)), ("sub", state.clone())]);
    assert!(problem(&mixed).contains("2 entries of the state dict are not tensors: steps (an integer), sub (a dict of 1)"));
    let both = dict(&[("model", state.clone()), ("state_dict", state.clone())]);
    assert!(problem(&both).contains("several state dicts"));
    let beside_number = dict(&[("model", state.clone()), ("state_dict", int(1))]);
    assert!(problem(&beside_number).contains("state_dict (an integer)"));
    let numbered = [b"}(".to_vec(), int(0), scalar(), b"u".to_vec()].concat();
    assert!(problem(&numbered).contains("0 (a tensor [])"));
    assert!(problem(&dict(&[])).contains("0 tensors"));
    assert!(problem(&list(&[scalar()])).contains("no state dict"));
    assert!(problem(&scalar()).contains("no state dict"));
    let long = "x".repeat(5000);
    assert!(problem(&dict(&[(&long, scalar())])).contains("names are too long"));
    let deep = "a.".repeat(100);
    assert!(problem(&dict(&[(&deep, scalar())])).contains("nest too deep"));
}

#[test]
fn parameters_sizes_and_module_versions_are_understood() {
    let hooks = call("collections", "OrderedDict", &[]);
    let parameter = call("torch._utils", "_rebuild_parameter", &[scalar(), vec![0x88], hooks.clone()]);
    let sized = call(
        "torch._utils",
        "_rebuild_tensor_v2",
        &[storage("FloatStorage", "0", 1), int(0), call("torch", "Size", &[tuple(&[int(1)])]), tuple(&[int(1)]), vec![0x89], hooks],
    );
    let ordered = [
        global("collections", "OrderedDict"),
        b")R(".to_vec(),
        text("p"),
        parameter,
        text("s"),
        sized,
        b"u}".to_vec(),
        text("_metadata"),
        dict(&[("", dict(&[("version", int(1))]))]),
        b"sb".to_vec(),
    ];
    let tensors = of(&ordered.concat()).unwrap();
    tensors.check_against(&[("p", vec![], DType::F32), ("s", vec![1], DType::F32)]).unwrap();
    assert_eq!(tensors.require("s").unwrap().to_f32().unwrap(), [1.5]);
}

#[test]
fn every_storage_type_is_read_with_its_element_size() {
    let types = [
        ("DoubleStorage", DType::F64),
        ("FloatStorage", DType::F32),
        ("HalfStorage", DType::F16),
        ("BFloat16Storage", DType::BF16),
        ("ComplexFloatStorage", DType::C64),
        ("LongStorage", DType::I64),
        ("IntStorage", DType::I32),
        ("ShortStorage", DType::I16),
        ("CharStorage", DType::I8),
        ("ByteStorage", DType::U8),
        ("BoolStorage", DType::Bool),
    ];
    for (kind, dtype) in types {
        let data: Vec<u8> = (0..3 * dtype.size() as u8).collect();
        let root = dict(&[("t", tensor(storage(kind, "k", 3), 1, &[2], &[1]))]);
        let file = pt(&pickle(&root), &[("k", &data)]);
        let tensors = state_dict(&parse_pt(&file, "a.pt").unwrap(), "a.pt").unwrap();
        let got = tensors.require("t").unwrap();
        assert_eq!((got.dtype, got.shape.as_slice(), got.data.as_slice()), (dtype, &[2][..], &data[dtype.size()..]));
    }
}
