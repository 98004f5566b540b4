//! Hostile and broken `.pt` files: each is refused with an error that says why, without a panic and in
//! memory bounded by the file's size, as a counting allocator measures.

mod support;

use proptest::prelude::*;
use support::counting::{Counting, peak};
use support::pickle::{call, dict, global, int, list, pickle, storage, tensor, text, tuple};
use support::zip::{Entry, pt, pt_entries, zip};
use support::{CHECKPOINTS, golden};
use thalweg_checkpoint::{CheckpointError, Value, parse_pt, read_pt, state_dict};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Most bytes that reading a file of `length` bytes may hold: the constant is the `zip` crate's, which
/// reserves room for the 65,535 entries that a directory can claim.
fn bound(length: usize) -> usize {
    150 * length + (16 << 20)
}

/// Reads a file and its state dict, within the bound.
fn read(bytes: &[u8]) -> Result<Value, CheckpointError> {
    let (result, held) = peak(|| {
        let value = parse_pt(bytes, "a.pt")?;
        // What it holds may or may not be a state dict; looking must be as safe as reading.
        let _ = state_dict(&value, "a.pt");
        Ok(value)
    });
    assert!(held <= bound(bytes.len()), "{held} bytes held for a file of {}", bytes.len());
    result
}

/// Asserts that a file is refused with a message that contains `reason`.
fn refused(bytes: &[u8], reason: &str) {
    match read(bytes) {
        Ok(value) => panic!("read as {}, should be refused: {reason}", value.kind()),
        Err(error) => {
            assert!(error.message.contains(reason), "{error} does not say {reason}");
            assert!(error.message.ends_with("Nothing was loaded."), "{error}");
            assert_eq!((error.code, error.path.as_str()), ("CheckpointError", "a.pt"));
        }
    }
}

/// Asserts that a pickle is refused; it has one storage `0` of 4 floats.
fn refused_pickle(body: &[u8], reason: &str) {
    refused(&pt(&pickle(body), &[("0", &[0; 16])]), reason);
}

fn four_floats() -> Vec<u8> {
    storage("FloatStorage", "0", 4)
}

#[test]
fn deep_nesting_is_refused() {
    let n = 1_000_000;
    refused_pickle(&[vec![b']'; n], vec![b'a'; n - 1]].concat(), "nest deeper than 64 levels");
    refused_pickle(&[b"N".to_vec(), vec![0x85; n]].concat(), "nest deeper than 64 levels");
    refused_pickle(&vec![b'('; n], "nests deeper than 64 levels");
    let dicts = [[b"}".to_vec(), text("a")].concat().repeat(n / 10), b"N".to_vec(), vec![b's'; n / 10]];
    refused_pickle(&dicts.concat(), "nest deeper than 64 levels");
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let nested = |levels: usize| pickle(&[vec![b']'; levels], vec![b'a'; levels - 1]].concat());
    let mut value = &read(&pt(&nested(65), &[])).unwrap();
    let mut levels = 1;
    while let Some([inner]) = value.items() {
        (value, levels) = (inner, levels + 1);
    }
    assert_eq!(levels, 65);
    refused(&pt(&nested(66), &[]), "nest deeper");
}

#[test]
fn a_memo_bomb_is_refused() {
    // Each list holds the one before twice: 2⁴⁰ values in 400 bytes.
    let mut body = b"]q\0".to_vec();
    for level in 1..40u8 {
        body.extend([b']', b'q', level, b'(', b'h', level - 1, b'h', level - 1, b'e']);
    }
    refused_pickle(&body, "too many values");
}

#[test]
fn a_container_that_holds_itself_is_refused() {
    refused_pickle(b"]q\0h\0a", "one container too often");
    refused_pickle(&[b"}q\0".to_vec(), text("a"), b"h\0s".to_vec()].concat(), "one container too often");
    // The same in a pickle of more opcodes, where the depth is the first limit to be met.
    refused_pickle(&[b"N0".repeat(100), b"]q\0h\0a".to_vec()].concat(), "nest deeper");
}

#[test]
fn cheap_opcodes_stay_within_the_memory_bound() {
    let numbered = |n: u32| [&[b'r'][..], &n.to_le_bytes()].concat();
    let puts: Vec<u8> = (0..1_000_000).flat_map(numbered).collect();
    let mut bodies = vec![[b"N".to_vec(), puts].concat()];
    for opcode in [&b"]"[..], b"}", b")", b"U\0", b"C\0", b"N\x85", b"K\0"] {
        bodies.push([b"](".to_vec(), opcode.repeat(1_000_000), b"e".to_vec()].concat());
    }
    for body in bodies {
        assert!(read(&pt(&pickle(&body), &[])).is_ok());
    }
}

#[test]
fn a_string_that_is_referred_to_often_is_shared() {
    let long = "x".repeat(1 << 20);
    let body = [b"](".to_vec(), text(&long), b"q\0".to_vec(), b"h\0".repeat(100_000), b"e".to_vec()].concat();
    let value = read(&pt(&pickle(&body), &[])).unwrap();
    assert_eq!(value.items().map(<[_]>::len), Some(100_001));
    assert_eq!(value.at(100_000).and_then(Value::str), Some(long.as_str()));
}

#[test]
fn a_tensor_that_is_referred_to_or_built_too_often_is_refused() {
    let data = vec![0; 1 << 18];
    let one = tensor(storage("FloatStorage", "0", 1 << 16), 0, &[1 << 16], &[1]);
    let shared = [b"](".to_vec(), one.clone(), b"q\x09".to_vec(), b"h\x09".repeat(1000), b"e".to_vec()].concat();
    refused(&pt(&pickle(&shared), &[("0", &data)]), "referred to too often");
    let views = list(&vec![one; 20]);
    refused(&pt(&pickle(&views), &[("0", &data)]), "far more than the file has");

    // The arguments are memoised, so that each further tensor costs five bytes.
    let scalar = tensor(four_floats(), 0, &[], &[]);
    let args = &scalar[global("torch._utils", "_rebuild_tensor_v2").len()..scalar.len() - 1];
    let first = [global("torch._utils", "_rebuild_tensor_v2"), b"q\x01".to_vec(), args.to_vec(), b"q\x02R".to_vec()];
    let many = [b"](".to_vec(), first.concat(), b"h\x01h\x02R".repeat(100_000), b"e".to_vec()].concat();
    refused_pickle(&many, "far more than the file has");
}

#[test]
fn views_that_share_storage_within_the_limit_are_read() {
    let data: Vec<u8> = [1.0f32, 2.0, 3.0, 4.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    let body = dict(&[
        ("a", tensor(four_floats(), 0, &[2, 2], &[2, 1])),
        ("transposed", tensor(four_floats(), 0, &[2, 2], &[1, 2])),
        ("tail", tensor(four_floats(), 3, &[1], &[1])),
        ("empty", tensor(four_floats(), 0, &[0, 3], &[3, 1])),
        ("expanded", tensor(four_floats(), 1, &[2, 2], &[0, 1])),
    ]);
    let value = read(&pt(&pickle(&body), &[("0", &data)])).unwrap();
    let tensors = state_dict(&value, "a.pt").unwrap();
    let values = |name: &str| tensors.require(name).unwrap().to_f32().unwrap();
    assert_eq!(values("a"), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(values("transposed"), [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(values("tail"), [4.0]);
    assert!(values("empty").is_empty());
    assert_eq!(values("expanded"), [2.0, 3.0, 2.0, 3.0]);
}

#[test]
fn tensors_that_do_not_fit_their_storage_are_refused() {
    let of = |offset: i64, shape: &[i64], strides: &[i64]| tensor(four_floats(), offset, shape, strides);
    refused_pickle(&of(0, &[-1], &[1]), "a size, stride or offset is -1");
    refused_pickle(&of(0, &[2], &[-1]), "a size, stride or offset is -1");
    refused_pickle(&of(-1, &[2], &[1]), "a size, stride or offset is -1");
    refused_pickle(&of(0, &[5], &[1]), "element 4 of 4");
    refused_pickle(&of(i64::MAX, &[3], &[i64::MAX]), "the last offset overflows");
    refused_pickle(&of(0, &[i64::MAX, i64::MAX], &[0, 0]), "overflows");
    refused_pickle(&of(0, &[2, 2], &[1]), "2 sizes, 1 strides");
    refused_pickle(&of(0, &[1 << 40], &[0]), "far more than the file has");
    refused_pickle(&of(0, &[1; 65], &[1; 65]), "too many axes");
    refused_pickle(&tensor(text("0"), 0, &[1], &[1]), "not a storage");
}

#[test]
fn storages_that_are_missing_or_of_another_size_are_refused() {
    let body = |key: &str, elements: i64| pickle(&tensor(storage("FloatStorage", key, elements), 0, &[1], &[1]));
    let files: &[(&str, &[u8])] = &[("0", &[0; 16])];
    refused(&pt(&body("0", 5), files), "storage 0 has 16 bytes, its tensors need 20");
    refused(&pt(&body("0", 3), files), "storage 0 has 16 bytes, its tensors need 12");
    refused(&pt(&body("0", i64::MAX), files), "storage 0 has 16 bytes");
    refused(&pt(&body("1", 4), files), "a/data/1 is missing");
    refused(&pt(&body("../0", 4), files), "a/data/../0 is missing");
    let twice = list(&[four_floats(), storage("IntStorage", "0", 4)]);
    refused_pickle(&twice, "storage 0 is described in two ways");
}

#[test]
fn names_outside_the_allow_list_are_refused_by_name() {
    refused_pickle(&call("os", "system", &[text("true")]), "os.system");
    refused_pickle(&call("posix", "system", &[text("true")]), "posix.system");
    refused_pickle(&call("torch", "os.system", &[text("true")]), "torch.os.system");
    refused_pickle(&global("torch", "load"), "torch.load");
    let stacked = [text("builtins"), text("eval"), vec![0x93]].concat();
    refused_pickle(&stacked, "builtins.eval");
    refused_pickle(&global("torch", "FloatStorage"), "stored as a value");
    refused_pickle(&call("collections", "OrderedDict", &[int(1)]), "called with 1 arguments");
    refused_pickle(&[text("x"), tuple(&[]), b"R".to_vec()].concat(), "not a known name");
}

#[test]
fn pickles_that_are_no_data_are_refused() {
    refused_pickle(b"i", "opcode 0x69");
    refused_pickle(b"0", "the stack is empty");
    refused_pickle(b"", "the stack is empty");
    refused_pickle(b"N(0", "the stack is empty");
    refused_pickle(b"t", "no mark");
    refused_pickle(b"h\x05", "memo 5 is empty");
    refused_pickle(b"NQ", "persistent id");
    refused_pickle(b"NNa", "list or dict is expected");
    refused_pickle(b"}Na", "not a list");
    refused_pickle(b"](NNu", "not a dict");
    refused_pickle(b"}(Nu", "key without a value");
    refused_pickle(b"}(NNu", "no string and no integer");
    refused_pickle(&[b"}(".to_vec(), int(1), int(2), int(1), int(3), b"u".to_vec()].concat(), "the key 1 twice");
    refused_pickle(b"X\xff\xff\xff\xffabc", "ends too early");
    refused_pickle(b"\x8a\x09123456789", "64 bits");
    refused_pickle(b"U\x01\xff", "not UTF-8");
    refused_pickle(&[b"}".to_vec(), dict(&[("run", int(1))]), b"b".to_vec()].concat(), "attributes");
    refused(&pt(&[0x80, 6, b'N', b'.'], &[]), "protocol 6");
    refused(&pt(&[0x80, 2, b'N'], &[]), "ends too early");
    refused(&pt(&pickle(&b"N0".repeat(1 << 21)), &[]), "the pickle is too long");
}

#[test]
fn data_of_every_protocol_is_read() {
    // Protocol 4: frame, short strings, memoise, stack global, tuple of one.
    let mut body = vec![0x80, 4, 0x95, 20, 0, 0, 0, 0, 0, 0, 0, b'}', 0x94, 0x8c, 1, b'k', 0x94, 0x88, 0x85];
    body.extend([b's', 0x8c, 1, b'n', 0x8a, 1, 0xfe, b's', 0x8c, 1, b'b', b'C', 2, 7, 8, b's', b'.']);
    let value = read(&pt(&body, &[])).unwrap();
    assert_eq!(value.get("k"), Some(&Value::List(vec![Value::Bool(true)])));
    assert_eq!(value.get("n").and_then(Value::int), Some(-2));
    assert_eq!(value.get("b"), Some(&Value::Bytes([7, 8].as_slice().into())));
}

#[test]
fn archives_that_torch_does_not_write_are_refused() {
    let honest = pt_entries(&pickle(b"N"), &[]);
    let with = |entry: Entry| zip(&[honest.clone(), vec![entry]].concat());
    assert_eq!(read(&zip(&honest)), Ok(Value::None));
    // A bomb: one kilobyte that says it becomes four gigabytes.
    let bomb = Entry { method: 8, size: u32::MAX, ..Entry::new("a/data/0", &[0; 1024]) };
    refused(&with(bomb), "compressed");
    refused(&with(Entry { method: 93, ..Entry::new("a/data/0", b"x") }), "compressed");
    refused(&with(Entry { size: 1 << 30, ..Entry::new("a/data/0", b"x") }), "claims two sizes");
    refused(&with(Entry { offset: Some(0), ..Entry::new("a/data/0", b"x") }), "overlap");
    refused(&with(Entry { size: 1 << 30, stored: 1 << 30, ..Entry::new("a/data/0", b"x") }), "overlap");
    refused(&with(honest[0].clone()), "same name");
    refused(&with(Entry::new("b/data.pkl", b"N.")), "not one that torch.save writes");
    refused(&with(Entry::new("a/constants.pkl", b"N.")), "TorchScript");
    refused(&zip(&[Entry::new("data.pkl", b"N.")]), "not one that torch.save writes");
    refused(&zip(&[]), "is not a .pt file");
    let big = [Entry::new("a/data.pkl", b"N."), Entry::new("a/byteorder", b"big")];
    refused(&zip(&big), "byte order");
    let wrong = Entry { crc: 1, ..Entry::new("a/data.pkl", b"N.") };
    refused(&zip(&[wrong]), "a/data.pkl cannot be read");
}

#[test]
fn directories_that_claim_too_much_are_refused() {
    // Extra fields of four bytes each, which a parser turns into records of its own.
    let field = [0x34, 0x12, 0, 0];
    let entry = |i: usize| Entry { extra: field.repeat(16_000), ..Entry::new(&format!("a/data/{i}"), b"") };
    let fields: Vec<Entry> = (0..100).map(entry).collect();
    assert!(read(&zip(&[pt_entries(&pickle(b"N"), &[]), fields].concat())).is_ok());
    let more: Vec<Entry> = (0..200).map(entry).collect();
    refused(&zip(&[pt_entries(&pickle(b"N"), &[]), more].concat()), "directory is longer");
    // An end record that claims 65,535 entries in four gigabytes.
    let mut claims = pt(&pickle(&text(&"x".repeat(70_000))), &[]);
    let end = claims.len() - 22;
    claims[end + 8..end + 12].fill(0xff);
    claims[end + 12..end + 16].fill(0xfe);
    refused(&claims, "truncated or damaged");
}

#[test]
fn other_formats_are_refused_with_what_to_do() {
    let old = [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, b'.'];
    refused(&old, "format before 1.6");
    refused(&old, "torch.save(torch.load(old, map_location=\"cpu\"), new)");
    refused(b"", "not a .pt file");
    refused(b"PK", "not a .pt file");
    refused(b"PK\x03\x04", "truncated or damaged");
    refused(b"\x10\0\0\0\0\0\0\0{}", "not a .pt file");
    let folder = tempfile::tempdir().unwrap();
    assert!(read_pt(folder.path()).unwrap_err().message.contains("it is a folder"));
    assert!(read_pt(folder.path().join("none.pt")).unwrap_err().message.contains("cannot open"));
}

#[test]
fn every_97th_truncation_of_every_golden_file_is_refused() {
    for name in CHECKPOINTS {
        let bytes = std::fs::read(golden(name)).unwrap();
        for length in (0..bytes.len()).step_by(97) {
            assert!(read(&bytes[..length]).is_err(), "{name} cut to {length} bytes");
        }
    }
}

/// The pickle of a golden file, and its storages.
fn golden_parts() -> (Vec<u8>, Vec<Entry>) {
    let bytes = std::fs::read(golden(CHECKPOINTS[0])).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let (mut pickle, mut entries) = (Vec::new(), Vec::new());
    for i in 0..archive.len() {
        let mut data = Vec::new();
        let mut file = archive.by_index(i).unwrap();
        std::io::copy(&mut file, &mut data).unwrap();
        let name = file.name().unwrap().into_owned();
        if name.ends_with("data.pkl") {
            pickle = data;
        } else {
            entries.push(Entry::new(&name, &data));
        }
    }
    (pickle, entries)
}

fn flips(length: usize) -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((0..length, any::<u8>()), 1..8)
}

fn flip(bytes: &mut [u8], flips: &[(usize, u8)]) {
    for &(at, value) in flips {
        let at = at % bytes.len();
        bytes[at] = value;
    }
}

/// Opcodes with short arguments, so that random sequences get somewhere.
fn opcodes() -> impl Strategy<Value = Vec<u8>> {
    let simple = b"(.012N])}aetlduRbQ\x85\x86\x87\x88\x89\x93\x94".map(|byte| vec![byte]);
    let with_argument = prop_oneof![
        (0..6u8).prop_map(|n| vec![b'h', n]),
        (0..6u8).prop_map(|n| vec![b'q', n]),
        any::<i32>().prop_map(|n| int(i64::from(n))),
        prop::sample::select(vec!["storage", "a", "0", "cpu", "_metadata"]).prop_map(text),
        Just(global("torch._utils", "_rebuild_tensor_v2")),
        Just(global("collections", "OrderedDict")),
        Just(global("torch", "FloatStorage")),
        Just(global("torch", "Size")),
        Just(storage("FloatStorage", "0", 4)),
        (0..5i64, 0..5i64).prop_map(|(n, s)| tensor(storage("FloatStorage", "0", 4), 0, &[n], &[s])),
    ];
    let one = prop_oneof![prop::sample::select(simple.to_vec()), with_argument];
    prop::collection::vec(one, 1..60).prop_map(|ops| ops.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn flipped_bytes_of_a_golden_file_never_panic(flips in flips(200_786)) {
        let mut bytes = std::fs::read(golden(CHECKPOINTS[0])).unwrap();
        flip(&mut bytes, &flips);
        let _ = read(&bytes);
    }

    #[test]
    fn flipped_bytes_of_a_golden_directory_never_panic(flips in flips(14_000)) {
        let mut bytes = std::fs::read(golden(CHECKPOINTS[0])).unwrap();
        let end = bytes.len() - 14_000;
        flip(&mut bytes[end..], &flips);
        let _ = read(&bytes);
    }

    #[test]
    fn flipped_bytes_of_a_golden_pickle_never_panic(flips in flips(22_428)) {
        // The archive is written anew, so that no checksum protects the pickle.
        let (mut pickle, entries) = golden_parts();
        flip(&mut pickle, &flips);
        let entries = [vec![Entry::new("checkpoint_7/data.pkl", &pickle)], entries].concat();
        let _ = read(&zip(&entries));
    }

    #[test]
    fn random_opcodes_never_panic(body in opcodes()) {
        let _ = read(&pt(&pickle(&body), &[("0", &[0; 16])]));
    }
}
