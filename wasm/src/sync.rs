//! Meeting points of the threads of one run: a barrier, a ticket counter that hands out tasks, an error cell, and how
//! worker threads wait for runs. With one thread, or without shared memory, all of it is bookkeeping.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::*};

/// Most threads of a run.
pub const MAX_THREADS: usize = 64;

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
    /// 0, or 1 + the launch whose index operand was out of range, then the index.
    pub failed_launch: AtomicU32,
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
    pub states: [AtomicU32; MAX_THREADS],
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
    #[cfg_attr(not(target_feature = "atomics"), allow(unused_variables))]
    pub fn barrier(&self, thread: usize, threads: usize) {
        #[cfg(target_feature = "atomics")]
        if threads > 1 {
            return self.meet(thread, threads);
        }
        self.ticket.store(0, Relaxed);
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

/// What workers do between runs.
#[cfg(target_feature = "atomics")]
impl Control {
    /// Says that worker `thread` is there; returns the epoch it begins in.
    pub fn enter(&self, thread: usize) -> u32 {
        let seen = self.epoch.load(Acquire);
        self.is_ready(thread);
        wake(&self.states[thread]);
        seen
    }

    /// Says that worker `thread` may be claimed for a run.
    pub fn is_ready(&self, thread: usize) {
        self.states[thread].store(1, Release);
    }

    /// Waits for an epoch after `seen`. None: worker `thread` is to leave, or idle for long.
    pub fn next_run(&self, thread: usize, seen: u32) -> Option<u32> {
        let state = &self.states[thread];
        let mut spins = 0;
        while self.epoch.load(Acquire) == seen {
            spins += 1;
            if spins > SPINS && wait(&self.epoch, seen, IDLE_NANOSECONDS) == 2 {
                // The host claims workers (1 -> 2) before it raises the epoch; whoever comes first wins.
                if state.compare_exchange(1, 3, AcqRel, Acquire).is_ok() {
                    return None;
                }
            }
        }
        let epoch = self.epoch.load(Acquire);
        if self.quit.load(Acquire) != 0 {
            state.store(3, Release);
            return None;
        }
        Some(epoch)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// All zeros, as the host makes it.
    fn control() -> Control {
        unsafe { core::mem::zeroed() }
    }

    #[test]
    fn ranges_shrink_and_cover_every_unit_once() {
        for (total, share) in [(0, 1), (1, 8), (100, 1), (100, 4), (1000, 32)] {
            let control = control();
            let (mut next, mut longest) = (0, usize::MAX);
            while let Some((first, end)) = control.next_range(total, share) {
                assert_eq!(first, next);
                assert!(end > first && end - first <= longest);
                (next, longest) = (end, end - first);
            }
            assert_eq!(next, total);
            assert!(total == 0 || longest == 1 || share == 1);
        }
    }

    #[test]
    fn threads_get_disjoint_ranges() {
        let control = control();
        let taken = || std::iter::from_fn(|| control.next_range(10_000, 8)).collect::<Vec<_>>();
        let mut all: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(taken)).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort();
        assert_eq!((all[0].0, all[all.len() - 1].1), (0, 10_000));
        assert!(all.windows(2).all(|pair| pair[0].1 == pair[1].0));
    }

    #[test]
    fn tickets_begin_anew_after_a_barrier() {
        let control = control();
        assert_eq!((control.next(), control.next()), (0, 1));
        control.barrier(0, 1);
        assert_eq!(control.next(), 0);
    }
}
