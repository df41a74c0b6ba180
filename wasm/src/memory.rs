//! Working memory of a launch, handed out piece by piece. Kernels take their pieces while they read the launch; the
//! host counts bytes by letting them do so where no memory is (`scratch_bytes` and `shared_bytes` in run.rs).

/// Pieces begin where a line of the cache does.
const LINE: usize = 64;

/// A scratch arena: a range of memory of which pieces are taken.
pub struct Arena {
    start: *mut u8,
    used: usize,
}

impl Arena {
    pub fn new(start: *mut u8) -> Arena {
        Arena { start, used: 0 }
    }

    /// The next piece: memory for `n` elements.
    pub fn take<T>(&mut self, n: usize) -> *mut T {
        let piece = self.start.wrapping_add(self.used);
        self.used += (n * core::mem::size_of::<T>()).next_multiple_of(LINE);
        piece as *mut T
    }

    /// Bytes of all pieces so far.
    pub fn used(&self) -> usize {
        self.used
    }
}

/// What a launch works in beside its operands.
pub struct Memory {
    /// Of one thread alone.
    pub scratch: Arena,
    /// Seen by all threads of a run.
    pub shared: Arena,
}

impl Memory {
    pub fn new(scratch: *mut u8, shared: *mut u8) -> Memory {
        Memory { scratch: Arena::new(scratch), shared: Arena::new(shared) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lie_one_behind_the_other_on_lines_of_the_cache() {
        let start = 0x1000 as *mut u8;
        let mut arena = Arena::new(start);
        let pieces = [arena.take::<f32>(3) as usize, arena.take::<f64>(9) as usize, arena.take::<u8>(0) as usize];
        assert_eq!(pieces, [0x1000, 0x1040, 0x10c0]);
        assert_eq!(arena.take::<u8>(1) as usize, 0x10c0);
        assert_eq!(arena.used(), 0x100);
    }

    #[test]
    fn counting_takes_the_same_pieces_from_nowhere() {
        let mut arena = Arena::new(core::ptr::null_mut());
        assert_eq!(arena.take::<i32>(17) as usize, 0);
        assert_eq!(arena.take::<i32>(1) as usize, 128);
        assert_eq!(arena.used(), 192);
    }
}
