//! Reads GenerativeRL's golden numbers: a section's index and its safetensors file. A missing file, case or tensor is a failure.

use safetensors::SafeTensors;
use serde_json::Value;
use thalweg_path::Path;

/// One section of the golden data.
pub struct Golden {
    bytes: Vec<u8>,
    cases: Vec<Value>,
}

/// One case of a section.
pub struct Case<'a> {
    golden: &'a Golden,
    entry: &'a Value,
}

impl Golden {
    /// The section `name`.
    pub fn section(name: &str) -> Golden {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../__test__/golden");
        let read = |file: &str| std::fs::read(folder.join(file)).unwrap_or_else(|e| panic!("golden file {file}: {e}"));
        let index: Value = serde_json::from_slice(&read("index.json")).unwrap();
        let section = &index["sections"][name];
        Golden { bytes: read(section["file"].as_str().unwrap()), cases: section["cases"].as_array().unwrap().clone() }
    }

    /// Its cases, in order.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.cases.iter().map(|entry| Case { golden: self, entry })
    }
}

impl Case<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.entry["name"].as_str().unwrap()
    }

    /// What of GenerativeRL was run.
    pub fn what(&self) -> &str {
        self.entry["what"].as_str().unwrap()
    }

    /// GenerativeRL's configuration.
    pub fn config(&self) -> &Value {
        &self.entry["config"]
    }

    /// Names of the outputs.
    pub fn outputs(&self) -> Vec<&str> {
        self.entry["outputs"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// Whether GenerativeRL's `output` is known to be mathematically wrong.
    pub fn is_defect(&self, output: &str) -> bool {
        self.entry["outputs"][output]["known_defect"].as_bool().unwrap_or(false)
    }

    /// Elements of the input `name`, row-major.
    pub fn input(&self, name: &str) -> Vec<f64> {
        self.tensor(&self.entry["inputs"][name])
    }

    /// Elements of the output `name`, row-major.
    pub fn output(&self, name: &str) -> Vec<f64> {
        self.tensor(&self.entry["outputs"][name])
    }

    fn tensor(&self, entry: &Value) -> Vec<f64> {
        let key = entry["key"].as_str().unwrap_or_else(|| panic!("{}: no such tensor", self.name()));
        let file = SafeTensors::deserialize(&self.golden.bytes).unwrap();
        let tensor = file.tensor(key).unwrap();
        assert_eq!(tensor.dtype(), safetensors::Dtype::F32, "{key}");
        tensor.data().chunks_exact(4).map(|b| f64::from(f32::from_le_bytes([b[0], b[1], b[2], b[3]]))).collect()
    }
}

/// The path of GenerativeRL's configuration `config` (its keys are in snake case).
pub fn path_of(config: &Value) -> Path {
    match config["type"].as_str().unwrap() {
        "linear_vp_sde" => Path::linear_vp_sde(config["beta_0"].as_f64().unwrap(), config["beta_1"].as_f64().unwrap()),
        "linear" => Path::linear(),
        "gvp" => Path::gvp(),
        other => panic!("unknown path {other}"),
    }
}
