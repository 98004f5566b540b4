//! Typed access to the memory that a program was given: the one place where buffers are pointers.
//!
//! A program's buffers are *bases*: its arena, its inputs, constants and outputs. Where values lie in them was planned at compile
//! time. Two facts make the accesses here sound. Every access is checked to lie inside its base. And the plan gives values that
//! are alive at the same time disjoint places, except where a pass overwrites an operand in place: it reads a chunk before it
//! writes that chunk, and never holds both as slices (`fused/run.rs`).

use std::cell::RefCell;
use std::marker::PhantomData;

/// Types of elements in memory: any bit pattern is a value of each.
pub(crate) trait Plain: Copy + Send + Sync + 'static {}

impl Plain for f32 {}
impl Plain for f64 {}
impl Plain for half::bf16 {}
impl Plain for i64 {}
impl Plain for u8 {}

/// A stretch of memory that outlives a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base {
    pointer: *mut u8,
    bytes: usize,
}

// SAFETY: a base is an address with a length; those who turn it into slices answer for how it is shared (see the head of this file).
unsafe impl Send for Base {}
unsafe impl Sync for Base {}

impl Base {
    /// The bytes of values that are only read.
    pub(crate) fn reading<T: Plain>(values: &[T]) -> Base {
        Base { pointer: values.as_ptr().cast_mut().cast(), bytes: size_of_val(values) }
    }

    /// The bytes of values that a run may write.
    pub(crate) fn writing<T: Plain>(values: &mut [T]) -> Base {
        Base { pointer: values.as_mut_ptr().cast(), bytes: size_of_val(values) }
    }

    /// `bytes` of it from `offset` (in bytes) on.
    pub(crate) fn part(&self, offset: usize, bytes: usize) -> Base {
        assert!(offset.checked_add(bytes).is_some_and(|end| end <= self.bytes), "a part outside its buffer");
        // SAFETY: the offset was just checked to lie inside the buffer.
        Base { pointer: unsafe { self.pointer.add(offset) }, bytes }
    }

    /// Number of bytes up to the first that is a multiple of 64.
    pub(crate) fn unaligned(&self) -> usize {
        self.pointer.align_offset(64)
    }
}

/// The bases of a run.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    bases: &'a [Base],
    /// Whether results that are sums over slices are added to what is there.
    pub(crate) accumulate: bool,
    lifetime: PhantomData<&'a mut u8>,
}

/// Where an element lies: a base and an offset in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) base: usize,
    pub(crate) offset: usize,
}

impl<'a> Memory<'a> {
    pub(crate) fn new(bases: &'a [Base], accumulate: bool) -> Memory<'a> {
        Memory { bases, accumulate, lifetime: PhantomData }
    }

    /// The address of an element, after checking that `extent` elements from there on lie inside the base.
    pub(crate) fn pointer<T: Plain>(&self, at: Address, extent: usize) -> *mut T {
        let base = &self.bases[at.base];
        let end = at.offset.checked_add(extent).and_then(|e| e.checked_mul(size_of::<T>()));
        assert!(end.is_some_and(|e| e <= base.bytes), "a value outside its buffer");
        // SAFETY: inside the base, as just checked. Arenas, and vectors of any element type, are aligned for their elements.
        unsafe { base.pointer.cast::<T>().add(at.offset) }
    }

    /// `count` elements, for reading.
    pub(crate) fn read<T: Plain>(&self, at: Address, count: usize) -> &'a [T] {
        // SAFETY: inside the base; nothing writes it meanwhile, by the plan (head of this file).
        unsafe { std::slice::from_raw_parts(self.pointer::<T>(at, count), count) }
    }

    /// `count` elements, for writing.
    // Bases are shared, and which parts of them are written at a time is the plan's to say (head of this file).
    #[allow(clippy::mut_from_ref)]
    pub(crate) fn write<T: Plain>(&self, at: Address, count: usize) -> &'a mut [T] {
        // SAFETY: inside the base; nothing else looks at it meanwhile, by the plan (head of this file).
        unsafe { std::slice::from_raw_parts_mut(self.pointer::<T>(at, count), count) }
    }

    /// A base of a run.
    pub(crate) fn base(&self, index: usize) -> Base {
        self.bases[index]
    }
}

/// Elements that a pass handles at a time.
pub(crate) const CHUNK: usize = 512;

/// A cache line.
#[repr(C, align(64))]
#[derive(Clone, Copy)]
struct Line([u8; 64]);

thread_local! {
    static REGISTERS: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
    static LISTS: RefCell<Vec<Vec<Base>>> = const { RefCell::new(Vec::new()) };
}

/// Runs `work` with an empty list of bases. Lists are this thread's and are used again, so that steps allocate nothing.
pub(crate) fn with_bases<R>(work: impl FnOnce(&mut Vec<Base>) -> R) -> R {
    let mut list = LISTS.with(|lists| lists.borrow_mut().pop()).unwrap_or_default();
    let result = work(&mut list);
    list.clear();
    LISTS.with(|lists| lists.borrow_mut().push(list));
    result
}

/// Runs `work` with so many bytes of memory of this thread, apart from what work around it has.
pub(crate) fn with_registers<R>(bytes: usize, work: impl FnOnce(Base) -> R) -> R {
    let mut own = REGISTERS.with(|registers| registers.borrow_mut().pop()).unwrap_or_default();
    let lines = bytes.div_ceil(64);
    if own.len() < lines {
        own.resize(lines, Line([0; 64]));
    }
    let result = work(Base { pointer: own.as_mut_ptr().cast(), bytes: size_of_val(&own[..]) });
    REGISTERS.with(|registers| registers.borrow_mut().push(own));
    result
}

/// Runs `work` with memory of this thread for `count` numbers.
pub(crate) fn with_scratch<T: Plain>(count: usize, work: impl FnOnce(&mut [T])) {
    with_registers(count * size_of::<T>(), |registers| {
        work(Memory::new(&[registers], false).write(Address { base: 0, offset: 0 }, count));
    });
}
