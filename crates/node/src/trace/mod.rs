//! Recording a graph from JavaScript in pieces of bounded size, so that no call takes long however many ops there are.
//! Derivatives are only written down here; they are worked out when the pieces are joined, on another thread.

mod chunks;
mod listing;
mod replay;
mod segment;
mod tape;
#[cfg(test)]
mod tests;

pub use tape::{Declared, Kind, Tape};
