//! Strong order of SDE solvers: root mean square distance between ends on the same Brownian paths, over a mixture, on every path.
//! The sampler's own Brownian tree couples the steps; the reference takes many small steps of the method of the highest order.

use crate::case::Case;
use crate::exact::{Exact, spread};
use crate::mixture::TWO;
use crate::slope::{Found, ROUNDING, Search};
use crate::{Bound, Row, call};
use serde_json::json;
use thalweg_model::Result;
use thalweg_path::Parameterization;

/// Paths. Their errors are nearly normal, so that a root mean square is off by a share of 1/√(2·ROWS), and a slope by about 0.02.
const ROWS: usize = 4096;
/// Steps of the reference.
const FINE: usize = 4096;
const METHODS: [(&str, f64, &str); 3] = [
    ("euler_maruyama", 1.0, "Kloeden & Platen 1992, 10.2: order 1 where the noise is additive"),
    ("heun", 1.0, "Kloeden & Platen 1992, 10.2 and 15.4"),
    ("sra1", 1.5, "Rößler 2010, SRA1"),
];

/// The rows of one path.
///
/// # Errors
/// Those of the jobs.
pub fn rows(case: &Case) -> Result<Vec<Row>> {
    let process = &case.process;
    let exact = Exact { case, predicts: Parameterization::Velocity, dimensions: 1, rows: &[ROWS], parameters: vec![1] };
    let model = exact.model(&|which, t, x| TWO.exact(process, which, spread(t, x), x))?;
    if model.definition().range(Parameterization::Score).is_none() {
        return Ok(Vec::new());
    }
    let starts: Vec<f64> = (0..ROWS).map(|i| TWO.point(process, case.span[0], 4.0 * (i as f64 + 0.5) / ROWS as f64 - 2.0)).collect();
    let end = |method: &str, steps: usize| -> Result<Vec<f64>> {
        let args = json!({ "method": method, "steps": steps, "brownian": true });
        call::states(&model, case, &case.span, &starts, json!({ "seed": 5, "solver": { "type": "SDESolver", "args": args } }))
    };
    let reference = end("sra1", FINE)?;
    let mut out = Vec::new();
    for (method, stated, source) in METHODS {
        let found = Search { first: 32, most: FINE / 8 }.order(stated, |steps| {
            let squares = end(method, steps)?.iter().zip(&reference).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            Ok::<f64, thalweg_model::ModelError>((squares / ROWS as f64).sqrt())
        })?;
        let (measured, bound) = match found {
            Found::Slope(slope) => (slope, Bound::AtLeast(stated - 0.1)),
            Found::Exact(error) => (error, Bound::AtMost(ROUNDING)),
        };
        let row = Row::new("strong order", format!("{method} on {}", case.name), measured, bound, source);
        out.push(row.label("solver", method).label("path", case.name).label("theory", stated.to_string()));
    }
    Ok(out)
}
