//! The same formulas as graphs: they build, keep the shape of t or x, and equal the host's numbers; so do their derivatives.

use crate::support::{assert_close, paths, regular_times};
use crate::time_sampler::samplers;
use crate::weight::weights;
use thalweg_graph::{Builder, DType, Graph, Literal, Scalar, Type, Var, grad, jvp};
use thalweg_path::{
    Coefficients, Diffusion, Expression, GaussianPath, Parameterization, Path, TimeDensity, TimeRange, conversion_range, convert,
    forward_sde_drift, interpolate, invert_half_log_snr, likelihood_weight, normal_quantile, pf_ode_drift, reverse_sde_drift, target,
};

const BATCH: usize = 4;
const FEATURES: usize = 3;

/// Every function of t alone.
fn functions_of_time<S: Scalar>(path: &Path, t: S) -> Vec<S> {
    let c = Coefficients::at(path, t);
    let mut all = vec![
        path.log_scale(t),
        c.s,
        c.sigma,
        c.d_s,
        c.d_sigma,
        c.f,
        c.g2,
        c.lambda,
        c.delta,
        path.diffusion(t),
        path.d_half_log_snr(t),
        likelihood_weight(path, t),
    ];
    let function = Diffusion::Function { h: Expression::trace(|t| (t * 2.0).sin().abs()).unwrap() };
    let (constant, scaled) = (Diffusion::Constant { value: 0.5 }, Diffusion::GScaled { factor: 2.0 });
    for diffusion in [Diffusion::Zero, Diffusion::G, constant, Diffusion::Sigma, Diffusion::Linear, scaled, function] {
        all.push(diffusion.h(path, t));
    }
    all.extend(weights().iter().flat_map(|weight| Parameterization::ALL.map(|of| weight.factor(path, of, t))));
    all
}

/// Every function of a uniform number or of λ: draws, their densities, and the inverse of λ.
fn functions_of_uniforms<S: Scalar>(path: &Path, u: S) -> Vec<S> {
    let mut all = vec![normal_quantile(u)];
    for sampler in samplers() {
        let TimeRange { t_min, t_max } = sampler.range(path);
        let t = sampler.sample(path, u, t_min, t_max);
        all.extend([t, sampler.density(path, t, t_min, t_max)]);
    }
    let lambda = path.half_log_snr(u * (0.9 * (path.t_max() - path.t_min())) + path.t_min());
    all.extend([path.time_of_half_log_snr(lambda), invert_half_log_snr(path, lambda)]);
    all
}

/// Values of the outputs for constant inputs: the builder folds them.
fn evaluate(graph: &Graph, inputs: &[Literal]) -> Vec<Vec<f64>> {
    let b = Builder::new();
    let args: Vec<Var<'_>> = inputs.iter().map(|l| b.literal(l.clone())).collect();
    let outputs = b.inline(graph, &args);
    b.check().unwrap();
    let values = |v: &Var<'_>| {
        let literal = v.as_literal().expect("constants fold to a constant");
        (0..literal.ty.count()).map(|i| literal.at(i).as_f64()).collect()
    };
    outputs.iter().map(values).collect()
}

#[test]
fn functions_of_time_build_without_error_and_keep_the_shape_of_t() {
    for path in paths() {
        for dtype in [DType::F32, DType::F64] {
            let b = Builder::new();
            let t = b.input("t", dtype, &[BATCH, 1]);
            let outputs = [functions_of_time(&path, t), functions_of_uniforms(&path, t)].concat();
            let graph = b.finish(&outputs).unwrap();
            for (i, ty) in graph.output_types().into_iter().enumerate() {
                assert_eq!(ty, Type::new(dtype, [BATCH, 1]), "{path:?}: function {i}");
            }
        }
    }
}

#[test]
fn functions_of_samples_build_without_error_and_keep_the_shape_of_x() {
    for path in paths() {
        let b = Builder::new();
        let t = b.input("t", DType::F32, &[BATCH, 1]);
        let x = b.input("x", DType::F32, &[BATCH, FEATURES]);
        let y = b.input("y", DType::F32, &[BATCH, FEATURES]);
        let mut outputs = vec![interpolate(&path, t, x, y), pf_ode_drift(x), reverse_sde_drift(x, y, t), forward_sde_drift(x, y, t)];
        for from in Parameterization::ALL {
            outputs.push(target(&path, from, t, x, y));
            outputs.extend(Parameterization::ALL.map(|to| convert(&path, from, to, t, x, y)));
        }
        let graph = b.finish(&outputs).unwrap();
        for (i, ty) in graph.output_types().into_iter().enumerate() {
            assert_eq!(ty, Type::new(DType::F32, [BATCH, FEATURES]), "{path:?}: function {i}");
        }
    }
}

#[test]
fn a_graph_of_images_broadcasts_a_time_of_shape_b_1_1_1() {
    let b = Builder::new();
    let t = b.input("t", DType::F32, &[BATCH, 1, 1, 1]);
    let x = b.input("x", DType::F32, &[BATCH, 3, 8, 8]);
    let noise = b.input("noise", DType::F32, &[BATCH, 3, 8, 8]);
    let xt = interpolate(&Path::gvp(), t, x, noise);
    let data = convert(&Path::gvp(), Parameterization::Noise, Parameterization::Data, t, xt, noise);
    let graph = b.finish(&[data]).unwrap();
    assert_eq!(graph.output_types()[0].shape, [BATCH, 3, 8, 8]);
}

#[test]
fn a_graph_computes_the_numbers_of_the_host() {
    let one = Type::new(DType::F64, [1, 1]);
    for path in paths() {
        let b = Builder::new();
        let graph = b.finish(&functions_of_time(&path, b.input("t", DType::F64, &[1, 1]))).unwrap();
        for t in regular_times(&path) {
            let got = evaluate(&graph, &[Literal::splat(t, one.clone())]);
            for (k, (got, expected)) in got.iter().zip(functions_of_time(&path, t)).enumerate() {
                assert_close(got[0], expected, 1e-14, &format!("{path:?} at {t}: function {k}"));
            }
        }
        let b = Builder::new();
        let graph = b.finish(&functions_of_uniforms(&path, b.input("u", DType::F64, &[1, 1]))).unwrap();
        for u in [0.03, 0.3, 0.55, 0.93] {
            let got = evaluate(&graph, &[Literal::splat(u, one.clone())]);
            for (k, (got, expected)) in got.iter().zip(functions_of_uniforms(&path, u)).enumerate() {
                assert_close(got[0], expected, 1e-12, &format!("{path:?} at u = {u}: function {k}"));
            }
        }
    }
}

/// Forward- and reverse-mode derivatives of log s, s, σ and λ.
fn slopes(path: &Path) -> Graph {
    let b = Builder::new();
    let t = b.input("t", DType::F64, &[]);
    let values = [path.log_scale(t), path.scale(t), path.std(t), path.half_log_snr(t)];
    let forward = values.map(|v| jvp(&[v], &[t], &[t.constant(1.0)])[0].unwrap_or(t.constant(0.0)));
    let reverse = values.map(|v| grad(v, &[t])[0]);
    b.finish(&[forward, reverse].concat()).unwrap()
}

#[test]
fn derivatives_of_the_graph_are_the_written_derivatives() {
    for path in paths() {
        let graph = slopes(&path);
        for t in regular_times(&path) {
            let got = evaluate(&graph, &[Literal::splat(t, Type::scalar(DType::F64))]);
            let expected = [path.drift_coefficient(t), path.d_scale(t), path.d_std(t), path.d_half_log_snr(t)];
            for (k, &expected) in expected.iter().chain(&expected).enumerate() {
                assert_close(got[k][0], expected, 1e-10, &format!("{path:?} at {t}: derivative {k}"));
            }
        }
    }
}

#[test]
fn the_branch_of_gvp_that_is_not_taken_has_no_nan_derivative() {
    let graph = slopes(&Path::gvp());
    for t in [0.0, 0.25, 0.5, 0.999_999, 1.0 - f64::EPSILON] {
        let got = evaluate(&graph, &[Literal::splat(t, Type::scalar(DType::F64))]);
        assert_close(got[0][0], Path::gvp().drift_coefficient(t), 1e-12, "forward");
        assert_close(got[4][0], Path::gvp().drift_coefficient(t), 1e-12, "reverse");
    }
}

#[test]
fn conversions_on_a_graph_equal_those_of_the_host() {
    let (x, value) = (0.7, -1.3);
    for path in paths() {
        for from in Parameterization::ALL {
            for to in Parameterization::ALL {
                let range = conversion_range(&path, from, to);
                let t = range.t_min + 0.6 * (range.t_max - range.t_min);
                let b = Builder::new();
                let [tv, xv, vv] = ["t", "x", "v"].map(|name| b.input(name, DType::F64, &[1, if name == "t" { 1 } else { 2 }]));
                let graph = b.finish(&[convert(&path, from, to, tv, xv, vv)]).unwrap();
                let splat = |number: f64, n: usize| Literal::splat(number, Type::new(DType::F64, [1, n]));
                let got = evaluate(&graph, &[splat(t, 1), splat(x, 2), splat(value, 2)]);
                for element in &got[0] {
                    assert_close(*element, convert(&path, from, to, t, x, value), 1e-14, &format!("{path:?} {from:?} → {to:?}"));
                }
            }
        }
    }
}
