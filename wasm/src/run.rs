//! The step loop: every thread walks the same list, takes its share of each step and meets the others after it.

use crate::sync::Control;
use crate::words::Words;
use core::sync::atomic::Ordering::*;

/// What a kernel may use beside its own words.
pub struct Context {
    slots: *const u64,
    /// Memory of this thread alone, as large as the step that wants most.
    pub scratch: *mut u8,
    /// Memory all threads see.
    pub shared: *mut u8,
    pub thread: usize,
    pub threads: usize,
    step: usize,
    control: *const Control,
}

/// A slot and the element offset in it, as every view starts in the words.
#[derive(Clone, Copy)]
pub struct Place {
    pub base: *mut u8,
    pub dtype: usize,
}

pub const F32: usize = 0;
pub const F16: usize = 1;
pub const I32: usize = 2;
/// Half floats that are copied and not looked into; 32-bit copies travel as F32.
pub const BITS16: usize = 3;
/// Whole numbers of 8 bits: read as numbers, written as copies only.
pub const I8: usize = 4;

/// Bytes of one element.
#[inline(always)]
pub fn element_bytes(dtype: usize) -> usize {
    match dtype {
        F16 | BITS16 => 2,
        I8 => 1,
        _ => 4,
    }
}

impl Place {
    /// The same, `elements` further on.
    #[inline(always)]
    pub unsafe fn skip(self, elements: i32) -> Place {
        let bytes = elements as isize * element_bytes(self.dtype) as isize;
        Place { base: self.base.offset(bytes), ..self }
    }
}

impl Context {
    /// Reads slot, element offset and number type.
    pub unsafe fn place(&self, words: &mut Words) -> Place {
        let slot = words.u();
        let offset = words.u();
        let dtype = words.u();
        let base = (*self.slots.add(slot) as usize + offset * element_bytes(dtype)) as *mut u8;
        Place { base, dtype }
    }

    /// The next task of this step.
    #[inline(always)]
    pub fn next(&self) -> usize {
        unsafe { (*self.control).next() }
    }

    /// The next range of `total` units of this step: half of a fair share of what is left.
    pub fn next_range(&self, total: usize) -> Option<(usize, usize)> {
        unsafe { (*self.control).next_range(total, if self.threads == 1 { 1 } else { 2 * self.threads }) }
    }

    #[inline(always)]
    pub fn barrier(&self) {
        unsafe { (*self.control).barrier(self.thread, self.threads) }
    }

    /// Notes an index outside its axis; the host reports it after the run.
    pub fn fail(&self, index: i32) {
        let control = unsafe { &*self.control };
        if control.failed_step.compare_exchange(0, self.step as u32 + 1, Relaxed, Relaxed).is_ok() {
            control.failed_index.store(index as u32, Relaxed);
        }
    }
}

/// Header of a program in memory.
#[repr(C)]
struct Program {
    slots: u64,
    steps: u64,
    count: u64,
    scratch: u64,
    scratch_bytes: u64,
    shared: u64,
}

/// Runs a program as thread `thread` of `control.threads`. Returns when all threads have finished.
pub unsafe fn replay(control: *const Control, program: usize, thread: usize) {
    let program = &*(program as *const Program);
    let mut context = Context {
        slots: program.slots as *const u64,
        scratch: (program.scratch + thread as u64 * program.scratch_bytes) as *mut u8,
        shared: program.shared as *mut u8,
        thread,
        threads: (*control).threads.load(Acquire) as usize,
        step: 0,
        control,
    };
    let mut next = program.steps as *const u32;
    for step in 0..program.count as usize {
        context.step = step;
        let mut words = Words(next);
        let kernel = words.u();
        next = next.add(words.u());
        dispatch(kernel, words, &context);
        context.barrier();
    }
}

/// Numbers of the kernels: KERNELS in lib/backend/wasm/lower.ts is the same list.
unsafe fn dispatch(kernel: usize, words: Words, context: &Context) {
    match kernel {
        0 => crate::map::map(words, context),
        1 => crate::reduce::reduce(words, context),
        2 => crate::contract::contract(words, context),
        3 => crate::gather::gather(words, context),
        4 => crate::gather::scatter_add(words, context),
        5 => crate::window::fold(words, context),
        6 => crate::norm::layer_norm(words, context),
        7 => crate::rope::rope(words, context),
        8 => crate::attention::attention(words, context),
        9 => crate::attention_gradient::attention_gradient(words, context),
        _ => crate::simd::unreachable(),
    }
}

/// Runs the program `control.program` on the calling thread, as thread 0.
#[no_mangle]
pub unsafe extern "C" fn run(control: *const Control) {
    replay(control, (*control).program.load(Acquire) as usize, 0);
}
