//! The same formulas on graph values: they build for states of several leaves, and give the numbers that they give on the host.

use crate::interpreter::run;
use crate::schedules::{Linear, every_config};
use thalweg_graph::{Builder, DType, Scalar, Var, grad};
use thalweg_solver::{Driver, Problem, Query, Step, StepResult, Tolerance, error_norm, interpret, scaled_error};

/// Two leaves, coupled through time only, so that each element of a tensor is a problem of its own.
fn answer<S: Scalar>(query: &Query<S>, x: &[S]) -> Vec<S> {
    x.iter().map(|&x| (x * query.t).sin() - x * x * 0.5 + query.score * 0.1).collect()
}

const FIRST: [f64; 6] = [0.1, -0.4, 1.3, 2.0, -1.1, 0.0];
const SECOND: [f64; 3] = [0.7, -0.2, 1.9];

/// A step of each structure that any solver makes, adaptive ones with their trial step and dense output among them.
fn steps() -> Vec<Step> {
    let diffusion = |t: f64| 0.5 + t;
    let problem = Problem { schedule: Some(&Linear), diffusion: Some(&diffusion) };
    let mut steps: Vec<Step> = Vec::new();
    for config in every_config(9) {
        let Driver::Fixed(driver) = config.driver(problem, &[0.9, 0.1]).unwrap() else { panic!("fixed steps") };
        steps.extend(driver.plan().steps.iter().map(|planned| planned.step.clone()));
    }
    for tableau in thalweg_solver::Method::ALL.iter().filter_map(|m| m.adaptive()) {
        steps.extend([tableau.step(0.4, 0.2, true), tableau.dense_step(0.4, 0.2, 0.3).unwrap()]);
    }
    let mut seen = std::collections::HashSet::new();
    steps.into_iter().filter(|step| seen.insert(step.structure.clone())).collect()
}

/// Everything that a step is given: its numbers, then leaves [3, 2] and [3] of the state, of each history slot and of each noise.
struct Given<V> {
    numbers: Vec<V>,
    x: Vec<V>,
    history: Vec<Vec<V>>,
    noise: Vec<Vec<V>>,
}

fn inputs<'g>(b: &'g Builder, step: &Step, dtype: DType) -> Given<Var<'g>> {
    let numbers = (0..step.structure.len()).map(|i| b.input(&format!("c{i}"), dtype, &[])).collect();
    let leaves = |name: String| vec![b.input(&format!("{name}.a"), dtype, &[3, 2]), b.input(&format!("{name}.b"), dtype, &[3])];
    let x = leaves("x".into());
    let history = (0..step.structure.history).map(|i| leaves(format!("h{i}"))).collect();
    Given { numbers, x, history, noise: (0..step.structure.noises).map(|i| leaves(format!("n{i}"))).collect() }
}

/// Numbers for the leaves, different in each slot.
fn shifted(slot: usize) -> [Vec<f64>; 2] {
    let shift = |x: &f64| (x + slot as f64).cos();
    [FIRST.iter().map(shift).collect(), SECOND.iter().map(shift).collect()]
}

fn results<S: Copy>(result: &StepResult<S>) -> Vec<S> {
    [&result.x[..], &result.errors.concat(), &result.evaluations.concat()].concat()
}

#[test]
fn a_step_on_graph_values_is_the_step_on_numbers() {
    let steps = steps();
    assert!(steps.len() > 15, "{}", steps.len());
    for step in steps {
        let b = Builder::new();
        let given = inputs(&b, &step, DType::F64);
        let on_graph = Step::from_flat(&step.structure, &given.numbers);
        let outputs = results(&interpret(&on_graph, &mut answer, &given.x, &given.history, &given.noise));
        let graph = b.finish(&outputs).unwrap();
        let slots: Vec<[Vec<f64>; 2]> = (0..1 + step.structure.history + step.structure.noises).map(shifted).collect();
        let numbers = step.flat().into_iter().map(|c| vec![c]);
        let got: Vec<f64> = run(&graph, &numbers.chain(slots.concat()).collect::<Vec<_>>()).concat();

        let slots: Vec<Vec<f64>> = slots.iter().map(|s| s.concat()).collect();
        let (history, noise) = slots[1..].split_at(step.structure.history);
        let expected = interpret(&step, &mut answer, &slots[0], history, noise);
        let expected = [&expected.x[..], &expected.errors.concat(), &expected.evaluations.concat()].concat();
        assert_eq!(got.len(), expected.len());
        assert!(
            got.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-13 * b.abs().max(1.0)),
            "{:?}: {got:?} {expected:?}",
            step.structure
        );
    }
}

#[test]
fn a_step_keeps_shapes_and_element_types_and_has_a_gradient() {
    for step in steps() {
        let b = Builder::new();
        let given = inputs(&b, &step, DType::F32);
        let on_graph = Step::from_flat(&step.structure, &given.numbers);
        let result = interpret(&on_graph, &mut answer, &given.x, &given.history, &given.noise);
        let total = result.x[0].sum_all() + result.x[1].sum_all();
        let gradient = grad(total, &given.x);
        b.check().unwrap();
        for (list, name) in [(&result.x, "x"), (&gradient, "gradient")] {
            assert!(list.iter().zip(&given.x).all(|(a, b)| a.ty() == b.ty()), "{:?}: {name}", step.structure);
        }
        assert_eq!(result.history(&step.structure).len(), step.structure.keep.len());
        b.finish(&[result.x, gradient].concat()).unwrap();
    }
}

#[test]
fn the_numbers_of_a_step_give_the_step_back() {
    for step in steps() {
        assert_eq!(Step::from_flat(&step.structure, &step.flat()), step);
    }
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
