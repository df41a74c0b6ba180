//! Two sums a column over all rows of a launch, of a weight and a bias: a fixed number of parts, the same for any number
//! of threads, each in double precision; the parts are added in order.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::memory::Memory;
use crate::simd::*;

/// Parts at most.
const PARTS: usize = 64;
/// Columns that are added up at once.
const COLUMNS: usize = 64;

pub struct Sums {
    rows: usize,
    columns: usize,
    padded: usize,
    pub parts: usize,
    /// Where each result is, and the distance of its elements.
    out: [(*mut f32, i32); 2],
    /// Of every part: two rows of as many columns.
    partial: *mut f64,
}

/// Rows of a part, and its sums.
pub struct Part {
    pub start: usize,
    pub end: usize,
    pub sums: [*mut f64; 2],
}

impl Sums {
    /// Reads the two results and takes the memory. A part has `least` rows at least.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(
        code: &mut Bytecode,
        context: &Context,
        memory: &mut Memory,
        rows: usize,
        least: usize,
        columns: usize,
    ) -> Sums {
        let out = core::array::from_fn(|_| (context.place(code).base as *mut f32, code.i()));
        let parts = (rows / least).clamp(1, PARTS);
        let padded = columns.next_multiple_of(4);
        Sums { rows, columns, padded, parts, out, partial: memory.shared.take(2 * parts * padded) }
    }

    /// Part number `i` below `parts`. Its sums are to be cleared by who adds to them.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn part(&self, i: usize) -> Part {
        let sums = self.partial.add(2 * i * self.padded);
        let border = |i: usize| self.rows * i / self.parts;
        Part { start: border(i), end: border(i + 1), sums: [sums, sums.add(self.padded)] }
    }

    /// Waits for all parts and adds them up, columns shared among the threads.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn finish(&self, context: &Context) {
        context.barrier();
        loop {
            let first = context.next() * COLUMNS;
            if first >= self.columns {
                return;
            }
            for column in first..(first + COLUMNS).min(self.columns) {
                for (which, (out, step)) in self.out.iter().enumerate() {
                    let mut total = 0.0;
                    for i in 0..self.parts {
                        total += *self.part(i).sums[which].add(column);
                    }
                    *out.offset(column as isize * *step as isize) = total as f32;
                }
            }
        }
    }
}

/// Adds four numbers to sums in double precision.
#[inline(always)]
pub unsafe fn add(sums: *mut f64, x: v128) {
    let sums = sums as *mut v128;
    v128_store(sums, f64x2_add(v128_load(sums), low(x)));
    v128_store(sums.add(1), f64x2_add(v128_load(sums.add(1)), high(x)));
}
