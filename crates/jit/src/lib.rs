//! Machine code for elementwise loops over runs of f32, made at run time.
//!
//! What a loop does to one element is recorded on a [`Tape`] and compiled to a [`Loop`]: all its runs advance together, and what lies
//! between is in registers. It gives the bits that the kernels of `thalweg-lane` give one after the other, whose elementary functions
//! it shares. There are loops for x86-64 with AVX-512 or AVX2; elsewhere, and where the system lets no program make code, there are none.
//!
//! ```
//! use thalweg_graph::ops::unary::Unary;
//! use thalweg_jit::{Run, Tape};
//! let tape = Tape::new();
//! let (x, scale) = (tape.read(0), tape.splat(1));
//! tape.write(2, tape.unary(Unary::Sigmoid, x).unwrap() * scale);
//! let (x, scale, mut out) = ([0f32, 1.0, 2.0], 2f32, [0f32; 3]);
//! if let Some(code) = tape.compile() {
//!     code.run(&mut [Run::Slice(&x), Run::Splat(&scale), Run::Out(&mut out)]);
//!     assert_eq!(out[0], 1.0);
//! }
//! ```

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod emit;
#[cfg(target_arch = "x86_64")]
mod isa;
mod run;
mod tape;

pub use run::{Loop, Run, available};
pub use tape::{Mask, SLOTS, Tape, Traced};
