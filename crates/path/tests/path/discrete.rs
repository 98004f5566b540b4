//! Discrete paths: κ, the rates that generate a path, and the steps of its Markov chain.
//! Exact: the whole distribution over two positions is carried along by matrices; nothing is sampled.

use thalweg_graph::Scalar;
use thalweg_path::discrete::{Cosine, Function, Linear, Polynomial, transition};
use thalweg_path::{DiscretePath, Expression, JumpRule, Mixture, MixtureSchedule, TokenSource, differentiate};

const V: usize = 3;

fn smooth() -> Expression {
    Expression::trace(|t| t * t * (t.constant(3.0) - t * 2.0)).unwrap()
}

fn mixtures() -> Vec<Mixture> {
    vec![Linear {}.into(), Polynomial { exponent: 2.5 }.into(), Cosine {}.into(), Function { kappa: smooth() }.into()]
}

fn path(mixture: Mixture, source: TokenSource) -> DiscretePath {
    DiscretePath { mixture, source, vocabulary: V }
}

/// A joint distribution of two tokens, far from a product.
const JOINT: [[f64; V]; V] = [[0.30, 0.02, 0.05], [0.03, 0.01, 0.24], [0.02, 0.28, 0.05]];

fn product() -> [[f64; V]; V] {
    let (a, b) = ([0.2, 0.5, 0.3], [0.6, 0.1, 0.3]);
    a.map(|x| b.map(|y| x * y))
}

/// p_t of the state (z, w), as a polynomial of κ.
fn marginal<S: Scalar>(path: &DiscretePath, joint: &[[f64; V]; V], kappa: S, state: [usize; 2]) -> S {
    let shown =
        |token: usize, data: usize| kappa * f64::from(token == data) + (kappa.constant(1.0) - kappa) * path.source_probability(token);
    let mut sum = kappa.constant(0.0);
    for (x, row) in joint.iter().enumerate() {
        for (y, p) in row.iter().enumerate() {
            sum = sum + shown(state[0], x) * shown(state[1], y) * *p;
        }
    }
    sum
}

/// p(x₁ at `position` = · | x_t = state).
fn posterior(path: &DiscretePath, joint: &[[f64; V]; V], kappa: f64, state: [usize; 2], position: usize) -> Vec<f64> {
    let shown = |token: usize, data: usize| kappa * f64::from(token == data) + (1.0 - kappa) * path.source_probability(token);
    let mut out = vec![0.0; path.tokens()];
    for (x, row) in joint.iter().enumerate() {
        for (y, p) in row.iter().enumerate() {
            out[[x, y][position]] += p * shown(state[0], x) * shown(state[1], y);
        }
    }
    let total: f64 = out.iter().sum();
    if total > 0.0 { out.iter().map(|p| p / total).collect() } else { vec![1.0 / V as f64; path.tokens()] }
}

fn states(path: &DiscretePath) -> Vec<[usize; 2]> {
    (0..path.tokens()).flat_map(|a| (0..path.tokens()).map(move |b| [a, b])).collect()
}

fn own(path: &DiscretePath, posterior: &[f64], token: usize) -> f64 {
    if path.source == TokenSource::Mask { 1.0 } else { posterior[token] }
}

#[test]
fn every_kappa_rises_from_0_to_1_and_has_the_derivative_and_the_rest_that_it_says() {
    for mixture in mixtures() {
        mixture.validate().unwrap();
        assert_eq!((mixture.kappa(0.0), mixture.remaining(1.0)), (0.0, 0.0), "{mixture:?}");
        assert!((mixture.kappa(1.0) - 1.0).abs() < 1e-15 && (mixture.remaining(0.0) - 1.0).abs() < 1e-15, "{mixture:?}");
        for i in 1..40 {
            let (t, h) = (i as f64 / 40.0, 1e-5);
            let slope = (mixture.kappa(t + h) - mixture.kappa(t - h)) / (2.0 * h);
            assert!((mixture.d_kappa(t) - slope).abs() < 1e-8, "{mixture:?} at {t}");
            assert!((mixture.d_kappa(t) - differentiate(|t| mixture.kappa(t), t).derivative).abs() < 1e-13, "{mixture:?} at {t}");
            assert!((mixture.remaining(t) - (1.0 - mixture.kappa(t))).abs() < 1e-15, "{mixture:?} at {t}");
            assert!(mixture.d_kappa(t) > 0.0);
        }
    }
}

#[test]
fn what_remains_does_not_cancel_near_the_data() {
    let gap = 1e-12;
    let cosine = Mixture::from(Cosine {}).remaining(1.0 - gap);
    let polynomial = Mixture::from(Polynomial { exponent: 2.5 }).remaining(1.0 - gap);
    let exact = 1.0 - (1.0 - gap); // The gap that f64 keeps.
    assert!((cosine / (std::f64::consts::FRAC_PI_2 * exact) - 1.0).abs() < 1e-11);
    assert!((polynomial / (2.5 * exact) - 1.0).abs() < 1e-11);
    // κ of the cosine near the source: (πt)²/8.
    let t = 1e-9f64;
    assert!((Mixture::from(Cosine {}).kappa(t) / ((std::f64::consts::PI * t).powi(2) / 8.0) - 1.0).abs() < 1e-12);
}

#[test]
fn schedules_that_are_none_are_refused_with_their_field() {
    let field = |mixture: Mixture| mixture.validate().unwrap_err().field;
    let function = |kappa: Expression| Mixture::from(Function { kappa });
    for exponent in [0.5, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(field(Polynomial { exponent }.into()), "exponent");
    }
    assert_eq!(field(function(Expression::trace(|t| t * 0.9).unwrap())), "kappa");
    assert_eq!(field(function(Expression::trace(|t| t * 0.9 + 0.1).unwrap())), "kappa");
    // From 0 to 1, but falling in between.
    assert_eq!(field(function(Expression::trace(|t| t + (t * std::f64::consts::TAU).sin()).unwrap())), "kappa");
    assert_eq!(field(function(Expression::trace(|t| (t - 0.5).ln() * 0.0 + t).unwrap())), "kappa");
    let vocabulary = DiscretePath { mixture: Mixture::default(), source: TokenSource::Mask, vocabulary: 1 }.validate();
    assert_eq!(vocabulary.unwrap_err().field, "vocabulary");
}

#[test]
fn the_velocity_generates_the_path_with_any_stochasticity() {
    for mixture in mixtures() {
        for source in [TokenSource::Mask, TokenSource::Uniform] {
            let path = path(mixture.clone(), source);
            for (t, eta) in [0.1, 0.35, 0.6, 0.95].into_iter().flat_map(|t| [0.0, 0.7, 3.0].map(|eta| (t, eta))) {
                let kappa = path.mixture.kappa(t);
                let beta = path.stochasticity(eta, t);
                let back = beta * path.mixture.d_kappa(t) / kappa * path.backward_share(t);
                let mut flow = vec![0.0; path.tokens() * path.tokens()];
                for state in states(&path) {
                    let p = marginal(&path, &JOINT, kappa, state);
                    for position in 0..2 {
                        let data = posterior(&path, &JOINT, kappa, state, position);
                        for y in 0..path.tokens() {
                            let stay = f64::from(y == state[position]);
                            let rate = (1.0 + beta) * path.forward_rate(t) * (data[y] - stay)
                                + back * own(&path, &data, state[position]) * (path.source_probability(y) - stay);
                            let mut to = state;
                            to[position] = y;
                            flow[to[0] * path.tokens() + to[1]] += p * rate;
                        }
                    }
                }
                for state in states(&path) {
                    let change = differentiate(|t| marginal(&path, &JOINT, path.mixture.kappa(t), state), t).derivative;
                    let got = flow[state[0] * path.tokens() + state[1]];
                    assert!((got - change).abs() < 1e-12, "{:?} {source:?} t = {t}, η = {eta}: {got} is not {change}", path.mixture);
                }
            }
        }
    }
}

/// Total variation between what `steps` steps from the source give and p at `end`, all steps exact.
fn discrepancy(path: &DiscretePath, joint: &[[f64; V]; V], rule: JumpRule, eta: f64, steps: usize, end: f64) -> f64 {
    let all = states(path);
    let mut p: Vec<f64> = all.iter().map(|s| path.source_probability(s[0]) * path.source_probability(s[1])).collect();
    for k in 0..steps {
        let (t, s) = (end * k as f64 / steps as f64, end * (k + 1) as f64 / steps as f64);
        let jump = path.jump(rule, eta, t, if k + 1 == steps { end } else { s });
        let mut next = vec![0.0; all.len()];
        for (state, mass) in all.iter().zip(&p).filter(|(_, mass)| **mass > 0.0) {
            let of = [0, 1].map(|position| {
                let data = posterior(path, joint, path.mixture.kappa(t), *state, position);
                let own = own(path, &data, state[position]);
                let chance = |y: usize| {
                    let stay = f64::from(y == state[position]);
                    transition(&jump, own, data[y], path.source_probability(y), stay)
                };
                let row: Vec<f64> = (0..path.tokens()).map(chance).collect();
                assert!(row.iter().all(|&c| (-1e-16..=1.0 + 1e-15).contains(&c)), "{row:?}");
                assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-14, "{row:?}");
                row
            });
            for (to, mass_to) in all.iter().zip(&mut next) {
                *mass_to += mass * of[0][to[0]] * of[1][to[1]];
            }
        }
        p = next;
    }
    let kappa = path.mixture.kappa(end);
    0.5 * all.iter().zip(&p).map(|(s, got)| (got - marginal(path, joint, kappa, *s)).abs()).sum::<f64>()
}

#[test]
fn steps_converge_to_the_data_at_first_order_with_every_rule_kappa_and_stochasticity() {
    for mixture in mixtures() {
        for source in [TokenSource::Mask, TokenSource::Uniform] {
            for (rule, eta) in [(JumpRule::Exponential, 0.0), (JumpRule::Exponential, 2.0), (JumpRule::Euler, 0.0), (JumpRule::Euler, 2.0)]
            {
                let path = path(mixture.clone(), source);
                let at = |steps| discrepancy(&path, &JOINT, rule, eta, steps, 1.0);
                let (coarse, fine) = (at(64), at(128));
                let order = (coarse / fine).log2();
                assert!(fine < 0.02 && order > 0.8, "{:?} {source:?} {rule:?} η = {eta}: {coarse} {fine}, order {order}", path.mixture);
            }
        }
    }
}

#[test]
fn steps_are_exact_for_tokens_that_are_independent_however_few_they_are() {
    for mixture in mixtures() {
        for source in [TokenSource::Mask, TokenSource::Uniform] {
            for (steps, end) in [(1, 1.0), (3, 1.0), (7, 0.6)] {
                let path = path(mixture.clone(), source);
                let off = discrepancy(&path, &product(), JumpRule::Exponential, 0.0, steps, end);
                assert!(off < 1e-14, "{:?} {source:?} {steps} steps to {end}: {off}", path.mixture);
            }
        }
    }
}

#[test]
fn euler_is_exponential_for_the_linear_kappa_and_cut_at_1_for_the_others() {
    let linear = path(Linear {}.into(), TokenSource::Uniform);
    for (t, end) in [(0.0, 0.1), (0.3, 0.55), (0.9, 1.0)] {
        let [a, b] = [JumpRule::Exponential, JumpRule::Euler].map(|rule| linear.jump(rule, 0.0, t, end).forward);
        assert!((a - b).abs() < 1e-14);
    }
    let late = path(Polynomial { exponent: 6.0 }.into(), TokenSource::Mask);
    assert_eq!(late.jump(JumpRule::Euler, 3.0, 0.9, 0.99).forward, 1.0);
    let plateau = Expression::trace(|t| (t * 2.0).minimum(t.constant(1.0))).unwrap();
    let done = path(Function { kappa: plateau }.into(), TokenSource::Mask);
    for rule in [JumpRule::Exponential, JumpRule::Euler] {
        assert_eq!(done.jump(rule, 1.0, 0.6, 0.8).forward, 0.0, "nothing is left to jump");
    }
}
