//! Meeting points of the threads of one run: a barrier, a ticket counter that hands out tasks, an error cell, and the
//! loop in which worker threads wait for runs. With one thread, or without shared memory, all of it is bookkeeping.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

/// Shared words, at the address the host passes to `run` and `work` (lib/backend/wasm/control.ts has the same list).
#[repr(C)]
pub struct Control {
    /// Grows by one with every run; workers sleep on it.
    pub epoch: AtomicU32,
    /// Not 0: workers leave.
    pub quit: AtomicU32,
    /// Address of the program of the current run.
    pub program: AtomicU64,
    /// Threads that take part in a run.
    pub threads: AtomicU32,
    /// 0, or 1 + the step whose index operand was out of range, then the index.
    pub failed_step: AtomicU32,
    pub failed_index: AtomicU32,
    /// Not 0: the thread with number 0 may sleep (browsers forbid it on the main thread).
    pub main_may_wait: AtomicU32,
    _pad0: [u32; 8],
    arrived: AtomicU32,
    _pad1: [u32; 15],
    generation: AtomicU32,
    _pad2: [u32; 15],
    ticket: AtomicU32,
    _pad3: [u32; 15],
    /// One word a worker: 0 starting, 1 ready, 2 in a run, 3 gone.
    pub states: [AtomicU32; 64],
}

/// About 20 microseconds of polling before a thread sleeps.
#[cfg(target_feature = "atomics")]
const SPINS: u32 = 20_000;
/// A worker without runs leaves after about this long, so that a forgotten device lets the process end.
#[cfg(target_feature = "atomics")]
const IDLE_NANOSECONDS: i64 = 1_000_000_000;

impl Control {
    /// The next task number, starting from 0 after each barrier.
    #[inline(always)]
    pub fn next(&self) -> usize {
        self.ticket.fetch_add(1, Relaxed) as usize
    }

    /// A range of the units `0 .. total` that no other call gets: a `share`-th of those left, at least one.
    pub fn next_range(&self, total: usize, share: usize) -> Option<(usize, usize)> {
        let mut first = self.ticket.load(Relaxed);
        loop {
            let left = total.saturating_sub(first as usize);
            if left == 0 {
                return None;
            }
            let end = first + left.div_ceil(share) as u32;
            match self.ticket.compare_exchange_weak(first, end, Relaxed, Relaxed) {
                Ok(_) => return Some((first as usize, end as usize)),
                Err(now) => first = now,
            }
        }
    }

    /// Returns when all threads have arrived; what they wrote is visible then.
    #[inline(always)]
    pub fn barrier(&self, _thread: usize, threads: usize) {
        if threads == 1 {
            self.ticket.store(0, Relaxed);
            return;
        }
        #[cfg(target_feature = "atomics")]
        self.meet(_thread, threads);
    }

    #[cfg(target_feature = "atomics")]
    fn meet(&self, thread: usize, threads: usize) {
        let generation = self.generation.load(Acquire);
        if self.arrived.fetch_add(1, AcqRel) + 1 == threads as u32 {
            self.arrived.store(0, Relaxed);
            self.ticket.store(0, Relaxed);
            self.generation.store(generation.wrapping_add(1), Release);
            wake(&self.generation);
            return;
        }
        let may_wait = thread != 0 || self.main_may_wait.load(Relaxed) != 0;
        let mut spins = 0;
        while self.generation.load(Acquire) == generation {
            spins += 1;
            if spins > SPINS && may_wait {
                wait(&self.generation, generation, -1);
            }
        }
    }
}

#[cfg(target_feature = "atomics")]
fn wake(cell: &AtomicU32) {
    unsafe { crate::simd::memory_atomic_notify(cell.as_ptr() as *mut i32, u32::MAX) };
}

/// 2 when the time ran out.
#[cfg(target_feature = "atomics")]
fn wait(cell: &AtomicU32, expected: u32, nanoseconds: i64) -> i32 {
    unsafe { crate::simd::memory_atomic_wait32(cell.as_ptr() as *mut i32, expected as i32, nanoseconds) }
}

/// Life of worker `thread` (1 or more): takes part in every run until told to quit or idle for long.
#[cfg(target_feature = "atomics")]
#[no_mangle]
pub unsafe extern "C" fn work(control: *const Control, thread: u32) {
    let (control, thread) = (&*control, thread as usize);
    let state = &control.states[thread];
    let mut seen = control.epoch.load(Acquire);
    state.store(1, Release);
    wake(state);
    loop {
        let mut spins = 0;
        while control.epoch.load(Acquire) == seen {
            spins += 1;
            if spins > SPINS && wait(&control.epoch, seen, IDLE_NANOSECONDS) == 2 {
                // The host claims workers (1 -> 2) before it raises the epoch; whoever comes first wins.
                if state.compare_exchange(1, 3, AcqRel, Acquire).is_ok() {
                    return;
                }
            }
        }
        seen = control.epoch.load(Acquire);
        if control.quit.load(Acquire) != 0 {
            state.store(3, Release);
            return;
        }
        if thread < control.threads.load(Acquire) as usize {
            crate::run::replay(control, control.program.load(Acquire) as usize, thread);
        }
        // Ready for the next claim only after the last barrier of this run, which `replay` ends with.
        state.store(1, Release);
    }
}
