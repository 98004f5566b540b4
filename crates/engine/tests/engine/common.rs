//! Shared by the tests: running small graphs in f64, and comparing every derivative rule with finite differences.

use thalweg_engine::random::uniform_f64;
use thalweg_engine::{CompileOptions, EngineError, Program, Tensor};
use thalweg_graph::{Builder, DType, Graph, Var, grad, jvp};

/// A function of f64 tensors, written with graph values.
pub type Function<'f> = &'f dyn for<'g> Fn(&[Var<'g>]) -> Var<'g>;

/// The graph of `f` on inputs of these types.
pub fn trace(inputs: &[(DType, &[usize])], f: impl for<'g> FnOnce(&'g Builder, &[Var<'g>]) -> Vec<Var<'g>>) -> Graph {
    let b = Builder::new();
    let args: Vec<Var<'_>> = inputs.iter().enumerate().map(|(i, (dtype, shape))| b.input(&format!("x{i}"), *dtype, shape)).collect();
    let outs = f(&b, &args);
    b.finish(&outs).unwrap_or_else(|e| panic!("{e}"))
}

/// Compiles and runs once.
pub fn run(graph: &Graph, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, EngineError> {
    Program::compile(graph, &CompileOptions::default())?.run(inputs)
}

/// A function of one f64 tensor at `x`.
pub fn at(shape: &[usize], x: &[f64], f: impl for<'g> FnOnce(Var<'g>) -> Var<'g>) -> Vec<f64> {
    let graph = trace(&[(DType::F64, shape)], |_, v| vec![f(v[0])]);
    values(&run(&graph, vec![Tensor::from_f64(x.to_vec(), shape).unwrap()]).unwrap()[0])
}

pub fn values(t: &Tensor) -> Vec<f64> {
    t.to_f64_vec().unwrap()
}

/// `n` numbers in (low, high), a function of `seed`.
pub fn numbers(n: usize, seed: i64, low: f64, high: f64) -> Vec<f64> {
    let mut out = vec![0.0; n];
    uniform_f64(seed, 77, 0, 0, &mut out);
    out.iter().map(|u| low + u * (high - low)).collect()
}

pub fn close(what: &str, got: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(got.len(), wanted.len(), "{what}: number of values");
    for (i, (g, w)) in got.iter().zip(wanted).enumerate() {
        let scale = 1.0f64.max(w.abs());
        assert!((g - w).abs() <= tolerance * scale || (g.is_nan() && w.is_nan()) || g == w, "{what}: element {i} is {g}, not {w}");
    }
}

fn dot<'g>(a: Var<'g>, seed: i64) -> Var<'g> {
    let weights = numbers(a.ty().count(), seed, -1.0, 1.0);
    (a * a.builder().literal(thalweg_graph::Literal::dense(&weights, a.ty()))).sum_all()
}

/// What is compared: numbers whose derivatives along a direction are known as graphs.
struct Probe {
    program: Program,
    shapes: Vec<Vec<usize>>,
}

const STEP: f64 = 1e-5;

impl Probe {
    /// Outputs: L = ⟨w, f⟩; ⟨u, ∇L⟩; then dL·v by jvp; d⟨u, ∇L⟩·v by jvp of the gradient; ∇L; ∇⟨u, ∇L⟩; ∇(dL·v).
    fn new(shapes: &[Vec<usize>], f: Function<'_>) -> Probe {
        let b = Builder::new();
        let named = |prefix: &str| -> Vec<Var<'_>> {
            shapes.iter().enumerate().map(|(i, s)| b.input(&format!("{prefix}{i}"), DType::F64, s)).collect()
        };
        let (x, v) = (named("x"), named("v"));
        let value = dot(f(&x), 1);
        let or_zero = |t: Option<Var<'_>>, like: Var<'_>| t.map(|t| t.id()).unwrap_or(like.constant(0.0).id());
        let gradient = grad(value, &x);
        let forward = b.var(or_zero(jvp(&[value], &x, &v)[0], value));
        let along = gradient.iter().enumerate().map(|(i, g)| dot(*g, 10 + i as i64)).reduce(|a, c| a + c).unwrap_or(value);
        let forward_of_reverse = b.var(or_zero(jvp(&[along], &x, &v)[0], value));
        let reverse_of_reverse = grad(along, &x);
        let reverse_of_forward = grad(forward, &x);
        let outs = [vec![value, along, forward, forward_of_reverse], gradient, reverse_of_reverse, reverse_of_forward].concat();
        let graph = b.finish(&outs).unwrap_or_else(|e| panic!("{e}"));
        Probe { program: Program::compile(&graph, &CompileOptions::default()).unwrap(), shapes: shapes.to_vec() }
    }

    fn run(&self, x: &[Vec<f64>], v: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let all = x.iter().zip(&self.shapes).chain(v.iter().zip(&self.shapes));
        let inputs = all.map(|(values, shape)| Tensor::from_f64(values.clone(), shape).unwrap()).collect();
        self.program.run(inputs).unwrap().iter().map(values).collect()
    }
}

/// Compares first derivatives (reverse, forward) and second ones (reverse over reverse, forward over reverse, reverse over
/// forward) of `f` at `x` with central differences, along every coordinate and along one random direction.
pub fn check_derivatives(what: &str, shapes: &[Vec<usize>], x: &[Vec<f64>], f: Function<'_>) {
    let probe = Probe::new(shapes, f);
    let n = shapes.len();
    let v: Vec<Vec<f64>> = x.iter().enumerate().map(|(i, xs)| numbers(xs.len(), 50 + i as i64, -1.0, 1.0)).collect();
    let here = probe.run(x, &v);
    let shifted = |direction: &[Vec<f64>], step: f64| {
        let moved: Vec<Vec<f64>> = x.iter().zip(direction).map(|(a, d)| a.iter().zip(d).map(|(a, d)| a + step * d).collect()).collect();
        probe.run(&moved, &v)
    };
    let slope =
        |direction: &[Vec<f64>], output: usize| (shifted(direction, STEP)[output][0] - shifted(direction, -STEP)[output][0]) / (2.0 * STEP);
    let tolerance = 2e-6;
    close(&format!("{what}: forward"), &here[2], &[slope(&v, 0)], tolerance);
    close(&format!("{what}: forward over reverse"), &here[3], &[slope(&v, 1)], tolerance);
    for i in 0..n {
        for e in 0..x[i].len() {
            let mut axis: Vec<Vec<f64>> = x.iter().map(|xs| vec![0.0; xs.len()]).collect();
            axis[i][e] = 1.0;
            let (plus, minus) = (shifted(&axis, STEP), shifted(&axis, -STEP));
            let difference = |output: usize| (plus[output][0] - minus[output][0]) / (2.0 * STEP);
            let at = |kind: &str| format!("{what}: {kind}, input {i}, element {e}");
            close(&at("reverse"), &here[4 + i][e..=e], &[difference(0)], tolerance);
            close(&at("reverse over reverse"), &here[4 + n + i][e..=e], &[difference(1)], tolerance);
            close(&at("reverse over forward"), &here[4 + 2 * n + i][e..=e], &[difference(2)], tolerance);
        }
    }
}
