//! What a kernel is given beside its bytecode: where slots lie, its number among the threads, and their meeting points.

use crate::bytecode::Bytecode;
use crate::memory::Memory;
use crate::place::{element_bytes, Place};
use crate::sync::Control;
use core::ptr::{null, null_mut};
use core::sync::atomic::Ordering::*;

/// A launch as its kernel reads it.
pub trait Kernel {
    /// Reads a launch and takes its working memory. Touches neither that memory nor operands: this is also how the
    /// memory is counted, before there is any.
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Self;

    /// Takes this thread's share of the launch.
    unsafe fn run(&mut self, context: &Context);
}

/// See the head of the file.
pub struct Context {
    /// Addresses of the slots; null where memory is only counted.
    pub slots: *const u64,
    pub thread: usize,
    pub threads: usize,
    /// Number of the launch in its run.
    pub launch: usize,
    pub control: *const Control,
}

impl Context {
    /// Of a launch that is read to count its memory.
    pub fn counting(threads: usize) -> Context {
        Context { slots: null(), thread: 0, threads, launch: 0, control: null() }
    }

    /// Reads slot, element offset and number type.
    pub unsafe fn place(&self, code: &mut Bytecode) -> Place {
        let slot = code.u();
        let offset = code.u();
        let dtype = code.u();
        if self.slots.is_null() {
            return Place { base: null_mut(), dtype };
        }
        let base = (*self.slots.add(slot) as usize + offset * element_bytes(dtype)) as *mut u8;
        Place { base, dtype }
    }

    /// The next task of this launch.
    #[inline(always)]
    pub fn next(&self) -> usize {
        unsafe { (*self.control).next() }
    }

    /// The next range of `total` units of this launch: half of a fair share of what is left.
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
        if control.failed_launch.compare_exchange(0, self.launch as u32 + 1, Relaxed, Relaxed).is_ok() {
            control.failed_index.store(index as u32, Relaxed);
        }
    }
}
