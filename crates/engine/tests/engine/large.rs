//! Very long graphs: nothing recurses along them.

use crate::common::{run, trace, values};
use thalweg_engine::{CompileOptions, Program, Tensor};
use thalweg_graph::{Builder, DType, Var, grad, jvp, simplify};

/// Processor time of this thread, so that a busy machine does not matter; without the Linux interface, 0.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0) * 1e-9
}

/// How much slower an emulated processor is; 1 of a real one. `scripts/aarch64.mjs` says which it is.
fn slowdown() -> f64 {
    if std::env::var_os("THALWEG_EMULATED").is_some() { 20.0 } else { 1.0 }
}

#[test]
fn a_hundred_thousand_ops_are_built_differentiated_compiled_and_run() {
    // A thread with a small stack: recursion along the graph would overflow it.
    let work = || {
        let started = cpu_seconds();
        let steps = 100_000;
        let graph = trace(&[(DType::F64, &[2])], |_, v| {
            let mut y = v[0];
            for i in 0..steps {
                y = if i % 2 == 0 { y.sin() } else { y * 1.0001 };
            }
            let loss = y.sum_all();
            vec![loss, grad(loss, v)[0], jvp(&[loss], v, &[v[0].constant(1.0)])[0].unwrap()]
        });
        assert!(graph.nodes.len() > steps);
        let simple = simplify(&graph).unwrap();
        let x = [0.3, -1.2];
        let out = run(&simple, vec![Tensor::from_f64(x.to_vec(), &[2]).unwrap()]).unwrap();
        let (mut y, mut slope) = (x, [1.0, 1.0]);
        for i in 0..steps {
            for k in 0..2 {
                slope[k] *= if i % 2 == 0 { y[k].cos() } else { 1.0001 };
                y[k] = if i % 2 == 0 { y[k].sin() } else { y[k] * 1.0001 };
            }
        }
        assert!((values(&out[0])[0] - y[0] - y[1]).abs() < 1e-12);
        for (got, wanted) in values(&out[1]).iter().zip(slope) {
            assert!((got - wanted).abs() <= 1e-9 * wanted.abs());
        }
        assert!(cpu_seconds() - started < 10.0 * slowdown());
        assert!((values(&out[2])[0] - slope[0] - slope[1]).abs() <= 1e-9 * (slope[0] + slope[1]).abs());
    };
    std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap().join().unwrap();
}

#[test]
fn thousands_of_values_in_one_pass_are_compiled_and_run() {
    let count = 3000;
    let started = cpu_seconds();
    let b = Builder::new();
    let inputs: Vec<Var<'_>> = (0..count).map(|k| b.input(&format!("x{k}"), DType::F64, &[4])).collect();
    let moved: Vec<Var<'_>> = inputs.windows(2).map(|pair| pair[0] * 0.5 + pair[1]).collect();
    let graph = b.finish(&moved).unwrap();
    let options = CompileOptions { donated: (0..count).collect(), ..CompileOptions::default() };
    let program = Program::compile(&graph, &options).unwrap();
    let given = (0..count).map(|k| Tensor::from_f64(vec![k as f64; 4], &[4]).unwrap()).collect();
    let out = program.run(given).unwrap();
    for (k, out) in out.iter().enumerate() {
        assert_eq!(values(out), [k as f64 * 1.5 + 1.0; 4]);
    }
    assert!(cpu_seconds() - started < 10.0 * slowdown());
}
