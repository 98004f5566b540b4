//! What there is of NVIDIA's on this machine.

use super::{Gpu as Opened, driver, versions};
use crate::Result;
use crate::survey::{Gpu, Gpus};

/// Surveys it. The first GPU is opened with all that programs need there, so that no error means that they run.
pub(crate) fn survey() -> Gpus {
    let error = Opened::get(0).err();
    let devices = driver::count().and_then(|count| (0..count).map(described).collect::<Result<Vec<Gpu>>>());
    Gpus { driver: versions::driver(), libraries: versions::libraries().into(), devices: devices.unwrap_or_default(), error }
}

fn described(index: usize) -> Result<Gpu> {
    let (name, memory) = versions::name_and_memory(index)?;
    let (major, minor) = driver::describe(index)?.capability;
    Ok(Gpu { name, memory, capability: format!("{major}.{minor}") })
}
