//! Random graphs: elementwise ops, reductions, views, products, copies and their derivatives, in f64.

use thalweg_engine::random;
use thalweg_graph::ops::Comparison;
use thalweg_graph::{Builder, DType, Graph, Var, grad};

/// A source of choices.
struct Choices {
    seed: i64,
    at: u64,
}

impl Choices {
    fn below(&mut self, n: usize) -> usize {
        let mut one = [0.0];
        random::uniform_f64(self.seed, 5, 0, self.at, &mut one);
        self.at += 1;
        ((one[0] * n as f64) as usize).min(n - 1)
    }
}

/// A random shape of few dimensions, 1s and long rows among them.
fn shape(choices: &mut Choices) -> Vec<usize> {
    let sizes = [1, 2, 3, 5, 8, 50, 70, 600];
    let rank = choices.below(5);
    let mut room = 40_000;
    (0..rank)
        .map(|_| {
            let size = sizes[choices.below(sizes.len())].min(room);
            room = (room / size).max(1);
            size
        })
        .collect()
}

fn one_of<'g>(choices: &mut Choices, values: &[Var<'g>]) -> Var<'g> {
    // Late values more often, so that chains grow.
    let back = choices.below(values.len()).min(choices.below(values.len()));
    values[values.len() - 1 - back]
}

/// One more value, made of those before.
fn step<'g>(choices: &mut Choices, values: &[Var<'g>]) -> Option<Var<'g>> {
    let x = one_of(choices, values);
    let alike: Vec<Var<'g>> = values.iter().copied().filter(|v| v.ty() == x.ty()).collect();
    let y = alike[choices.below(alike.len())];
    let rank = x.rank();
    let axis = if rank > 0 { choices.below(rank) } else { 0 };
    let size = x.shape().get(axis).copied().unwrap_or(1);
    let bounded = || (x * x + 1.0).recip() * x;
    Some(match choices.below(26) {
        0 => x + y,
        1 => x - y,
        2 => x * y * 0.5,
        3 => x / (y * y + 1.0),
        4 => bounded().exp(),
        5 => x.sigmoid(),
        6 => x.tanh(),
        7 => (x * x + 1e-3).log1p(),
        // Not of x itself, which may be so large that its rounding error is a part of a turn.
        8 => bounded().sin(),
        9 => x.maximum(y),
        // Continuous where x = y, so that a rounding error of x is none larger of the result.
        10 => x.compare(Comparison::Lt, y).select(x, y),
        11 => x * y + one_of(choices, &alike),
        12 if rank > 0 => x.sum(&[axis]),
        13 if rank > 0 => x.max(&[axis]),
        14 if rank > 1 => x.sum(&[0]),
        15 if rank > 0 => (x - x.mean(&[axis]).unsqueeze(&[axis]).broadcast_to(&x.shape())) * 0.5,
        16 if rank > 1 => {
            let mut order: Vec<usize> = (0..rank).collect();
            order.swap(axis, choices.below(rank));
            x.transpose(&order)
        }
        17 if rank > 0 && size > 1 => x.narrow(axis, choices.below(size / 2), size / 2),
        18 if rank > 0 && x.ty().count() < 20_000 => Var::concat(&[x, y * 0.5], axis),
        19 if rank == 2 => x.matmul(y.t()) * 0.1,
        20 if rank == 2 => bounded().t().matmul(y) * 0.1,
        21 if rank < 3 => x.reshape(&[vec![1], x.shape()].concat()).broadcast_to(&[vec![2], x.shape()].concat()),
        22 if rank > 1 => x.reshape(&[x.ty().count()]),
        23 if rank > 0 => x.flip(axis),
        24 if rank > 0 => x.cum_sum(axis, false) * 0.1,
        25 => x.sum_all(),
        _ => return None,
    })
}

/// A random graph of three inputs, with derivatives or not; `None` where it would be too large.
pub fn random_graph(seed: i64, steps: usize, derived: bool) -> Option<Graph> {
    let mut choices = Choices { seed, at: 0 };
    let b = Builder::new();
    let mut values: Vec<Var> = (0..3)
        .map(|k| {
            let shape = shape(&mut choices);
            b.input(&format!("x{k}"), DType::F64, &shape)
        })
        .collect();
    let wrt = values.clone();
    for _ in 0..steps {
        if let Some(value) = step(&mut choices, &values).filter(|v| v.is_poison() || v.ty().count() < 100_000) {
            values.push(value);
        }
    }
    b.check().ok()?;
    let mut outputs: Vec<Var> = (0..3).map(|_| one_of(&mut choices, &values)).collect();
    if derived {
        let total = outputs.iter().map(|o| (*o * *o).mean_all()).reduce(|a, c| a + c)?;
        outputs.extend(grad(total, &wrt));
    }
    Some(b.finish(&outputs).unwrap())
}
