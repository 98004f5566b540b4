//! Where a program runs.
//! Names are read here; whether a device is there is asked where a wait does no harm, since a driver takes its time to start.

use crate::{EngineError, Result};
use std::cell::Cell;
use std::sync::OnceLock;
use std::{env, fmt};

/// The environment variable that names the device of those who name none.
const DEVICE: &str = "THALWEG_DEVICE";

/// How much of a wrong name is shown.
const LONGEST: usize = 80;

thread_local! {
    static CURRENT: Cell<Option<Device>> = const { Cell::new(None) };
}

/// A place that holds tensors and runs programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Device {
    /// The host's processors.
    Cpu,
    /// The NVIDIA GPU of this index.
    Cuda(usize),
}

/// The device that somebody asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Choice {
    /// The best one that there is.
    #[default]
    Auto,
    /// This one.
    Named(Device),
}

impl Choice {
    /// What `"auto"`, `"cpu"`, `"cuda"` (the first GPU) or `"cuda:<index>"` asks for, whether it is there or not.
    ///
    /// ```
    /// use thalweg_engine::{Choice, Device};
    /// assert_eq!(Choice::parse("cuda:1").unwrap(), Choice::Named(Device::Cuda(1)));
    /// assert_eq!(Choice::parse("gpu").unwrap_err().code, "DeviceError");
    /// ```
    ///
    /// # Errors
    /// `DeviceError`: the name is none of these.
    pub fn parse(name: &str) -> Result<Choice> {
        let index = name.strip_prefix("cuda:").and_then(|i| i.parse::<usize>().ok());
        match (name, index) {
            ("auto", _) => Ok(Choice::Auto),
            ("cpu", _) => Ok(Choice::Named(Device::Cpu)),
            ("cuda", _) => Ok(Choice::Named(Device::Cuda(0))),
            (_, Some(index)) => Ok(Choice::Named(Device::Cuda(index))),
            _ => {
                let shown: String = name.chars().take(LONGEST).collect();
                Err(EngineError::device("unknown device").with("\"auto\", \"cpu\", \"cuda\" or \"cuda:<index>\"", format!("{shown:?}")))
            }
        }
    }

    /// What the environment asks for: `THALWEG_DEVICE`, or the best.
    ///
    /// # Errors
    /// As [`Choice::parse`].
    pub fn of_environment() -> Result<Choice> {
        match env::var(DEVICE) {
            Ok(name) if !name.is_empty() => Choice::parse(&name),
            _ => Ok(Choice::Auto),
        }
    }
}

impl Device {
    /// The device of programs that are compiled on this thread: that of the worker whose job it does, else the one that
    /// `THALWEG_DEVICE` names, else the host.
    ///
    /// # Errors
    /// `DeviceError` if the environment names none that is present.
    pub fn current() -> Result<Device> {
        static NAMED: OnceLock<Result<Device>> = OnceLock::new();
        if let Some(device) = CURRENT.get() {
            return Ok(device);
        }
        let named = || match Choice::of_environment()? {
            Choice::Auto => Ok(Device::Cpu),
            Choice::Named(device) => device.check().map(|()| device),
        };
        NAMED.get_or_init(named).clone()
    }

    /// Does `work` as a job of this device, whichever thread it is.
    pub(crate) fn host<T>(self, work: impl FnOnce() -> T) -> T {
        struct Before(Option<Device>);
        impl Drop for Before {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _before = Before(CURRENT.replace(Some(self)));
        work()
    }

    /// Checks that it is there. The first question about a GPU starts its driver, which may take a second.
    ///
    /// # Errors
    /// `DeviceError` naming what is missing.
    pub fn check(self) -> Result<()> {
        match self {
            Device::Cpu => Ok(()),
            Device::Cuda(index) => cuda(index),
        }
    }
}

#[cfg(feature = "cuda")]
fn cuda(index: usize) -> Result<()> {
    crate::cuda::find(index)
}

#[cfg(not(feature = "cuda"))]
fn cuda(index: usize) -> Result<()> {
    let error = EngineError::device("no CUDA device: this build has no CUDA support");
    Err(error.with("\"auto\" or \"cpu\"", format!("\"cuda:{index}\"")))
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Auto => f.write_str("auto"),
            Choice::Named(device) => device.fmt(f),
        }
    }
}
