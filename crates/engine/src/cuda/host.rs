//! Programs for a GPU on the host: the same plans, the same text of kernels as C++, products term by term. What a GPU would compute is
//! compared with the reference executor.

use super::driver::Pointer;
use super::lower::Lowered;
use super::lowered;
use super::product::{Factor, Gemm};
use super::source::{Kernel, host_text};
use super::walk::{self, Machine, Places};
use crate::tensor::Tensor;
use crate::{CompileOptions, Executor, Precision, Program, Result, random};
use std::ffi::{CString, c_char, c_int, c_void};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use thalweg_graph::ops::{Distribution, Window};
use thalweg_graph::{Builder, DType, Graph, Type, Var, grad};

unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A library of compiled kernels.
struct Host(*mut c_void);

impl Host {
    fn compile(text: &str) -> Host {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("thalweg-host-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let [source, library] = ["cpp", "so"].map(|end| std::env::temp_dir().join(format!("{name}.{end}")));
        std::fs::write(&source, text).unwrap();
        let made = Command::new("g++")
            .args(["-std=c++17", "-O1", "-w", "-shared", "-fPIC", "-fno-gnu-unique", "-o"])
            .arg(&library)
            .arg(&source)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let path = CString::new(library.to_str().unwrap()).unwrap();
        // SAFETY: the library was just compiled; it runs nothing when it is opened but what C++ itself needs.
        let handle = unsafe { dlopen(path.as_ptr(), 2) };
        assert!(!handle.is_null());
        let _ = (std::fs::remove_file(source), std::fs::remove_file(library));
        Host(handle)
    }
}

impl Host {
    /// Has blocks and threads come from behind.
    fn backwards(&self, is: bool) {
        // SAFETY: the function is that of source/host.cuh.
        unsafe {
            let symbol = dlsym(self.0, c"order".as_ptr());
            assert!(!symbol.is_null());
            std::mem::transmute::<*mut c_void, extern "C" fn(bool)>(symbol)(is);
        }
    }
}

impl Machine for Host {
    fn kernel(&self, kernel: &Kernel, pointers: &mut [Pointer]) -> Result<()> {
        let name = CString::new(kernel.name()).unwrap();
        // SAFETY: the function is that of the kernel's text (source/mod.rs), and every address lies in the memory of the run.
        unsafe {
            let symbol = dlsym(self.0, name.as_ptr());
            assert!(!symbol.is_null());
            let function = std::mem::transmute::<*mut c_void, extern "C" fn(*mut Pointer, u32)>(symbol);
            function(pointers.as_mut_ptr(), kernel.blocks as u32);
        }
        Ok(())
    }

    fn multiply(&self, gemm: &Gemm, pointers: [Pointer; 3]) -> Result<()> {
        match gemm.dtype {
            DType::F64 => multiply::<f64>(gemm, pointers, |x| x, |x| x),
            DType::BF16 => multiply::<half::bf16>(gemm, pointers, half::bf16::to_f64, half::bf16::from_f64),
            _ => multiply::<f32>(gemm, pointers, f64::from, |x| x as f32),
        }
        Ok(())
    }

    fn zero(&self, at: Pointer, bytes: usize) -> Result<()> {
        // SAFETY: the stretch lies in the memory of the run.
        unsafe { std::ptr::write_bytes(at as *mut u8, 0, bytes) };
        Ok(())
    }

    fn copy(&self, to: Pointer, from: Pointer, bytes: usize) -> Result<()> {
        // SAFETY: both stretches lie in the memory of the run.
        unsafe { std::ptr::copy(from as *const u8, to as *mut u8, bytes) };
        Ok(())
    }
}

/// A product as cuBLAS defines it.
fn multiply<T: Copy>(gemm: &Gemm, [a, b, c]: [Pointer; 3], wide: impl Fn(T) -> f64, narrow: impl Fn(f64) -> T) {
    let at = |base: Pointer, offset: usize| (base as *mut T).wrapping_add(offset);
    let place = |f: &Factor, entry: usize, row: usize, column: usize| {
        let (row, column) = if f.transposed { (column, row) } else { (row, column) };
        entry * f.entry + column * f.distance + row
    };
    for entry in 0..gemm.entries {
        for i in 0..gemm.m {
            for j in 0..gemm.n {
                let out = at(c, entry * gemm.entry + j * gemm.distance + i);
                // SAFETY: all matrices lie in the memory of the run.
                unsafe {
                    let term = |k| wide(*at(a, place(&gemm.left, entry, i, k))) * wide(*at(b, place(&gemm.right, entry, k, j)));
                    let sum: f64 = (0..gemm.k).map(term).sum();
                    *out = narrow(sum + if gemm.adds { wide(*out) } else { 0.0 });
                }
            }
        }
    }
}

/// Memory of a run, aligned as a GPU's.
fn memory(bytes: usize) -> Vec<u128> {
    vec![0xa5a5_a5a5_a5a5_a5a5_a5a5_a5a5_a5a5_a5a5; bytes.div_ceil(16) + 1]
}

fn pointer(memory: &[u128]) -> Pointer {
    memory.as_ptr() as Pointer
}

fn filled(tensor: &Tensor) -> Vec<u128> {
    let bytes = tensor.contiguous().unwrap().small_bytes().unwrap();
    let mut out = memory(bytes.len());
    // SAFETY: there is room for them.
    unsafe { std::ptr::copy(bytes.as_ptr(), out.as_mut_ptr().cast(), bytes.len()) };
    out
}

/// The storage of a constant, as a GPU keeps it: a repeated value once.
fn constant(tensor: &Tensor) -> Vec<u128> {
    let one = || tensor.layout().stride().iter().all(|&s| s == 0);
    if tensor.is_contiguous() || !one() {
        return filled(tensor);
    }
    let ty = Type::scalar(tensor.ty().dtype);
    filled(&tensor.viewed(candle_core::Layout::contiguous(&[] as &[usize]), std::sync::Arc::new(ty)))
}

/// The outputs of a graph as the host computes them the way a GPU would, in whichever order blocks and threads come.
fn computed(graph: &Graph, inputs: &[Tensor], precision: Precision) -> Vec<Tensor> {
    let lowered = lowered(graph, &[], precision).unwrap();
    let host = Host::compile(&host_text(lowered.kernels().into_iter()));
    let first = run(&lowered, &host, inputs);
    host.backwards(true);
    let bits = |all: &[Tensor]| -> Vec<Vec<u64>> { all.iter().map(|t| numbers(t).iter().map(|v| v.to_bits()).collect()).collect() };
    assert!(bits(&run(&lowered, &host, inputs)) == bits(&first), "another order of blocks and threads gives other bits");
    first
}

fn run(lowered: &Lowered, host: &Host, inputs: &[Tensor]) -> Vec<Tensor> {
    let arena = memory(lowered.arena);
    let inputs: Vec<Vec<u128>> = inputs.iter().map(filled).collect();
    let constants: Vec<Vec<u128>> = lowered.constants.iter().map(constant).collect();
    let of_bodies: Vec<Vec<Vec<u128>>> = lowered.of_bodies().iter().map(|all| all.iter().map(constant).collect()).collect();
    let outputs: Vec<Vec<u128>> = lowered.outputs.iter().map(|o| memory(o.ty.bytes())).collect();
    let (scratch, counters, wrong) = (memory(lowered.scratch), vec![0u128; lowered.counters / 4 + 1], vec![0u128; 2]);
    let bases = [&arena].into_iter().chain(&inputs).chain(&constants).chain(&outputs).map(|m| pointer(m)).collect();
    let places = Places { bases, scratch: pointer(&scratch), counters: pointer(&counters), wrong: pointer(&wrong) };
    let bodies: Vec<Vec<Pointer>> = of_bodies.iter().map(|all| all.iter().map(|m| pointer(m)).collect()).collect();
    walk::all(host, lowered, &places, &bodies, &mut 0).unwrap();
    assert!(counters.iter().all(|&c| c == 0), "counters are zero again");
    let tensor = |(memory, output): (&Vec<u128>, &crate::cpu::program::Output)| {
        let count = output.ty.count();
        let shape = &output.ty.shape;
        // SAFETY: so many elements were computed there; any bits are a value of their type.
        unsafe {
            match output.ty.dtype {
                DType::F32 => Tensor::from_f32(std::slice::from_raw_parts(memory.as_ptr().cast::<f32>(), count).to_vec(), shape),
                DType::F64 => Tensor::from_f64(std::slice::from_raw_parts(memory.as_ptr().cast::<f64>(), count).to_vec(), shape),
                DType::I64 => Tensor::from_i64(std::slice::from_raw_parts(memory.as_ptr().cast::<i64>(), count).to_vec(), shape),
                DType::Bool => {
                    let all = std::slice::from_raw_parts(memory.as_ptr().cast::<u8>(), count);
                    Tensor::from_bool(all.iter().map(|&b| b != 0).collect(), shape)
                }
                DType::BF16 => {
                    let all = std::slice::from_raw_parts(memory.as_ptr().cast::<half::bf16>(), count);
                    Tensor::from_bf16(&all.iter().map(|b| b.to_f32()).collect::<Vec<_>>(), shape)
                }
            }
        }
        .unwrap()
    };
    outputs.iter().zip(&lowered.outputs).map(tensor).collect()
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    match tensor.ty().dtype {
        DType::I64 => tensor.to_i64_vec().unwrap().iter().map(|&v| v as f64).collect(),
        DType::Bool => tensor.to_bool_vec().unwrap().iter().map(|&v| f64::from(u8::from(v))).collect(),
        _ => tensor.to_f64_vec().unwrap(),
    }
}

/// That both give the same values, up to `tolerance` times the largest of an output.
fn agree(graph: &Graph, inputs: &[Tensor], precision: Precision, tolerance: f64) {
    let options = CompileOptions { executor: Executor::Reference, ..CompileOptions::default() };
    let wanted = Program::compile(graph, &options).unwrap().run(inputs.to_vec()).unwrap();
    for (k, (got, wanted)) in computed(graph, inputs, precision).iter().zip(&wanted).enumerate() {
        let (got, wanted) = (numbers(got), numbers(wanted));
        let scale = wanted.iter().filter(|v| v.is_finite()).fold(1.0f64, |a, b| a.max(b.abs()));
        for (i, (g, w)) in got.iter().zip(&wanted).enumerate() {
            let same = (g - w).abs() <= tolerance * scale || g == w || (g.is_nan() && w.is_nan());
            assert!(same, "output {k}, element {i}: {g} instead of {w}");
        }
    }
}

fn normal(dtype: DType, shape: &[usize], seed: i64) -> Tensor {
    let mut values = vec![0.0; shape.iter().product()];
    random::normal_f64(seed, 1, 0, 0, &mut values);
    match dtype {
        DType::F64 => Tensor::from_f64(values, shape),
        DType::BF16 => Tensor::from_bf16(&values.iter().map(|&v| v as f32).collect::<Vec<_>>(), shape),
        DType::I64 => Tensor::from_i64(values.iter().map(|&v| (v * 20.0) as i64).collect(), shape),
        DType::Bool => Tensor::from_bool(values.iter().map(|&v| v > 0.0).collect(), shape),
        DType::F32 => Tensor::from_f32(values.iter().map(|&v| v as f32).collect(), shape),
    }
    .unwrap()
}

fn inputs(graph: &Graph) -> Vec<Tensor> {
    graph.inputs.iter().enumerate().map(|(k, i)| normal(i.ty.dtype, &i.ty.shape, k as i64 + 1)).collect()
}

fn check(graph: &Graph, tolerance: f64) {
    agree(graph, &inputs(graph), Precision::Full, tolerance);
}

#[test]
fn a_maximum_in_bf16_has_a_gradient() {
    let b = Builder::new();
    let [x, weight, bias] =
        [("x", [256, 64]), ("weight", [64, 64]), ("bias", [1, 64])].map(|(name, shape)| b.input(name, DType::F32, &shape));
    let scores = x.matmul(weight) + bias.broadcast_to(&[256, 64]);
    let loss = scores.max(&[1]).sum_all();
    let graph = b.finish(&thalweg_graph::grad(loss, &[weight, bias])).unwrap();
    let found = computed(&graph, &inputs(&graph), Precision::Bf16);
    assert!(found.iter().flat_map(numbers).all(f64::is_finite));
    // Every row has one maximum.
    assert!((numbers(&found[1]).iter().sum::<f64>() - 256.0).abs() < 2.0);
}

#[path = "../../tests/engine/random_graph.rs"]
mod random_graph;

#[test]
fn random_graphs() {
    let graphs = (0..400).filter_map(|seed| random_graph::random_graph(seed, 5 + seed as usize % 30, seed % 2 == 0));
    graphs.take(24).for_each(|graph| check(&graph, 1e-9));
}

#[test]
fn every_elementwise_function_of_every_type() {
    use thalweg_graph::ops::binary::Binary;
    use thalweg_graph::ops::unary::Unary;
    use thalweg_graph::ops::{Comparison, Op};
    for (dtype, tolerance) in [(DType::F32, 1e-6), (DType::F64, 1e-13), (DType::BF16, 1e-2), (DType::I64, 0.0)] {
        let b = Builder::new();
        let (x, y) = (b.input("x", dtype, &[67]), b.input("y", dtype, &[67]));
        let whole = |op: &Unary| dtype != DType::I64 || matches!(op, Unary::Neg | Unary::Abs | Unary::Sign);
        let mut outputs: Vec<Var> = Unary::ALL.iter().filter(|op| whole(op)).map(|op| b.push(Op::Unary(*op), &[x])).collect();
        outputs.extend(Binary::ALL.iter().map(|op| b.push(Op::Binary(*op), &[x, y])));
        outputs.extend(Comparison::ALL.iter().map(|c| x.compare(*c, y)));
        outputs.extend([DType::F32, DType::F64, DType::BF16, DType::I64, DType::Bool].map(|to| x.cast(to)));
        outputs.push(x.compare(Comparison::Lt, y).select(x, y));
        check(&b.finish(&outputs).unwrap(), tolerance);
    }
}

#[test]
fn reductions_of_every_form() {
    for shape in [vec![3, 700], vec![700, 3], vec![2000, 64], vec![64, 2048], vec![5, 40, 12], vec![6, 3, 4, 10], vec![9000]] {
        for dtype in [DType::F32, DType::F64, DType::I64] {
            let b = Builder::new();
            let x = b.input("x", dtype, &shape);
            let mut outputs: Vec<Var> = (0..shape.len()).flat_map(|axis| [x.sum(&[axis]), x.max(&[axis])]).collect();
            outputs.extend([(x * x).sum_all(), x + x]);
            check(&b.finish(&outputs).unwrap(), 1e-5);
        }
    }
}

#[test]
fn products_skinny_and_not_of_views() {
    let b = Builder::new();
    let of = |name: &str, shape: &[usize]| b.input(name, DType::F64, shape);
    let (a, w, thin, few) = (of("a", &[300, 40]), of("w", &[40, 50]), of("thin", &[40, 2]), of("few", &[300, 2]));
    let heads = of("heads", &[4, 6, 3, 8]).transpose(&[0, 2, 1, 3]);
    let outputs = [
        a.matmul(w),
        a.matmul(thin),
        a.t().matmul(few),
        few.t().matmul(a),
        few.matmul(thin.t()),
        heads.matmul(heads.transpose(&[0, 1, 3, 2])),
    ];
    check(&b.finish(&outputs).unwrap(), 1e-11);
}

#[test]
fn convolutions_and_their_gradients() {
    for (groups, stride, padding) in [(1, 1, 1), (2, 2, 1), (1, 2, 0)] {
        let b = Builder::new();
        let (x, w) = (b.input("x", DType::F64, &[2, 4, 7, 6]), b.input("w", DType::F64, &[6, 4 / groups, 3, 3]));
        let window = Window { stride: vec![stride; 2], before: vec![padding; 2], after: vec![padding; 2], dilation: vec![1; 2], groups };
        let y = x.conv(w, &window);
        check(&b.finish(&[&[y][..], &grad((y * y).sum_all(), &[x, w])].concat()).unwrap(), 1e-11);
    }
}

#[test]
fn indices_orders_running_sums_and_random_numbers() {
    let b = Builder::new();
    let x = b.input("x", DType::F32, &[6, 9]);
    let place = b.input("place", DType::I64, &[4]);
    let (seed, counter) = (b.input("seed", DType::I64, &[]), b.input("counter", DType::I64, &[]));
    let picked = x.gather(1, place);
    let mut outputs = vec![picked, picked.scatter_add(place, 1, 9), x.arg_sort(1), x.arg_max(0), x.cum_sum(1, true)];
    outputs.push(x.take_along(1, x.arg_sort(1)));
    for (stream, distribution) in [Distribution::Uniform, Distribution::Normal].into_iter().enumerate() {
        let drawn = |dtype| b.random(distribution, stream as u64, Type::new(dtype, [7, 11]), seed, counter);
        outputs.extend([drawn(DType::F32), drawn(DType::F64)]);
    }
    let graph = b.finish(&outputs).unwrap();
    let given = |name: &str| match name {
        "place" => Tensor::from_i64(vec![8, 0, 3, 3], &[4]).unwrap(),
        "x" => normal(DType::F32, &[6, 9], 5),
        _ => Tensor::from_i64(vec![7], &[]).unwrap(),
    };
    let values: Vec<Tensor> = graph.inputs.iter().map(|i| given(&i.name)).collect();
    agree(&graph, &values, Precision::Full, 1e-6);
}

/// A step of a small network: products, activations, a norm, gradients.
fn step(dtype: DType) -> Graph {
    let b = Builder::new();
    let (x, w) = (b.input("x", dtype, &[96, 3]), b.input("w", dtype, &[3, 64]));
    let (v, bias) = (b.input("v", dtype, &[64, 3]), b.input("bias", dtype, &[64]));
    let h = (x.matmul(w) * 0.3 + bias.broadcast_to(&[96, 64])).silu();
    let out = h.matmul(v) * 0.1;
    let loss = ((out - x) * (out - x)).mean_all();
    b.finish(&[&[loss, out][..], &grad(loss, &[w, v, bias])].concat()).unwrap()
}

#[test]
fn steps_of_training_in_every_precision() {
    check(&step(DType::F64), 1e-12);
    check(&step(DType::F32), 1e-5);
    let graph = step(DType::F32);
    agree(&graph, &inputs(&graph), Precision::Bf16, 5e-2);
}

/// Launches of a program.
fn launches(graph: &Graph) -> usize {
    lowered(graph, &[], Precision::Full).unwrap().totals().0
}

/// A number of each row, all along the row.
fn by_row<'g>(numbers: Var<'g>, width: usize) -> Var<'g> {
    let [rows] = numbers.shape()[..] else { panic!("one number of each row") };
    numbers.reshape(&[rows, 1]).broadcast_to(&[rows, width])
}

/// Norms, softmax and their gradients, of rows long and short, few and many: what reads the sums of its own row is one kernel with them.
#[test]
fn passes_over_the_same_rows_are_one_kernel() {
    for (rows, width) in [(7, 64), (300, 48), (40, 5), (3, 1500), (130, 2000), (2, 9)] {
        for dtype in [DType::F32, DType::F64] {
            let b = Builder::new();
            let x = b.input("x", dtype, &[rows, width]);
            let (scale, shift) = (b.input("scale", dtype, &[width]), b.input("shift", dtype, &[width]));
            let centred = x - by_row(x.mean(&[1]), width);
            let deviation = ((centred * centred).mean(&[1]) + 1e-5).sqrt();
            let [scaled, shifted] = [scale, shift].map(|v| v.broadcast_to(&[rows, width]));
            let normed = centred / by_row(deviation, width) * scaled + shifted;
            let loss = (normed.softmax(1) * normed).sum_all();
            let graph = b.finish(&[&[normed, normed.softmax(1)][..], &grad(loss, &[x, scale, shift])].concat()).unwrap();
            check(&graph, if dtype == DType::F32 { 1e-4 } else { 1e-11 });
            let forward = b.finish(&[normed.softmax(1)]).unwrap();
            let most = if width > 1024 && rows < 128 { 20 } else { 2 };
            assert!(launches(&forward) <= most, "{rows} × {width}: {} launches", launches(&forward));
        }
    }
}

/// A later pass wants other rows than the reduction's, or the memory that other rows still read.
#[test]
fn what_wants_other_rows_is_a_kernel_of_its_own() {
    let b = Builder::new();
    let x = b.input("x", DType::F64, &[64, 64]);
    let sums = x.sum(&[1]);
    let other = x * sums.broadcast_to(&[64, 64]);
    let turned = (x - by_row(sums, 64)).t();
    let flipped = by_row(sums.flip(0), 64) + turned;
    let graph = b.finish(&[other, turned.sum(&[1]), flipped, flipped.sum(&[1])]).unwrap();
    check(&graph, 1e-12);
}

/// Sums, elementwise work, thin products and copies of different shapes, of which some need others.
#[test]
fn small_kernels_that_do_not_need_each_other_are_started_together() {
    let b = Builder::new();
    let of = |name: &str, shape: &[usize]| b.input(name, DType::F64, shape);
    let (x, y, z, w) = (of("x", &[20, 30]), of("y", &[7, 5, 3]), of("z", &[400]), of("w", &[30, 2]));
    let independent = [x * 2.0 + 1.0, y.sum(&[1]), y.transpose(&[2, 0, 1]) * 3.0, z.exp(), x.matmul(w), z.sum_all()];
    let graph = b.finish(&independent).unwrap();
    check(&graph, 1e-12);
    assert!(launches(&graph) <= 2, "{} launches", launches(&graph));
    let next = independent[3] * z + independent[5].broadcast_to(&[400]);
    let graph = b.finish(&[next, independent[1].sum_all() * 2.0, (independent[0] - x).sum(&[0])]).unwrap();
    check(&graph, 1e-12);
    assert!(launches(&graph) >= 2, "{} launches", launches(&graph));
}
