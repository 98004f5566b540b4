//! The programs of training steps as a GPU would run them, without one: every fused kernel compiles, for cards old and new, and the plan is
//! what it should be: how many launches, how many products.

use super::batch::Sources;
use super::{FitJob, FitOptions, FitRequest};
use crate::model::Inner;
use crate::objective::Rows;
use crate::run::Run;
use crate::store::Part;
use crate::{Model, ModelConfig};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use thalweg_engine::cuda::{build, plan};
use thalweg_engine::{Precision, Tensor};
use thalweg_graph::Graph;

const CARDS: [(i32, i32); 3] = [(8, 0), (9, 0), (10, 0)];

/// The graph of a step of a model of such states over `batch` rows: gathering, noise, loss, gradient, AdamW, moving average.
fn step(size: &Value, network: Value, batch: usize) -> (Graph, Vec<usize>) {
    let config = json!({ "xSize": size, "path": { "type": "linear_vp_sde" }, "model": { "type": "noise_function", "args": network } });
    let model = Model::new(ModelConfig::parse("DiffusionModel", &config.to_string()).unwrap(), &HashMap::new()).unwrap();
    let inner: Arc<Inner> = model.inner().clone();
    let rows = 64 * batch;
    let shape: Vec<usize> = match size {
        Value::Array(sizes) => sizes.iter().map(|n| n.as_u64().unwrap() as usize).collect(),
        width => vec![width.as_u64().unwrap() as usize],
    };
    let whole: Vec<usize> = [vec![rows], shape].concat();
    let data = Tensor::from_f32(vec![0.5; whole.iter().product()], &whole).unwrap();
    let data = Rows { x: inner.check_x("data", &[data]).unwrap(), x0: None, condition: None, weight: None, candidates: None };
    let options = FitOptions::parse(&json!({ "steps": 1, "batchSize": batch }).to_string()).unwrap();
    let job = FitJob::new(inner, FitRequest { options, data, validation: None, weight: None }, Run::new());
    let sources = Sources { rows, source_rows: None, weighted: false, normalized: true, candidates: None, planned: false };
    let made = job.step_graph(&job.rule(Part::Model).unwrap(), &job.objective().unwrap(), batch, batch, sources).unwrap();
    (made.graph, made.options.donated)
}

/// Launches and products of a plan.
fn counts(graph: &Graph, donated: &[usize], precision: Precision) -> (usize, usize) {
    let text = plan(graph, donated, precision).unwrap();
    let line = text.lines().find(|line| line.contains(" launches, ")).unwrap();
    let launches = line.split_whitespace().next().unwrap().parse().unwrap();
    (launches, text.lines().filter(|line| line.starts_with("product") && line.contains("] × [") && !line.contains(" blocks")).count())
}

/// `most` launches in f32 and in bf16, with as many products.
fn compiles(name: &str, (graph, donated): (Graph, Vec<usize>), most: [usize; 2], wanted: usize) {
    for (precision, most) in [Precision::Full, Precision::Bf16].into_iter().zip(most) {
        let (launches, products) = counts(&graph, &donated, precision);
        println!("{name}, {precision:?}: {launches} launches, {products} products");
        assert!(launches <= most && products == wanted, "{name}: {launches} launches, {products} products");
        for card in CARDS {
            assert!(build(&graph, precision, card).unwrap_or_else(|e| panic!("{name}, {card:?}: {e}")) > 0);
        }
    }
}

#[test]
fn a_step_of_the_document_s_model() {
    let network = json!({
        "tEncoder": { "type": "GaussianFourierProjectionTimeEncoder", "args": { "embedDim": 32, "scale": 30 } },
        "backbone": { "type": "TemporalSpatialResidualNet", "args": { "hiddenSizes": [512, 256, 128], "outputDim": 2, "tDim": 32 } },
    });
    compiles("residual net", step(&json!(2), network, 512), [115, 116], 62);
}

#[test]
fn a_step_of_a_transformer_of_images() {
    let args = json!({ "inputSize": 16, "patchSize": 4, "inChannels": 3, "hiddenSize": 64, "depth": 2, "numHeads": 4 });
    compiles("DiT", step(&json!([3, 16, 16]), json!({ "backbone": { "type": "DiT", "args": args } }), 8), [163, 166], 77);
}

#[test]
fn a_step_of_a_u_net_of_images() {
    let args = json!({
        "inChannels": 3, "modelChannels": 32, "channelMult": [1, 2], "numResBlocks": 1, "attentionResolutions": [2], "numHeads": 4,
    });
    compiles("U-Net", step(&json!([3, 16, 16]), json!({ "backbone": { "type": "unet_2D", "args": args } }), 4), [407, 416], 121);
}
