//! NVIDIA GPUs: what is there.

use crate::{EngineError, Result};
use candle_core::cuda_backend::cudarc::driver::result::{device, init};
use candle_core::cuda_backend::cudarc::driver::{DriverError, sys::CUresult};

/// Why the driver refuses, and what to do.
fn refusal(error: DriverError) -> EngineError {
    let (why, expected) = match error.0 {
        CUresult::CUDA_ERROR_STUB_LIBRARY => ("the NVIDIA driver is not installed (no libcuda.so.1 was found)", "the NVIDIA driver"),
        CUresult::CUDA_ERROR_NO_DEVICE => ("the NVIDIA driver sees no GPU", "a GPU that CUDA_VISIBLE_DEVICES does not hide"),
        CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => ("the NVIDIA driver is newer or older than its kernel module", "a restart"),
        CUresult::CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE => ("the NVIDIA driver is too old for CUDA 13", "a driver of version 580 or later"),
        _ => ("the NVIDIA driver does not start", "a driver that answers nvidia-smi"),
    };
    EngineError::device(format!("no CUDA device: {why}")).with(expected, format!("{:?}", error.0))
}

/// The number of GPUs.
///
/// # Errors
/// `DeviceError` if the driver is missing or does not answer.
pub(crate) fn count() -> Result<usize> {
    init().map_err(refusal)?;
    let count = device::get_count().map_err(refusal)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Checks that GPU `index` is there.
///
/// # Errors
/// `DeviceError` naming what is missing.
pub(crate) fn find(index: usize) -> Result<()> {
    let count = count()?;
    if index < count {
        return Ok(());
    }
    let there = if count == 1 { "cuda:0 alone".to_string() } else { format!("cuda:0 to cuda:{}", count.saturating_sub(1)) };
    Err(EngineError::device(format!("no CUDA device {index}")).with(there, format!("cuda:{index}")))
}
