//! Configs: what is read, what is refused, and that defaults are written by what they mean.

use serde_json::{Value, json};
use thalweg_coupling::{ConditionDistance, Conditional, Couple, Coupling, Sinkhorn};

fn coupling(value: Value) -> Result<Coupling, String> {
    serde_json::from_value(value).map_err(|e| e.to_string())
}

#[test]
fn a_coupling_is_read_by_its_type_and_written_back() {
    for name in Coupling::NAMES {
        assert_eq!(coupling(json!({ "type": name })).unwrap().name(), *name);
    }
    let config = json!({ "type": "sinkhorn", "epsilon": 2.0, "maxIterations": 50, "tolerance": 0.01 });
    let read = coupling(config.clone()).unwrap();
    assert_eq!(read, Sinkhorn { max_iterations: 50, tolerance: 0.01, ..Sinkhorn::absolute(2.0) }.into());
    assert_eq!(serde_json::to_value(read).unwrap(), config);
    let config = json!({ "type": "conditional", "targetRatio": 0.05, "distance": "cosine" });
    let expected = Conditional { target_ratio: Some(0.05), distance: ConditionDistance::Cosine, ..Conditional::default() };
    assert_eq!(coupling(config.clone()).unwrap(), expected.into());
    assert_eq!(serde_json::to_value(Coupling::from(expected)).unwrap(), config);
    assert_eq!(Coupling::default(), Coupling::independent());
}

#[test]
fn unknown_keys_and_types_are_refused() {
    assert!(coupling(json!({ "type": "exact", "epsilon": 1.0 })).unwrap_err().contains("epsilon"));
    assert!(coupling(json!({ "type": "sinkhorn", "max_iterations": 1 })).unwrap_err().contains("max_iterations"));
    assert!(coupling(json!({ "type": "nearest" })).unwrap_err().contains("nearest"));
}

#[test]
fn sinkhorn_wants_one_epsilon_that_is_positive() {
    let path = |sinkhorn: Sinkhorn| sinkhorn.validate().unwrap_err().path;
    assert_eq!(path(Sinkhorn::default()), Some("epsilon"));
    assert_eq!(path(Sinkhorn { relative_epsilon: Some(0.1), ..Sinkhorn::absolute(1.0) }), Some("epsilon"));
    assert_eq!(path(Sinkhorn::absolute(0.0)), Some("epsilon"));
    assert_eq!(path(Sinkhorn::absolute(f64::INFINITY)), Some("epsilon"));
    assert_eq!(path(Sinkhorn::relative(f64::NAN)), Some("relativeEpsilon"));
    assert_eq!(path(Sinkhorn { max_iterations: 0, ..Sinkhorn::absolute(1.0) }), Some("maxIterations"));
    assert_eq!(path(Sinkhorn { tolerance: 0.0, ..Sinkhorn::absolute(1.0) }), Some("tolerance"));
    assert!(Sinkhorn::relative(0.1).validate().is_ok());
}
