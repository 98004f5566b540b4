//! Configs: what is read, what is refused and how the message reads, and that the schema says everything.

use crate::support::{example, read};
use serde_json::{Value, json};
use thalweg_path::{
    Diffusion, Expression, GaussianPath, Interpolant, MAX_STEPS, Parameterization, Path, StochasticInterpolant, TimeSampler, Weight,
};

fn path(value: Value) -> Result<Path, String> {
    serde_json::from_value(value).map_err(|e| e.to_string())
}

#[test]
fn a_path_is_read_by_its_type_and_written_back() {
    let config = json!({ "type": "linear_vp_sde", "beta0": 0.2, "beta1": 15.0 });
    assert_eq!(path(config.clone()).unwrap(), Path::linear_vp_sde(0.2, 15.0));
    assert_eq!(serde_json::to_value(Path::linear_vp_sde(0.2, 15.0)).unwrap(), config);
    assert_eq!(path(json!({ "type": "linear" })).unwrap(), Path::linear());
    assert_eq!(path(json!({ "type": "gvp" })).unwrap(), Path::gvp());
    for name in Path::NAMES {
        let config = serde_json::to_value(example(name)).unwrap();
        assert_eq!(config["type"], json!(name));
        assert_eq!(path(config).unwrap(), example(name));
        assert_eq!(example(name).name(), *name);
    }
}

#[test]
fn rates_default_to_those_of_the_seed() {
    assert_eq!(path(json!({ "type": "linear_vp_sde" })).unwrap(), Path::linear_vp_sde(0.1, 20.0));
    assert_eq!(path(json!({ "type": "linear_vp_sde", "beta1": 9.0 })).unwrap(), Path::linear_vp_sde(0.1, 9.0));
    assert_eq!(Path::default(), Path::linear_vp_sde(0.1, 20.0));
}

#[test]
fn unknown_keys_and_types_are_refused() {
    for name in Path::NAMES {
        let mut config = serde_json::to_value(example(name)).unwrap();
        config["beta_0"] = json!(0.1);
        let error = path(config).unwrap_err();
        assert!(error.contains("beta_0"), "{error}");
    }
    assert!(path(json!({ "type": "lineer" })).unwrap_err().contains("linear_vp_sde"));
    assert!(path(json!({})).unwrap_err().contains("type"));
    for name in ["zero", "g", "sigma", "linear"] {
        let error = serde_json::from_value::<Diffusion>(json!({ "type": name, "value": 1.0 })).unwrap_err();
        assert!(error.to_string().contains("value"), "{name}: {error}");
    }
    assert!(serde_json::from_value::<TimeSampler>(json!({ "type": "uniform", "low": 0 })).is_err());
}

#[test]
fn rates_that_describe_no_path_are_refused_by_field() {
    let refused = |beta0: f64, beta1: f64| Path::linear_vp_sde(beta0, beta1).validate().expect_err("must be refused");
    assert_eq!(refused(0.1, 0.05).to_string(), "beta1: expected a number > beta0 (0.1), got 0.05");
    assert_eq!(refused(0.1, 0.1).field, "beta1");
    assert_eq!(refused(-0.1, 1.0).field, "beta0");
    assert_eq!(refused(f64::NAN, 1.0).field, "beta0");
    assert_eq!(refused(0.1, f64::INFINITY).field, "beta1");
    assert_eq!(refused(0.1, f64::NAN).field, "beta1");
    assert_eq!(refused(0.0, 321.0).field, "beta1");
    assert_eq!(refused(0.1, 0.05).code(), "ConfigError");
    for path in [Path::default(), Path::linear_vp_sde(0.0, 320.0), Path::linear(), Path::gvp()] {
        assert_eq!(path.validate(), Ok(()));
    }
}

#[test]
fn parameters_of_the_other_paths_are_refused_by_field() {
    let refused = |config: Value| path(config).unwrap().validate().expect_err("must be refused").to_string();
    assert_eq!(refused(json!({ "type": "ve", "sigmaMin": 0.0 })), "sigmaMin: expected a number from 1e-9 to 1e9, got 0");
    assert_eq!(refused(json!({ "type": "ve", "sigmaMax": 0.001 })), "sigmaMax: expected a number > sigmaMin (0.01) and ≤ 1e9, got 0.001");
    assert!(refused(json!({ "type": "edm", "sigmaMin": -1.0 })).starts_with("sigmaMin"));
    assert!(refused(json!({ "type": "edm", "sigmaMax": 1e10 })).starts_with("sigmaMax"));
    assert!(refused(json!({ "type": "sub_vp", "beta1": 0.05 })).starts_with("beta1"));
    assert_eq!(refused(json!({ "type": "polynomial", "exponent": 0.5 })), "exponent: expected a number from 1 to 64, got 0.5");
    assert!(refused(json!({ "type": "polynomial_convex", "exponent": 65 })).starts_with("exponent"));
}

#[test]
fn interpolants_are_read_by_their_type_and_checked() {
    for name in Interpolant::NAMES {
        let interpolant: Interpolant = read(json!({ "type": name, "sigma": 0.5 }));
        assert_eq!((interpolant.name(), interpolant.validate()), (*name, Ok(())));
        assert_eq!(serde_json::to_value(interpolant).unwrap(), json!({ "type": name, "sigma": 0.5 }));
        assert!(serde_json::from_value::<Interpolant>(json!({ "type": name, "beta": 1 })).is_err());
        let negative: Interpolant = read(json!({ "type": name, "sigma": -0.5 }));
        assert_eq!(negative.validate().unwrap_err().field, "sigma");
    }
    assert_eq!(read::<Interpolant>(json!({ "type": "schrodinger_bridge", "sigma": 0.0 })).validate().unwrap_err().field, "sigma");
    assert_eq!(read::<Interpolant>(json!({ "type": "target", "sigma": 1.0 })).validate().unwrap_err().field, "sigma");
}

#[test]
fn diffusions_are_read_by_their_type_and_checked() {
    let read = |value: Value| serde_json::from_value::<Diffusion>(value).unwrap();
    assert_eq!(read(json!({ "type": "zero" })), Diffusion::Zero);
    assert_eq!(read(json!({ "type": "g" })), Diffusion::G);
    assert_eq!(read(json!({ "type": "sigma" })), Diffusion::Sigma);
    assert_eq!(read(json!({ "type": "linear" })), Diffusion::Linear);
    assert_eq!(read(json!({ "type": "constant", "value": 0.5 })), Diffusion::Constant { value: 0.5 });
    assert_eq!(read(json!({ "type": "g_scaled", "factor": 0.5 })), Diffusion::GScaled { factor: 0.5 });
    assert_eq!(Diffusion::Constant { value: -1.0 }.validate().unwrap_err().field, "value");
    assert_eq!(Diffusion::GScaled { factor: f64::NAN }.validate().unwrap_err().field, "factor");
    assert_eq!(Diffusion::Constant { value: 0.0 }.validate(), Ok(()));
    assert_eq!(Diffusion::Sigma.validate(), Ok(()));
}

#[test]
fn parameterizations_have_the_names_of_generative_rl() {
    for kind in Parameterization::ALL {
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.name()));
        assert_eq!(serde_json::from_value::<Parameterization>(json!(kind.name())).unwrap(), kind);
    }
    assert_eq!(Parameterization::Data.name(), "data_prediction_function");
}

/// The variants of a tagged union's schema.
fn variants<T: schemars::JsonSchema>() -> Vec<Value> {
    schemars::schema_for!(T).to_value()["oneOf"].as_array().expect("a union").clone()
}

#[test]
fn the_schema_closes_and_describes_every_variant_and_field() {
    let all = [variants::<Path>(), variants::<Diffusion>(), variants::<TimeSampler>(), variants::<Weight>(), variants::<Interpolant>()];
    for variant in all.concat() {
        assert_eq!(variant["additionalProperties"], json!(false), "{variant}");
        assert!(!variant["description"].as_str().unwrap().is_empty(), "{variant}");
        for (name, property) in variant["properties"].as_object().unwrap() {
            let described = property["description"].as_str().is_some_and(|d| !d.is_empty());
            assert!(name == "type" || described, "{name} of {variant}");
        }
    }
    let expression = schemars::schema_for!(Expression).to_value();
    assert_eq!((&expression["title"], &expression["additionalProperties"]), (&json!("Expression"), &json!(false)));
    assert_eq!(expression["properties"]["steps"]["maxItems"], json!(MAX_STEPS));
    assert!(!expression["description"].as_str().unwrap().contains("```"), "descriptions are for users of TypeScript");
    let vp = &variants::<Path>()[0];
    assert_eq!(vp["properties"]["type"]["const"], json!("linear_vp_sde"));
    assert_eq!(vp["properties"]["beta0"]["default"], json!(0.1));
    assert_eq!(vp["properties"]["beta1"]["default"], json!(20.0));
    assert_eq!(vp["required"], json!(["type"]));
}
