//! Matrix products and convolutions against plain loops, for views of every kind.

use crate::common::{close, numbers, run, trace, values};
use crate::values::{FLOATS, precision, rounded};
use thalweg_engine::Tensor;
use thalweg_graph::ops::Window;
use thalweg_graph::{DType, Var};

/// Σₖ a[i, k] b[k, j] by plain loops.
fn plain_product(a: &[f64], b: &[f64], m: usize, k: usize, n: usize) -> Vec<f64> {
    (0..m * n).map(|ij| (0..k).map(|l| a[ij / n * k + l] * b[l * n + ij % n]).sum()).collect()
}

#[test]
fn products_of_views_agree_with_plain_loops() {
    for dtype in FLOATS {
        for (m, k, n) in [
            (1, 1, 1),
            (3, 4, 5),
            (1, 300, 2),
            (65, 17, 1),
            (130, 70, 90),
            (2, 600, 33),
            (1, 200, 331),
            (5, 300, 200),
            (5, 0, 3),
            (0, 4, 2),
            (20, 256, 150),
            (70, 512, 64),
        ] {
            let (a, va) = rounded(dtype, &numbers(m * k, 1, -1.0, 1.0), &[m, k]);
            let (b, vb) = rounded(dtype, &numbers(k * n, 2, -1.0, 1.0), &[k, n]);
            let by_columns: Vec<f64> = (0..n * k).map(|i| vb[i % k * n + i / k]).collect();
            let (b_turned, _) = rounded(dtype, &by_columns, &[n, k]);
            let graph = trace(&[(dtype, &[m, k]), (dtype, &[k, n]), (dtype, &[n, k])], |_, v| {
                let (a, b) = (v[0], v[1]);
                let batch = |x: Var<'_>| x.broadcast_to(&[&[2], &x.shape()[..]].concat()).id();
                let of = |id| a.builder().var(id);
                vec![
                    a.matmul(b),
                    b.t().matmul(a.t()).t(),
                    of(batch(a)).matmul(of(batch(b))),
                    (a * 1.0).reshape(&[1, m, k]).matmul(b.reshape(&[1, k, n])),
                    a.matmul(v[2].t()),
                    of(batch(a)).matmul(of(batch(v[2])).transpose(&[0, 2, 1])),
                ]
            });
            let wanted = plain_product(&va, &vb, m, k, n);
            let out = run(&graph, vec![a, b, b_turned]).unwrap();
            let tolerance = precision(dtype) * (4.0 + (k as f64).sqrt());
            close("product", &values(&out[0]), &wanted, tolerance);
            close("product of transposes", &values(&out[1]), &wanted, tolerance);
            close("repeated product", &values(&out[2]), &[&wanted[..], &wanted[..]].concat(), tolerance);
            close("product of one", &values(&out[3]), &wanted, tolerance);
            close("product by columns", &values(&out[4]), &wanted, tolerance);
            close("repeated product by columns", &values(&out[5]), &[&wanted[..], &wanted[..]].concat(), tolerance);
        }
    }
}

#[test]
fn batched_products_of_any_strides_agree_entry_by_entry() {
    let (e, m, k, n) = (6, 4, 3, 5);
    let (a, b) = (numbers(e * m * k, 1, -1.0, 1.0), numbers(e * k * n, 2, -1.0, 1.0));
    let graph = trace(&[(DType::F64, &[2, 3, m, k]), (DType::F64, &[2, 3, k, n])], |_, v| {
        let swapped = |x: Var<'_>| x.transpose(&[1, 0, 2, 3]).id();
        let of = |id| v[0].builder().var(id);
        let shared = v[1].narrow(0, 0, 1).narrow(1, 0, 1).broadcast_to(&[2, 3, k, n]);
        vec![v[0].matmul(v[1]), of(swapped(v[0])).matmul(of(swapped(v[1]))).transpose(&[1, 0, 2, 3]), v[0].matmul(shared)]
    });
    let out = run(&graph, vec![Tensor::from_f64(a.clone(), &[2, 3, m, k]).unwrap(), Tensor::from_f64(b.clone(), &[2, 3, k, n]).unwrap()])
        .unwrap();
    let entry = |i: usize, j: usize| plain_product(&a[i * m * k..(i + 1) * m * k], &b[j * k * n..(j + 1) * k * n], m, k, n);
    let each: Vec<f64> = (0..e).flat_map(|i| entry(i, i)).collect();
    close("batched", &values(&out[0]), &each, 1e-14);
    close("swapped batches", &values(&out[1]), &each, 1e-14);
    close("shared right side", &values(&out[2]), &(0..e).flat_map(|i| entry(i, 0)).collect::<Vec<_>>(), 1e-14);
}

/// A convolution by its definition.
fn plain_conv(w: &Window, x: &[f64], xs: &[usize], k: &[f64], ks: &[usize], ys: &[usize]) -> Vec<f64> {
    let (cg, og) = (ks[1], ks[0] / w.groups);
    let mut y = vec![0.0; ys.iter().product()];
    for (i, out) in y.iter_mut().enumerate() {
        let (ox, oy, o, s) = (i % ys[3], i / ys[3] % ys[2], i / (ys[2] * ys[3]) % ys[1], i / (ys[1] * ys[2] * ys[3]));
        for c in 0..cg {
            for ky in 0..ks[2] {
                for kx in 0..ks[3] {
                    let iy = (oy * w.stride[0] + ky * w.dilation[0]) as isize - w.before[0] as isize;
                    let ix = (ox * w.stride[1] + kx * w.dilation[1]) as isize - w.before[1] as isize;
                    if iy < 0 || ix < 0 || iy as usize >= xs[2] || ix as usize >= xs[3] {
                        continue;
                    }
                    let channel = o / og * cg + c;
                    let at = ((s * xs[1] + channel) * xs[2] + iy as usize) * xs[3] + ix as usize;
                    *out += x[at] * k[((o * cg + c) * ks[2] + ky) * ks[3] + kx];
                }
            }
        }
    }
    y
}

#[test]
fn convolutions_agree_with_their_definition() {
    let windows = [
        ([1, 1], [0, 0], [0, 0], [1, 1], 1),
        ([2, 3], [1, 2], [2, 0], [1, 1], 2),
        ([1, 2], [3, 1], [0, 4], [2, 3], 1),
        ([1, 1], [0, 0], [0, 0], [1, 1], 4),
    ];
    for dtype in FLOATS {
        for (stride, before, after, dilation, groups) in &windows {
            for kernel in [[1, 1], [3, 2], [2, 3]] {
                let w = Window {
                    stride: stride.to_vec(),
                    before: before.to_vec(),
                    after: after.to_vec(),
                    dilation: dilation.to_vec(),
                    groups: *groups,
                };
                let (xs, ks) = (vec![2, 4, 7, 9], vec![8, 4 / groups, kernel[0], kernel[1]]);
                let (x, vx) = rounded(dtype, &numbers(2 * 4 * 63, 1, -1.0, 1.0), &xs);
                let (k, vk) = rounded(dtype, &numbers(ks.iter().product(), 2, -1.0, 1.0), &ks);
                let graph = trace(&[(dtype, &xs), (dtype, &ks)], |_, v| vec![v[0].conv(v[1], &w)]);
                let out = run(&graph, vec![x, k]).unwrap();
                close("conv", &values(&out[0]), &plain_conv(&w, &vx, &xs, &vk, &ks, &out[0].ty().shape), precision(dtype) * 8.0);
            }
        }
    }
}
