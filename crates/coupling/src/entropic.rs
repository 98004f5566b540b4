//! Entropic optimal transport by Sinkhorn's iteration (Cuturi 2013), with potentials in log space (Peyré & Cuturi 2019, section 4.4).
//! The kernel is computed from the potentials once and scaled by products until the scalings grow: as stable as sums of exponentials,
//! and many times faster (Schmitzer 2019). ε falls to its value in steps, so that small ones start from good potentials.

use crate::{CouplingError, Result};
use thalweg_assignment::{Costs, Matrix};

/// ε falls by this factor per stage.
const FACTOR: f64 = 4.0;

/// Marginal error at which a stage before the last ends.
const STAGE_TOLERANCE: f64 = 0.02;

/// Iterations after which a stage before the last ends: its potentials are a start, no result.
const STAGE_ITERATIONS: u32 = 100;

/// Size of a log-scaling beyond which scalings move into the potentials: the kernel's entries below e^−700 are 0, and must stay
/// negligible.
const LARGEST_LOG: f64 = 30.0;

/// When the iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Iterations after which it fails; at least 1.
    pub max_iterations: u32,
    /// Marginal error at which it succeeds: Σᵢ |Σⱼ πᵢⱼ − aᵢ|; > 0.
    pub tolerance: f64,
}

/// How far the iteration got.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// Updates of both potentials, over all stages.
    pub iterations: u32,
    /// Σᵢ |Σⱼ πᵢⱼ − aᵢ|, the source mass that is misplaced (at most twice); the data's marginal is exact.
    pub marginal_error: f64,
    /// The regularisation ε, in units of the cost.
    pub epsilon: f64,
}

/// π = exp((fᵢ + gⱼ − cᵢⱼ)/ε), the minimiser of ⟨π, c⟩ + ε Σ π (log π − 1) with marginals a (rows, approximately) and b (columns).
#[derive(Clone, Debug, PartialEq)]
pub struct EntropicPlan {
    /// π, row-major.
    pub plan: Vec<f64>,
    /// f, one per row.
    pub row_potentials: Vec<f64>,
    /// g, one per column.
    pub column_potentials: Vec<f64>,
    /// How good it is.
    pub convergence: Convergence,
}

/// The entropic plan between masses `a` of the rows and `b` of the columns of `costs`.
///
/// # Errors
/// A `ShapeError` if there are not as many masses as rows or columns; a `DataError` if a mass is not positive and finite or their totals
/// differ; a `ConfigError` if ε or a limit is not positive, or the iteration does not converge within its limits.
pub fn entropic_plan(costs: &Matrix, a: &[f64], b: &[f64], epsilon: f64, limits: Limits) -> Result<EntropicPlan> {
    check_masses("row", a, costs.rows())?;
    check_masses("column", b, costs.columns())?;
    let (total_a, total_b) = (a.iter().sum::<f64>(), b.iter().sum::<f64>());
    if (total_a - total_b).abs() > 1e-9 * total_a {
        return Err(CouplingError::data("rows and columns differ in total mass", total_a, total_b));
    }
    if !(epsilon.is_finite() && epsilon > 0.0) {
        return Err(CouplingError::config("epsilon", "a finite number > 0", epsilon));
    }
    check_limits(&limits)?;
    if let Some(bad) = costs.values().iter().find(|c| !c.is_finite()) {
        return Err(CouplingError::data("a cost is not finite", "finite costs", bad));
    }
    let (least, most) = costs.values().iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), &c| (l.min(c), m.max(c)));
    let stages = ((most - least) / epsilon).log(FACTOR).ceil().max(0.0) as i32;
    let mut scaling = Scaling::new(costs, a, b);
    for stage in (1..=stages).rev() {
        let stage_limits = Limits { max_iterations: STAGE_ITERATIONS, tolerance: STAGE_TOLERANCE * total_a };
        scaling.run(epsilon * FACTOR.powi(stage), &stage_limits);
    }
    let remaining = Limits { max_iterations: limits.max_iterations.saturating_sub(scaling.iterations), ..limits };
    let marginal_error = scaling.run(epsilon, &remaining);
    let iterations = scaling.iterations;
    // A NaN is not at most anything.
    let converged = marginal_error <= limits.tolerance;
    if !converged {
        let got = format!("{marginal_error:.2e} after {iterations} (epsilon = {epsilon}); raise epsilon, maxIterations or tolerance");
        let expected = format!("a marginal error of at most {} within {} iterations", limits.tolerance, limits.max_iterations);
        let message = "Sinkhorn's iteration did not converge".to_string();
        return Err(CouplingError { message, ..CouplingError::config("maxIterations", expected, got) });
    }
    scaling.absorb(epsilon);
    let Scaling { kernel, f, g, .. } = scaling;
    Ok(EntropicPlan {
        plan: kernel,
        row_potentials: f,
        column_potentials: g,
        convergence: Convergence { iterations, marginal_error, epsilon },
    })
}

pub(crate) fn check_limits(limits: &Limits) -> Result<()> {
    if limits.max_iterations == 0 {
        return Err(CouplingError::config("maxIterations", "at least 1", 0));
    }
    if !(limits.tolerance.is_finite() && limits.tolerance > 0.0) {
        return Err(CouplingError::config("tolerance", "a finite number > 0", limits.tolerance));
    }
    Ok(())
}

fn check_masses(what: &str, masses: &[f64], count: usize) -> Result<()> {
    if masses.len() != count {
        return Err(CouplingError::shape(format!("there is not one mass per {what}"), count, masses.len()));
    }
    match masses.iter().position(|&m| !(m.is_finite() && m > 0.0)) {
        None => Ok(()),
        Some(i) => Err(CouplingError::data(
            format!("the mass of a {what} is wrong"),
            "a finite number > 0",
            format!("{} at {what} {i}", masses[i]),
        )),
    }
}

/// π = diag(u) K diag(v) with K = exp((f + g − c)/ε).
struct Scaling<'a> {
    costs: &'a Matrix,
    a: &'a [f64],
    b: &'a [f64],
    kernel: Vec<f64>,
    f: Vec<f64>,
    g: Vec<f64>,
    u: Vec<f64>,
    v: Vec<f64>,
    iterations: u32,
}

impl<'a> Scaling<'a> {
    fn new(costs: &'a Matrix, a: &'a [f64], b: &'a [f64]) -> Scaling<'a> {
        let (n, m) = (a.len(), b.len());
        Scaling { costs, a, b, kernel: vec![0.0; n * m], f: vec![0.0; n], g: vec![0.0; m], u: vec![1.0; n], v: vec![1.0; m], iterations: 0 }
    }

    /// Iterates at one ε until a limit is met; returns the marginal error. The columns' marginal is exact, because v comes last.
    fn run(&mut self, epsilon: f64, limits: &Limits) -> f64 {
        self.start(epsilon);
        let first = self.iterations;
        let mut row_sums = vec![0.0; self.a.len()];
        loop {
            self.row_sums(&mut row_sums);
            let error = self.u.iter().zip(&row_sums).zip(self.a).map(|((u, s), a)| (u * s - a).abs()).sum::<f64>();
            if error <= limits.tolerance || self.iterations - first >= limits.max_iterations {
                return error;
            }
            self.iterations += 1;
            for ((u, s), a) in self.u.iter_mut().zip(&row_sums).zip(self.a) {
                *u = a / s;
            }
            self.scale_columns();
            let largest = self.u.iter().chain(&self.v).fold(0.0f64, |l, x| l.max(x.ln().abs()));
            if largest > LARGEST_LOG {
                self.absorb(epsilon);
            }
        }
    }

    /// One iteration by sums of exponentials, from the potentials alone: every later sum of the kernel is then far above underflow.
    fn start(&mut self, epsilon: f64) {
        let m = self.b.len();
        for (row, costs) in self.costs.values().chunks_exact(m).enumerate() {
            let terms = || self.g.iter().zip(costs).map(|(g, c)| (g - c) / epsilon);
            self.f[row] = epsilon * (self.a[row].ln() - log_sum_exp(terms));
        }
        // The columns' sums, with a running maximum, since a column is not contiguous.
        let (mut largest, mut sums) = (vec![f64::NEG_INFINITY; m], vec![0.0; m]);
        for (f, costs) in self.f.iter().zip(self.costs.values().chunks_exact(m)) {
            largest.iter_mut().zip(costs).for_each(|(l, c)| *l = l.max((f - c) / epsilon));
        }
        for (f, costs) in self.f.iter().zip(self.costs.values().chunks_exact(m)) {
            for ((sum, largest), c) in sums.iter_mut().zip(&largest).zip(costs) {
                *sum += ((f - c) / epsilon - largest).exp();
            }
        }
        for (((g, b), largest), sum) in self.g.iter_mut().zip(self.b).zip(&largest).zip(&sums) {
            *g = epsilon * (b.ln() - largest - f64::ln(*sum));
        }
        self.u.fill(1.0);
        self.v.fill(1.0);
        self.absorb(epsilon);
    }

    /// Moves the scalings into the potentials, and computes the kernel again.
    fn absorb(&mut self, epsilon: f64) {
        let moved = |potential: &mut f64, scale: &mut f64| {
            *potential += epsilon * scale.ln();
            *scale = 1.0;
        };
        self.f.iter_mut().zip(&mut self.u).for_each(|(f, u)| moved(f, u));
        self.g.iter_mut().zip(&mut self.v).for_each(|(g, v)| moved(g, v));
        let m = self.b.len();
        let rows = self.kernel.chunks_exact_mut(m).zip(self.costs.values().chunks_exact(m));
        for ((kernel, costs), f) in rows.zip(&self.f) {
            for ((k, c), g) in kernel.iter_mut().zip(costs).zip(&self.g) {
                *k = ((f + g - c) / epsilon).exp();
            }
        }
    }

    /// K v, each sum in four lanes.
    fn row_sums(&self, sums: &mut [f64]) {
        for (sum, kernel) in sums.iter_mut().zip(self.kernel.chunks_exact(self.b.len())) {
            let ((k, k_rest), (v, v_rest)) = (kernel.as_chunks::<4>(), self.v.as_chunks::<4>());
            let mut lanes = [0.0; 4];
            for (k, v) in k.iter().zip(v) {
                for lane in 0..4 {
                    lanes[lane] += k[lane] * v[lane];
                }
            }
            *sum = lanes.iter().sum::<f64>() + k_rest.iter().zip(v_rest).map(|(k, v)| k * v).sum::<f64>();
        }
    }

    /// v = b / Kᵀu.
    fn scale_columns(&mut self) {
        self.v.fill(0.0);
        for (u, kernel) in self.u.iter().zip(self.kernel.chunks_exact(self.b.len())) {
            self.v.iter_mut().zip(kernel).for_each(|(v, k)| *v += u * k);
        }
        self.v.iter_mut().zip(self.b).for_each(|(v, b)| *v = b / *v);
    }
}

fn log_sum_exp<I: Iterator<Item = f64>>(terms: impl Fn() -> I) -> f64 {
    let largest = terms().fold(f64::NEG_INFINITY, f64::max);
    largest + terms().map(|t| (t - largest).exp()).sum::<f64>().ln()
}
