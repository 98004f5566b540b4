//! Solver settings: defaults, refusals, and the schema that the TypeScript side is generated from.

use serde_json::{Value, json};
use thalweg_solver::{Driver, Method, OdeSolver, SdeSolver, SolverConfig};

fn parse(value: Value) -> Result<SolverConfig, String> {
    serde_json::from_value(value).map_err(|e| e.to_string())
}

#[test]
fn settings_left_out_take_their_defaults() {
    assert_eq!(parse(json!({ "type": "ODESolver", "args": {} })).unwrap(), SolverConfig::default());
    assert_eq!(
        parse(json!({ "type": "SDESolver", "args": { "steps": 5 } })).unwrap(),
        SolverConfig::Sde(SdeSolver { steps: 5, ..SdeSolver::default() })
    );
    let given = parse(json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 20, "maxSteps": 7, "rtol": 1e-3 } })).unwrap();
    let expected = OdeSolver { method: Method::Rk4, steps: Some(20), max_steps: 7, rtol: 1e-3, ..OdeSolver::default() };
    assert_eq!(given, SolverConfig::Ode(expected));
}

#[test]
fn settings_survive_a_round_trip() {
    for config in [SolverConfig::default(), SolverConfig::Sde(SdeSolver::default())] {
        assert_eq!(parse(serde_json::to_value(&config).unwrap()).unwrap(), config);
    }
    assert_eq!(
        serde_json::to_value(SolverConfig::default()).unwrap(),
        json!({ "type": "ODESolver", "args": { "method": "dopri5", "rtol": 1e-5, "atol": 1e-5, "maxSteps": 10000 } })
    );
}

#[test]
fn unknown_keys_and_names_are_errors() {
    assert!(parse(json!({ "type": "ODESolver", "args": { "library": "torchdyn" } })).unwrap_err().contains("library"));
    assert!(parse(json!({ "type": "ODESolver", "args": { "method": "rk5" } })).unwrap_err().contains("rk5"));
    assert!(parse(json!({ "type": "ODESolver", "args": {}, "order": 3 })).unwrap_err().contains("order"));
    assert!(parse(json!({ "type": "DPMSolver", "args": {} })).unwrap_err().contains("DPMSolver"));
    assert!(parse(json!({ "type": "SDESolver", "args": { "rtol": 1e-5 } })).unwrap_err().contains("rtol"));
}

#[test]
fn values_out_of_range_are_errors_at_their_path() {
    let good = OdeSolver::default();
    let cases = [
        (OdeSolver { steps: Some(0), ..good.clone() }, "steps"),
        (OdeSolver { rtol: 0.0, ..good.clone() }, "rtol"),
        (OdeSolver { rtol: f64::NAN, ..good.clone() }, "rtol"),
        (OdeSolver { atol: -1e-5, ..good.clone() }, "atol"),
        (OdeSolver { atol: f64::INFINITY, ..good.clone() }, "atol"),
        (OdeSolver { max_steps: 0, ..good.clone() }, "maxSteps"),
    ];
    for (solver, path) in cases {
        let error = SolverConfig::Ode(solver.clone()).validate().unwrap_err();
        assert_eq!((error.code, error.path), ("ConfigError", Some(path)));
        assert_eq!(solver.driver(&[0.0, 1.0]).unwrap_err().path, Some(path));
    }
    assert_eq!(SolverConfig::Sde(SdeSolver { steps: 0, ..SdeSolver::default() }).validate().unwrap_err().path, Some("steps"));
    assert!(good.validate().is_ok());
}

#[test]
fn the_driver_is_adaptive_only_if_the_method_is_and_no_steps_are_given() {
    for &method in Method::ALL {
        let solver = OdeSolver { method, ..OdeSolver::default() };
        let adaptive = matches!(solver.driver(&[0.0, 1.0]).unwrap(), Driver::Adaptive(_));
        assert_eq!(adaptive, method == Method::Dopri5, "{method}");
        let fixed = OdeSolver { steps: Some(3), ..solver }.driver(&[0.0, 1.0]).unwrap();
        assert!(matches!(fixed, Driver::Fixed(driver) if driver.steps() == 3), "{method}");
    }
    assert_eq!(OdeSolver { method: Method::Euler, ..OdeSolver::default() }.fixed_steps(), Some(100));
}

#[test]
fn names_of_methods_are_those_of_configs() {
    for &method in Method::ALL {
        assert_eq!(serde_json::to_value(method).unwrap(), json!(method.name()));
        assert_eq!(Method::parse(method.name()), Some(method));
    }
}

#[test]
fn the_schema_carries_defaults_bounds_and_closed_objects() {
    let schema = serde_json::to_value(schemars::schema_for!(OdeSolver)).unwrap();
    let property = |name: &str| &schema["properties"][name];
    assert_eq!(schema["additionalProperties"], json!(false));
    assert_eq!(property("method")["default"], json!("dopri5"));
    assert_eq!((&property("rtol")["default"], &property("rtol")["exclusiveMinimum"]), (&json!(1e-5), &json!(0)));
    assert_eq!((&property("steps")["minimum"], &property("maxSteps")["minimum"]), (&json!(1), &json!(1)));
}
