//! Flows, bridges and likelihoods against numbers from GenerativeRL itself.
//! Its bridge draws uniform noise; at given noise its loss is the formula's.

mod support;

use serde_json::{Value, json};
use support::{LossPoint, Section, assert_close, loss_and_gradients, model_of, model_with_state, run_job};
use thalweg_model::engine::{Future, Tensor};
use thalweg_model::sampling::LogProbOptions;
use thalweg_model::{Ask, Groups, Model, ObjectiveKind, Run, SampleJob, SampleRequest};

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len() as f32
}

/// Rows of a tensor picked by indices that are stored as floats.
fn picked(tensor: &Tensor, rows: impl Iterator<Item = usize>) -> Tensor {
    let (values, width) = (tensor.to_f32_vec().unwrap(), tensor.ty().shape[1]);
    let out: Vec<f32> = rows.flat_map(|r| values[r * width..][..width].to_vec()).collect();
    let count = out.len() / width;
    Tensor::from_f32(out, &[count, width]).unwrap()
}

fn input(section: &Section, case: &Value, name: &str) -> Tensor {
    section.tensor(&case["inputs"][name])
}

#[test]
fn independent_flow_losses_and_gradients_are_those_of_the_reference() {
    let section = Section::open("flows");
    for name in ["icfm", "icfm_conditional"] {
        let case = section.case(name);
        let model = model_with_state(&section, case);
        let point = LossPoint {
            t: section.tensor(&case["inputs"]["u"]),
            x0: Some(input(&section, case, "x0")),
            x: input(&section, case, "x1"),
            noise: input(&section, case, "noise"),
            condition: case["inputs"].get("condition").map(|c| section.tensor(c)),
        };
        let (losses, grads) = loss_and_gradients(&model, ObjectiveKind::FlowMatching, point);
        assert_close(name, &[mean(&losses)], &section.read(&case["outputs"]["loss"]).1, 1e-5);
        let mut compared = 0;
        for (spec, grad) in model.definition().layout().specs().iter().zip(&grads) {
            if let Some(entry) = case["outputs"].get(format!("grad.model.model.{}", spec.name)) {
                assert_close(&format!("{name} {}", spec.name), grad, &section.read(entry).1, 1e-5);
                compared += 1;
            }
        }
        assert!(name != "icfm" || compared > 10, "{name}: only {compared} gradients");
    }
}

#[test]
fn exact_transport_pairs_and_the_losses_of_given_pairs_are_those_of_the_reference() {
    let section = Section::open("flows");
    let case = section.case("otcfm");
    let model = model_with_state(&section, case);
    let (x0, x1) = (input(&section, case, "x0"), input(&section, case, "x1"));
    let batch = thalweg_coupling::Batch {
        source: &x0.to_f32_vec().unwrap(),
        data: &x1.to_f32_vec().unwrap(),
        dim: 2,
        conditions: thalweg_coupling::Conditions::None,
    };
    let pairing = thalweg_coupling::Coupling::exact().pair(&batch, &[]).unwrap();
    let permutation: Vec<usize> = section.read(&case["outputs"]["permutation"]).1.iter().map(|&v| v as usize).collect();
    for (source, data) in pairing.source.iter().zip(&pairing.data) {
        assert_eq!(permutation[*source], *data, "the datum of source row {source}");
    }
    for (choices, output) in [("choices_permutation", "loss_permutation"), ("choices_with_replacement", "loss_with_replacement")] {
        let choices: Vec<usize> = section.read(&case["inputs"][choices]).1.iter().map(|&v| v as usize).collect();
        let point = LossPoint {
            t: section.tensor(&case["inputs"]["u"]),
            x0: Some(picked(&x0, choices.iter().map(|c| c / 8))),
            x: picked(&x1, choices.iter().map(|c| c % 8)),
            noise: input(&section, case, "noise"),
            condition: None,
        };
        let (losses, _) = loss_and_gradients(&model, ObjectiveKind::FlowMatching, point);
        assert_close(output, &[mean(&losses)], &section.read(&case["outputs"][output]).1, 1e-5);
    }
}

#[test]
fn both_parts_of_a_bridges_loss_at_given_noise_are_those_of_the_reference() {
    let section = Section::open("flows");
    let case = section.case("sf2m");
    let model = model_with_state(&section, case);
    let choices: Vec<usize> = section.read(&case["inputs"]["choices"]).1.iter().map(|&v| v as usize).collect();
    let (x0, x1) = (input(&section, case, "x0"), input(&section, case, "x1"));
    for (kind, output) in [
        (ObjectiveKind::FlowMatching, "velocity_loss"),
        (ObjectiveKind::ScoreMatching, "score_loss"),
        (ObjectiveKind::BridgeMatching, "loss"),
    ] {
        let point = LossPoint {
            t: section.tensor(&case["outputs"]["t"]),
            x0: Some(picked(&x0, choices.iter().map(|c| c / 8))),
            x: picked(&x1, choices.iter().map(|c| c % 8)),
            noise: input(&section, case, "uniform_noise"),
            condition: None,
        };
        let (losses, _) = loss_and_gradients(&model, kind, point);
        assert_close(output, &[mean(&losses)], &section.read(&case["outputs"][output]).1, 1e-5);
    }
}

fn log_prob(model: &Model, x: Tensor, options: Value) -> Vec<f32> {
    let given = Groups::of(vec![("x0", vec![Future::ready(Ok(x))])]);
    let request = SampleRequest::new(Ask::LogProb(LogProbOptions::parse(&options.to_string()).unwrap()), given);
    let (setter, getter) = Future::new();
    run_job(&mut SampleJob::new(model.inner().clone(), request, Run::new(), vec![setter]));
    getter.wait().unwrap().to_f32_vec().unwrap()
}

/// Cases that are not compared, each with its reason.
fn excused(name: &str) -> Option<&'static str> {
    match name {
        "hutchinson_injected" => Some("its probe is injected; ours is a function of the seed"),
        _ => None,
    }
}

#[test]
fn likelihoods_along_the_given_times_are_those_of_the_reference() {
    let section = Section::open("likelihood");
    let mut compared = 0;
    for case in &section.cases {
        let name = case["name"].as_str().unwrap();
        if excused(name).is_some() {
            continue;
        }
        let model = model_of(case);
        let span: Vec<f32> = match case["inputs"].get("t_span") {
            Some(entry) => section.read(entry).1,
            None => (0..1000).map(|i| (1e-3 + (1.0 - 1e-3) * f64::from(i) / 999.0) as f32).collect(),
        };
        let flow = name.starts_with("icfm");
        // Ours counts from the data: 1 − t of a flow.
        let mut span: Vec<f64> = span.iter().map(|&t| if flow { 1.0 - f64::from(t) } else { f64::from(t) }).collect();
        span.sort_by(f64::total_cmp);
        let solver = json!({ "type": "ODESolver", "args": { "method": "euler", "steps": 1 } });
        let options = json!({ "tSpan": span, "solver": solver, "weights": "raw", "divergence": "exact" });
        let got = log_prob(&model, input(&section, case, "x"), options);
        let output = case["outputs"].as_object().unwrap().values().next().unwrap();
        assert_close(name, &got, &section.read(output).1, 1e-4);
        compared += 1;
    }
    assert!(compared >= 9, "only {compared} likelihoods compared");
}
