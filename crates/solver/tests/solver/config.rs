//! Solver settings: defaults, refusals, and the schema that the TypeScript side is generated from.

use crate::schedules::every_config;
use serde_json::{Value, json};
use thalweg_solver::{
    DdimSolver, DeisSolver, DpmAlgorithm, DpmMethod, DpmSolver, Driver, Grid, Method, OdeSolver, Problem, Quantity, SdeMethod, SdeSolver,
    SolverConfig, StepControl, Thresholding, UniPcPrediction, UniPcSolver,
};

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
    let grids = [Grid::Quadratic {}, Grid::Karras { rho: 5.0 }, Grid::Times { times: vec![0.1] }];
    let with_grids = grids.map(|grid| SolverConfig::Ddim(DdimSolver { grid, ..DdimSolver::default() }));
    for config in every_config(7).into_iter().chain(with_grids).chain([SolverConfig::default()]) {
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
    assert!(parse(json!({ "type": "DPM", "args": {} })).unwrap_err().contains("DPM"));
    assert!(parse(json!({ "type": "DPMSolver", "args": { "type": "dpm_solver" } })).unwrap_err().contains("type"));
    assert!(parse(json!({ "type": "DPMSolver", "args": { "algorithm": "dpmsolver+" } })).unwrap_err().contains("dpmsolver+"));
    assert!(parse(json!({ "type": "DDIMSolver", "args": { "grid": { "type": "uniform", "rho": 7 } } })).unwrap_err().contains("rho"));
    assert!(parse(json!({ "type": "SDESolver", "args": { "rtol": 1e-5 } })).unwrap_err().contains("rtol"));
}

#[test]
fn solvers_of_other_libraries_are_written_as_users_know_them() {
    let dpm = json!({ "type": "DPMSolver", "args": { "order": 3, "steps": 12, "algorithm": "sde-dpmsolver++", "method": "multistep",
        "thirdOrder": "published", "lowerOrderFinal": true, "thresholding": { "percentile": 0.99 }, "grid": { "type": "karras" }, "denoiseFinal": true } });
    let SolverConfig::Dpm(solver) = parse(dpm).unwrap() else { panic!("a DPMSolver") };
    assert_eq!((solver.order, solver.steps, solver.algorithm), (3, 12, DpmAlgorithm::Sde));
    assert_eq!((solver.grid, solver.thresholding), (Grid::Karras { rho: 7.0 }, Some(Thresholding { percentile: 0.99, floor: 1.0 })));
    for (name, quantity) in [("UniPCSolver", Quantity::Data), ("DEISSolver", Quantity::Noise), ("DDIMSolver", Quantity::Data)] {
        assert_eq!(parse(json!({ "type": name, "args": {} })).unwrap().quantity(), quantity, "{name}");
    }
}

fn values_at_fault() -> Vec<(SolverConfig, &'static str)> {
    let ode = OdeSolver::default();
    let sde = SdeSolver::default();
    let edm = SdeSolver { method: SdeMethod::Edm, ..sde.clone() };
    let clipped = Some(Thresholding::default());
    let odes = [
        (OdeSolver { steps: Some(0), ..ode.clone() }, "steps"),
        (OdeSolver { rtol: 0.0, ..ode.clone() }, "rtol"),
        (OdeSolver { rtol: f64::NAN, ..ode.clone() }, "rtol"),
        (OdeSolver { atol: -1e-5, ..ode.clone() }, "atol"),
        (OdeSolver { atol: f64::INFINITY, ..ode.clone() }, "atol"),
        (OdeSolver { max_steps: 0, ..ode.clone() }, "maxSteps"),
        (OdeSolver { grid: Grid::Karras { rho: 0.0 }, ..ode.clone() }, "grid"),
        (OdeSolver { grid: Grid::Times { times: vec![] }, ..ode.clone() }, "grid"),
        (OdeSolver { control: StepControl { safety: 1.0, ..StepControl::default() }, ..ode.clone() }, "control"),
        (OdeSolver { control: StepControl { integral: f64::NAN, ..StepControl::default() }, ..ode.clone() }, "control"),
        (OdeSolver { control: StepControl { derivative: 0.1, ..StepControl::default() }, steps: Some(3), ..ode.clone() }, "control"),
    ];
    let sdes = [
        (SdeSolver { steps: 0, ..sde.clone() }, "steps"),
        (SdeSolver { brownian: true, ..edm.clone() }, "brownian"),
        (SdeSolver { churn: 1.0, ..sde.clone() }, "churn"),
        (SdeSolver { churn: -1.0, ..edm.clone() }, "churn"),
        (SdeSolver { s_min: 2.0, s_max: Some(1.0), ..edm.clone() }, "sMax"),
        (SdeSolver { s_noise: f64::NAN, ..edm }, "sNoise"),
    ];
    let dpms = [
        (DpmSolver { order: 4, ..DpmSolver::default() }, "order"),
        (DpmSolver { steps: 0, ..DpmSolver::default() }, "steps"),
        (DpmSolver { algorithm: DpmAlgorithm::Sde, method: DpmMethod::Singlestep, ..DpmSolver::default() }, "method"),
        (DpmSolver { algorithm: DpmAlgorithm::Noise, thresholding: clipped, ..DpmSolver::default() }, "thresholding"),
        (DpmSolver { thresholding: Some(Thresholding { percentile: 0.0, floor: 1.0 }), ..DpmSolver::default() }, "thresholding"),
    ];
    let uni = UniPcSolver { prediction: UniPcPrediction::Noise, thresholding: clipped, ..UniPcSolver::default() };
    let others = [
        (SolverConfig::UniPc(uni), "thresholding"),
        (SolverConfig::Deis(DeisSolver { order: 5, ..DeisSolver::default() }), "order"),
        (SolverConfig::Ddim(DdimSolver { eta: 1.5, ..DdimSolver::default() }), "eta"),
        (
            SolverConfig::Ddim(DdimSolver { thresholding: Some(Thresholding { percentile: 0.5, floor: 0.0 }), ..DdimSolver::default() }),
            "thresholding",
        ),
    ];
    let mut all: Vec<_> = odes.map(|(s, path)| (SolverConfig::Ode(s), path)).to_vec();
    all.extend(sdes.map(|(s, path)| (SolverConfig::Sde(s), path)));
    all.extend(dpms.map(|(s, path)| (SolverConfig::Dpm(s), path)));
    all.extend(others);
    all
}

#[test]
fn values_out_of_range_are_errors_at_their_path() {
    for (config, path) in values_at_fault() {
        let error = config.validate().unwrap_err();
        assert_eq!((error.code, error.path), ("ConfigError", Some(path)), "{config:?}");
        assert_eq!(config.driver(Problem::default(), &[0.0, 1.0]).unwrap_err().path, Some(path));
    }
    assert!(every_config(5).iter().all(|config| config.validate().is_ok()));
}

#[test]
fn a_solver_without_what_it_needs_says_what_that_is() {
    for config in every_config(4) {
        let result = config.driver(Problem::default(), &[0.9, 0.1]);
        let of_ode = matches!(config, SolverConfig::Ode(_));
        assert_eq!(result.is_ok(), of_ode, "{config:?}");
        if let Err(error) = result {
            assert_eq!((error.code, error.path), ("ConfigError", Some("type")), "{config:?}");
            assert!(error.expected.contains("Gaussian path") || error.expected.contains("a diffusion"), "{error}");
        }
    }
}

#[test]
fn the_driver_is_adaptive_only_if_the_method_is_and_neither_steps_nor_a_grid_are_given() {
    let driver = |settings: OdeSolver| SolverConfig::Ode(settings).driver(Problem::default(), &[0.0, 1.0]).unwrap();
    for &method in Method::ALL {
        let solver = OdeSolver { method, ..OdeSolver::default() };
        let adaptive = [Method::Bosh3, Method::Dopri5, Method::Tsit5, Method::Dopri8].contains(&method);
        assert_eq!(matches!(driver(solver.clone()), Driver::Adaptive(_)), adaptive, "{method}");
        assert_eq!(SolverConfig::Ode(solver.clone()).is_adaptive(), adaptive);
        assert!(matches!(driver(OdeSolver { grid: Grid::Quadratic {}, ..solver.clone() }), Driver::Fixed(_)), "{method}");
        let fixed = driver(OdeSolver { steps: Some(3), ..solver });
        assert!(matches!(fixed, Driver::Fixed(driver) if driver.plan().steps.len() == 3), "{method}");
    }
    assert_eq!(OdeSolver { method: Method::Euler, ..OdeSolver::default() }.fixed_steps(), Some(100));
}

#[test]
fn times_of_an_explicit_grid_are_converted_and_nothing_else() {
    let config = SolverConfig::Ode(OdeSolver { grid: Grid::Times { times: vec![0.25, 0.5] }, ..OdeSolver::default() });
    let SolverConfig::Ode(converted) = config.with_times(|t| 1.0 - t) else { panic!("an ODESolver") };
    assert_eq!(converted, OdeSolver { grid: Grid::Times { times: vec![0.75, 0.5] }, ..OdeSolver::default() });
    for config in every_config(3) {
        assert_eq!(config.with_times(|t| 1.0 - t), config);
    }
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
