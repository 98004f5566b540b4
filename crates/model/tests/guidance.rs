//! Guidance by a condition and by another model, on normal data: guided fields are known in closed form, whatever is predicted.

#[path = "support/exact.rs"]
mod exact;

use exact::{Normal, external, model, provide, rows_of, sample, sample_with};
use serde_json::{Value, json};
use thalweg_model::engine::Tensor;
use thalweg_model::graph::{Builder, Graph, Leaves, Var};
use thalweg_model::sampling::guidance::Guidance;
use thalweg_model::{Model, ModelError, Normalization};
use thalweg_nn::Mode;
use thalweg_path::{Parameterization, Path};

fn narrow() -> Normal {
    Normal { shift: 1.0, ..Normal::correlated([0.4, -0.2], 0.6) }
}

fn wide() -> Normal {
    Normal { mean: vec![-0.3, 0.8], variances: vec![2.5, 0.9], shift: 0.0, ..Normal::correlated([0.0, 0.0], 0.0) }
}

fn line() -> Path {
    Path::linear_vp_sde(0.1, 20.0)
}

/// A conditional diffusion model that can do without: its data is shifted by the condition, and by 0 without one.
fn conditional(which: Parameterization, dropout: bool) -> Model {
    let mut config =
        json!({ "xSize": 2, "conditionSize": 2, "dtype": "f64", "path": line(), "model": { "type": which.name(), "args": external() } });
    if dropout {
        config["conditionDropout"] = json!(0.1);
    }
    let model = model("DiffusionModel", config, &[("model.args", &[])]);
    exact::every(4, |rows| provide(&model, Mode::Sample, rows, |_, rows| narrow().network(&line(), which, rows, true)));
    model
}

const SPAN: [f64; 2] = [0.05, 0.95];

fn options(extra: Value) -> Value {
    let mut options = json!({ "tSpan": SPAN, "solver": { "type": "ODESolver", "args": { "method": "rk4", "steps": 60 } } });
    for (key, value) in extra.as_object().unwrap() {
        options[key] = value.clone();
    }
    options
}

fn starts() -> Tensor {
    rows_of(vec![0.3, -1.1, 0.9, 0.4, -0.6, 1.7], 2)
}

fn conditions(factor: f64) -> Tensor {
    rows_of([0.5, 1.5, -1.0, 0.2, 2.0, -0.7].iter().map(|c| c * factor).collect(), 2)
}

fn close(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
}

#[test]
fn classifier_free_guidance_of_shifted_data_is_a_longer_shift_whatever_is_predicted() {
    // The conditional field is affine in the condition, so that (1 + w)·conditional − w·unconditional is the field at the condition (1 + w)·c.
    for which in Parameterization::ALL {
        let model = conditional(which, true);
        for w in [-1.0, -0.4, 0.0, 1.0, 3.5] {
            let given = |factor: f64| vec![("x0", starts()), ("condition", conditions(factor))];
            let guided = sample(&model, options(json!({ "guidance": { "scale": w } })), given(1.0));
            let longer = sample(&model, options(json!({})), given(1.0 + w));
            assert!(close(&guided, &longer, 1e-9), "{} w = {w}: {guided:?} {longer:?}", which.name());
            if w == -1.0 {
                let without = sample(&model, options(json!({})), vec![("x0", starts())]);
                assert!(close(&guided, &without, 1e-12), "w = −1 is the model without condition");
            }
        }
    }
}

#[test]
fn guidance_acts_within_its_interval_and_nowhere_else() {
    let model = conditional(Parameterization::Noise, true);
    let run = |guidance: Option<Value>, span: [f64; 2], x0: Vec<f64>, factor: f64| {
        let mut all = options(json!({ "tSpan": span }));
        if let Some(guidance) = guidance {
            all["guidance"] = guidance;
        }
        sample(&model, all, vec![("x0", rows_of(x0, 2)), ("condition", conditions(factor))])
    };
    let start = || starts().to_f64_vec().unwrap();
    let within = |from: f64, to: f64| Some(json!({ "scale": 2.0, "interval": [from, to] }));
    let (plain, full) = (run(None, SPAN, start(), 1.0), run(None, SPAN, start(), 3.0));
    assert_eq!(run(within(0.96, 0.99), SPAN, start(), 1.0), plain, "an interval before sampling begins");
    assert!(close(&run(within(0.05, 0.95), SPAN, start(), 1.0), &full, 1e-9), "its ends are part of it");
    // The path's time runs from 0.95 to 0.05 as τ goes from 0.05 to 0.95: guided above t = 0.5 is guided before τ = 0.5.
    let half = run(None, [0.5, 0.95], run(None, [0.05, 0.5], start(), 3.0), 1.0);
    let guided = run(within(0.5 - 1e-9, 1.0), SPAN, start(), 1.0);
    assert!(close(&guided, &half, 0.05) && !close(&guided, &full, 0.2) && !close(&guided, &plain, 0.2), "{guided:?} {half:?}");
    assert_eq!(
        Guidance { scale: 1.0, rescale: 0.0, interval: Some([0.5, 0.5]) }.validate().unwrap_err().path.as_deref(),
        Some("guidance.interval")
    );
}

#[test]
fn rescaling_gives_the_guided_prediction_the_conditional_ones_deviation_row_by_row() {
    let combine = |rescale: f64, scale: f64| -> Vec<f64> {
        let b = Builder::new();
        let leaf = |values: &[f64]| {
            Leaves::one(b.literal(thalweg_model::graph::Literal::dense(
                values,
                thalweg_model::graph::Type::new(thalweg_model::graph::DType::F64, vec![2, 4]),
            )))
        };
        let (c, u) = (leaf(&[1., 2., 4., -3., 0.5, 0.1, -0.2, 0.9]), leaf(&[0.2, 1., 1., 1., -4., 2., 0.3, 0.]));
        let guidance = Guidance { scale, rescale, interval: None };
        let out = *guidance.combine(b.full(0.5, thalweg_model::graph::DType::F64, &[]), &c, &u).first();
        let graph = b.finish(&[out]).unwrap();
        thalweg_model::engine::Program::compile(&graph, &Default::default()).unwrap().run(vec![]).unwrap()[0].to_f64_vec().unwrap()
    };
    let deviations = |v: &[f64]| -> Vec<f64> {
        v.chunks_exact(4)
            .map(|row| {
                let mean = row.iter().sum::<f64>() / 4.0;
                (row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4.0).sqrt()
            })
            .collect()
    };
    let (conditional, guided) = (combine(0.0, 0.0), combine(0.0, 3.0));
    assert!(close(&deviations(&combine(1.0, 3.0)), &deviations(&conditional), 1e-12));
    let (full, half) = (combine(1.0, 3.0), combine(0.5, 3.0));
    let mean: Vec<f64> = full.iter().zip(&guided).map(|(a, b)| 0.5 * (a + b)).collect();
    assert!(close(&half, &mean, 1e-12), "φ is a share of the way");
}

/// (1 − g)·wide + g·narrow without a condition, as one exact network.
fn mixture(which: Parameterization, g: f64, rows: usize) -> Graph {
    let own = Normal { shift: 0.0, ..narrow() };
    own.graph(rows, false, |_, t, x, _| {
        let (a, b) = (wide().quantity(&line(), which, t, x, None), own.quantity(&line(), which, t, x, None));
        Var::concat(&a.into_iter().zip(b).map(|(a, b)| a + (b - a) * g).collect::<Vec<_>>(), 1)
    })
}

fn mixed(which: Parameterization, g: f64) -> Model {
    let config = json!({ "xSize": 2, "dtype": "f64", "path": line(), "model": { "type": which.name(), "args": external() } });
    let model = model("DiffusionModel", config, &[("model.args", &[])]);
    exact::every(4, |rows| provide(&model, Mode::Sample, rows, |_, rows| mixture(which, g, rows)));
    model
}

fn guided_by(own: &Model, other: &Model, options: Value) -> Result<Tensor, ModelError> {
    sample_with(own, options, vec![("x0", starts())], |request| request.other = Some(other.inner().clone()))
}

#[test]
fn two_models_guide_as_one_whose_prediction_is_their_mixture_whatever_they_predict() {
    for which in Parameterization::ALL {
        let (own, other) = (mixed(which, 1.0), mixed(which, 0.0));
        for g in [0.0, 0.3, 1.0, 2.0] {
            let guided = guided_by(&own, &other, options(json!({ "otherScale": g }))).unwrap().to_f64_vec().unwrap();
            let one = sample(&mixed(Parameterization::Velocity, g), options(json!({})), vec![("x0", starts())]);
            assert!(close(&guided, &one, 1e-9), "{} g = {g}: {guided:?} {one:?}", which.name());
        }
        // Two models need not predict the same quantity.
        let guided = guided_by(&own, &mixed(Parameterization::Score, 0.0), options(json!({ "otherScale": 2.0 }))).unwrap();
        let one = sample(&mixed(Parameterization::Velocity, 2.0), options(json!({})), vec![("x0", starts())]);
        assert!(close(&guided.to_f64_vec().unwrap(), &one, 1e-9), "{}", which.name());
    }
}

/// A flow, or a bridge, whose velocity is rate·x + drift, and whose score network is −rate·x.
fn moving(class: &str, rate: f64, drift: f64) -> Model {
    let network = |kind: &str| json!({ "type": kind, "args": external() });
    let bridge = class.starts_with("Schr");
    let config = if bridge {
        json!({ "xSize": 2, "dtype": "f64", "path": { "sigma": 0.7 }, "velocityModel": network("velocity_function"), "scoreModel": network("score_function") })
    } else {
        json!({ "xSize": 2, "dtype": "f64", "path": { "type": "independent", "sigma": 0.1 }, "model": network("velocity_function") })
    };
    let places: Vec<(&str, &[(&str, thalweg_nn::Init)])> =
        if bridge { vec![("velocityModel.args", &[]), ("scoreModel.args", &[])] } else { vec![("model.args", &[])] };
    let model = model(class, config, &places);
    exact::every(4, |rows| {
        provide(&model, Mode::Sample, rows, |place, rows| {
            let score = place.starts_with("score");
            narrow().graph(rows, false, |_, _, x, _| {
                Var::concat(&x.iter().map(|x| if score { *x * -rate } else { *x * rate + drift }).collect::<Vec<_>>(), 1)
            })
        })
    });
    model
}

#[test]
fn flows_and_bridges_are_guided_by_their_like_velocity_and_score_alike() {
    for class in ["IndependentConditionalFlowModel", "OptimalTransportConditionalFlowModel", "SchrodingerBridgeConditionalFlowModel"] {
        let (own, other) = (moving(class, 0.9, 0.2), moving(class, -0.5, 1.1));
        let g = 1.7;
        let one = moving(class, -0.5 + g * 1.4, 1.1 - g * 0.9);
        let mut solvers = vec![json!({ "type": "ODESolver", "args": { "method": "rk4", "steps": 20 } })];
        if class.starts_with("Schr") {
            solvers.push(json!({ "type": "SDESolver", "args": { "steps": 20 } }));
        }
        for solver in solvers {
            let guided = guided_by(&own, &other, json!({ "otherScale": g, "solver": solver })).unwrap().to_f64_vec().unwrap();
            let same = sample(&one, json!({ "solver": solver }), vec![("x0", starts())]);
            assert!(close(&guided, &same, 1e-10), "{class} {solver}: {guided:?} {same:?}");
        }
    }
}

#[test]
fn guides_that_do_not_fit_are_refused_and_nothing_is_changed() {
    let own = mixed(Parameterization::Noise, 1.0);
    let before = sample(&own, options(json!({})), vec![("x0", starts())]);
    let refused = |other: &Model| {
        let error = guided_by(&own, other, options(json!({}))).unwrap_err();
        assert_eq!((error.code, error.message.as_str()), ("ConfigError", "guide.model does not fit"), "{error}");
        error.expected.unwrap()
    };
    let diffusion = |data: &Normal, path: Path| exact::diffusion(data, &path, Parameterization::Noise, 4);
    assert_eq!(refused(&diffusion(&wide(), Path::gvp())), "a model of the same path");
    assert_eq!(refused(&diffusion(&Normal::line(0.0, 1.0), line())), "a model of the same xSize and dtype");
    assert_eq!(refused(&moving("IndependentConditionalFlowModel", 1.0, 0.0)), "a model of the same path");
    assert!(refused(&conditional(Parameterization::Noise, false)).starts_with("a model without condition"));
    let scaled = diffusion(&wide(), line());
    let leaf = |value: f64| Tensor::from_f64(vec![value; 2], &[2]).unwrap();
    let normalization = Normalization { leaves: vec![(leaf(0.0), leaf(2.0))] };
    scaled
        .inner()
        .with_store(|store| {
            store.normalization = Some(normalization);
            Ok(())
        })
        .unwrap();
    assert!(refused(&scaled).starts_with("a model normalised alike"));
    assert_eq!(sample(&own, options(json!({})), vec![("x0", starts())]), before);

    let fails = |model: &Model, guidance: Value, groups: Vec<(&str, Tensor)>| {
        let error = sample_with(model, options(json!({ "guidance": guidance })), groups, |_| ()).unwrap_err();
        (error.code, error.path.unwrap_or_default())
    };
    let with = |condition: Tensor| vec![("x0", starts()), ("condition", condition)];
    let able = conditional(Parameterization::Noise, true);
    let at = |path: &str| ("ConfigError", path.to_string());
    assert_eq!(fails(&conditional(Parameterization::Noise, false), json!({ "scale": 1 }), with(conditions(1.0))), at("guidance"));
    assert_eq!(fails(&able, json!({ "scale": 1 }), vec![("x0", starts())]), at("guidance"));
    assert_eq!(fails(&able, json!({ "scale": 1, "rescale": 1.5 }), with(conditions(1.0))), at("guidance.rescale"));
    assert_eq!(fails(&able, json!({ "scale": 1, "interval": [0.7, 0.2] }), with(conditions(1.0))), at("guidance.interval"));
    assert_eq!(fails(&able, json!({ "scale": 1 }), with(rows_of(vec![1.0; 9], 3))), ("ShapeError", String::new()));
    assert_eq!(fails(&able, json!({ "scale": 1 }), with(rows_of(vec![1.0; 4], 2))), ("ShapeError", String::new()));
}
