//! Where a program runs.
//! Names are checked here once; a build without CUDA says so.

use crate::{EngineError, Result};
use std::fmt;

/// A place that holds tensors and runs programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The host's processors.
    Cpu,
    /// The NVIDIA GPU of this index.
    Cuda(usize),
}

impl Device {
    /// The device called `"auto"`, `"cpu"`, `"cuda"` or `"cuda:<index>"`. `auto` is the best one present.
    ///
    /// ```
    /// use thalweg_engine::Device;
    /// assert_eq!(Device::parse("auto").unwrap(), Device::Cpu);
    /// assert_eq!(Device::parse("cuda:1").unwrap_err().code, "DeviceError");
    /// ```
    ///
    /// # Errors
    /// `DeviceError`: the name is none of these, or the device is not present.
    pub fn parse(name: &str) -> Result<Device> {
        let index = name.strip_prefix("cuda:").and_then(|i| i.parse::<usize>().ok());
        match (name, index) {
            ("auto" | "cpu", _) => Ok(Device::Cpu),
            ("cuda", _) => Device::cuda(0),
            (_, Some(index)) => Device::cuda(index),
            _ => Err(EngineError::device("unknown device").with("\"auto\", \"cpu\", \"cuda\" or \"cuda:<index>\"", format!("{name:?}"))),
        }
    }

    #[cfg(feature = "cuda")]
    fn cuda(index: usize) -> Result<Device> {
        crate::cuda::find(index).map(|()| Device::Cuda(index))
    }

    #[cfg(not(feature = "cuda"))]
    fn cuda(index: usize) -> Result<Device> {
        let error = EngineError::device("no CUDA device: this build has no CUDA support");
        Err(error.with("\"auto\" or \"cpu\"", format!("\"cuda:{index}\"")))
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}
