//! The golden data of the reference system through this crate's readers: every file reads, and the three
//! checkpoints hold the tensors, the optimiser state and the iteration that the index promises.

mod support;

use serde_json::Value as Json;
use support::{CHECKPOINTS, golden};
use thalweg_checkpoint::{NamedTensor, Tensors, read_pt, read_safetensors, read_state_dict};

fn index() -> Json {
    let text = std::fs::read_to_string(golden("index.json")).expect("golden index");
    serde_json::from_str(&text).expect("golden index is JSON")
}

fn shape(entry: &Json) -> Vec<usize> {
    serde_json::from_value(entry["shape"].clone()).expect("a shape")
}

/// The one case of section `checkpoint`, and its tensors.
fn checkpoint_case() -> (Json, Tensors) {
    let case = index()["sections"]["checkpoint"]["cases"][0].clone();
    (case, read_safetensors(golden("checkpoint.safetensors")).expect("golden tensors"))
}

/// What the golden file holds under `key`, as a tensor called `name`.
fn expected(tensors: &Tensors, name: &str, entry: &Json) -> NamedTensor {
    let key = entry["key"].as_str().expect("a key");
    let tensor = tensors.require(key).expect("the index's key");
    assert_eq!(tensor.shape, shape(entry), "{key}");
    NamedTensor { name: name.into(), ..tensor.clone() }
}

#[test]
fn every_section_reads_and_holds_exactly_the_tensors_of_the_index() {
    let index = index();
    let sections = index["sections"].as_object().expect("sections");
    assert_eq!(sections.len(), 11);
    for section in sections.values() {
        let file = section["file"].as_str().expect("a file");
        let tensors = read_safetensors(golden(file)).unwrap();
        let mut expected = Vec::new();
        for case in section["cases"].as_array().expect("cases") {
            for part in ["state", "inputs", "outputs"] {
                for entry in case[part].as_object().into_iter().flat_map(|map| map.values()) {
                    let key = entry["key"].as_str().expect("a key").to_owned();
                    expected.push((key, shape(entry), thalweg_checkpoint::DType::F32));
                }
            }
        }
        assert!(!expected.is_empty(), "{file}");
        tensors.check_against(&expected).unwrap();
    }
}

#[test]
fn the_three_checkpoints_give_the_same_named_tensors_as_the_golden_state() {
    let (case, tensors) = checkpoint_case();
    let order: Vec<String> = serde_json::from_value(case["param_order"].clone()).unwrap();
    assert_eq!(order.len(), 49);
    let files = case["files"].as_object().expect("files");
    let mut listed: Vec<&str> = files.values().filter_map(Json::as_str).collect();
    listed.sort_unstable();
    assert_eq!(listed, CHECKPOINTS);
    for file in CHECKPOINTS {
        let state = read_state_dict(golden(file)).unwrap();
        assert_eq!(state.names().collect::<Vec<_>>(), order, "{file}");
        for (name, entry) in case["state"].as_object().expect("state") {
            let want = expected(&tensors, name, entry);
            assert_eq!(state.require(name).unwrap(), &want, "{file}: {name}");
        }
    }
}

#[test]
fn optimizer_state_and_iteration_are_those_of_the_golden_file() {
    let (case, tensors) = checkpoint_case();
    let outputs = case["outputs"].as_object().expect("outputs");
    for file in CHECKPOINTS {
        let root = read_pt(golden(file)).unwrap();
        assert_eq!(root.get("iteration").and_then(|v| v.int()), case["iteration"].as_i64());
        let optimizer = root.get("optimizer").expect("optimizer");
        let group = optimizer.get("param_groups").and_then(|g| g.at(0)).expect("a group");
        assert_eq!(group.get("lr").and_then(|v| v.float()), case["optimizer"]["lr"].as_f64());
        assert_eq!(group.get("betas").and_then(|b| b.at(1)).and_then(|v| v.float()), Some(0.999));
        assert_eq!(group.get("params").and_then(|p| p.items()).map(<[_]>::len), Some(49));
        let mut compared = 0;
        for (name, entry) in outputs {
            let Some(path) = name.strip_prefix("optimizer.") else { continue };
            let (parameter, field) = path.split_once('.').expect("optimizer.<i>.<field>");
            let state = optimizer.get("state").and_then(|s| s.at(parameter.parse().unwrap())).expect("state");
            let got = state.get(field).and_then(|v| v.tensor()).expect("a tensor");
            let want = expected(&tensors, &got.name, entry);
            assert_eq!(got, &want, "{file}: {name}");
            compared += 1;
        }
        assert_eq!(compared, 3 * 49, "{file}");
    }
}
