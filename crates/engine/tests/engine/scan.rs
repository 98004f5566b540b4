//! scan: values, derivatives of both modes and orders, lengths on both sides of checkpointing, memory of the reverse pass.

use crate::common::{check_derivatives, close, numbers, run, trace, values};
use std::sync::Arc;
use thalweg_engine::{CompileOptions, Program, Tensor};
use thalweg_graph::{Builder, DType, Graph, Var, grad};

/// h ← tanh(w·h + x); returns h and h².
fn body(n: usize) -> Arc<Graph> {
    let b = Builder::new();
    let (w, h, x) = (b.input("w", DType::F64, &[n]), b.input("h", DType::F64, &[n]), b.input("x", DType::F64, &[n]));
    let next = (w * h + x).tanh();
    Arc::new(b.finish(&[next, next * next]).unwrap())
}

fn rolled<'g>(args: &[Var<'g>], n: usize, length: usize) -> Vec<Var<'g>> {
    args[0].builder().scan(body(n), length, &args[..1], &args[1..2], &args[2..])
}

const LENGTHS: [usize; 5] = [0, 1, 5, 17, 100];

#[test]
fn a_scan_is_the_loop_that_it_stands_for() {
    let n = 3;
    for length in LENGTHS {
        let (w, mut h, x) = (numbers(n, 1, -0.9, 0.9), numbers(n, 2, -1.0, 1.0), numbers(n * length, 3, -1.0, 1.0));
        let graph = trace(&[(DType::F64, &[n]), (DType::F64, &[n]), (DType::F64, &[length, n])], |_, v| rolled(v, n, length));
        let inputs = vec![Tensor::from_f64(w.clone(), &[n]), Tensor::from_f64(h.clone(), &[n]), Tensor::from_f64(x.clone(), &[length, n])];
        let out = run(&graph, inputs.into_iter().map(Result::unwrap).collect()).unwrap();
        let mut squares = Vec::new();
        for step in 0..length {
            for i in 0..n {
                h[i] = (w[i] * h[i] + x[step * n + i]).tanh();
            }
            squares.extend(h.iter().map(|h| h * h));
        }
        close("carry", &values(&out[0]), &h, 1e-15);
        close("outputs", &values(&out[1]), &squares, 1e-15);
        assert_eq!(out[1].ty().shape, [length, n]);
    }
}

#[test]
fn derivatives_of_scans_are_right_for_every_length() {
    let n = 2;
    for length in [0, 1, 5, 17] {
        let shapes = vec![vec![n], vec![n], vec![length, n]];
        let x: Vec<Vec<f64>> = shapes.iter().enumerate().map(|(i, s)| numbers(s.iter().product(), 4 + i as i64, -0.9, 0.9)).collect();
        check_derivatives(&format!("scan of {length}"), &shapes, &x, &|v| {
            let out = rolled(v, n, length);
            out[0].sum_all() + (out[1] * out[1]).sum_all()
        });
    }
}

#[test]
fn the_gradient_of_a_long_scan_equals_that_of_the_unrolled_loop() {
    let (n, length) = (2, 100);
    let graph = trace(&[(DType::F64, &[n]), (DType::F64, &[n]), (DType::F64, &[length, n])], |_, v| {
        let out = rolled(v, n, length);
        let loss = out[0].sum_all() + out[1].sum_all();
        let mut h = v[1];
        let mut plain = v[0].constant(0.0).sum_all();
        for step in 0..length {
            h = (v[0] * h + v[2].narrow(0, step, 1).reshape(&[n])).tanh();
            plain = plain + (h * h).sum_all();
        }
        plain = plain + h.sum_all();
        [grad(loss, v), grad(plain, v)].concat()
    });
    let inputs = vec![
        Tensor::from_f64(numbers(n, 1, 0.2, 0.9), &[n]),
        Tensor::from_f64(numbers(n, 2, -1.0, 1.0), &[n]),
        Tensor::from_f64(numbers(n * length, 3, -1.0, 1.0), &[length, n]),
    ];
    let out = run(&graph, inputs.into_iter().map(Result::unwrap).collect()).unwrap();
    for i in 0..3 {
        close(&format!("gradient {i}"), &values(&out[i]), &values(&out[3 + i]), 1e-13);
    }
}

#[test]
fn results_that_nobody_asks_for_and_integer_carries_are_fine() {
    let body = {
        let b = Builder::new();
        let (i, x) = (b.input("i", DType::I64, &[]), b.input("x", DType::F64, &[2]));
        let one = i.constant(1.0);
        Arc::new(b.finish(&[i + one, x * i.cast(DType::F64), (i + one).cast(DType::Bool)]).unwrap())
    };
    let graph = trace(&[(DType::I64, &[]), (DType::F64, &[2])], |b, v| {
        let out = b.scan(body.clone(), 4, &[], &[v[0], v[1]], &[]);
        vec![out[1], out[2]]
    });
    let out = run(&graph, vec![Tensor::from_i64(vec![1], &[]).unwrap(), Tensor::from_f64(vec![1.0, 2.0], &[2]).unwrap()]).unwrap();
    assert_eq!(values(&out[0]), [24.0, 48.0]);
    assert_eq!(out[1].to_bool_vec().unwrap(), [true; 4]);
}

#[test]
fn a_scan_inside_a_scan_has_right_derivatives() {
    let inner = {
        let b = Builder::new();
        let (a, h) = (b.input("a", DType::F64, &[]), b.input("h", DType::F64, &[]));
        Arc::new(b.finish(&[(a * h).sin()]).unwrap())
    };
    let outer = {
        let b = Builder::new();
        let (a, h) = (b.input("a", DType::F64, &[]), b.input("h", DType::F64, &[]));
        let out = b.scan(inner, 3, &[a], &[h], &[]);
        Arc::new(b.finish(&[out[0] + h * 0.1]).unwrap())
    };
    let shapes = vec![vec![], vec![]];
    check_derivatives("nested scan", &shapes, &[vec![1.3], vec![0.7]], &|v| {
        v[0].builder().scan(outer.clone(), 20, &v[..1], &v[1..], &[])[0]
    });
}

#[test]
fn memory_of_the_reverse_pass_grows_with_the_root_of_the_length() {
    let n = 20_000;
    let peak = |length: usize| {
        let body = {
            let b = Builder::new();
            let (w, h) = (b.input("w", DType::F64, &[n]), b.input("h", DType::F64, &[n]));
            Arc::new(b.finish(&[(w * h).sin()]).unwrap())
        };
        let graph = trace(&[(DType::F64, &[n]), (DType::F64, &[n])], |b, v| {
            let out = b.scan(body.clone(), length, &v[..1], &v[1..], &[]);
            grad(out[0].sum_all(), v)
        });
        Program::compile(&graph, &CompileOptions::default()).unwrap().peak_bytes() as f64 / (8 * n) as f64
    };
    // Carries held at a time, in units of one carry: about 2√length, not length.
    for length in [64, 400, 1600] {
        let (root, held) = ((length as f64).sqrt(), peak(length));
        assert!(held < 5.0 * root + 40.0 && held > root, "length {length}: {held} carries");
    }
    assert!(peak(1600) / peak(64) < 5.0, "grows faster than the root");
}
