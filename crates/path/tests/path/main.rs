//! Tests of the paths: identities, conversions, dynamics, 32-bit accuracy, graphs, configs, and GenerativeRL's golden numbers.
//! Everything numerical is checked in f64 against finite differences or closed forms, unless the name says otherwise.

mod config;
mod conversions;
mod defects;
mod dynamics;
mod golden;
mod graph;
mod identities;
mod objective;
mod single_precision;
mod support;
mod time_sampler;
