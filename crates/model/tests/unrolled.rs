//! Samplers as graphs: the values of the job that takes the same steps, and derivatives that are those of finite differences.

mod support;

use serde_json::{Value, json};
use std::collections::HashMap;
use support::run_job;
use thalweg_model::engine::{CompileOptions, Future, Program, Tensor};
use thalweg_model::graph::{Builder, DType, Graph, Var, grad};
use thalweg_model::sampling::{LogProbOptions, Unrolled};
use thalweg_model::{Ask, Groups, Model, ModelConfig, Run, SampleJob, SampleOptions, SampleRequest, Weights};

const ROWS: usize = 4;

fn model(class: &str, more: Value) -> Model {
    let network = |kind: &str| {
        json!({ "type": kind, "args": {
            "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 8, "scale": 0.3 } },
            "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [8, 4], "outputDim": 2, "tDim": 8, "conditionDim": 1, "conditionHiddenDim": 4 } },
        }})
    };
    let mut config = json!({ "xSize": 2, "conditionSize": 1, "dtype": "f64", "path": { "type": "linear" } });
    config["model"] = network("velocity_function");
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if let Some(kind) = config["kind"].as_str().map(String::from) {
        config["model"] = network(&kind);
        config.as_object_mut().unwrap().remove("kind");
    }
    Model::new(ModelConfig::parse(class, &config.to_string()).unwrap(), &HashMap::new()).unwrap()
}

fn vp(kind: &str) -> Model {
    model("DiffusionModel", json!({ "path": { "type": "linear_vp_sde", "beta0": 0.1, "beta1": 2.0 }, "kind": kind }))
}

fn numbers(shape: &[usize], phase: f64) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::from_f64((0..count).map(|i| (i as f64 * 0.73 + phase).sin()).collect(), shape).unwrap()
}

/// What the job gives.
fn job(model: &Model, ask: Ask) -> Vec<Vec<f64>> {
    let ready = |t: Tensor| vec![Future::ready(Ok(t))];
    let given = Groups::of(vec![("x0", ready(numbers(&[ROWS, 2], 0.1))), ("condition", ready(numbers(&[ROWS, 1], 0.5)))]);
    let request = SampleRequest::new(ask, given);
    let (setters, getters): (Vec<_>, Vec<_>) = (0..request.results(model.inner())).map(|_| Future::new()).unzip();
    run_job(&mut SampleJob::new(model.inner().clone(), request, Run::new(), setters));
    getters.into_iter().map(|g| g.wait().unwrap().to_f64_vec().unwrap()).collect()
}

fn unrolled(model: &Model, ask: &Ask) -> Graph {
    Unrolled::of(model.inner(), ask, ROWS, true, Vec::new()).unwrap().graph().unwrap()
}

/// Named inputs of a graph: the model's parameters as they are, starts, conditions, the seed.
fn inputs(model: &Model, graph: &Graph, seed: i64) -> Vec<Tensor> {
    let state = model.inner().state_dict(Weights::Raw).unwrap();
    let specs = model.definition().layout().specs();
    let named = |name: &str| match name {
        "x0" => numbers(&[ROWS, 2], 0.1),
        "condition" => numbers(&[ROWS, 1], 0.5),
        "random.seed" => Tensor::from_i64(vec![seed], &[]).unwrap(),
        "random.counter" => Tensor::from_i64(vec![0], &[]).unwrap(),
        other => {
            let own = other.strip_prefix("param:").unwrap_or_else(|| panic!("input {other}"));
            state[specs.iter().position(|s| s.name == own).unwrap()].clone()
        }
    };
    graph.inputs.iter().map(|i| named(&i.name)).collect()
}

fn run(graph: &Graph, inputs: Vec<Tensor>) -> Vec<Vec<f64>> {
    let program = Program::compile(graph, &CompileOptions::default()).unwrap();
    program.run(inputs).unwrap().into_iter().map(|t| t.to_f64_vec().unwrap()).collect()
}

fn sample(options: Value) -> Ask {
    Ask::Sample(SampleOptions::parse(&options.to_string()).unwrap())
}

fn ode(method: &str, steps: usize) -> Value {
    json!({ "type": "ODESolver", "args": { "method": method, "steps": steps } })
}

fn close(what: &str, a: &[Vec<f64>], b: &[Vec<f64>]) {
    assert_eq!(a.len(), b.len(), "{what}");
    for (a, b) in a.iter().zip(b) {
        let worst = a.iter().zip(b).fold(0f64, |m, (x, y)| m.max((x - y).abs() / y.abs().max(1.0)));
        assert!(a.len() == b.len() && worst < 1e-11, "{what}: {worst:e}");
    }
}

#[test]
fn an_unrolled_sampler_gives_what_the_job_gives() {
    let flow = model("IndependentConditionalFlowModel", json!({ "path": { "type": "independent", "sigma": 0.0 } }));
    let cases: Vec<(&str, &Model, Value)> = vec![
        ("euler", &flow, json!({ "solver": ode("euler", 20) })),
        ("dopri5 with equal steps", &flow, json!({ "solver": ode("dopri5", 5) })),
        ("ab4", &flow, json!({ "solver": ode("ab4", 20) })),
        ("a trajectory", &flow, json!({ "solver": ode("rk4", 6), "tSpan": [0, 0.3, 1], "trajectory": true })),
        ("Euler–Maruyama", &flow, json!({ "solver": { "type": "SDESolver", "args": { "steps": 20 } }, "seed": 3 })),
        ("with its density", &flow, json!({ "solver": ode("rk4", 6), "logProb": true })),
        ("with Hutchinson's density", &flow, json!({ "solver": ode("rk4", 6), "logProb": true, "divergence": "hutchinson", "seed": 5 })),
    ];
    for (what, model, options) in cases {
        let seed = options.get("seed").and_then(Value::as_i64).unwrap_or(0);
        let graph = unrolled(model, &sample(options.clone()));
        close(what, &run(&graph, inputs(model, &graph, seed)), &job(model, sample(options)));
    }
    for (kind, algorithm) in [("noise_function", "dpmsolver"), ("data_prediction_function", "dpmsolver++")] {
        let solver = json!({ "type": "DPMSolver", "args": { "order": 3, "steps": 12, "algorithm": algorithm } });
        let options = json!({ "solver": solver, "tSpan": [0, 0.9] });
        let model = vp(kind);
        let graph = unrolled(&model, &sample(options.clone()));
        close(algorithm, &run(&graph, inputs(&model, &graph, 0)), &job(&model, sample(options)));
    }
}

/// The sum of all outputs times fixed weights, and its gradient in these inputs.
fn with_gradients(graph: &Graph, wrt: &[usize]) -> Graph {
    let b = Builder::new();
    let args: Vec<Var> = graph.inputs.iter().map(|i| b.input(&i.name, i.ty.dtype, &i.ty.shape)).collect();
    let outputs = b.inline(graph, &args);
    let total = outputs.iter().enumerate().fold(b.full(0.0, DType::F64, &[]), |sum, (k, out)| {
        let count = out.ty().count();
        let weights = b.iota(DType::F64, count) * 0.37 + (k as f64 + 0.2);
        sum + (out.reshape(&[count]) * weights.sin()).sum_all()
    });
    let gradients = grad(total, &wrt.iter().map(|&k| args[k]).collect::<Vec<_>>());
    b.finish(&[vec![total], gradients].concat()).unwrap()
}

/// ∂total/∂input by central differences, against the gradient, in a few elements of each input.
fn check_gradients(what: &str, model: &Model, graph: &Graph, seed: i64) {
    // Starts, conditions, and every ninth parameter.
    let looked_at =
        |k: &usize| graph.inputs[*k].ty.dtype.is_float() && (k.is_multiple_of(9) || !graph.inputs[*k].name.starts_with("param:"));
    let wrt: Vec<usize> = (0..graph.inputs.len()).filter(looked_at).collect();
    let differentiated = with_gradients(graph, &wrt);
    let given = inputs(model, &differentiated, seed);
    let program = Program::compile(&differentiated, &CompileOptions::default()).unwrap();
    let out: Vec<Vec<f64>> = program.run(given.clone()).unwrap().into_iter().map(|t| t.to_f64_vec().unwrap()).collect();
    let total = |k: usize, element: usize, h: f64| {
        let mut moved = given.clone();
        let mut values = given[k].to_f64_vec().unwrap();
        values[element] += h;
        moved[k] = Tensor::from_f64(values, &given[k].ty().shape).unwrap();
        program.run(moved).unwrap()[0].to_f64_vec().unwrap()[0]
    };
    let h = 1e-5;
    for (gradient, &k) in out[1..].iter().zip(&wrt) {
        for element in [0, gradient.len() - 1] {
            let difference = (total(k, element, h) - total(k, element, -h)) / (2.0 * h);
            let scale = difference.abs().max(1.0);
            let error = (difference - gradient[element]).abs() / scale;
            assert!(
                error < 1e-6,
                "{what}: {} [{element}]: {difference} by differences, {} by grad",
                graph.inputs[k].name,
                gradient[element]
            );
        }
    }
}

#[test]
fn gradients_through_a_sampler_are_those_of_finite_differences_in_parameters_starts_and_conditions() {
    let flow = model("IndependentConditionalFlowModel", json!({ "path": { "type": "independent", "sigma": 0.0 } }));
    // More steps than are kept without checkpoints.
    check_gradients("euler", &flow, &unrolled(&flow, &sample(json!({ "solver": ode("euler", 21) }))), 0);
    check_gradients("ab4", &flow, &unrolled(&flow, &sample(json!({ "solver": ode("ab4", 18) }))), 0);
    let sde = json!({ "solver": { "type": "SDESolver", "args": { "steps": 20 } }, "seed": 3 });
    check_gradients("Euler–Maruyama", &flow, &unrolled(&flow, &sample(sde)), 3);
    let model = vp("noise_function");
    let solver = json!({ "type": "DPMSolver", "args": { "order": 2, "steps": 10, "algorithm": "dpmsolver++" } });
    check_gradients("DPM-Solver++", &model, &unrolled(&model, &sample(json!({ "solver": solver, "tSpan": [0, 0.9] }))), 0);
}

#[test]
fn memory_of_a_gradient_grows_with_the_square_root_of_the_number_of_steps() {
    let flow = model("IndependentConditionalFlowModel", json!({ "path": { "type": "independent", "sigma": 0.0 } }));
    let peak = |steps: usize| {
        // Many rows, so that a state is much larger than the six numbers that say how it is stepped.
        let ask = sample(json!({ "solver": ode("euler", steps) }));
        let graph = Unrolled::of(flow.inner(), &ask, 1024, true, Vec::new()).unwrap().graph().unwrap();
        let wrt = [graph.inputs.iter().position(|i| i.name == "x0").unwrap()];
        Program::compile(&with_gradients(&graph, &wrt), &CompileOptions::default()).unwrap().peak_bytes() as f64
    };
    // What does not grow (parameters, one step's intermediates) is taken away by differences.
    let (a, b, c) = (peak(36), peak(576), peak(9216));
    let growth = (c - b) / (b - a);
    assert!(growth < 5.0, "16 times the steps: {growth} times the growth ({a}, {b}, {c} bytes)");
}

#[test]
fn gradients_of_a_likelihood_are_those_of_finite_differences_in_parameters_and_data() {
    let flow = model("IndependentConditionalFlowModel", json!({ "path": { "type": "independent", "sigma": 0.0 } }));
    for divergence in ["exact", "hutchinson"] {
        let options = json!({ "solver": ode("rk4", 17), "divergence": divergence, "seed": 7 });
        let ask = || Ask::LogProb(LogProbOptions::parse(&options.to_string()).unwrap());
        let graph = unrolled(&flow, &ask());
        close(divergence, &run(&graph, inputs(&flow, &graph, 7)), &job(&flow, ask()));
        check_gradients(divergence, &flow, &graph, 7);
    }
}

#[test]
fn a_solver_that_chooses_its_steps_cannot_be_unrolled_and_says_what_can() {
    let flow = model("IndependentConditionalFlowModel", json!({ "path": { "type": "independent", "sigma": 0.0 } }));
    let error = Unrolled::of(flow.inner(), &sample(json!({})), ROWS, true, Vec::new()).unwrap().graph().unwrap_err();
    assert_eq!((error.code, error.path.as_deref()), ("ConfigError", Some("solver.args.steps")));
    assert!(error.message.contains("fixed steps"), "{}", error.message);
}
