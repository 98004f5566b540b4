//! The same formulas on graph values: they build for states of several leaves, and give the numbers that they give on the host.

use crate::interpreter::run;
use thalweg_graph::{Builder, DType, Scalar, Var, grad};
use thalweg_solver::{Method, Tolerance, dense, error_norm, euler_maruyama_step, scaled_error, step};

/// Two leaves, coupled through time only, so that each element of a tensor is a problem of its own.
fn slope<S: Scalar>(t: S, x: &[S]) -> Vec<S> {
    x.iter().map(|&x| (x * t).sin() - x * x * 0.5).collect()
}

const T: f64 = 0.4;
const H: f64 = 0.2;
const FIRST: [f64; 6] = [0.1, -0.4, 1.3, 2.0, -1.1, 0.0];
const SECOND: [f64; 3] = [0.7, -0.2, 1.9];

/// Scalars t, h, θ and leaves [3, 2] and [3].
fn inputs(b: &Builder, dtype: DType) -> ([Var<'_>; 3], [Var<'_>; 2]) {
    (["t", "h", "theta"].map(|name| b.input(name, dtype, &[])), [b.input("a", dtype, &[3, 2]), b.input("b", dtype, &[3])])
}

fn values(theta: f64) -> Vec<Vec<f64>> {
    vec![vec![T], vec![H], vec![theta], FIRST.to_vec(), SECOND.to_vec()]
}

#[test]
fn a_step_on_graph_values_is_the_step_on_numbers() {
    for &method in Method::ALL {
        let tableau = method.tableau();
        let b = Builder::new();
        let ([t, h, theta], x) = inputs(&b, DType::F64);
        let result = step(tableau, &mut slope, t, h, &x, None);
        let mut outputs = result.x.clone();
        outputs.extend(result.error.iter().flatten());
        if tableau.dense.is_some() {
            outputs.extend(dense(tableau, theta, h, &x, &result.x, &result.slopes));
        }
        let graph = b.finish(&outputs).unwrap();
        let got: Vec<f64> = run(&graph, &values(0.3)).concat();

        let x: Vec<f64> = [&FIRST[..], &SECOND].concat();
        let result = step(tableau, &mut slope, T, H, &x, None);
        let mut expected = result.x.clone();
        expected.extend(result.error.iter().flatten());
        if tableau.dense.is_some() {
            expected.extend(dense(tableau, 0.3, H, &x, &result.x, &result.slopes));
        }
        assert_eq!(got.len(), expected.len());
        assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14), "{method}: {got:?} {expected:?}");
    }
}

#[test]
fn a_step_keeps_shapes_and_element_types_and_has_a_gradient() {
    for &method in Method::ALL {
        let b = Builder::new();
        let ([t, h, _], x) = inputs(&b, DType::F32);
        let first = method.tableau().fsal.then(|| slope(t, &x));
        let result = step(method.tableau(), &mut slope, t, h, &x, first);
        let total = result.x[0].sum_all() + result.x[1].sum_all();
        let gradient = grad(total, &x);
        b.check().unwrap();
        for (list, name) in [(&result.x, "x"), (&gradient, "gradient")] {
            assert!(list.iter().zip(&x).all(|(a, b)| a.ty() == b.ty()), "{method}: {name}");
        }
        assert_eq!(result.slopes.len(), method.tableau().stages());
        b.finish(&[result.x, gradient].concat()).unwrap();
    }
}

#[test]
fn euler_maruyama_on_graph_values_is_the_step_on_numbers() {
    let b = Builder::new();
    let ([t, h, diffusion], x) = inputs(&b, DType::F64);
    let next = euler_maruyama_step(&mut slope, diffusion, t, h, &x, &[x[0] * 2.0, x[1] - 1.0]);
    let got = run(&b.finish(&next).unwrap(), &values(0.9)).concat();
    let x: Vec<f64> = [&FIRST[..], &SECOND].concat();
    let noise: Vec<f64> = FIRST.iter().map(|x| x * 2.0).chain(SECOND.iter().map(|x| x - 1.0)).collect();
    let expected = euler_maruyama_step(&mut slope, 0.9, T, H, &x, &noise);
    assert!(got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-14), "{got:?} {expected:?}");
}

const TOLERANCE: Tolerance = Tolerance { rtol: 0.1, atol: 0.01 };

/// The norm of errors (a², b + 1) of states (a, b) → (2a, b − 1), over the rows that `rows` keeps.
fn norm_on_graph(rows: Option<[f64; 3]>, state: &[Vec<f64>; 2]) -> f64 {
    let b = Builder::new();
    let x = [b.input("a", DType::F64, &[3, 2]), b.input("b", DType::F64, &[3])];
    let mask = rows.map(|_| b.input("rows", DType::Bool, &[3]));
    let norm = error_norm(&[x[0] * x[0], x[1] + 1.0], &x, &[x[0] * 2.0, x[1] - 1.0], TOLERANCE, mask);
    assert_eq!(norm.shape(), Vec::<usize>::new());
    let mut inputs = state.to_vec();
    inputs.extend(rows.map(|rows| rows.to_vec()));
    run(&b.finish(&[norm]).unwrap(), &inputs)[0][0]
}

/// The same by the definition, over the first `rows` rows.
fn norm_by_definition(rows: usize) -> f64 {
    let first = FIRST[..2 * rows].iter().map(|&a| scaled_error(a * a, a, 2.0 * a, TOLERANCE));
    let second = SECOND[..rows].iter().map(|&b| scaled_error(b + 1.0, b, b - 1.0, TOLERANCE));
    let squares: Vec<f64> = first.chain(second).map(|r| r * r).collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}

#[test]
fn the_error_norm_is_the_root_mean_square_over_all_leaves() {
    let got = norm_on_graph(None, &[FIRST.to_vec(), SECOND.to_vec()]);
    assert!((got - norm_by_definition(3)).abs() < 1e-13, "{got}");
}

#[test]
fn rows_of_a_padded_tail_do_not_count_even_if_they_are_nan() {
    let mut state = [FIRST.to_vec(), SECOND.to_vec()];
    state[0][5] = f64::NAN;
    state[1][2] = f64::INFINITY;
    let got = norm_on_graph(Some([1.0, 1.0, 0.0]), &state);
    assert!((got - norm_by_definition(2)).abs() < 1e-13, "{got}");
    assert!(!norm_on_graph(Some([1.0; 3]), &state).is_finite());
    assert!(!norm_on_graph(None, &state).is_finite());
}
