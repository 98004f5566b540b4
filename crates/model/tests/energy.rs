//! Energy guidance on normal data: guided samples have the moments of p·exp(E), and contrastive prediction finds the energy that guides them.

#[path = "support/exact.rs"]
mod exact;

use exact::{Normal, external, gauss_hermite, model, provide, rows_of, sample, sample_with};
use serde_json::{Value, json};
use std::sync::Arc;
use thalweg_model::engine::{CompileOptions, Job, Program, Step, Tensor};
use thalweg_model::graph::{Builder, DType, Graph, Leaves, Scalar, Var, grad};
use thalweg_model::{Contrast, EnergyMatching, FitJob, FitOptions, FitRequest, Groups, Model, ModelError, Report, Run, Weights};
use thalweg_nn::{Context, Init, Mode};
use thalweg_path::{GaussianPath, Parameterization, Path};

const MEAN: f64 = 0.7;
const VARIANCE: f64 = 1.9;
/// E(x) = −½·STIFFNESS·(x − CENTRE)².
const STIFFNESS: f64 = 0.8;
const CENTRE: f64 = -1.1;

fn data() -> Normal {
    Normal::line(MEAN, VARIANCE)
}

/// log E[exp E(x₀) | x_t = x], up to a function of t: x₀ given x_t is normal, with mean D and a variance of t alone.
fn intermediate<S: Scalar>(path: &Path, t: S, x: S) -> S {
    let (s, sigma) = (path.scale(t), path.std(t));
    let mean = data().data(path, t, &[x], None)[0];
    let variance = sigma * sigma * VARIANCE / (s * s * VARIANCE + sigma * sigma);
    -(mean - CENTRE).square() * STIFFNESS / (variance * STIFFNESS + 1.0) * 0.5
}

/// Mean and variance of p·exp E.
fn guided_moments() -> (f64, f64) {
    let variance = 1.0 / (1.0 / VARIANCE + STIFFNESS);
    ((MEAN / VARIANCE + STIFFNESS * CENTRE) * variance, variance)
}

/// scale · exact energy + slope · x.
fn energy_network(path: &Path, rows: usize) -> Graph {
    data().graph(rows, false, |b, t, x, _| {
        let parameter = |name: &str| b.input(&format!("param:{name}"), DType::F64, &[1]);
        intermediate(path, t, x[0]) * parameter("scale") + x[0] * parameter("slope")
    })
}

fn energy_model(path: &Path, which: Parameterization) -> Model {
    let config = json!({
        "xSize": 1, "dtype": "f64", "path": path, "model": { "type": which.name(), "args": external() }, "energyGuidance": external(),
    });
    let own: [(&str, Init); 2] = [("gain", Init::Ones), ("offset", Init::Zeros)];
    model(
        "EnergyConditionalDiffusionModel",
        config,
        &[("model.args", &own), ("energyGuidance", &[("scale", Init::Ones), ("slope", Init::Zeros)])],
    )
}

/// gain · exact + offset: a diffusion network that a fit can change.
fn own_network(path: &Path, which: Parameterization, rows: usize) -> Graph {
    let exact = data().network(path, which, rows, false);
    let b = Builder::new();
    let inputs = [b.input("t", DType::F64, &[rows]), b.input("x", DType::F64, &[rows, 1])];
    let [gain, offset] = ["gain", "offset"].map(|name| b.input(&format!("param:{name}"), DType::F64, &[1]));
    let values: Vec<Var> = exact.inputs.iter().map(|i| if i.name == "t" { inputs[0] } else { inputs[1] }).collect();
    let value = b.inline(&exact, &values)[0];
    b.finish(&[value * gain + offset]).unwrap()
}

fn ready(path: &Path, which: Parameterization, mode: Mode, rows: &[usize]) -> Model {
    let model = energy_model(path, which);
    for &rows in rows {
        provide(
            &model,
            mode,
            rows,
            |place, rows| if place == "energyGuidance" { energy_network(path, rows) } else { own_network(path, which, rows) },
        );
    }
    model
}

const RK4: &str = "rk4";

fn steps(steps: u32) -> Value {
    json!({ "type": "ODESolver", "args": { "method": RK4, "steps": steps } })
}

/// Carries the moments of the noised p·exp E at the greatest time to the least one: a sampler of a linear field is affine, so that two starts tell its map.
fn carried(path: &Path, model: &Model, options: &Value, guide: impl Fn(&mut thalweg_model::SampleRequest)) -> (f64, f64) {
    let (mean, variance) = guided_moments();
    let top = path.t_max().min(0.999);
    let (s, sigma) = (path.scale(top), path.std(top));
    let starts = rows_of(vec![s * mean, s * mean + (s * s * variance + sigma * sigma).sqrt()], 1);
    let mut options = options.clone();
    options["tSpan"] = json!([path.t_max() - top, path.t_max()]);
    let out = sample_with(model, options, vec![("x0", starts)], |request| guide(request)).unwrap().to_f64_vec().unwrap();
    (out[0], (out[1] - out[0]).powi(2))
}

#[test]
fn samples_guided_by_the_exact_energy_have_the_moments_of_the_tilted_density_whatever_is_predicted() {
    for path in [Path::linear_vp_sde(0.1, 20.0), Path::linear(), Path::gvp()] {
        for which in Parameterization::ALL {
            let model = ready(&path, which, Mode::Sample, &[2]);
            let options = json!({ "energy": { "scale": 1 }, "solver": steps(400) });
            let (mean, variance) = carried(&path, &model, &options, |_| ());
            let (wanted, spread) = guided_moments();
            let what = format!("{} {}: {mean} {variance}", path.name(), which.name());
            assert!((mean - wanted).abs() < 2e-3 && (variance - spread).abs() < 2e-3, "{what}, not {wanted} {spread}");
            let span = json!([path.t_max() - 0.99, path.t_max() - 0.01]);
            let plain = json!({ "energy": { "scale": 0 }, "solver": steps(50), "tSpan": span });
            let none = json!({ "solver": steps(50), "tSpan": span });
            let starts = || vec![("x0", rows_of(vec![-1.0, 0.5], 1))];
            // To rounding: products and sums may be rounded once or twice.
            for (with, without) in sample(&model, plain, starts()).iter().zip(&sample(&model, none, starts())) {
                assert!((with - without).abs() < 1e-12, "{what}: w = 0 is the model itself");
            }
        }
    }
}

#[test]
fn an_energy_given_as_a_function_guides_as_the_models_own_and_flows_too() {
    let path = Path::linear();
    let function: Graph = data().graph(2, false, |_, t, x, _| intermediate(&path, t, x[0]).reshape(&[2]));
    let model = exact::diffusion(&data(), &path, Parameterization::Velocity, 2);
    let options = json!({ "energy": { "scale": 1 }, "solver": steps(400) });
    let guide = Arc::new(function);
    let own = ready(&path, Parameterization::Velocity, Mode::Sample, &[2]);
    let (a, b) = (carried(&path, &model, &options, |r| r.energy = vec![(2, guide.clone())]), carried(&path, &own, &options, |_| ()));
    assert!((a.0 - b.0).abs() < 1e-12 && (a.1 - b.1).abs() < 1e-12, "{a:?} {b:?}");

    // The flow of the same x_t runs the other way: its time is 1 − t, its velocity the diffusion's times −1.
    let config = json!({ "xSize": 1, "dtype": "f64", "path": { "type": "independent", "sigma": 0 },
        "model": { "type": "velocity_function", "args": external() } });
    let flow = exact::model("IndependentConditionalFlowModel", config, &[("model.args", &[])]);
    let mirrored = |f: &dyn for<'g> Fn(Var<'g>, Var<'g>) -> Var<'g>| data().graph(2, false, |_, t, x, _| f(-t + 1.0, x[0]));
    provide(&flow, Mode::Sample, 2, |_, _| {
        mirrored(&|t, x| {
            -thalweg_path::convert(&path, Parameterization::Data, Parameterization::Velocity, t, x, data().data(&path, t, &[x], None)[0])
        })
    });
    let energy = Arc::new(mirrored(&|t, x| intermediate(&path, t, x).reshape(&[2])));
    let (mean, variance) = guided_moments();
    let (s, sigma) = (path.scale(0.999), path.std(0.999));
    let starts = rows_of(vec![s * mean, s * mean + (s * s * variance + sigma * sigma).sqrt()], 1);
    let options = json!({ "energy": { "scale": 1 }, "solver": steps(400), "tSpan": [0.001, 1] });
    let out = sample_with(&flow, options, vec![("x0", starts)], |r| r.energy = vec![(2, energy)]).unwrap().to_f64_vec().unwrap();
    assert!((out[0] - mean).abs() < 2e-3 && ((out[1] - out[0]).powi(2) - variance).abs() < 2e-3, "{out:?}");
}

/// Gradient of the contrastive loss with respect to (scale, slope), at time t in the exact energy, by quadrature over two candidates and their noise.
fn stationarity(path: &Path, t: f64, settings: EnergyMatching, at: [f64; 2]) -> [f64; 2] {
    let one = gauss_hermite(16);
    let pairs: Vec<(f64, f64, f64)> =
        one.iter().flat_map(|a| one.iter().map(move |e| (MEAN + VARIANCE.sqrt() * a.0, e.0, a.1 * e.1))).filter(|p| p.2 > 1e-12).collect();
    let both: Vec<_> = pairs.iter().flat_map(|p| pairs.iter().map(move |q| (*p, *q))).collect();
    let rows = both.len();
    let model = ready(path, Parameterization::Noise, Mode::Sample, &[2 * rows]);
    let b = Builder::new();
    let input = |name: &str, shape: &[usize]| b.input(name, DType::F64, shape);
    let params: Vec<Var> = model.definition().layout().specs().iter().map(|s| input(&s.name, &s.shape)).collect();
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let energy = input("energy", &[rows, 2]);
    // Weights up to one constant: `weights` divides by the rows' plain mean, quadrature weighs them otherwise, and zero stays zero.
    let contrast = Contrast {
        t: input("t", &[rows]),
        x: &Leaves::one(input("x", &[2 * rows, 1])),
        noise: &Leaves::one(input("noise", &[2 * rows, 1])),
        condition: None,
        weights: settings.weights(energy),
    };
    let losses = contrast.loss(model.definition(), &ctx, path);
    let total = (losses * input("w", &[rows])).sum_all() / (settings.weights(energy).sum(&[1]) * input("w", &[rows])).sum_all();
    let of = |name: &str| params[model.definition().layout().specs().iter().position(|s| s.name.ends_with(name)).unwrap()];
    let grads = grad(total, &[of("scale"), of("slope")]);
    let graph = b.finish(&grads).unwrap();
    let reward = |x: f64| -0.5 * STIFFNESS * (x - CENTRE).powi(2);
    let list = |f: &dyn Fn((f64, f64, f64)) -> f64| both.iter().flat_map(|(p, q)| [f(*p), f(*q)]).collect::<Vec<f64>>();
    let value = |name: &str, shape: &[usize]| -> Tensor {
        let values = match name {
            "t" => vec![t; rows],
            "x" => list(&|p| p.0),
            "noise" => list(&|p| p.1),
            "energy" => list(&|p| reward(p.0)),
            "w" => both.iter().map(|(p, q)| p.2 * q.2).collect(),
            name if name.ends_with("scale") => vec![at[0]],
            name if name.ends_with("slope") => vec![at[1]],
            _ => vec![0.0],
        };
        Tensor::from_f64(values, shape).unwrap()
    };
    let inputs = graph.inputs.iter().map(|i| value(&i.name, &i.ty.shape)).collect();
    let out = Program::compile(&graph, &CompileOptions::default()).unwrap().run(inputs).unwrap();
    [out[0].to_f64_vec().unwrap()[0], out[1].to_f64_vec().unwrap()[0]]
}

#[test]
fn the_exact_energy_is_where_the_contrastive_loss_is_least_for_two_candidates_and_with_softmax_weights_it_is_not() {
    let size = |g: [f64; 2]| g[0].abs().max(g[1].abs());
    for path in [Path::linear_vp_sde(0.1, 20.0), Path::linear()] {
        for t in [0.2, 0.5] {
            let exact = size(stationarity(&path, t, EnergyMatching::default(), [1.0, 0.0]));
            let moved = size(stationarity(&path, t, EnergyMatching::default(), [1.2, 0.1]));
            let softmax: EnergyMatching = serde_json::from_value(json!({ "weights": "softmax" })).unwrap();
            let flat = size(stationarity(&path, t, softmax, [1.0, 0.0]));
            assert!(exact < 1e-4, "{} t = {t}: {exact:e}", path.name());
            assert!(moved > 100.0 * exact && flat > 100.0 * exact, "{} t = {t}: {exact:e}, moved {moved:e}, softmax {flat:e}", path.name());
        }
    }
}

fn fit(model: &Model, options: Value, groups: Vec<(&str, Tensor)>) -> Result<Report, ModelError> {
    let groups = Groups::of(groups.into_iter().map(|(name, tensor)| (name, vec![tensor])).collect());
    let data = model.inner().check_rows("", &groups)?;
    let validation = if groups.get("validation.x").is_empty() { None } else { Some(model.inner().check_rows("validation.", &groups)?) };
    let request = FitRequest { options: FitOptions::parse(&options.to_string())?, data, validation, weight: None };
    let run = Run::new();
    let mut job = FitJob::new(model.inner().clone(), request, run.clone());
    while job.step() == Step::Again {}
    let (sender, receiver) = std::sync::mpsc::channel();
    run.wait(Box::new(move |end| sender.send(end).unwrap()));
    receiver.recv().unwrap()
}

/// Candidates `[N, K, 1]` from p, and a linear reward of them.
fn candidates(rows: usize, count: usize, slope: f64) -> (Tensor, Tensor) {
    let mut z = vec![0.0; rows * count];
    thalweg_model::engine::random::normal_f64(5, 1, 0, 0, &mut z);
    let x: Vec<f64> = z.iter().map(|z| MEAN + VARIANCE.sqrt() * z).collect();
    let energy = x.iter().map(|x| slope * x).collect();
    (Tensor::from_f64(x, &[rows, count, 1]).unwrap(), Tensor::from_f64(energy, &[rows, count]).unwrap())
}

/// For a linear reward the energy is linear in D: scale · E[x₀ | x_t], whose exact scale is the reward's slope.
fn linear_energy(path: &Path, rows: usize) -> Graph {
    data().graph(rows, false, |b, t, x, _| {
        let parameter = |name: &str| b.input(&format!("param:{name}"), DType::F64, &[1]);
        data().data(path, t, x, None)[0] * parameter("scale") + x[0] * parameter("slope") * 0.0
    })
}

/// The scale that a fit finds with K candidates, as a share of the exact one.
fn fitted_share(count: usize, weights: &str, reward: f64) -> f64 {
    let path = Path::linear();
    let model = energy_model(&path, Parameterization::Velocity);
    let rows = 32768 / count;
    provide(&model, Mode::Train, rows * count, |place, rows| {
        if place == "energyGuidance" { linear_energy(&path, rows) } else { own_network(&path, Parameterization::Velocity, rows) }
    });
    let (x, energy) = candidates(rows, count, reward);
    let loss = json!({ "type": "energy_matching", "energy": { "weights": weights } });
    let options = json!({ "loss": loss, "steps": 150, "batchSize": rows, "ema": 0.95, "optimizer": { "type": "adam", "lr": 0.03 } });
    fit(&model, options, vec![("x", x), ("energy", energy)]).unwrap();
    let names = model.definition().layout().specs();
    let scale = names.iter().position(|s| s.name == "energy_guidance.model.backbone.scale" || s.name.ends_with(".scale")).unwrap();
    model.inner().state_dict(Weights::Ema).unwrap()[scale].to_f64_vec().unwrap()[0] / reward
}

#[test]
fn softmax_weights_flatten_the_energy_with_few_candidates_and_exact_weights_do_not() {
    // A slope of 3.00 would be found as 2.71 with 16 candidates, where the reward varies by 2.0 from datum to datum.
    let few = fitted_share(16, "softmax", 1.45);
    let many = fitted_share(512, "softmax", 1.45);
    let exact = fitted_share(16, "exact", 1.1);
    let two = fitted_share(2, "exact", 1.1);
    assert!((exact - 1.0).abs() < 0.015 && (two - 1.0).abs() < 0.015, "{exact} {two}");
    assert!((few - 0.905).abs() < 0.015 && many > 0.97, "{few} {many}");
}

fn flow_steps(model: &Model, steps: u32, resume: bool) {
    let mut z = vec![0.0; 64];
    thalweg_model::engine::random::normal_f64(6, 2, 0, 0, &mut z);
    let options =
        json!({ "steps": steps, "batchSize": 32, "resume": resume, "normalize": false, "optimizer": { "type": "adam", "lr": 0.01 } });
    fit(model, options, vec![("x", rows_of(z, 1))]).unwrap();
}

fn energy_steps(model: &Model, steps: u32, resume: bool) -> Report {
    let (x, energy) = candidates(32, 4, 0.5);
    let options = json!({
        "loss": "energy_matching", "steps": steps, "batchSize": 8, "resume": resume, "optimizer": { "type": "adamw", "lr": 0.02 },
        "validation": { "every": 1 }
    });
    let (vx, ve) = candidates(8, 4, 0.5);
    fit(model, options, vec![("x", x), ("energy", energy), ("validation.x", vx), ("validation.energy", ve)]).unwrap()
}

fn trainable() -> Model {
    let path = Path::linear();
    let model = energy_model(&path, Parameterization::Velocity);
    for (mode, rows) in [(Mode::Train, 32), (Mode::Sample, 32)] {
        provide(&model, mode, rows, |place, rows| {
            if place == "energyGuidance" { energy_network(&path, rows) } else { own_network(&path, Parameterization::Velocity, rows) }
        });
    }
    model
}

/// Everything that training changes of a part: raw and averaged parameters, and optimiser states, as bits.
fn part(model: &Model, of_energy: bool) -> Vec<u64> {
    let definition = model.definition();
    let mine = definition.energy_parameters();
    let pick = |tensors: Vec<Tensor>| {
        let kept = tensors.into_iter().zip(&mine).filter(|(_, e)| **e == of_energy).map(|(t, _)| t).collect::<Vec<_>>();
        kept.iter().flat_map(|t| t.to_f64_vec().unwrap()).map(f64::to_bits).collect::<Vec<u64>>()
    };
    let mut out = [Weights::Raw, Weights::Ema].map(|w| pick(model.inner().state_dict(w).unwrap())).concat();
    model
        .inner()
        .with_store(|store| {
            let mut names: Vec<_> = store.optimizer.keys().cloned().collect();
            names.sort();
            for name in names {
                let [a, b] = store.optimizer[&name].clone();
                out.extend(pick(definition.layout().unflatten(&[a, b, store.parameters[2].clone()])?));
            }
            Ok(())
        })
        .unwrap();
    out
}

#[test]
fn fitting_an_energy_changes_no_bit_of_the_diffusion_model_and_the_other_way_round() {
    let model = trainable();
    flow_steps(&model, 3, false);
    let (diffusion, energy) = (part(&model, false), part(&model, true));
    assert_eq!(energy_steps(&model, 4, false).step, 4, "steps are counted apart");
    assert_eq!(part(&model, false), diffusion);
    assert_ne!(part(&model, true), energy);
    let energy = part(&model, true);
    flow_steps(&model, 6, true);
    assert_eq!(part(&model, true), energy);
    assert_ne!(part(&model, false), diffusion);
    let (whole, steps) = (trainable(), |model: &Model| model.inner().with_store(|s| Ok((s.step, s.energy_step))).unwrap());
    flow_steps(&whole, 6, false);
    assert_eq!(part(&whole, false), part(&model, false), "as if no energy had been fitted in between");
    assert_eq!(steps(&model), (6, 4));
    flow_steps(&model, 2, false);
    assert_eq!((part(&model, true), steps(&model)), (energy, (2, 4)), "nor does beginning anew touch it");
}

#[test]
fn an_energy_fit_that_was_saved_and_resumed_has_the_bits_of_one_that_never_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("model");
    let (whole, first, second) = (trainable(), trainable(), trainable());
    energy_steps(&whole, 9, false);
    energy_steps(&first, 5, false);
    first.inner().save_now(&dir).unwrap();
    second.inner().load_now(&dir).unwrap();
    let report = energy_steps(&second, 9, true);
    assert_eq!((report.step, report.steps_run), (9, 4));
    assert_eq!(part(&whole, true), part(&second, true));
}

#[test]
fn what_is_no_set_of_candidates_is_refused_and_nothing_is_changed() {
    let model = trainable();
    let before = (part(&model, false), part(&model, true));
    let (x, energy) = candidates(8, 4, 1.0);
    let plain = || rows_of(vec![0.5; 8], 1);
    let matching = || json!({ "loss": "energy_matching", "steps": 1, "batchSize": 8 });
    let refused = |options: Value, groups: Vec<(&str, Tensor)>| fit(&model, options, groups).unwrap_err();
    assert_eq!(refused(matching(), vec![("x", plain())]).message, "energy: missing");
    assert_eq!(refused(json!({ "steps": 1 }), vec![("x", x.clone()), ("energy", energy.clone())]).message, "energy: not wanted");
    assert_eq!(refused(matching(), vec![("x", plain()), ("energy", energy.clone())]).code, "ShapeError");
    let one = Tensor::from_f64(vec![1.0; 8], &[8, 1]).unwrap();
    assert_eq!(
        refused(matching(), vec![("x", Tensor::from_f64(vec![1.0; 8], &[8, 1, 1]).unwrap()), ("energy", one)]).message,
        "energy: wrong shape"
    );
    let infinite = Tensor::from_f64([vec![0.0; 31], vec![f64::NEG_INFINITY]].concat(), &[8, 4]).unwrap();
    assert_eq!(refused(matching(), vec![("x", x.clone()), ("energy", infinite)]).code, "DataError");
    let alpha = json!({ "loss": { "type": "energy_matching", "energy": { "alpha": 0 } }, "steps": 1 });
    assert_eq!(refused(alpha, vec![("x", x.clone()), ("energy", energy.clone())]).path.as_deref(), Some("loss.energy.alpha"));
    let other = json!({ "loss": { "type": "flow_matching", "energy": { "alpha": 1 } }, "steps": 1 });
    assert_eq!(refused(other, vec![("x", plain())]).path.as_deref(), Some("loss.energy"));
    assert_eq!((part(&model, false), part(&model, true)), before);

    let none = exact::diffusion(&data(), &Path::linear(), Parameterization::Velocity, 2);
    assert_eq!(fit(&none, matching(), vec![("x", x), ("energy", energy)]).unwrap_err().path.as_deref(), Some("loss.type"));
    let error = sample_with(&none, json!({ "energy": {} }), vec![], |_| ()).unwrap_err();
    assert_eq!((error.code, error.path.as_deref()), ("ConfigError", Some("energy")));
}
