//! The quick rows are inside of their bounds, and the tables name everything that the registries do.
//! The checks themselves are checked by defects that they must see.

use serde_json::json;
use thalweg_model::Process;
use thalweg_path::{Interpolant, Parameterization, Path};
use thalweg_verify::exact::{Exact, spread};
use thalweg_verify::mixture::{Mixture, THREE, TWO};
use thalweg_verify::slope::{Found, Search};
use thalweg_verify::{Bound, Effort, Row, call, case, rows};

#[test]
fn every_quick_row_is_within_its_bound() {
    let rows = rows(Effort::Quick, |_, _| ()).unwrap();
    let failed: Vec<&Row> = rows.iter().filter(|row| !row.pass).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for section in ["order", "weak order", "optimum", "likelihood", "gradients", "bridge"] {
        assert!(rows.iter().any(|row| row.section == section), "no row of {section}");
    }
}

#[test]
fn every_path_of_the_registries_is_a_case() {
    let cases = case::all().unwrap();
    for name in Path::NAMES.iter().chain(Interpolant::NAMES) {
        assert!(cases.iter().any(|c| c.path["type"] == *name), "{name}");
    }
}

#[test]
fn a_bound_never_allows_nan() {
    assert!(!Row::new("", "", f64::NAN, Bound::AtMost(1.0), "").pass);
    assert!(!Row::new("", "", f64::INFINITY, Bound::AtLeast(1.0), "").pass);
}

#[test]
fn a_method_of_lower_order_is_seen() {
    let search = Search { first: 16, most: 4096 };
    let second = |steps: usize| Ok::<f64, ()>((steps as f64).powi(-2) * (1.0 + 3.0 / steps as f64));
    let Ok(Found::Slope(slope)) = search.order(3.0, second) else { panic!("no slope") };
    assert!((slope - 2.0).abs() < 0.01, "{slope}");
    assert_eq!(search.order(2.0, |_| Ok::<f64, ()>(1e-12)), Ok(Found::Exact(1e-12)));
}

/// Score, noise, datum and velocity from the density alone, by finite differences, and from each other.
#[test]
fn exact_functions_of_mixtures_are_those_of_their_density_on_every_path() {
    for case in case::all().unwrap() {
        let (process, [from, to]) = (&case.process, case.span);
        for t in [0.2, 0.5, 0.8].map(|part| from + part * (to - from)) {
            let x = [0.3, -0.4];
            let d = 1e-5;
            let log = |t: f64, x: [f64; 2]| THREE.log_density(process, t, &x);
            let score = THREE.exact(process, Parameterization::Score, t, &x);
            let slope = [0, 1].map(|k| {
                let moved = |by: f64| std::array::from_fn(|j| x[j] + if j == k { by } else { 0.0 });
                (log(t, moved(d)) - log(t, moved(-d))) / (2.0 * d)
            });
            for k in [0, 1] {
                assert!((score[k] - slope[k]).abs() < 1e-7 * slope[k].abs().max(1.0), "{} {t}: {score:?} {slope:?}", case.name);
            }
            // Continuity: ∂ log p/∂t = −∇·v − v·∇ log p.
            let velocity = |x: [f64; 2]| THREE.exact(process, Parameterization::Velocity, t, &x);
            let divergence = (velocity([x[0] + d, x[1]])[0] - velocity([x[0] - d, x[1]])[0] + velocity([x[0], x[1] + d])[1]
                - velocity([x[0], x[1] - d])[1])
                / (2.0 * d);
            let v = velocity(x);
            let (dt, rate) = (1e-5 * t, -divergence - v[0] * score[0] - v[1] * score[1]);
            let measured = (log(t + dt, x) - log(t - dt, x)) / (2.0 * dt);
            assert!((rate - measured).abs() < 1e-5 * rate.abs().max(1.0), "{} {t}: {rate} {measured}", case.name);
        }
    }
}

#[test]
fn flows_of_mixtures_keep_their_place_on_the_trajectory() {
    let process = Process::Gaussian(Path::gvp());
    let there = TWO.flow(&process, 0.9, 0.4, 0.1);
    assert!((TWO.flow(&process, 0.1, there, 0.9) - 0.4).abs() < 1e-12);
}

/// A wrong network: the datum without its mean's share.
#[test]
fn a_wrong_network_fails_where_the_exact_one_passes() {
    const WRONG: Mixture = Mixture { components: THREE.components.split_at(2).0 };
    let case = &case::all().unwrap()[1];
    let exact = Exact { case, predicts: Parameterization::Data, dimensions: 2, rows: &[1], parameters: vec![1] };
    let log_p = |mixture: Mixture| {
        let model = exact.model(&|which, t, x| mixture.exact(&case.process, which, spread(t, x), x)).unwrap();
        let options = json!({ "tSpan": [0.05, 0.95], "solver": { "type": "ODESolver", "args": { "rtol": 1e-8, "atol": 1e-8 } } });
        call::job(&model, call::log_prob(&options).unwrap(), &[0.1, -1.0], 2).unwrap()[0][0]
    };
    assert!((log_p(THREE) - log_p(WRONG)).abs() > 0.1);
}
