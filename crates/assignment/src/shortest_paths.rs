//! Minimum-cost flow between rows and columns by shortest augmenting paths with potentials; Edmonds & Karp 1972, *J. ACM* 19.
//! Potentials come from a quarter of the rows and columns, and searches start from all unserved rows at once: both only save time.

use crate::frontier::{Frontier, Nearest};
use crate::{Costs, Matrix};

/// Every how many rows and columns a coarser problem keeps one.
const STRIDE: usize = 4;

/// Rows or columns below which a coarser problem is not worth its while.
const FEW: usize = 64;

/// No column, no row.
const NONE: usize = usize::MAX;

/// Whole units that a column receives from a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub row: usize,
    pub units: u64,
}

/// The cheapest flow, and potentials u, v with u_i + v_j ≤ c_ij.
pub(crate) struct Optimum {
    /// What each column receives.
    pub flows: Vec<Vec<Flow>>,
    /// Units that leave each row.
    pub supply: u64,
    pub u: Vec<f64>,
    pub v: Vec<f64>,
}

/// The flow of least cost between rows of equal supply and columns of equal demand.
///
/// Where the two sets differ, potentials must grow from zero to far larger values than neighbouring columns differ by, one search
/// at a time. Those of a coarser problem, extended to all columns (v_j = min c_ij − u_i over its rows), have grown already.
pub(crate) fn shortest_paths(costs: &impl Costs) -> Optimum {
    let mut stride = 1;
    while costs.rows().min(costs.columns()) / stride >= FEW {
        stride *= STRIDE;
    }
    let (mut v, mut scratch) = (vec![0.0; costs.columns()], vec![0.0; costs.columns()]);
    while stride > 1 {
        let start = v.iter().step_by(stride).copied().collect();
        let coarse = solve(&Matrix::every(costs, stride), start);
        v.fill(f64::INFINITY);
        for (i, u) in coarse.u.iter().enumerate() {
            for (v, cost) in v.iter_mut().zip(costs.row(i * stride, &mut scratch)) {
                *v = v.min(cost - u);
            }
        }
        stride /= STRIDE;
    }
    solve(costs, v)
}

/// The optimum, starting from potentials `v` of the columns: any are right, good ones are fast.
fn solve(costs: &impl Costs, v: Vec<f64>) -> Optimum {
    let (n, m) = (costs.rows(), costs.columns());
    let divisor = greatest_common_divisor(n, m);
    let (supply, demand) = ((m / divisor) as u64, (n / divisor) as u64);
    let mut search = Search {
        costs,
        scratch: vec![0.0; m],
        frontier: Frontier::new(m),
        supply: vec![supply; n],
        demand: vec![demand; m],
        flows: vec![Vec::new(); m],
        u: vec![0.0; n],
        v,
        visits: vec![Visit { arrived_by: NONE, root: NONE }; n],
    };
    search.tighten();
    let mut free: Vec<usize> = (0..n).collect();
    while !free.is_empty() {
        let together = search.serve(&free);
        free.retain(|&row| search.supply[row] > 0);
        // A search from one row ends at the first column, so that it may cost less per path: where many costs are equal, one row's
        // tree holds all columns. Rows are served alone for as long as that pays.
        let mut alone = Work { rows: 0, paths: 0 };
        while let Some(&row) = free.last().filter(|_| alone.rows * together.paths <= (alone.paths + 1) * together.rows) {
            let work = search.serve(&[row]);
            alone = Work { rows: alone.rows + work.rows, paths: alone.paths + work.paths };
            if search.supply[row] == 0 {
                free.pop();
            }
        }
    }
    search.tighten();
    Optimum { flows: search.flows, supply, u: search.u, v: search.v }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// How the current search came to a row.
#[derive(Clone, Copy)]
struct Visit {
    /// The column whose flow from this row the path takes back; none for a start.
    arrived_by: usize,
    /// The start of the path; none if the row is not reached.
    root: usize,
}

/// A row that the search has reached.
struct Reached {
    row: usize,
    distance: f64,
}

/// What a search cost and gave.
struct Work {
    /// Rows whose costs it read.
    rows: usize,
    /// Starts that it found a path from.
    paths: usize,
}

struct Search<'a, C> {
    costs: &'a C,
    scratch: Vec<f64>,
    frontier: Frontier,
    supply: Vec<u64>,
    demand: Vec<u64>,
    flows: Vec<Vec<Flow>>,
    u: Vec<f64>,
    v: Vec<f64>,
    visits: Vec<Visit>,
}

impl<C: Costs> Search<'_, C> {
    /// u = the least c − v of each row: the largest feasible, exactly.
    fn tighten(&mut self) {
        for (row, u) in self.u.iter_mut().enumerate() {
            *u = self.frontier.least(self.costs.row(row, &mut self.scratch), &self.v);
        }
    }

    /// Finds shortest paths from `starts` to columns with demand, until each start has one or all columns are closed; makes them tight,
    /// and sends along them what they carry. The paths of different starts share no row, so that all are shortest together.
    fn serve(&mut self, starts: &[usize]) -> Work {
        self.frontier.reset();
        let mut reached: Vec<Reached> = starts.iter().map(|&row| Reached { row, distance: 0.0 }).collect();
        for &row in starts {
            self.visits[row].root = row;
        }
        let (mut closed, mut ends): (Vec<Nearest>, Vec<usize>) = (Vec::new(), Vec::new());
        let (mut relaxed, mut served) = (0, 0);
        let mut has_end = vec![false; self.supply.len()];
        let farthest = loop {
            while let Some(Reached { row, distance }) = reached.get(relaxed) {
                let costs = self.costs.row(*row, &mut self.scratch);
                self.frontier.relax(*row, costs, &self.v, self.u[*row] - distance);
                relaxed += 1;
            }
            let nearest = self.frontier.nearest(|j| self.demand[j] > 0);
            self.frontier.close(nearest.column);
            if self.demand[nearest.column] > 0 {
                ends.push(nearest.column);
                let root = self.visits[self.frontier.origin(nearest.column)].root;
                served += usize::from(!std::mem::replace(&mut has_end[root], true));
            }
            self.reach(&nearest, &mut reached);
            let distance = nearest.distance;
            closed.push(nearest);
            if served == starts.len() || closed.len() == self.v.len() {
                break distance;
            }
        };
        for Reached { row, distance } in &reached {
            self.u[*row] += farthest - distance;
        }
        for Nearest { column, distance } in &closed {
            self.v[*column] -= farthest - distance;
        }
        for end in ends {
            self.send(end);
        }
        for Reached { row, .. } in &reached {
            self.visits[*row] = Visit { arrived_by: NONE, root: NONE };
        }
        Work { rows: relaxed, paths: served }
    }

    /// The rows whose flow into a column can be taken back are as near as the column.
    fn reach(&mut self, nearest: &Nearest, reached: &mut Vec<Reached>) {
        let root = self.visits[self.frontier.origin(nearest.column)].root;
        for flow in &self.flows[nearest.column] {
            if self.visits[flow.row].root == NONE {
                self.visits[flow.row] = Visit { arrived_by: nearest.column, root };
                reached.push(Reached { row: flow.row, distance: nearest.distance });
            }
        }
    }

    /// Sends along the path to `end` what it still carries: its start's supply, its end's demand, the flows that it takes back.
    fn send(&mut self, end: usize) {
        let mut amount = self.demand[end];
        let mut row = self.frontier.origin(end);
        while self.visits[row].arrived_by != NONE {
            let column = self.visits[row].arrived_by;
            amount = amount.min(self.flows[column].iter().find(|f| f.row == row).map_or(0, |f| f.units));
            row = self.frontier.origin(column);
        }
        amount = amount.min(self.supply[row]);
        if amount == 0 {
            return;
        }
        self.supply[row] -= amount;
        self.demand[end] -= amount;
        let mut column = end;
        loop {
            let row = self.frontier.origin(column);
            let flows = &mut self.flows[column];
            match flows.iter_mut().find(|f| f.row == row) {
                Some(flow) => flow.units += amount,
                None => flows.push(Flow { row, units: amount }),
            }
            column = self.visits[row].arrived_by;
            if column == NONE {
                return;
            }
            let flows = &mut self.flows[column];
            flows.iter_mut().filter(|f| f.row == row).for_each(|f| f.units -= amount);
            flows.retain(|f| f.units > 0);
        }
    }
}
