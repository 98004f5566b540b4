//! Running traced networks: for the tests that compare numbers.
#![allow(dead_code)]

use thalweg_engine::{CompileOptions, Program, Tensor, random};
use thalweg_graph::{Builder, DType, Graph, Var};
use thalweg_nn::{Init, ParamSpec};

/// The outputs of `graph` as f64, whatever their float type.
pub fn run(graph: &Graph, inputs: Vec<Tensor>) -> Vec<Vec<f64>> {
    let program = Program::compile(graph, &CompileOptions::default()).expect("a compiled graph");
    let outputs = program.run(inputs).expect("a run");
    outputs.iter().map(values).collect()
}

/// The elements of a float tensor.
pub fn values(tensor: &Tensor) -> Vec<f64> {
    match tensor.ty().dtype {
        DType::F64 => tensor.to_f64_vec().expect("f64"),
        _ => tensor.to_f32_vec().expect("f32").into_iter().map(f64::from).collect(),
    }
}

/// Initial values of these parameters.
pub fn initial(specs: &[ParamSpec], dtype: DType, seed: i64) -> Vec<Tensor> {
    let b = Builder::new();
    let key = b.input("seed", DType::I64, &[]);
    let value = |s: &ParamSpec| s.init.build(&b, dtype, &s.shape, random::stream_of(&s.name), key);
    let outputs: Vec<Var> = specs.iter().map(value).collect();
    let graph = b.finish(&outputs).expect("a graph");
    let program = Program::compile(&graph, &CompileOptions::default()).expect("a compiled graph");
    program.run(vec![scalar(seed)]).expect("a run")
}

/// Draws from one distribution.
pub fn draw(init: Init, count: usize, name: &str, seed: i64) -> Vec<f64> {
    let spec = ParamSpec { name: name.into(), shape: vec![count], init, trainable: true, decay: true };
    values(&initial(&[spec], DType::F64, seed)[0])
}

/// A single integer.
pub fn scalar(value: i64) -> Tensor {
    Tensor::from_i64(vec![value], &[]).expect("a scalar")
}
