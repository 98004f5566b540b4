//! safetensors files: what is written reads back, here and in the `safetensors` crate; what is damaged is
//! refused with both sizes or the tensor's name, in bounded memory.

mod support;

use std::collections::BTreeMap;

use proptest::prelude::*;
use safetensors::SafeTensors;
use support::counting::{Counting, peak};
use support::golden;
use thalweg_checkpoint::{
    CheckpointError, DType, NamedTensor, Tensors, parse_safetensors, read_safetensors, safetensors_bytes, write_safetensors,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads a file, in memory bounded by its size.
fn read(bytes: &[u8]) -> Result<Tensors, CheckpointError> {
    let (result, held) = peak(|| parse_safetensors(bytes, "m.safetensors"));
    assert!(held <= 32 * bytes.len() + (1 << 20), "{held} bytes held for a file of {}", bytes.len());
    result
}

fn refused(bytes: &[u8], reason: &str) {
    let error = read(bytes).err().unwrap_or_else(|| panic!("should be refused: {reason}"));
    assert!(error.message.contains(reason), "{error} does not say {reason}");
    assert!(error.message.ends_with("Nothing was loaded."), "{error}");
}

/// A file of this header and so many bytes of data.
fn file(header: &str, data: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
}

fn entry(name: &str, dtype: &str, shape: &[i64], begin: i64, end: i64) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{begin},{end}]}}"#)
}

fn header(entries: &[String]) -> String {
    format!("{{{}}}", entries.join(","))
}

fn sample() -> Tensors {
    let mut tensors = Tensors::default();
    tensors.push(NamedTensor::from_f32("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap()).unwrap();
    tensors.push(NamedTensor::new("flag", DType::Bool, &[3], vec![1, 0, 1]).unwrap()).unwrap();
    tensors.push(NamedTensor::from_i64("step", &[], &[-7]).unwrap()).unwrap();
    tensors.push(NamedTensor::from_f64("none", &[0, 4], &[]).unwrap()).unwrap();
    tensors.metadata_mut().insert("zeta".into(), "ü\n\"".into());
    tensors.metadata_mut().insert("alpha".into(), "1".into());
    tensors
}

#[test]
fn what_is_written_reads_back_and_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.safetensors");
    write_safetensors(&path, &sample()).unwrap();
    let back = read_safetensors(&path).unwrap();
    assert_eq!(back.names().collect::<Vec<_>>(), ["step", "none", "w", "flag"]);
    for tensor in &sample() {
        assert_eq!(back.require(&tensor.name).unwrap(), tensor);
    }
    assert_eq!(back.metadata(), sample().metadata());
    assert_eq!(safetensors_bytes(&back).unwrap(), std::fs::read(&path).unwrap());
    assert_eq!(back.source(), path.display().to_string());
}

#[test]
fn the_safetensors_crate_reads_what_is_written() {
    let bytes = safetensors_bytes(&sample()).unwrap();
    let theirs = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(theirs.len(), 4);
    for tensor in &sample() {
        let view = theirs.tensor(&tensor.name).unwrap();
        assert_eq!((view.shape(), view.data()), (&tensor.shape[..], &tensor.data[..]));
        assert_eq!(view.dtype().to_string(), tensor.dtype.to_string());
        // Each tensor is aligned to its element from the start of the file.
        let offset = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
        assert!(tensor.data.is_empty() || offset.is_multiple_of(tensor.dtype.size()), "{}", tensor.name);
    }
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let pairs: BTreeMap<String, String> = metadata.metadata().clone().unwrap().into_iter().collect();
    assert_eq!(&pairs, sample().metadata());
}

#[test]
fn a_truncated_file_is_refused_with_both_sizes() {
    let bytes = std::fs::read(golden("checkpoint.safetensors")).unwrap();
    assert_eq!(bytes.len(), 161_096);
    let error = read(&bytes[..100_000]).unwrap_err();
    assert_eq!(error.to_string(), "m.safetensors: header says 161,096 bytes, file has 100,000; the file is truncated. Nothing was loaded.");
    assert_eq!((error.expected.as_str(), error.got.as_str()), ("161,096 bytes", "100,000 bytes"));
    for length in (0..bytes.len()).step_by(97) {
        assert!(read(&bytes[..length]).is_err(), "cut to {length} bytes");
    }
    let longer = [&bytes[..], &[0; 3]].concat();
    refused(&longer, "header says 161,096 bytes, file has 161,099");
}

#[test]
fn headers_that_lie_about_offsets_are_refused_by_name() {
    let two = |begin: i64, end: i64| header(&[entry("a", "F32", &[2], 0, 8), entry("b", "F32", &[2], begin, end)]);
    assert_eq!(read(&file(&two(8, 16), 16)).unwrap().len(), 2);
    refused(&file(&two(4, 12), 12), "the bytes of a and b overlap");
    refused(&file(&two(12, 20), 20), "the bytes of a and b leave a hole before");
    refused(&file(&two(8, 20), 20), "tensor b: its shape needs 8 bytes, its offsets span 12");
    refused(&file(&two(16, 8), 16), "tensor b: it ends before it begins");
    refused(&file(&two(8, 16), 12), "the file is truncated");
    refused(&file(&two(-8, 0), 16), "the header cannot be read");
    refused(&file(&header(&[entry("a", "F32", &[1], 4, 8)]), 8), "the bytes of the header and a leave a hole");
    refused(&file(&header(&[entry("a", "F32", &[i64::MAX, 9], 0, 4)]), 4), "tensor a: its size overflows");
    refused(&file(&header(&[entry("a", "F32", &[-1], 0, 4)]), 4), "the header cannot be read");
    refused(&file(&header(&[entry("a", "F8_E4M3", &[4], 0, 4)]), 4), "tensor a: its type F8_E4M3 is not supported");
    refused(&file(&header(&[entry("a", "F33", &[4], 0, 4)]), 4), "unknown variant");
}

#[test]
fn duplicate_names_are_refused() {
    let twice = [entry("a", "F32", &[2], 0, 8), entry("a", "F32", &[2], 8, 16)];
    refused(&file(&header(&twice), 16), "the header has a twice");
    let escaped = [entry("a", "F32", &[2], 0, 8), entry("\\u0061", "F32", &[2], 8, 16)];
    refused(&file(&header(&escaped), 16), "the header has a twice");
    refused(&file(r#"{"__metadata__":{"k":"1","k":"2"}}"#, 0), "the header has k twice");
    refused(&file(r#"{"__metadata__":{},"__metadata__":{}}"#, 0), "__metadata__ is there twice");
    refused(&file(r#"{"__metadata__":{"k":1}}"#, 0), "the header cannot be read");
}

#[test]
fn headers_that_cannot_be_read_are_refused_before_anything_is_allocated() {
    refused(b"", "too short");
    refused(&[1, 2, 3], "too short");
    refused(&u64::MAX.to_le_bytes(), "its header claims");
    refused(&(1u64 << 30).to_le_bytes(), "its header claims 1,073,741,824 bytes");
    refused(&1000u64.to_le_bytes(), "header says 1,008 bytes, file has 8");
    refused(&file("{\"a\u{e4}", 0)[..11], "header says");
    let mut broken = file(r#"{"aä":1}"#, 0);
    broken[11] = 0xff;
    refused(&broken, "not UTF-8");
    refused(&file("", 0), "the header cannot be read");
    refused(&file("[]", 0), "the header cannot be read");
    refused(&file("{} x", 0), "the header cannot be read");
    refused(&file(&"[".repeat(100_000), 0), "the header cannot be read");
    let deep = format!(r#"{{"a":{}"#, "[".repeat(100_000));
    refused(&file(&deep, 0), "the header cannot be read");
    assert!(read(&file("{}", 0)).unwrap().is_empty());
}

#[test]
fn large_headers_stay_within_the_memory_bound() {
    let zeros: Vec<String> = (0..20_000).map(|i| entry(&format!("{i}"), "F32", &[0], 0, 0)).collect();
    assert_eq!(read(&file(&header(&zeros), 0)).unwrap().len(), 20_000);
    let axes = header(&[entry("a", "U8", &[1; 500_000], 0, 1)]);
    assert_eq!(read(&file(&axes, 1)).unwrap().require("a").unwrap().shape.len(), 500_000);
}

#[test]
fn tensors_that_cannot_be_read_back_are_not_written() {
    let push = |tensor: NamedTensor| {
        let mut tensors = Tensors::default();
        tensors.push(tensor).unwrap();
        safetensors_bytes(&tensors).unwrap_err().message
    };
    let honest = NamedTensor::from_f32("a", &[1], &[0.0]).unwrap();
    assert!(push(NamedTensor { name: "__metadata__".into(), ..honest.clone() }).contains("cannot be called"));
    assert!(push(NamedTensor { shape: vec![2], ..honest }).contains("do not fill its shape"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_we_accept_of_a_damaged_file_the_safetensors_crate_accepts_too(
        damage in prop::collection::vec((0..400usize, any::<u8>()), 1..4),
    ) {
        let mut bytes = safetensors_bytes(&sample()).unwrap();
        let length = bytes.len();
        for (at, value) in damage {
            bytes[at % length] = value;
        }
        if let Ok(ours) = read(&bytes) {
            let theirs = SafeTensors::deserialize(&bytes).unwrap();
            prop_assert_eq!(ours.len(), theirs.len());
            for tensor in &ours {
                prop_assert_eq!(theirs.tensor(&tensor.name).unwrap().data(), &tensor.data[..]);
            }
        }
    }

    #[test]
    fn any_tensors_round_trip(
        items in prop::collection::btree_map(".{0,12}", (0..14usize, prop::collection::vec(0..5usize, 0..4)), 0..8),
    ) {
        let mut tensors = Tensors::default();
        for (name, (dtype, shape)) in items {
            let dtype = DType::all().nth(dtype).unwrap();
            let bytes = dtype.bytes(&shape).unwrap();
            let data = (0..bytes).map(|i| (i * 7) as u8).collect();
            tensors.push(NamedTensor::new(name, dtype, &shape, data).unwrap()).unwrap();
        }
        let back = read(&safetensors_bytes(&tensors).unwrap()).unwrap();
        prop_assert_eq!(back.len(), tensors.len());
        for tensor in &tensors {
            prop_assert_eq!(back.require(&tensor.name).unwrap(), tensor);
        }
    }
}
