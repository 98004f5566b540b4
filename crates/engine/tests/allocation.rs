//! A training step allocates nothing of the size of its parameters once its buffers exist: state that is donated is
//! updated where it lies.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use thalweg_engine::{CompileOptions, Program, Tensor};
use thalweg_graph::{Builder, DType, Var, grad};

/// Allocations of at least this many bytes are counted.
const COUNTED_FROM: usize = 100_000;
static LARGE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= COUNTED_FROM {
            LARGE.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() >= COUNTED_FROM {
            LARGE.fetch_add(1, Ordering::Relaxed);
        }
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const N: usize = 300;

fn state() -> Vec<Tensor> {
    (0..4).map(|k| Tensor::from_f32((0..N * N).map(|i| ((i * 7 + k) % 11) as f32 * 0.01).collect(), &[N, N]).unwrap()).collect()
}

/// Adam with its moments and an average of the parameter, guarded by the finiteness of the loss. No matrix product: the
/// `gemm` crate allocates its packing scratch anew each time.
fn step() -> Program {
    let b = Builder::new();
    let [p, m, v, e] = ["p", "m", "v", "e"].map(|name| b.input(name, DType::F32, &[N, N]));
    let x = b.input("x", DType::F32, &[N]);
    let loss = (x * p).tanh().mean_all();
    let g = grad(loss, &[p])[0];
    let m2 = m * 0.9 + g * 0.1;
    let v2 = v * 0.999 + g * g * 0.001;
    let p2 = p - m2 / (v2.sqrt() + 1e-8) * 1e-3;
    let e2 = e * 0.99 + p2 * 0.01;
    let ok = loss.is_finite();
    let keep = |new: Var<'_>, old: Var<'_>| ok.select(new, old).id();
    let outs = [loss.id(), keep(p2, p), keep(m2, m), keep(v2, v), keep(e2, e)].map(|id| b.var(id));
    let options = CompileOptions { donated: vec![0, 1, 2, 3], ..CompileOptions::default() };
    Program::compile(&b.finish(&outs).unwrap(), &options).unwrap()
}

#[test]
fn a_steady_step_allocates_nothing_of_parameter_size() {
    let (program, mut state) = (step(), state());
    let x = Tensor::from_f32(vec![0.5; N], &[N]).unwrap();
    let advance = |state: Vec<Tensor>| {
        let mut inputs = state;
        inputs.push(x.clone());
        program.run(inputs).unwrap().split_off(1)
    };
    for _ in 0..3 {
        state = advance(state);
    }
    let before = LARGE.load(Ordering::Relaxed);
    for _ in 0..20 {
        state = advance(state);
    }
    assert_eq!(LARGE.load(Ordering::Relaxed) - before, 0);
    // A snapshot that is held costs its own copy, once, and stays as it was.
    let snapshot = state.clone();
    let values: Vec<f32> = snapshot[0].to_f32_vec().unwrap();
    state = advance(state);
    assert_eq!(snapshot[0].to_f32_vec().unwrap(), values);
    assert_ne!(state[0].to_f32_vec().unwrap(), values);
    let counted = LARGE.load(Ordering::Relaxed) - before;
    assert!(counted > 0, "the counting allocator does not count");
}
