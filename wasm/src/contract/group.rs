//! Axes of one role of a contraction.

use crate::bytecode::Bytecode;
use crate::odometer::{count, offsets};

/// Axes of one role (batch, m, n or k) with the strides of each operand that has them.
#[derive(Clone, Copy)]
pub struct Group {
    pub axes: usize,
    pub sizes: *const u32,
    pub a: *const i32,
    pub b: *const i32,
    pub out: *const i32,
    pub size: usize,
}

impl Group {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode) -> Group {
        let axes = code.u();
        let sizes = code.take(axes);
        let a = code.strides(axes);
        let b = code.strides(axes);
        let out = code.strides(axes);
        Group { axes, sizes, a, b, out, size: count(axes, sizes) }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn table(&self, strides: *const i32, start: usize, n: usize, to: *mut i32) {
        offsets(self.axes, self.sizes, strides, start, n, to);
    }
}
