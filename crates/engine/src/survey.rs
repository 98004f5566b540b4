//! What the machine has, for people who want to know why something is slow, or is not found.

use crate::{CompileOptions, EngineError, Program, Result, Tensor, memory, threads};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use thalweg_graph::{Builder, DType};

/// Rows of the matrices that [`product_rate`] multiplies, and how long it does so at least.
const SIZE: usize = 1024;
const ENOUGH: Duration = Duration::from_millis(300);

/// The host.
#[derive(Clone, Debug)]
pub struct Host {
    /// The processor's features that kernels may use.
    pub features: Vec<&'static str>,
    /// Which kernels run: "AVX-512", "AVX2", "NEON" or "plain".
    pub kernels: &'static str,
    /// Whether elementwise passes run as machine code made for them.
    pub machine_code: bool,
    /// Threads that programs run on.
    pub threads: usize,
    /// Processors that this process may use.
    pub processors: usize,
    /// Bytes that may still be allocated.
    pub free: usize,
}

/// A CUDA library.
#[derive(Clone, Debug)]
pub struct Library {
    /// Its name.
    pub name: &'static str,
    /// The version that is there; `None` where it cannot be opened.
    pub version: Option<String>,
    /// What is needed.
    pub needed: &'static str,
}

/// A GPU.
#[derive(Clone, Debug)]
pub struct Gpu {
    /// Its name.
    pub name: String,
    /// Bytes of its memory.
    pub memory: usize,
    /// Compute capability, as in "9.0".
    pub capability: String,
}

/// Everything of NVIDIA's.
#[derive(Clone, Debug, Default)]
pub struct Gpus {
    /// The driver, and the CUDA that it is for.
    pub driver: Option<String>,
    /// The libraries.
    pub libraries: Vec<Library>,
    /// The GPUs.
    pub devices: Vec<Gpu>,
    /// Why none of them can be used, if that is so.
    pub error: Option<EngineError>,
}

/// Surveys the host.
///
/// # Errors
/// `DeviceError` where the environment asks for a wrong number of threads.
pub fn host() -> Result<Host> {
    Ok(Host {
        features: features(),
        kernels: thalweg_lane::kernels(),
        machine_code: thalweg_jit::available(),
        threads: threads::wanted()?,
        processors: available_parallelism().map_or(1, |n| n.get()),
        free: memory::available(),
    })
}

#[cfg(target_arch = "x86_64")]
fn features() -> Vec<&'static str> {
    let known = [
        ("AVX2", is_x86_feature_detected!("avx2")),
        ("FMA", is_x86_feature_detected!("fma")),
        ("AVX-512F", is_x86_feature_detected!("avx512f")),
        ("AVX-512BW", is_x86_feature_detected!("avx512bw")),
        ("AVX-512DQ", is_x86_feature_detected!("avx512dq")),
        ("AVX-512VL", is_x86_feature_detected!("avx512vl")),
    ];
    known.into_iter().filter(|(_, there)| *there).map(|(name, _)| name).collect()
}

#[cfg(not(target_arch = "x86_64"))]
fn features() -> Vec<&'static str> {
    if cfg!(target_arch = "aarch64") { vec!["NEON"] } else { Vec::new() }
}

/// Surveys the GPUs.
#[cfg(feature = "cuda")]
pub fn gpus() -> Gpus {
    crate::cuda::survey()
}

/// Surveys the GPUs; this build has no eyes for them.
#[cfg(not(feature = "cuda"))]
pub fn gpus() -> Gpus {
    Gpus { error: crate::Device::Cuda(0).check().err(), ..Gpus::default() }
}

/// Floating-point operations a second of a product of square matrices of f32 on the current device.
///
/// # Errors
/// Those of compiling and running it.
pub fn product_rate() -> Result<f64> {
    let b = Builder::new();
    let operand = |name| b.input(name, DType::F32, &[SIZE, SIZE]);
    let program = Program::compile(&b.finish(&[operand("a").matmul(operand("b"))])?, &CompileOptions::default())?;
    let matrix = Tensor::from_f32(vec![0.5; SIZE * SIZE], &[SIZE, SIZE])?;
    // A device may go on after the call: the last product is read, which waits for all.
    let multiply = |times: usize| -> Result<Duration> {
        let start = Instant::now();
        for _ in 1..times {
            program.run(vec![matrix.clone(), matrix.clone()])?;
        }
        program.run(vec![matrix.clone(), matrix.clone()])?[0].narrow(0, 0, 1)?.to_f32_vec()?;
        Ok(start.elapsed())
    };
    multiply(2)?;
    let mut times = 1;
    loop {
        let elapsed = multiply(times)?;
        if elapsed >= ENOUGH {
            return Ok((2 * SIZE * SIZE * SIZE * times) as f64 / elapsed.as_secs_f64());
        }
        times *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_described_and_multiplies() {
        let host = host().unwrap();
        assert!(host.threads >= 1 && host.processors >= 1 && host.free > 0);
        assert!(["AVX-512", "AVX2", "NEON", "plain"].contains(&host.kernels), "{}", host.kernels);
        assert_eq!(host.kernels == "AVX2" || host.kernels == "AVX-512", host.features.contains(&"FMA"));
        assert!(product_rate().unwrap() > 1e7);
    }

    #[test]
    #[cfg(not(feature = "cuda"))]
    fn a_build_without_cuda_says_so() {
        assert!(gpus().error.unwrap().message.contains("no CUDA support"));
    }
}
