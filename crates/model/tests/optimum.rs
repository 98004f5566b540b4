//! On Gaussian data, the exact score is where every loss has zero gradient, for every path and whatever the network predicts.
//! Expectations over data and noise are Gauss–Hermite sums, exact for the polynomials that occur.

use std::collections::HashMap;
use std::sync::Arc;
use thalweg_model::engine::{CompileOptions, Program, Tensor};
use thalweg_model::external::{ExternalModule, ExternalParameter};
use thalweg_model::graph::{Builder, DType, Graph, Leaves, Scalar, Var, grad};
use thalweg_model::{Fixed, Model, ModelConfig, Objective, ObjectiveKind};
use thalweg_nn::{Context, Init, Mode};
use thalweg_path::{GaussianPath, Parameterization, Path};

const MEAN: f64 = 0.7;
const VARIANCE: f64 = 1.9;
/// Nodes and weights of E[f(z)], z ~ N(0, 1), exact for degree ≤ 5.
const NODES: [(f64, f64); 3] = [(-1.732_050_807_568_877_2, 1.0 / 6.0), (0.0, 2.0 / 3.0), (1.732_050_807_568_877_2, 1.0 / 6.0)];

/// The exact value of what is predicted, for data N(MEAN, VARIANCE).
fn exact<S: Scalar>(path: &Path, which: Parameterization, t: S, x: S) -> S {
    let (s, sigma) = (path.scale(t), path.std(t));
    let centred = (x - s * MEAN) / (s * s * VARIANCE + sigma * sigma);
    let data = s * centred * VARIANCE + MEAN;
    let noise = sigma * centred;
    match which {
        Parameterization::Score => -centred,
        Parameterization::Noise => noise,
        Parameterization::Velocity => path.d_scale(t) * data + path.d_std(t) * noise,
        Parameterization::Data => data,
    }
}

/// scale · exact + offset, with both as parameters.
fn network(path: &Path, which: Parameterization, rows: usize) -> Graph {
    let b = Builder::new();
    let (t, x) = (b.input("t", DType::F64, &[rows]), b.input("x", DType::F64, &[rows, 1]));
    let (scale, offset) = (b.input("param:scale", DType::F64, &[1]), b.input("param:offset", DType::F64, &[1]));
    let value = exact(path, which, t.reshape(&[rows, 1]).broadcast_to(&[rows, 1]), x);
    b.finish(&[value * scale + offset]).unwrap()
}

fn model(path: &Path, which: Parameterization, rows: usize) -> Model {
    let config = serde_json::json!({
        "xSize": 1, "dtype": "f64", "path": path,
        "model": { "type": which.name(), "args": { "backbone": { "type": "Exact", "args": {} } } },
    });
    let parameter = |name: &str, init: Init| ExternalParameter { name: name.into(), shape: vec![1], init, trainable: true, decay: true };
    let module = ExternalModule::of(vec![parameter("scale", Init::Ones), parameter("offset", Init::Zeros)]);
    let model = Model::new(
        ModelConfig::parse("DiffusionModel", &config.to_string()).unwrap(),
        &HashMap::from([("model.args".to_string(), module)]),
    )
    .unwrap();
    for need in model.needs(Mode::Sample, rows) {
        model.definition().forwards().provide(&need.key, Arc::new(network(path, which, rows)));
    }
    model
}

/// E over data and noise of the loss at time `t`, and its gradient with respect to (scale, offset), at the given values of them.
fn expected(path: &Path, which: Parameterization, kind: ObjectiveKind, t: f64, at: [f64; 2]) -> (f64, f64, f64) {
    let rows = NODES.len() * NODES.len();
    let model = model(path, which, rows);
    let definition = model.definition();
    let b = Builder::new();
    let params: Vec<Var> = at.iter().map(|&v| b.full(v, DType::F64, &[1]).stop_gradient()).collect();
    let params: Vec<Var> = params.iter().enumerate().map(|(i, p)| b.input(&format!("p{i}"), DType::F64, &[1]) + *p).collect();
    let ctx = Context { builder: &b, params: &params, mode: Mode::Sample, random: None };
    let column = |name: &str| b.input(name, DType::F64, &[rows, 1]);
    let objective = Objective::from(kind);
    let losses = objective.at(
        definition,
        &ctx,
        b.input("t", DType::F64, &[rows]),
        &Leaves::one(column("x0")),
        &Fixed { x0: None, noise: Leaves::one(column("noise")), condition: None },
        None,
    );
    let total = (losses * b.input("w", DType::F64, &[rows])).sum_all();
    let grads = grad(total, &params);
    let graph = b.finish(&[total, grads[0], grads[1]]).unwrap();
    let pairs: Vec<_> = NODES.iter().flat_map(|a| NODES.iter().map(move |e| (*a, *e))).collect();
    let values = |name: &str| -> Tensor {
        match name {
            "t" => Tensor::from_f64(vec![t; rows], &[rows]),
            "x0" => Tensor::from_f64(pairs.iter().map(|(a, _)| MEAN + VARIANCE.sqrt() * a.0).collect(), &[rows, 1]),
            "noise" => Tensor::from_f64(pairs.iter().map(|(_, e)| e.0).collect(), &[rows, 1]),
            "w" => Tensor::from_f64(pairs.iter().map(|(a, e)| a.1 * e.1).collect(), &[rows]),
            _ => Tensor::from_f64(vec![0.0], &[1]),
        }
        .unwrap()
    };
    let inputs = graph.inputs.iter().map(|i| values(&i.name)).collect();
    let out = Program::compile(&graph, &CompileOptions::default()).unwrap().run(inputs).unwrap();
    let number = |i: usize| out[i].to_f64_vec().unwrap()[0];
    (number(0), number(1), number(2))
}

#[test]
fn the_exact_function_is_the_optimum_of_every_loss_path_and_parameterization() {
    for path in [Path::linear_vp_sde(0.1, 20.0), Path::linear(), Path::gvp()] {
        for which in Parameterization::ALL {
            for kind in [ObjectiveKind::ScoreMatching, ObjectiveKind::FlowMatching] {
                for t in [0.01, 0.2, 0.5, 0.8, 0.97] {
                    let what = format!("{} {} {kind:?} t = {t}", path.name(), which.name());
                    let (loss, scale, offset) = expected(&path, which, kind, t, [1.0, 0.0]);
                    let size = loss.max(1e-3);
                    assert!(scale.abs() < 1e-10 * size.max(1.0), "{what}: d/dscale {scale:e} of {loss}");
                    assert!(offset.abs() < 1e-10 * size.max(1.0) / 0.01, "{what}: d/doffset {offset:e} of {loss}");
                    let moved = expected(&path, which, kind, t, [1.1, 0.05]).0;
                    assert!(moved > loss, "{what}: {moved} is not above {loss}");
                }
            }
        }
    }
}
