//! Exact plans: against all permutations, closed forms on a line, and the certificate that their potentials are.
//! Also ties, duplicates, sizes that differ, costs of any scale, and bad input.

use thalweg_assignment::{Costs, Matrix, Points, SquaredDistances, assignment, squared_distances, transportation};

/// SplitMix64.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn numbers(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| self.next()).collect()
    }

    fn normals(&mut self, count: usize) -> Vec<f64> {
        (0..count).map(|_| (-2.0 * self.next().ln()).sqrt() * (std::f64::consts::TAU * self.next()).cos()).collect()
    }
}

#[track_caller]
fn close(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance, "{got} is not {expected}");
}

/// The least cost over all permutations (Heap's algorithm).
fn brute_force(n: usize, costs: &[f64]) -> f64 {
    fn visit(k: usize, order: &mut Vec<usize>, best: &mut f64, costs: &[f64]) {
        if k <= 1 {
            let n = order.len();
            *best = best.min(order.iter().enumerate().map(|(i, &j)| costs[i * n + j]).sum());
            return;
        }
        for i in 0..k {
            visit(k - 1, order, best, costs);
            order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
        }
    }
    let mut best = f64::INFINITY;
    visit(n, &mut (0..n).collect(), &mut best, costs);
    best
}

fn is_permutation(columns: &[usize]) -> bool {
    let mut sorted = columns.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().eq(0..columns.len())
}

/// Feasible potentials whose value is the cost prove that no assignment is cheaper.
#[track_caller]
fn certified(costs: &Matrix, tolerance: f64) -> f64 {
    let n = costs.rows();
    let best = assignment(costs).unwrap();
    assert!(is_permutation(&best.column_of_row));
    let (u, v, c) = (&best.row_potentials, &best.column_potentials, costs.values());
    assert!((0..n * n).all(|k| u[k / n] <= c[k] - v[k % n]), "infeasible potentials");
    for (i, &j) in best.column_of_row.iter().enumerate() {
        close(u[i] + v[j], c[i * n + j], tolerance);
    }
    close(best.cost, best.dual, tolerance * n as f64);
    best.cost
}

#[test]
fn no_permutation_is_cheaper() {
    let mut u = Uniform(1);
    for n in 1..=7 {
        for round in 0..40 {
            // Half of the rounds draw costs from four values, so that most are tied; some are negative.
            let draw = |x: f64| if round % 2 == 0 { x - 0.3 } else { (4.0 * x).floor() - 1.0 };
            let costs: Vec<f64> = u.numbers(n * n).into_iter().map(draw).collect();
            let best = assignment(&Matrix::new(n, n, costs.clone()).unwrap()).unwrap();
            assert!(is_permutation(&best.column_of_row));
            close(best.cost, brute_force(n, &costs), 1e-14);
        }
    }
}

#[test]
fn potentials_certify_the_optimum_of_five_hundred_and_twelve_rows() {
    let mut u = Uniform(2);
    let n = 512;
    certified(&Matrix::new(n, n, u.numbers(n * n)).unwrap(), 1e-13);
    for dim in [1, 2, 5, 64] {
        let (a, b) = (u.normals(n * dim), u.normals(n * dim).into_iter().map(|x| 3.0 * x + 1.0).collect::<Vec<_>>());
        let (a, b) = (Points::new("a", &a, dim).unwrap(), Points::new("b", &b, dim).unwrap());
        certified(&squared_distances(&a, &b).unwrap(), 1e-11);
    }
}

#[test]
fn tied_costs_and_duplicates_are_solved_exactly_and_fast() {
    let n = 600;
    assert_eq!(certified(&Matrix::new(n, n, vec![0.5; n * n]).unwrap(), 0.0), 300.0);
    // Eight distinct points a side: 75 copies each, which all stay where they are.
    let a: Vec<f64> = (0..n).map(|i| (i % 8) as f64).collect();
    let b: Vec<f64> = (0..n).map(|i| (i / 75) as f64).collect();
    let (a, b) = (Points::new("a", &a, 1).unwrap(), Points::new("b", &b, 1).unwrap());
    assert_eq!(certified(&squared_distances(&a, &b).unwrap(), 0.0), 0.0);
    let mut u = Uniform(3);
    let zero_or_one = u.numbers(n * n).into_iter().map(|x| f64::from(u8::from(x < 0.7))).collect();
    assert_eq!(certified(&Matrix::new(n, n, zero_or_one).unwrap(), 0.0), 0.0);
}

#[test]
fn on_a_line_the_plan_is_sorted() {
    let mut u = Uniform(4);
    let n = 700;
    let (mut x, mut y) = (u.normals(n), u.numbers(n));
    let (a, b) = (Points::new("a", &x, 1).unwrap(), Points::new("b", &y, 1).unwrap());
    let best = assignment(&SquaredDistances::new(&a, &b).unwrap()).unwrap();
    x.sort_by(f64::total_cmp);
    y.sort_by(f64::total_cmp);
    close(best.cost, x.iter().zip(&y).map(|(x, y)| (x - y).powi(2)).sum(), 1e-10);
}

#[test]
fn stored_and_computed_costs_give_the_same_bits() {
    let mut u = Uniform(5);
    for (n, dim) in [(97, 2), (150, 7), (33, 40)] {
        let (a, b) = (Points::new("a", &u.normals(n * dim), dim).unwrap(), Points::new("b", &u.normals(n * dim), dim).unwrap());
        assert_eq!(assignment(&squared_distances(&a, &b).unwrap()), assignment(&SquaredDistances::new(&a, &b).unwrap()));
    }
}

#[test]
fn the_optimum_does_not_depend_on_the_order_or_the_scale() {
    let mut u = Uniform(6);
    let n = 200;
    let costs = u.numbers(n * n);
    let best = assignment(&Matrix::new(n, n, costs.clone()).unwrap()).unwrap();
    let reversed: Vec<f64> = costs.iter().rev().copied().collect();
    let mirrored = assignment(&Matrix::new(n, n, reversed).unwrap()).unwrap();
    assert!((0..n).all(|i| mirrored.column_of_row[n - 1 - i] == n - 1 - best.column_of_row[i]));
    // A power of two scales every number exactly; an absolute tolerance between distances would show.
    for scale in [2f64.powi(-200), 2f64.powi(300)] {
        let scaled = assignment(&Matrix::new(n, n, costs.iter().map(|c| c * scale).collect()).unwrap()).unwrap();
        assert_eq!((scaled.column_of_row, scaled.cost), (best.column_of_row.clone(), best.cost * scale));
    }
}

#[test]
fn plans_between_different_sizes_move_all_mass_and_are_certified() {
    let mut u = Uniform(7);
    for (n, m) in [(1, 1), (1, 5), (6, 1), (2, 3), (4, 6), (12, 9), (40, 70), (301, 200), (257, 256)] {
        let costs = Matrix::new(n, m, u.numbers(n * m).into_iter().map(|x| x - 0.2).collect()).unwrap();
        let plan = transportation(&costs);
        let (mut sent, mut received) = (vec![0.0; n], vec![0.0; m]);
        for s in &plan.shipments {
            assert!(s.mass > 0.0);
            sent[s.row] += s.mass;
            received[s.column] += s.mass;
        }
        sent.iter().for_each(|&s| close(s, 1.0 / n as f64, 1e-15));
        received.iter().for_each(|&r| close(r, 1.0 / m as f64, 1e-15));
        let c = costs.values();
        assert!((0..n * m).all(|k| plan.row_potentials[k / m] <= c[k] - plan.column_potentials[k % m]));
        close(plan.cost, plan.dual, 1e-13);
        close(plan.cost, plan.shipments.iter().map(|s| s.mass * c[s.row * m + s.column]).sum(), 1e-14);
    }
}

#[test]
fn a_plan_between_different_sizes_is_the_assignment_of_repeated_rows() {
    let mut u = Uniform(8);
    for (n, m) in [(2, 3), (4, 6), (9, 5), (30, 12)] {
        let costs = u.numbers(n * m);
        let plan = transportation(&Matrix::new(n, m, costs.clone()).unwrap());
        let size = n * m;
        let repeated = (0..size * size).map(|k| costs[(k / size) / m * m + (k % size) / n]).collect();
        let best = assignment(&Matrix::new(size, size, repeated).unwrap()).unwrap();
        close(plan.cost, best.cost / size as f64, 1e-13);
    }
}

#[test]
fn between_equal_sizes_both_solvers_agree() {
    let mut u = Uniform(9);
    let costs = Matrix::new(130, 130, u.numbers(130 * 130)).unwrap();
    close(transportation(&costs).cost, assignment(&costs).unwrap().cost / 130.0, 1e-14);
}

#[test]
fn distances_are_those_of_the_definition_and_zero_between_equal_points() {
    let mut u = Uniform(10);
    for dim in [1, 2, 3, 4, 5, 8, 11, 300] {
        let (x, y) = (u.normals(37 * dim), u.normals(29 * dim).into_iter().map(|y| y + 1e6).collect::<Vec<_>>());
        let (a, b) = (Points::new("a", &x, dim).unwrap(), Points::new("b", &y, dim).unwrap());
        let matrix = squared_distances(&a, &b).unwrap();
        for (k, &got) in matrix.values().iter().enumerate() {
            let expected: f64 = a.row(k / 29).iter().zip(b.row(k % 29)).map(|(x, y)| (x - y).powi(2)).sum();
            close(got, expected, 1e-13 * expected);
        }
        let same = squared_distances(&b, &b).unwrap();
        assert!((0..29).all(|i| same.values()[i * 30] == 0.0));
    }
}

#[test]
fn bad_input_is_an_error_that_says_where() {
    let points = |values: &[f64], dim: usize| Points::new("the source", values, dim).map(|_| ()).unwrap_err();
    let error = points(&[0.0, f64::NAN, 1.0, 2.0], 2);
    assert_eq!((error.code, error.got.as_str()), ("DataError", "NaN at row 0, column 1"));
    assert_eq!(error.message, "the source holds a number that is not finite");
    assert_eq!(points(&[0.0, 1e200], 1).message, "the source holds a number that is too large");
    assert_eq!(points(&[], 3).code, "ShapeError");
    assert_eq!(points(&[1.0; 4], 3).got, "4");
    assert_eq!(points(&[1.0; 4], 0).code, "ShapeError");
    let matrix = |n, m, values: Vec<f64>| Matrix::new(n, m, values).map(|_| ()).unwrap_err();
    assert_eq!(matrix(2, 2, vec![0.0, 1.0, f64::INFINITY, 2.0]).got, "inf at row 1, column 0");
    assert_eq!(matrix(2, 2, vec![0.0; 3]).expected, "2 × 2 numbers, at least one");
    assert_eq!(matrix(0, 2, vec![]).code, "ShapeError");
    let wide = assignment(&Matrix::new(2, 3, vec![0.0; 6]).unwrap()).unwrap_err();
    assert_eq!((wide.code, wide.got.as_str()), ("ShapeError", "2 × 3"));
    let (a, b) = (Points::new("a", &[0.0; 4], 2).unwrap(), Points::new("b", &[0.0; 4], 1).unwrap());
    assert_eq!(SquaredDistances::new(&a, &b).unwrap_err().code, "ShapeError");
}
