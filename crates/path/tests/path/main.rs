//! Tests of the paths: identities, conversions, dynamics, 32-bit accuracy, graphs, configs, and GenerativeRL's golden numbers.
//! Everything numerical is checked in f64 against finite differences or closed forms, unless the name says otherwise.

mod config;
mod conversions;
mod custom;
mod defects;
mod discrete;
mod dual;
mod dynamics;
mod expression;
mod fokker_planck;
mod golden;
mod graph;
mod identities;
mod interpolant;
mod normal;
mod objective;
mod preconditioning;
mod schedule_transform;
mod single_precision;
mod support;
mod time_sampler;
mod weight;
