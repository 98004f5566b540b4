//! The calls of the driver, of cuBLAS and of NVRTC that are needed, each with its error.
//!
//! Why these calls are sound: contexts, streams, modules and handles are made once for each GPU and never destroyed; addresses come
//! from [`allocate`] and are given back by the one block that owns them; all work is put on one stream, in order, so that what is freed
//! and taken again is used by the next task only after the last one is done with it.

use super::lanes::LANES;
use super::versions;
use crate::{EngineError, Precision, Result};
use candle_core::cuda_backend::cudarc::cublas::{result as blas, sys as blas_sys};
use candle_core::cuda_backend::cudarc::driver::{DriverError, result as cuda, sys};
use candle_core::cuda_backend::cudarc::nvrtc::{result as nvrtc, sys as nvrtc_sys};
use std::ffi::{CString, c_int, c_void};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use sys::CUresult;
use thalweg_graph::DType;

/// An address on a GPU.
pub(crate) type Pointer = u64;

/// Why the driver refuses, and what to do.
pub(crate) fn refusal(error: DriverError) -> EngineError {
    let (why, expected) = match error.0 {
        CUresult::CUDA_ERROR_STUB_LIBRARY => ("the NVIDIA driver is not installed (no libcuda.so.1 was found)", versions::NEEDED),
        CUresult::CUDA_ERROR_NO_DEVICE => ("the NVIDIA driver sees no GPU", "a GPU that CUDA_VISIBLE_DEVICES does not hide"),
        CUresult::CUDA_ERROR_SYSTEM_DRIVER_MISMATCH => ("the NVIDIA driver is newer or older than its kernel module", "a restart"),
        CUresult::CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE => ("the NVIDIA driver is too old", versions::NEEDED),
        _ => ("the NVIDIA driver does not start", "a driver that answers nvidia-smi"),
    };
    let found = versions::driver().map_or_else(String::new, |driver| format!("driver {driver}: "));
    EngineError::device(format!("no CUDA device: {why}")).with(expected, format!("{found}{:?}", error.0))
}

/// An error of a call that should have worked.
fn failed(what: &str) -> impl Fn(DriverError) -> EngineError + '_ {
    move |error| EngineError::device(format!("CUDA: {what} failed")).with("success", format!("{:?}", error.0))
}

/// Number of GPUs.
pub(crate) fn count() -> Result<usize> {
    cuda::init().map_err(refusal)?;
    versions::require_driver()?;
    let count = cuda::device::get_count().map_err(refusal)?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// What is known of a GPU.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    /// Compute capability.
    pub(crate) capability: (i32, i32),
}

/// A stream with a handle of cuBLAS whose work it takes.
#[derive(Clone, Copy)]
pub(crate) struct Queue {
    stream: sys::CUstream,
    blas: blas_sys::cublasHandle_t,
}

/// A context with the queue that does all work, and those on which graphs are recorded, which do nothing else, so that others may use
/// the first one meanwhile.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    context: sys::CUcontext,
    main: Queue,
    lanes: [Queue; LANES],
    staging: &'static Mutex<Staging>,
}

/// Uploads of so many bytes are staged: of fewer, the driver makes a copy at once; for more, it would wait for all work before.
const STAGED: Range<usize> = 32 << 10..8 << 20;

/// Memory of the host that a GPU reads by itself, in two halves: one is filled while the other may still be read.
struct Staging {
    at: *mut u8,
    halves: [Option<Tick>; 2],
    next: usize,
}

// SAFETY: the memory is that of this value for good, and is used under a lock.
unsafe impl Send for Staging {}

impl Staging {
    fn new() -> Result<Staging> {
        // SAFETY: the memory is never freed.
        let at = unsafe { cuda::malloc_host(2 * STAGED.end, 0) }.map_err(failed("allocating memory of the host"))?;
        Ok(Staging { at: at.cast(), halves: [None, None], next: 0 })
    }

    fn upload(&mut self, to: Pointer, from: &[u8], stream: sys::CUstream) -> Result<()> {
        let half = self.next;
        self.next = 1 - half;
        if let Some(read) = self.halves[half].take() {
            read.wait()?;
        }
        // SAFETY: the half has room, and its last reader is done; the copy is done before it is filled again.
        unsafe {
            let staged = std::slice::from_raw_parts_mut(self.at.add(half * STAGED.end), from.len());
            staged.copy_from_slice(from);
            cuda::memcpy_htod_async(to, staged, stream).map_err(failed("copying to a GPU"))?;
        }
        match Tick::after(stream) {
            Ok(tick) => self.halves[half] = Some(tick),
            Err(error) => {
                // SAFETY: the stream lives as long as the process.
                let _ = unsafe { cuda::stream::synchronize(stream) };
                return Err(error);
            }
        }
        Ok(())
    }
}

// SAFETY: these are handles; the driver and cuBLAS may be called from any thread that has made the context its own, and calls that
// share a handle are made under the GPU's lock (gpu.rs).
unsafe impl Send for Session {}
unsafe impl Sync for Session {}

/// A function on a GPU.
#[derive(Clone, Copy)]
pub(crate) struct Function(sys::CUfunction);

// SAFETY: a handle, as above.
unsafe impl Send for Function {}
unsafe impl Sync for Function {}

/// A captured graph, ready to be launched.
pub(crate) struct Graph(sys::CUgraphExec);

// SAFETY: a handle, as above.
unsafe impl Send for Graph {}

impl Drop for Graph {
    fn drop(&mut self) {
        // SAFETY: the last use of the handle. The driver keeps what a launch in progress needs.
        let _ = unsafe { cuda::graph::exec_destroy(self.0) };
    }
}

/// Describes GPU `index`.
pub(crate) fn describe(index: usize) -> Result<Description> {
    let device = cuda::device::get(index as c_int).map_err(failed("finding a device"))?;
    // SAFETY: the device was just returned by the driver.
    let attribute = |which| unsafe { cuda::device::get_attribute(device, which) }.map_err(failed("describing a device"));
    use sys::CUdevice_attribute as A;
    Ok(Description {
        capability: (
            attribute(A::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            attribute(A::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
        ),
    })
}

/// A product of matrices by columns; see cuBLAS.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) dtype: DType,
    pub(crate) precision: Precision,
    pub(crate) sizes: [usize; 3],
    pub(crate) transposed: [bool; 2],
    pub(crate) pointers: [Pointer; 3],
    pub(crate) distances: [usize; 3],
    pub(crate) entries: [usize; 3],
    pub(crate) count: usize,
    pub(crate) adds: bool,
}

/// What cuBLAS has for itself, for each queue.
const WORKSPACE: usize = 32 << 20;

impl Queue {
    fn new() -> Result<Queue> {
        let stream = cuda::stream::create(cuda::stream::StreamKind::NonBlocking).map_err(failed("making a stream"))?;
        let missing = |error: blas::CublasError| {
            EngineError::device("cuBLAS does not start").with("libcublas.so.13 and libcublasLt.so.13 of CUDA 13", format!("{:?}", error.0))
        };
        let handle = blas::create_handle().map_err(missing)?;
        // SAFETY: both handles were just made in this context; the workspace is that of the handle for good.
        unsafe {
            let workspace = cuda::malloc_sync(WORKSPACE).map_err(failed("allocating cuBLAS's workspace"))?;
            blas::set_stream(handle, stream.cast()).map_err(missing)?;
            blas_sys::cublasSetWorkspace_v2(handle, workspace as *mut c_void, WORKSPACE).result().map_err(missing)?;
        }
        Ok(Queue { stream, blas: handle })
    }
}

impl Session {
    /// The session of GPU `index`.
    pub(crate) fn open(index: usize) -> Result<Session> {
        let device = cuda::device::get(index as c_int).map_err(failed("finding a device"))?;
        // SAFETY: the device was just returned by the driver, the context by the call before.
        let context = unsafe { cuda::primary_ctx::retain(device) }.map_err(failed("making a context"))?;
        unsafe { cuda::ctx::set_current(context) }.map_err(failed("entering a context"))?;
        let main = Queue::new()?;
        let mut lanes = [main; LANES];
        for lane in &mut lanes {
            *lane = Queue::new()?;
        }
        Ok(Session { context, main, lanes, staging: Box::leak(Box::new(Mutex::new(Staging::new()?))) })
    }

    /// The queue that does all work.
    pub(crate) fn main(&self) -> &Queue {
        &self.main
    }

    /// Makes the context that of this thread.
    pub(crate) fn enter(&self) -> Result<()> {
        // SAFETY: the context lives as long as the process.
        unsafe { cuda::ctx::set_current(self.context) }.map_err(failed("entering a context"))
    }

    /// Free and all bytes of the GPU.
    pub(crate) fn memory(&self) -> Result<(usize, usize)> {
        self.enter()?;
        cuda::mem_get_info().map_err(failed("asking for free memory"))
    }

    /// Memory of its own; `None` if there is not enough.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<Option<Pointer>> {
        self.enter()?;
        // SAFETY: the address is owned by the block that asked for it.
        match unsafe { cuda::malloc_sync(bytes) } {
            Ok(at) => Ok(Some(at)),
            Err(DriverError(CUresult::CUDA_ERROR_OUT_OF_MEMORY)) => Ok(None),
            Err(error) => Err(failed("allocating memory")(error)),
        }
    }

    /// Gives memory back to the driver, once all work is done.
    pub(crate) fn free(&self, at: Pointer) {
        if self.enter().is_ok() {
            // SAFETY: the block that owned it is gone.
            let _ = unsafe { cuda::free_sync(at) };
        }
    }

    /// Waits for all work.
    pub(crate) fn wait(&self) -> Result<()> {
        self.enter()?;
        // SAFETY: the stream lives as long as the process.
        unsafe { cuda::stream::synchronize(self.main.stream) }.map_err(failed("the work of a GPU"))
    }

    /// Copies from the host. The values may be let go of when this returns.
    pub(crate) fn upload(&self, to: Pointer, from: &[u8]) -> Result<()> {
        if from.is_empty() {
            return Ok(());
        }
        self.enter()?;
        if (STAGED.start..STAGED.end).contains(&from.len()) {
            return self.staging.lock().unwrap_or_else(PoisonError::into_inner).upload(to, from, self.main.stream);
        }
        // SAFETY: pageable memory is read, or staged by the driver, before the call returns.
        unsafe { cuda::memcpy_htod_async(to, from, self.main.stream) }.map_err(failed("copying to a GPU"))
    }

    /// Copies to the host, once all work before is done.
    pub(crate) fn download(&self, to: &mut [u8], from: Pointer) -> Result<()> {
        if to.is_empty() {
            return Ok(());
        }
        self.enter()?;
        // SAFETY: the values are there when the call after has returned.
        unsafe { cuda::memcpy_dtoh_async(to, from, self.main.stream) }.map_err(failed("copying from a GPU"))?;
        self.wait()
    }

    /// Records what `work` puts on the lanes, without doing it.
    pub(crate) fn capture(&self, work: impl FnOnce(&mut Recorder<'_>) -> Result<()>) -> Result<Graph> {
        let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_THREAD_LOCAL;
        let first = self.lanes[0].stream;
        // SAFETY: the stream lives as long as the process; nobody else uses it meanwhile (gpu.rs holds a lock).
        unsafe { cuda::stream::begin_capture(first, mode) }.map_err(failed("recording a graph"))?;
        let mut recorder = Recorder { session: self, events: Vec::new(), joined: [false; LANES] };
        recorder.joined[0] = true;
        let done = work(&mut recorder).and_then(|()| recorder.finish());
        let graph = unsafe { cuda::stream::end_capture(first) };
        drop(recorder);
        done?;
        let graph = graph.map_err(failed("recording a graph"))?;
        // SAFETY: the graph was just made, and is not used after it became executable.
        let ready = unsafe { cuda::graph::instantiate(graph, sys::CUgraphInstantiate_flags(0)) };
        let _ = unsafe { cuda::graph::destroy(graph) };
        ready.map(Graph).map_err(failed("making a graph ready"))
    }

    /// Does what was recorded.
    pub(crate) fn replay(&self, graph: &Graph) -> Result<()> {
        self.enter()?;
        // SAFETY: both handles are alive.
        unsafe { cuda::graph::launch(graph.0, self.main.stream) }.map_err(failed("launching a graph"))
    }

    /// Loads machine code. It stays loaded.
    pub(crate) fn load(&self, code: &[u8]) -> Result<Module> {
        self.enter()?;
        // SAFETY: the image says its own size; a damaged one is refused.
        unsafe { cuda::module::load_data(code.as_ptr().cast()) }.map(Module).map_err(failed("loading machine code"))
    }
}

/// Records work on several lanes as one graph.
pub(crate) struct Recorder<'a> {
    session: &'a Session,
    events: Vec<sys::CUevent>,
    joined: [bool; LANES],
}

impl Recorder<'_> {
    /// The queue of a lane.
    pub(crate) fn queue(&self, lane: usize) -> &Queue {
        &self.session.lanes[lane]
    }

    /// Makes the next work of a lane the first that it has.
    pub(crate) fn join(&mut self, lane: usize) -> Result<()> {
        if !std::mem::replace(&mut self.joined[lane], true) {
            let start = self.signal(0)?;
            self.wait(lane, start)?;
        }
        Ok(())
    }

    /// The number of what a lane has come to.
    pub(crate) fn signal(&mut self, lane: usize) -> Result<usize> {
        let event = cuda::event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING).map_err(failed("making an event"))?;
        self.events.push(event);
        // SAFETY: both handles are alive.
        unsafe { cuda::event::record(event, self.session.lanes[lane].stream) }.map_err(failed("recording an event"))?;
        Ok(self.events.len() - 1)
    }

    /// Makes a lane wait for what another one has come to.
    pub(crate) fn wait(&mut self, lane: usize, signal: usize) -> Result<()> {
        self.joined[lane] = true;
        let flags = sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
        // SAFETY: both handles are alive.
        unsafe { cuda::stream::wait_event(self.session.lanes[lane].stream, self.events[signal], flags) }
            .map_err(failed("waiting for an event"))
    }

    /// Makes the first lane wait for all others.
    fn finish(&mut self) -> Result<()> {
        for lane in (1..LANES).filter(|&lane| self.joined[lane]).collect::<Vec<_>>() {
            let end = self.signal(lane)?;
            self.wait(0, end)?;
        }
        Ok(())
    }
}

impl Drop for Recorder<'_> {
    fn drop(&mut self) {
        for event in self.events.drain(..) {
            // SAFETY: the last use of the event.
            let _ = unsafe { cuda::event::destroy(event) };
        }
    }
}

/// What a queue has come to, with the time at which it did.
pub(crate) struct Tick(sys::CUevent);

impl Tick {
    fn after(stream: sys::CUstream) -> Result<Tick> {
        let tick = Tick(cuda::event::create(sys::CUevent_flags::CU_EVENT_DEFAULT).map_err(failed("making an event"))?);
        // SAFETY: both handles are alive.
        unsafe { cuda::event::record(tick.0, stream) }.map_err(failed("recording an event"))?;
        Ok(tick)
    }

    /// Waits for it.
    fn wait(&self) -> Result<()> {
        // SAFETY: the event is alive.
        unsafe { cuda::event::synchronize(self.0) }.map_err(failed("waiting for an event"))
    }

    /// Seconds from an earlier tick to this one, once all work is done.
    pub(crate) fn since(&self, earlier: &Tick) -> Result<f64> {
        // SAFETY: both events are alive.
        let milliseconds = unsafe { cuda::event::elapsed(earlier.0, self.0) }.map_err(failed("reading a clock"))?;
        Ok(f64::from(milliseconds) * 1e-3)
    }
}

impl Drop for Tick {
    fn drop(&mut self) {
        // SAFETY: the last use of the event.
        let _ = unsafe { cuda::event::destroy(self.0) };
    }
}

impl Queue {
    /// The time at which all work so far is done.
    pub(crate) fn tick(&self) -> Result<Tick> {
        Tick::after(self.stream)
    }

    /// Copies on the GPU.
    pub(crate) fn copy(&self, to: Pointer, from: Pointer, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: both stretches lie in blocks of this GPU.
        unsafe { cuda::memcpy_dtod_async(to, from, bytes, self.stream) }.map_err(failed("copying on a GPU"))
    }

    /// Zeros.
    pub(crate) fn zero(&self, at: Pointer, bytes: usize) -> Result<()> {
        if bytes == 0 {
            return Ok(());
        }
        // SAFETY: the stretch lies in a block of this GPU.
        unsafe { cuda::memset_d8_async(at, 0, bytes, self.stream) }.map_err(failed("writing zeros"))
    }

    /// Starts a function on so many blocks; its parameters are addresses.
    pub(crate) fn launch(&self, function: Function, blocks: usize, threads: usize, parameters: &mut [Pointer]) -> Result<()> {
        let mut arguments: Vec<*mut c_void> = parameters.iter_mut().map(|p| std::ptr::from_mut(p).cast()).collect();
        // SAFETY: the function's parameters are as many addresses (source/mod.rs makes both), and the driver copies them now.
        let done =
            unsafe { cuda::launch_kernel(function.0, (blocks as u32, 1, 1), (threads as u32, 1, 1), 0, self.stream, &mut arguments) };
        done.map_err(failed("starting a kernel"))
    }

    /// Starts a product.
    pub(crate) fn multiply(&self, call: &Call) -> Result<()> {
        use blas_sys::cublasComputeType_t as C;
        use blas_sys::cublasOperation_t as O;
        use blas_sys::cudaDataType as T;
        let ty = match call.dtype {
            DType::F64 => T::CUDA_R_64F,
            DType::BF16 => T::CUDA_R_16BF,
            _ => T::CUDA_R_32F,
        };
        let compute = match (call.dtype, call.precision) {
            (DType::F64, _) => C::CUBLAS_COMPUTE_64F,
            (DType::F32, Precision::Tf32) => C::CUBLAS_COMPUTE_32F_FAST_TF32,
            _ => C::CUBLAS_COMPUTE_32F,
        };
        let (one, single, beta, single_beta) = (1f64, 1f32, f64::from(u8::from(call.adds)), f32::from(u8::from(call.adds)));
        let twice = call.dtype == DType::F64;
        let alpha: *const c_void = if twice { (&raw const one).cast() } else { (&raw const single).cast() };
        let beta: *const c_void = if twice { (&raw const beta).cast() } else { (&raw const single_beta).cast() };
        let op = |transposed: bool| if transposed { O::CUBLAS_OP_T } else { O::CUBLAS_OP_N };
        let [m, n, k] = call.sizes.map(|v| v as c_int);
        let [da, db, dc] = call.distances.map(|v| v as c_int);
        let [ea, eb, ec] = call.entries.map(|v| v as i64);
        let [a, b, c] = call.pointers;
        // SAFETY: all matrices lie in blocks of this GPU (the plan says where), alpha and beta on this stack until the call returns.
        let done = unsafe {
            blas::gemm_strided_batched_ex(
                self.blas,
                op(call.transposed[0]),
                op(call.transposed[1]),
                m,
                n,
                k,
                alpha,
                a as *const c_void,
                ty,
                da,
                ea,
                b as *const c_void,
                ty,
                db,
                eb,
                beta,
                c as *mut c_void,
                ty,
                dc,
                ec,
                call.count as c_int,
                compute,
                blas_sys::cublasGemmAlgo_t::CUBLAS_GEMM_DEFAULT,
            )
        };
        done.map_err(|e| {
            EngineError::device(format!("cuBLAS: a product of [{m}, {k}] and [{k}, {n}] failed")).with("success", format!("{:?}", e.0))
        })
    }
}

/// Loaded machine code.
#[derive(Clone, Copy)]
pub(crate) struct Module(sys::CUmodule);

// SAFETY: a handle, as above.
unsafe impl Send for Module {}

impl Module {
    /// A function of it.
    pub(crate) fn function(self, name: &str) -> Result<Function> {
        let text = CString::new(name).map_err(|_| EngineError::internal("a function without a name"))?;
        // SAFETY: modules are never unloaded.
        unsafe { cuda::module::get_function(self.0, text) }.map(Function).map_err(failed("finding a function"))
    }
}

/// The version of NVRTC.
pub(crate) fn compiler() -> Result<(i32, i32)> {
    let (mut major, mut minor) = (0, 0);
    // SAFETY: both are there.
    let done = unsafe { nvrtc_sys::nvrtcVersion(&raw mut major, &raw mut minor) };
    let missing =
        |e: nvrtc::NvrtcError| EngineError::device("NVRTC does not start").with("libnvrtc.so.13 of CUDA 13", format!("{:?}", e.0));
    done.result().map_err(missing)?;
    Ok((major, minor))
}

/// Compiles CUDA C++ to machine code for GPUs of this compute capability.
pub(crate) fn compile(text: &str, capability: (i32, i32)) -> Result<Vec<u8>> {
    let text = CString::new(text).map_err(|_| EngineError::internal("a kernel with a zero byte"))?;
    let internal = |what: &str, log: String| EngineError::internal(format!("{what}: {log}"));
    let program = nvrtc::create_program(&text, None)
        .map_err(|e| EngineError::device("NVRTC does not start").with("libnvrtc.so.13 of CUDA 13", format!("{:?}", e.0)))?;
    let options = [format!("--gpu-architecture=sm_{}{}", capability.0, capability.1), "--std=c++17".into()];
    // SAFETY: the program was just made and is destroyed below, once.
    let compiled = unsafe { nvrtc::compile_program(program, &options) };
    let log = || {
        // SAFETY: the program is alive; the log ends with a zero byte.
        let bytes = unsafe { nvrtc::get_program_log(program) }.unwrap_or_default();
        bytes.iter().map(|&c| c as u8 as char).take_while(|&c| c != '\0').collect::<String>()
    };
    let made = compiled.map_err(|_| internal("a generated kernel does not compile", log())).and_then(|()| {
        let mut size = MaybeUninit::uninit();
        // SAFETY: the program is alive; the size is written before it is read, and the code fills as many bytes.
        unsafe {
            nvrtc_sys::nvrtcGetCUBINSize(program, size.as_mut_ptr()).result().map_err(|e| internal("NVRTC", format!("{:?}", e.0)))?;
            let mut code = vec![0u8; size.assume_init()];
            nvrtc_sys::nvrtcGetCUBIN(program, code.as_mut_ptr().cast()).result().map_err(|e| internal("NVRTC", format!("{:?}", e.0)))?;
            Ok(code)
        }
    });
    // SAFETY: the last use of the program.
    let _ = unsafe { nvrtc::destroy_program(program) };
    made
}
