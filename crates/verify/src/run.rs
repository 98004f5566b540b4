//! All checks as a list of tasks, run beside each other; each gives rows.
//! The order of the rows does not depend on which task ends first.

use crate::case::{self, Case};
use crate::order::{ode, strong, tolerance, weak};
use crate::slope::Search;
use crate::solvers::{self, Entry};
use crate::{Row, bridge, contrast, gradient, likelihood, optimum};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use thalweg_model::{Process, Result};

/// How much is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// A few processes and solvers, in seconds.
    Quick,
    /// Everything, in minutes.
    Full,
}

/// Processes and solvers of a quick run.
const QUICK_CASES: [&str; 3] = ["linear_vp_sde", "independent", "schrodinger_bridge"];
const QUICK_SOLVERS: [&str; 7] = ["euler", "rk4", "ab4", "dopri5", "dpmsolver++ 3M", "unipc 3 bh2 data", "deis 3 t"];

type Task = (String, Box<dyn Fn() -> Result<Vec<Row>> + Send + Sync>);

/// All rows. `progress` is told the name of each task that is done, and how many are left.
///
/// # Errors
/// The first task that could not run, which is no row outside of its bound.
pub fn rows(effort: Effort, progress: impl Fn(&str, usize) + Sync) -> Result<Vec<Row>> {
    let tasks = tasks(effort)?;
    let next = AtomicUsize::new(0);
    let left = AtomicUsize::new(tasks.len());
    let results: Mutex<Vec<Option<Result<Vec<Row>>>>> = Mutex::new((0..tasks.len()).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((k, (name, body))) = Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|k| Some((k, tasks.get(k)?))) {
                    let outcome = body();
                    results.lock().unwrap_or_else(PoisonError::into_inner)[k] = Some(outcome);
                    progress(name, left.fetch_sub(1, Ordering::Relaxed) - 1);
                }
            });
        }
    });
    let results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    let rows: Vec<Vec<Row>> = results.into_iter().flatten().collect::<Result<_>>()?;
    Ok(rows.concat())
}

fn tasks(effort: Effort) -> Result<Vec<Task>> {
    let full = effort == Effort::Full;
    let cases: Vec<Case> = case::all()?.into_iter().filter(|c| full || QUICK_CASES.contains(&c.name)).collect();
    let mut tasks: Vec<Task> = Vec::new();
    let mut each = |what: &str, chosen: &dyn Fn(&Case) -> bool, body: fn(&Case, Effort) -> Result<Vec<Row>>| {
        for case in cases.iter().filter(|c| chosen(c)) {
            let name = format!("{what}, {}", case.name);
            let case = case.clone();
            tasks.push((name, Box::new(move || body(&case, effort))));
        }
    };
    each("order", &|_| true, |case, effort| {
        let (most, chosen) = (if effort == Effort::Full { 4096 } else { 1024 }, |s: &Entry| {
            effort == Effort::Full || QUICK_SOLVERS.contains(&s.name.as_str())
        });
        ode::rows(case, &solvers::all().into_iter().filter(chosen).collect::<Vec<_>>(), Search { first: 32, most })
    });
    each("tolerance", &|_| full, |case, _| tolerance::rows(case));
    each("strong order", &|_| full, |case, _| strong::rows(case));
    each("weak order", &|c| matches!(c.process, Process::Gaussian(_)), |case, _| weak::rows(case));
    each("optimum", &|_| true, |case, _| optimum::rows(case));
    each("energy", &|c| matches!(c.process, Process::Gaussian(_)), |case, _| contrast::rows(case));
    each("likelihood", &|_| true, |case, _| likelihood::rows(case));
    each("gradients", &|c| full || c.name == "independent", |case, _| gradient::rows(case));
    tasks.push(("bridge".into(), Box::new(bridge::rows)));
    Ok(tasks)
}
