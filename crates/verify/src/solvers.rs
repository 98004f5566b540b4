//! Every solver of ODEs, with the order that theory gives it and where it is proved: one table.
//! Orders are global: the error after a fixed time is O(hᵖ).

use serde_json::{Value, json};
use thalweg_path::Parameterization;
use thalweg_solver::Method;

/// A solver of ODEs.
pub struct Entry {
    /// Its name in tables.
    pub name: String,
    /// Its order.
    pub order: f64,
    /// Where the order is proved.
    pub source: &'static str,
    /// What its steps evaluate.
    pub evaluates: Parameterization,
    /// Whether it needs s, σ and λ of a Gaussian path.
    pub exponential: bool,
    kind: &'static str,
    args: Value,
}

impl Entry {
    /// Its settings, with `steps` fixed steps on this grid.
    pub fn config(&self, steps: usize, grid: &Value) -> Value {
        let mut args = self.args.clone();
        args["steps"] = steps.into();
        args["grid"] = grid.clone();
        json!({ "type": self.kind, "args": args })
    }
}

/// Runge–Kutta and multistep methods.
fn classical(method: Method) -> (f64, &'static str) {
    match method {
        Method::Euler => (1.0, "Euler 1768"),
        Method::Midpoint => (2.0, "Runge 1895"),
        Method::Heun2 => (2.0, "Heun 1900"),
        Method::Ralston => (2.0, "Ralston 1962"),
        Method::Heun3 => (3.0, "Heun 1900"),
        Method::Rk4 | Method::Rk4ThreeEighths => (4.0, "Kutta 1901"),
        Method::Dopri5 => (5.0, "Dormand & Prince 1980"),
        Method::Bosh3 => (3.0, "Bogacki & Shampine 1989"),
        Method::Tsit5 => (5.0, "Tsitouras 2011"),
        Method::Dopri8 => (8.0, "Prince & Dormand 1981; Hairer, Nørsett & Wanner 1993, II.5"),
        Method::Ab2 => (2.0, "Bashforth & Adams 1883"),
        Method::Ab4 => (4.0, "Bashforth & Adams 1883"),
    }
}

const DPM: &str = "Lu et al. 2022, DPM-Solver, theorem 3.2";
const DPM_PP: &str = "Lu et al. 2022, DPM-Solver++";
const UNIPC: &str = "Zhao et al. 2023, UniPC; the first step, of order 1 and corrected, leaves O(h³)";
const DEIS: &str = "Zhang & Chen 2023, DEIS: quadrature of a polynomial of degree p − 1; started by steps of order p − 1";

/// All of them.
pub fn all() -> Vec<Entry> {
    let mut all: Vec<Entry> = Method::ALL
        .iter()
        .map(|&method| {
            let (order, source) = classical(method);
            let (kind, args) = ("ODESolver", json!({ "method": method.name() }));
            Entry { name: method.name().into(), order, source, evaluates: Parameterization::Velocity, exponential: false, kind, args }
        })
        .collect();
    all.push(Entry {
        name: "edm, churn 0".into(),
        order: 2.0,
        source: "Karras et al. 2022, algorithm 1: Heun's rule in σ/s",
        evaluates: Parameterization::Data,
        exponential: true,
        kind: "SDESolver",
        args: json!({ "method": "edm" }),
    });
    all.push(exponential("ddim", 1.0, "Song et al. 2021, DDIM", Parameterization::Data, "DDIMSolver", json!({})));
    all.extend(dpm());
    all.extend(unipc());
    all.extend(deis());
    all
}

fn exponential(
    name: impl Into<String>,
    order: f64,
    source: &'static str,
    evaluates: Parameterization,
    kind: &'static str,
    args: Value,
) -> Entry {
    Entry { name: name.into(), order, source, evaluates, exponential: true, kind, args }
}

fn dpm() -> Vec<Entry> {
    let mut all = Vec::new();
    for (algorithm, evaluates, source) in [("dpmsolver", Parameterization::Noise, DPM), ("dpmsolver++", Parameterization::Data, DPM_PP)] {
        for order in 1..=3u32 {
            let base = json!({ "algorithm": algorithm, "order": order, "lowerOrderFinal": false });
            let mut add = |variant: &str, stated: u32, source: &'static str, extra: Value| {
                let mut args = base.clone();
                extra.as_object().into_iter().flatten().for_each(|(key, value)| args[key] = value.clone());
                let name = format!("{algorithm} {order}{variant}");
                all.push(exponential(name, f64::from(stated), source, evaluates, "DPMSolver", args));
            };
            add("S", order, source, json!({ "method": "singlestep" }));
            add("M", order, source, json!({ "method": "multistep" }));
            if order > 1 {
                add("S, grid stages", order, source, json!({ "method": "singlestep", "stages": "grid" }));
                add("S, taylor", order, source, json!({ "method": "singlestep", "expansion": "taylor" }));
            }
            if order == 2 {
                add("M, taylor", order, source, json!({ "method": "multistep", "expansion": "taylor" }));
            }
            if order == 3 {
                let half = "half of the second derivative: order 2";
                add("M, published", 2, half, json!({ "method": "multistep", "thirdOrder": "published" }));
            }
        }
    }
    all
}

fn unipc() -> Vec<Entry> {
    let mut all = Vec::new();
    for order in 1..=3u32 {
        for variant in ["bh1", "bh2"] {
            for (prediction, evaluates) in [("noise", Parameterization::Noise), ("data", Parameterization::Data)] {
                let args = json!({ "order": order, "variant": variant, "prediction": prediction, "lowerOrderFinal": false });
                let stated = f64::from((order + 1).min(3));
                all.push(exponential(format!("unipc {order} {variant} {prediction}"), stated, UNIPC, evaluates, "UniPCSolver", args));
            }
        }
    }
    all
}

fn deis() -> Vec<Entry> {
    let mut all = Vec::new();
    for order in 1..=4u32 {
        for (variable, short) in [("time", "t"), ("logSnr", "λ")] {
            let args = json!({ "order": order, "variable": variable, "lowerOrderFinal": false });
            all.push(exponential(
                format!("deis {order} {short}"),
                f64::from(order),
                DEIS,
                Parameterization::Noise,
                "DEISSolver",
                args.clone(),
            ));
            if order > 2 {
                let mut args = args;
                args["start"] = "lowerOrder".into();
                let source = "started by a step of order 1, whose error is O(h²)";
                all.push(exponential(
                    format!("deis {order} {short}, published start"),
                    2.0,
                    source,
                    Parameterization::Noise,
                    "DEISSolver",
                    args,
                ));
            }
        }
    }
    all
}
