//! Small kernels that do not need each other as one launch: each takes some of its blocks.
//!
//! A kernel of a few blocks leaves most of a GPU idle and takes as long to start as a large one. Those that come soon after each other are
//! started together, in front of what lies between them and has nothing to do with them.

use super::lanes::{Load, conflict, load};
use super::lower::Task;
use super::source::{Kernel, together};
use std::ops::Range;

/// Blocks of a kernel that is small, and of all that are started together: about as many as a GPU has multiprocessors.
const SMALL: usize = 132;
/// How many are started together, at most.
const MOST: usize = 8;
/// Bundles that are looked at in search of more.
const AHEAD: usize = 24;

/// A bundle on its way.
struct Item {
    tasks: Vec<Task>,
    load: Load,
}

impl Item {
    /// The kernel, if it is a small one that needs nothing but its parameters.
    fn small(&self) -> Option<&Kernel> {
        let [Task::Kernel(kernel)] = &self.tasks[..] else { return None };
        (kernel.blocks <= SMALL && kernel.scratch == 0 && kernel.counters == 0 && kernel.names_values()).then_some(kernel)
    }
}

/// Tasks and their bundles, small kernels together. `alias` says which base another base is part of.
pub(crate) fn beside(tasks: Vec<Task>, bundles: Vec<Range<usize>>, alias: impl Fn(usize) -> usize) -> (Vec<Task>, Vec<Range<usize>>) {
    let mut tasks = tasks.into_iter();
    let items = bundles.into_iter().map(|range| {
        let tasks: Vec<Task> = tasks.by_ref().take(range.len()).collect();
        let load = load(&tasks, &alias);
        Item { tasks, load }
    });
    let mut items: Vec<Option<Item>> = items.map(Some).collect();
    let (mut out, mut bundles) = (Vec::new(), Vec::new());
    for k in 0..items.len() {
        let group = group(&items, k);
        let Some(item) = items[k].take() else { continue };
        let first = out.len();
        if group.is_empty() {
            out.extend(item.tasks);
        } else {
            let others = group.iter().filter_map(|&j| items[j].take());
            let all = [item].into_iter().chain(others).flat_map(|item| item.tasks);
            let kernels: Vec<Kernel> = all.filter_map(|task| if let Task::Kernel(kernel) = task { Some(kernel) } else { None }).collect();
            out.push(Task::Kernel(together(&kernels)));
        }
        bundles.push(first..out.len());
    }
    (out, bundles)
}

/// Which of the bundles behind bundle `k` are started with it.
fn group(items: &[Option<Item>], k: usize) -> Vec<usize> {
    let Some(first) = items[k].as_ref().filter(|item| item.small().is_some()) else { return Vec::new() };
    let mut before: Vec<&Load> = vec![&first.load];
    let mut blocks = first.small().map_or(0, |kernel| kernel.blocks);
    let mut group = Vec::new();
    for (j, item) in items.iter().enumerate().skip(k + 1).take(AHEAD) {
        let Some(item) = item else { continue };
        if item.load.touched.is_none() {
            break;
        }
        let free = before.iter().all(|load| !conflict(load, &item.load));
        before.push(&item.load);
        if let Some(kernel) = item.small().filter(|kernel| free && blocks + kernel.blocks <= SMALL) {
            blocks += kernel.blocks;
            group.push(j);
            if group.len() + 1 == MOST {
                break;
            }
        }
    }
    group
}
