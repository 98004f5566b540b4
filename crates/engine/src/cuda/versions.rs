//! Versions of the driver and of the libraries, and what a GPU is called: questions that need no context.
//!
//! Why these calls are sound: each writes to a number of ours, and to nothing else; a library that is missing answers with an error
//! (scripts/cuda/shim.mjs).

use super::driver::{compiler, refusal};
use crate::survey::Library;
use crate::{EngineError, Result};
use candle_core::cuda_backend::cudarc::cublas::sys as blas_sys;
use candle_core::cuda_backend::cudarc::driver::{result as cuda, sys};
use std::ffi::c_int;
use std::fs;

/// The CUDA that a driver must be for, as the driver says it, and the driver that is.
const OLDEST: c_int = 13_000;
pub(crate) const NEEDED: &str = "a driver of version 580 or later, for CUDA 13.0";

/// The driver's own version: the first word with dots of what its kernel module says.
fn module_version() -> Option<String> {
    let text = fs::read_to_string("/proc/driver/nvidia/version").ok()?;
    let numeric = |word: &&str| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.split_whitespace().find(numeric).map(str::to_string)
}

/// The CUDA that the driver is for; `None` where there is no driver.
fn driver_cuda() -> Option<c_int> {
    let mut version = 0;
    // SAFETY: the number is there.
    let done = unsafe { sys::cuDriverGetVersion(&raw mut version) };
    done.result().ok().map(|()| version)
}

/// The driver in words: "580.95.05, for CUDA 13.0".
pub(crate) fn driver() -> Option<String> {
    let cuda = driver_cuda().map(|version| format!("for CUDA {}.{}", version / 1000, version % 1000 / 10));
    let parts: Vec<String> = module_version().into_iter().chain(cuda).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Refuses a driver that is too old for the libraries.
pub(crate) fn require_driver() -> Result<()> {
    match driver_cuda() {
        Some(version) if version < OLDEST => {
            let error = EngineError::device("no CUDA device: the NVIDIA driver is too old");
            Err(error.with(NEEDED, driver().unwrap_or_default()))
        }
        _ => Ok(()),
    }
}

/// The version of cuBLAS.
fn cublas() -> Option<String> {
    use blas_sys::libraryPropertyType_t as P;
    let part = |which| {
        let mut value = 0;
        // SAFETY: the number is there.
        let done = unsafe { blas_sys::cublasGetProperty(which, &raw mut value) };
        done.result().ok().map(|()| value)
    };
    let parts = [part(P::MAJOR_VERSION)?, part(P::MINOR_VERSION)?, part(P::PATCH_LEVEL)?];
    Some(parts.map(|p| p.to_string()).join("."))
}

/// The libraries, opened.
pub(crate) fn libraries() -> [Library; 2] {
    let nvrtc = compiler().ok().map(|(major, minor)| format!("{major}.{minor}"));
    [
        Library { name: "cuBLAS", version: cublas(), needed: "libcublas.so.13 and libcublasLt.so.13, of CUDA 13" },
        Library { name: "NVRTC", version: nvrtc, needed: "libnvrtc.so.13, of CUDA 13" },
    ]
}

/// The name of GPU `index`, and the bytes of its memory.
pub(crate) fn name_and_memory(index: usize) -> Result<(String, usize)> {
    let device = cuda::device::get(index as c_int).map_err(refusal)?;
    let name = cuda::device::get_name(device).map_err(refusal)?;
    // SAFETY: the device was just returned by the driver.
    let memory = unsafe { cuda::device::total_mem(device) }.map_err(refusal)?;
    Ok((name, memory))
}
