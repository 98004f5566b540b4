//! The same bits for any number of threads.

use crate::common::{numbers, run, trace};
use crate::convolutions::training_step as net;
use crate::executors::{inputs, training_step};
use rayon::ThreadPoolBuilder;
use thalweg_engine::{CompileOptions, Program, Tensor};
use thalweg_graph::ops::{Conv, ConvInputGrad, ConvWeightGrad, Distribution, Op, Window};
use thalweg_graph::{DType, Graph, Type, Var, grad};

/// Bits of all outputs with pools of one, two, three and four threads, which must agree.
fn agree(what: &str, graph: &Graph, inputs: &[Tensor]) {
    let program = Program::compile(graph, &CompileOptions::default()).unwrap();
    let bits = |threads: usize| -> Vec<Vec<u64>> {
        let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let out = pool.install(|| program.run(inputs.to_vec())).unwrap();
        out.iter().map(|t| t.to_f64_vec().unwrap().iter().map(|v| v.to_bits()).collect()).collect()
    };
    let one = bits(1);
    for threads in [2, 3, 4] {
        assert!(bits(threads) == one, "{what} differs with {threads} threads");
    }
    let alone = program.run(inputs.to_vec()).unwrap();
    let alone: Vec<Vec<u64>> = alone.iter().map(|t| t.to_f64_vec().unwrap().iter().map(|v| v.to_bits()).collect()).collect();
    assert!(alone == one, "{what} differs in the default pool");
}

fn tensor(dtype: DType, shape: &[usize], seed: i64) -> Tensor {
    let x = numbers(shape.iter().product(), seed, -1.0, 1.0);
    match dtype {
        DType::F32 => Tensor::from_f32(x.into_iter().map(|v| v as f32).collect(), shape).unwrap(),
        _ => Tensor::from_f64(x, shape).unwrap(),
    }
}

#[test]
fn products_are_the_same_bits() {
    for dtype in [DType::F32, DType::F64] {
        for (m, k, n) in [(512, 300, 256), (1, 2000, 700), (2000, 700, 1), (37, 1000, 65), (130, 512, 400), (4096, 2, 512), (512, 4096, 2)]
        {
            let graph = trace(&[(dtype, &[m, k]), (dtype, &[k, n]), (dtype, &[n, k])], |_, v| {
                vec![v[0].matmul(v[1]), v[1].t().matmul(v[0].t()), v[0].matmul(v[2].t())]
            });
            agree("product", &graph, &[tensor(dtype, &[m, k], 1), tensor(dtype, &[k, n], 2), tensor(dtype, &[n, k], 3)]);
        }
        let graph = trace(&[(dtype, &[64, 20, 30]), (dtype, &[64, 30, 20])], |_, v| vec![v[0].matmul(v[1])]);
        agree("batched product", &graph, &[tensor(dtype, &[64, 20, 30], 1), tensor(dtype, &[64, 30, 20], 2)]);
    }
}

#[test]
fn products_of_one_row_that_a_crew_takes_pieces_of_are_the_same_bits_every_time() {
    let width = 224;
    for dtype in [DType::F32, DType::F64] {
        let graph = trace(&[(dtype, &[1, width]), (dtype, &[width, width])], |_, v| {
            let (mut x, scale) = (v[0], 2.0 / (width as f64).sqrt());
            for k in 0..12 {
                x = (x.matmul(if k % 2 == 0 { v[1] } else { v[1].t() }) * scale).tanh();
            }
            vec![x]
        });
        for seed in 0..50 {
            agree("a chain of products", &graph, &[tensor(dtype, &[1, width], seed), tensor(dtype, &[width, width], seed + 100)]);
        }
    }
}

#[test]
fn reductions_are_the_same_bits() {
    for shape in [vec![300_000], vec![700, 513], vec![3, 40_000, 5], vec![60_000, 2], vec![2, 90_000]] {
        let graph = trace(&[(DType::F32, &shape)], |_, v| {
            let all = (0..shape.len()).map(|d| v[0].sum(&[d])).collect::<Vec<Var<'_>>>();
            [vec![v[0].sum_all(), v[0].mean_all()], all].concat()
        });
        agree("sum", &graph, &[tensor(DType::F32, &shape, 1)]);
    }
}

#[test]
fn training_steps_that_run_slice_by_slice_are_the_same_bits() {
    for rows in [100, 1537] {
        let graph = training_step(DType::F32, rows, &[64, 96]);
        agree("training step", &graph, &inputs(&graph, 1));
    }
}

#[test]
fn elementwise_indexed_random_and_convolved_values_are_the_same_bits() {
    let n = 100_000;
    let graph = trace(&[(DType::F32, &[n]), (DType::I64, &[50_000]), (DType::I64, &[])], |b, v| {
        let noise = b.random(Distribution::Normal, 1, Type::new(DType::F32, [n]), v[2], v[2]);
        let y = (v[0] * 2.0 + noise).tanh();
        vec![y, y.gather(0, v[1]), y.narrow(0, 0, 50_000).scatter_add(v[1], 0, n), y.cum_sum(0, true), y.flip(0).reshape(&[n / 4, 4]).t()]
    });
    let places = (0..50_000).map(|i| i * 7919 % n as i64).collect();
    agree(
        "elementwise",
        &graph,
        &[tensor(DType::F32, &[n], 3), Tensor::from_i64(places, &[50_000]).unwrap(), Tensor::from_i64(vec![5], &[]).unwrap()],
    );
    let window = Window { stride: vec![1, 1], before: vec![1, 1], after: vec![1, 1], dilation: vec![1, 1], groups: 1 };
    let (xs, ws) = ([4, 8, 32, 32], [16, 8, 3, 3]);
    let graph = trace(&[(DType::F32, &xs), (DType::F32, &ws)], |_, v| {
        let y = v[0].conv(v[1], &window);
        [vec![y], grad((y * y).sum_all(), v)].concat()
    });
    agree("convolution", &graph, &[tensor(DType::F32, &xs, 1), tensor(DType::F32, &ws, 2)]);
}

#[test]
fn convolutions_are_the_same_bits() {
    for (xs, ws, stride, groups) in [
        ([5, 40, 30, 30], [24, 40, 3, 3], 1, 1),
        ([7, 64, 33, 33], [32, 32, 3, 3], 2, 2),
        ([40, 48, 4, 4], [64, 48, 3, 3], 1, 1),
        ([3, 64, 32, 32], [32, 64, 1, 1], 1, 1),
    ] {
        let before = ws[2] / 2;
        let window = Window { stride: vec![stride; 2], before: vec![before; 2], after: vec![before; 2], dilation: vec![1; 2], groups };
        let ys = window.output_shape("conv", &xs, &ws).unwrap();
        let maps: [(Op, &[usize], &[usize]); 3] = [
            (Op::Conv(Conv { window: window.clone() }), &xs, &ws),
            (Op::ConvInputGrad(ConvInputGrad { window: window.clone(), spatial: xs[2..].to_vec() }), &ys, &ws),
            (Op::ConvWeightGrad(ConvWeightGrad { window: window.clone(), kernel: ws[2..].to_vec() }), &xs, &ys),
        ];
        // Each alone: no batch is cut into slices for a gradient of the kernel.
        for (op, a, b) in maps {
            let graph = trace(&[(DType::F32, a), (DType::F32, b)], |builder, v| vec![builder.push(op.clone(), &[v[0], v[1]])]);
            agree(op.name(), &graph, &[tensor(DType::F32, a, 1), tensor(DType::F32, b, 2)]);
        }
    }
    let graph = net(DType::F32, 20, 16, 16);
    agree("training step of a convolutional net", &graph, &inputs(&graph, 1));
}

#[test]
fn sorted_values_and_their_gradients_are_the_same_bits() {
    for shape in [vec![100_000], vec![300, 400], vec![3, 40_000], vec![70, 30, 40]] {
        for axis in 0..shape.len() {
            // Rounded, so that there are ties.
            let graph = trace(&[(DType::F32, &shape)], |_, v| {
                let x = (v[0] * 1000.0).floor();
                let y = x.sort(axis);
                [vec![x.arg_sort(axis).cast(DType::F64), y, v[0].quantile(0.3, axis)], grad((v[0].sort(axis) * y).sum_all(), v)].concat()
            });
            agree("sort", &graph, &[tensor(DType::F32, &shape, 1)]);
        }
    }
}

#[test]
fn programs_run_from_many_threads_at_once() {
    let graph = trace(&[(DType::F32, &[300, 200]), (DType::F32, &[200, 100])], |_, v| {
        let y = v[0].matmul(v[1]).tanh();
        [vec![y.sum_all()], grad(y.sum_all(), v)].concat()
    });
    let inputs = [tensor(DType::F32, &[300, 200], 1), tensor(DType::F32, &[200, 100], 2)];
    let wanted: Vec<Vec<f32>> = run(&graph, inputs.to_vec()).unwrap().iter().map(|t| t.to_f32_vec().unwrap()).collect();
    let program = Program::compile(&graph, &CompileOptions { donated: vec![0, 1], ..CompileOptions::default() }).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..20 {
                    let out = program.run(inputs.to_vec()).unwrap();
                    assert!(out.iter().zip(&wanted).all(|(t, w)| t.to_f32_vec().unwrap() == *w));
                }
            });
        }
    });
}
