//! Runs the code of a loop: the one place where it is called.

use crate::tape::{Node, Op, SLOTS, Tape};
#[cfg(target_arch = "x86_64")]
use dynasmrt::{AssemblyOffset, ExecutableBuffer};

/// Machine code of a loop.
pub struct Loop {
    /// What each slot is, if it is used.
    slots: Vec<Kind>,
    /// Elements that advance together.
    stride: usize,
    #[cfg(target_arch = "x86_64")]
    code: ExecutableBuffer,
}

/// What a slot of a loop is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Unused,
    Slice,
    Splat,
    Flag,
    Out,
}

/// What a slot of a loop is given.
#[derive(Debug)]
pub enum Run<'a> {
    /// Elements that are read.
    Slice(&'a [f32]),
    /// One number for all.
    Splat(&'a f32),
    /// One truth value for all.
    Flag(&'a u8),
    /// Elements that are written.
    Out(&'a mut [f32]),
}

impl Tape {
    /// The code of the loop for the widest registers that this machine has; `None` if it, or the system, has none.
    ///
    /// # Panics
    /// If a slot is used in two ways.
    pub fn compile(&self) -> Option<Loop> {
        self.compile_for(thalweg_lane::kernels())
    }

    /// The code of the loop for an instruction set of the names of [`thalweg_lane::kernels`], which this machine has; `None` if there is none.
    ///
    /// # Panics
    /// If a slot is used in two ways, or this machine has not the instruction set.
    pub fn compile_for(&self, instructions: &str) -> Option<Loop> {
        let (nodes, known) = (self.nodes(), thalweg_lane::kernels());
        let slots = kinds(&nodes);
        assert!(instructions == known || (instructions, known) == ("AVX2", "AVX-512"), "code for {instructions} on a machine with {known}");
        #[cfg(target_arch = "x86_64")]
        {
            use crate::{avx2::Avx2, avx512::Avx512, emit::emit};
            let emitted = match instructions {
                "AVX-512" => emit::<Avx512>(&nodes)?,
                "AVX2" => emit::<Avx2>(&nodes)?,
                _ => return None,
            };
            Some(Loop { slots, stride: emitted.stride, code: emitted.code })
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = slots;
            None
        }
    }
}

/// Whether loops can be compiled here.
pub fn available() -> bool {
    let tape = Tape::new();
    tape.write(0, tape.splat(1));
    tape.compile().is_some()
}

fn kinds(nodes: &[Node]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for node in nodes {
        let (slot, kind) = match node.op {
            Op::Read(slot) => (slot, Kind::Slice),
            Op::Splat(slot) => (slot, Kind::Splat),
            Op::Flag(slot) => (slot, Kind::Flag),
            Op::Write(slot) => (slot, Kind::Out),
            _ => continue,
        };
        if kinds.len() <= slot {
            kinds.resize(slot + 1, Kind::Unused);
        }
        assert!(kinds[slot] == Kind::Unused || kinds[slot] == kind, "slot {slot} of a loop is a {:?} and a {kind:?}", kinds[slot]);
        kinds[slot] = kind;
    }
    kinds
}

impl Loop {
    /// Runs the loop over runs of equal length.
    ///
    /// # Panics
    /// If slots are fewer or other than on the tape, or lengths differ.
    pub fn run(&self, slots: &mut [Run<'_>]) {
        let mut pointers = [std::ptr::null_mut::<u8>(); SLOTS];
        let mut count = None;
        for (k, kind) in self.slots.iter().enumerate() {
            let (length, pointer) = match (slots.get_mut(k), kind) {
                (_, Kind::Unused) => continue,
                (Some(Run::Slice(x)), Kind::Slice) => (Some(x.len()), x.as_ptr().cast_mut().cast()),
                (Some(Run::Out(x)), Kind::Out) => (Some(x.len()), x.as_mut_ptr().cast()),
                (Some(Run::Splat(x)), Kind::Splat) => (None, std::ptr::from_ref::<f32>(*x).cast_mut().cast()),
                (Some(Run::Flag(x)), Kind::Flag) => (None, std::ptr::from_ref::<u8>(*x).cast_mut()),
                (found, _) => panic!("slot {k} of a loop is a {kind:?}, not {found:?}"),
            };
            assert!(length.is_none() || count.is_none() || length == count, "runs of {count:?} and of {length:?} elements");
            count = length.or(count);
            pointers[k] = pointer;
        }
        // SAFETY: each slot that the code uses has a pointer to as many elements as were just counted; what is written is borrowed mutably,
        // and so overlaps nothing else.
        unsafe { self.run_at(&pointers, count.unwrap_or(0)) }
    }

    /// Runs the loop over `count` elements.
    ///
    /// # Safety
    /// Each slot that the tape has reads or writes points to `count` elements of f32, each splat to one, each flag to a byte; all are
    /// valid for that while the loop runs. Two of them may overlap only if they begin at the same element, and nothing that was read there
    /// is used after what was written.
    pub unsafe fn run_at(&self, slots: &[*mut u8; SLOTS], count: usize) {
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: the code follows this calling convention; it touches what the caller answers for, and its own stack.
            let run: extern "sysv64" fn(*const *mut u8, usize, usize) = unsafe { std::mem::transmute(self.code.ptr(AssemblyOffset(0))) };
            let rest = count % self.stride;
            run(slots.as_ptr(), count - rest, rest);
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = (slots, count);
    }
}

impl std::fmt::Debug for Loop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Loop {{ slots: {:?}, stride: {} }}", self.slots, self.stride)
    }
}
