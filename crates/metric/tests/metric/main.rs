//! Tests of the metrics: closed forms, brute force, invariances, and errors that say where.
//! One module per metric.

mod discrepancies;
mod exact_wasserstein;
mod likelihood;
mod moments;
mod paths;
mod sliced_wasserstein;
mod support;
