//! Picks the widest instruction set of the machine at run time, once, and compiles each kernel for all of them.
//! Kernels are plain loops over slices: the compiler turns them into vector code where they are inlined into [`dispatch`].

use pulp::{Arch, Simd, WithSimd};
use std::sync::OnceLock;

/// A loop that is compiled for every instruction set. Its body and all it calls must be `#[inline(always)]`.
pub(crate) trait Kernel {
    /// What the loop computes beside what it writes.
    type Output;

    /// Runs the loop. `FUSED` says whether a fused multiply-add is one instruction here; without it, `f32::mul_add` is a slow call.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Whether every instruction set with registers that pulp knows here multiplies and adds in one instruction: WebAssembly does not.
const VECTORS_FUSE: bool = cfg!(any(target_arch = "x86", target_arch = "x86_64", target_arch = "aarch64"));

struct With<K>(K);

impl<K: Kernel> WithSimd for With<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> K::Output {
        if S::IS_SCALAR || !VECTORS_FUSE { self.0.run::<false>() } else { self.0.run::<true>() }
    }
}

/// The widest registers that the machine has.
#[inline]
pub(crate) fn arch() -> Arch {
    static ARCH: OnceLock<Arch> = OnceLock::new();
    *ARCH.get_or_init(Arch::new)
}

/// Runs `kernel` with the widest registers that the machine has.
#[inline]
pub(crate) fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    arch().dispatch(With(kernel))
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        if S::IS_SCALAR { 1 } else { S::F32_LANES }
    }
}

/// Which of the compiled kernels run on this machine: `"AVX-512"`, `"AVX2"`, `"NEON"` or `"plain"`.
pub fn kernels() -> &'static str {
    match arch().dispatch(Lanes) {
        16 => "AVX-512",
        8 => "AVX2",
        4 => "NEON",
        _ => "plain",
    }
}
