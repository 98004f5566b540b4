//! Which device a job goes to: the one that its model names, else that of `THALWEG_DEVICE`, else the best there is.
//! Looking for a GPU takes a while and may go wrong, so that a process of its own does it (`probe.rs`), once.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use thalweg_model::engine::{Choice, Device, EngineError};

use crate::error::{ErrorCode, ThalwegError};
use crate::probe;

/// How long a GPU may take to answer: starting the driver on a machine with many takes seconds.
const PATIENCE: Duration = Duration::from_secs(20);

/// What only TypeScript knows of the process.
pub struct Host {
    /// The program that runs JavaScript.
    pub node: String,
    /// The file of this addon.
    pub addon: String,
    /// Why this is not the addon with CUDA, and what to do about it.
    pub without: Option<String>,
}

static HOST: OnceLock<Host> = OnceLock::new();

/// Keeps what TypeScript knows; the first call counts.
pub fn host(host: Host) {
    let _ = HOST.set(host);
}

/// The device of this name.
///
/// # Errors
/// `DeviceError`: it is no device's name, or this addon never has the device. Whether a GPU is there is not asked, since that takes
/// too long for the main thread.
pub fn named(name: &str) -> Result<Choice, ThalwegError> {
    possible(Choice::parse(name)?)
}

/// What a model's choice means in this process.
///
/// # Errors
/// As [`named`], of what `THALWEG_DEVICE` says.
pub fn of_process(choice: Choice) -> Result<Choice, ThalwegError> {
    static WANTED: OnceLock<Result<Choice, EngineError>> = OnceLock::new();
    match choice {
        Choice::Auto => possible(WANTED.get_or_init(Choice::of_environment).clone()?),
        named => possible(named),
    }
}

/// Refuses a GPU where the addon cannot have any.
fn possible(choice: Choice) -> Result<Choice, ThalwegError> {
    match choice {
        Choice::Named(Device::Cuda(index)) if !cfg!(feature = "cuda") && !pretended(index) => {
            let why = HOST.get().and_then(|host| host.without.as_deref()).unwrap_or("this addon is made without CUDA");
            let message = format!("no CUDA device: {why}");
            Err(ThalwegError::expected(ErrorCode::DeviceError, message, "\"auto\" or \"cpu\"", format_args!("\"cuda:{index}\"")))
        }
        possible => Ok(possible),
    }
}

/// Checks that a device is there. For workers' threads: the driver may have to be started.
///
/// # Errors
/// `DeviceError` naming what is missing.
pub fn check(device: Device) -> Result<(), EngineError> {
    match device {
        Device::Cuda(index) if pretended(index) => Ok(()),
        device => device.check(),
    }
}

/// The best device. Said on the error stream where there was something to choose.
pub fn best() -> Device {
    let Some(host) = HOST.get().filter(|_| cfg!(feature = "cuda")) else { return Device::Cpu };
    let (device, why) = match probe::first_gpu(&host.node, &host.addon, PATIENCE) {
        Ok(name) => (Device::Cuda(0), name),
        Err(reason) => (Device::Cpu, reason),
    };
    // Nobody may listen.
    let _ = writeln!(std::io::stderr(), "thalweg: device {device} ({why})");
    device
}

/// Whether a test treats this GPU as one that is there: a worker of its own whose programs run on the CPU.
fn pretended(index: usize) -> bool {
    #[cfg(feature = "test-hooks")]
    return index < crate::hooks::pretended_gpus();
    #[cfg(not(feature = "test-hooks"))]
    {
        let _ = index;
        false
    }
}
