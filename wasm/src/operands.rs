//! Operands of a walk over rows and columns, as maps and reductions have them, and the tables their rows lie by.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::memory::Arena;
use crate::odometer::MAX_OPERANDS;
use crate::place::{Place, F32};
use crate::tile::{Operand, TILE};

/// Operands of a walk over rows and columns, the output last.
pub struct Operands {
    pub count: usize,
    pub all: [Operand; MAX_OPERANDS],
    pub strides: [*const i32; MAX_OPERANDS],
}

impl Operands {
    /// Reads `inputs` operands and an output; each has `axes` strides of which the last is its column.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode, context: &Context, inputs: usize, axes: usize) -> Operands {
        let count = inputs + 1;
        let empty = Operand { place: Place { base: core::ptr::null_mut(), dtype: F32 }, column: 0 };
        let mut operands = Operands { count, all: [empty; MAX_OPERANDS], strides: [core::ptr::null(); MAX_OPERANDS] };
        for o in 0..count {
            let place = context.place(code);
            let strides = code.strides(axes);
            *operands.all.get_unchecked_mut(o) = Operand { place, column: *strides.add(axes - 1) };
            *operands.strides.get_unchecked_mut(o) = strides;
        }
        operands
    }

    #[inline(always)]
    pub unsafe fn get(&self, o: usize) -> &Operand {
        self.all.get_unchecked(o)
    }

    /// Whether an operand is the same element everywhere.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn is_splat(&self, o: usize, axes: usize) -> bool {
        let strides = *self.strides.get_unchecked(o);
        (0..axes).all(|i| *strides.add(i) == 0)
    }
}

/// Offsets of the rows of a tile, a table an operand.
pub struct Tables(pub [*mut i32; MAX_OPERANDS]);

impl Tables {
    /// Tables of the first `count` operands.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub fn new(arena: &mut Arena, count: usize) -> Tables {
        // Offsets are looked at four at a time.
        const LENGTH: usize = TILE + 4;
        let base: *mut i32 = arena.take(count * LENGTH);
        Tables(core::array::from_fn(|o| base.wrapping_add(o * LENGTH)))
    }
}
