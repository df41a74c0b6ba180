//! Operands as rows along their last axis: walking them, and dense copies of those that are strided.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::odometer::{count, Odometer};
use crate::simd::*;

/// Elements of a task, about.
const BATCH: usize = 4096;

/// The rows of one operand: where the first is, strides of the axes that are walked, distance of a row's elements.
#[derive(Clone, Copy)]
pub struct Lines {
    pub base: *mut f32,
    pub strides: *const i32,
    pub step: i32,
}

impl Lines {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode, context: &Context, axes: usize) -> Lines {
        Lines { base: context.place(code).base as *mut f32, strides: code.strides(axes), step: code.i() }
    }
}

/// Rows of several operands that are walked together.
pub struct Rows<const K: usize> {
    axes: usize,
    sizes: *const u32,
    pub lines: [Lines; K],
}

impl<const K: usize> Rows<K> {
    /// Reads the operands; the axes stood before.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(axes: usize, sizes: *const u32, code: &mut Bytecode, context: &Context) -> Rows<K> {
        Rows { axes, sizes, lines: core::array::from_fn(|_| Lines::read(code, context, axes)) }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn count(&self) -> usize {
        count(self.axes, self.sizes)
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn walk(&self) -> Odometer {
        Odometer::new(self.axes, self.sizes, &self.lines.map(|lines| lines.strides))
    }

    /// The rows a walk is at, which goes on to the next ones.
    #[inline(always)]
    pub unsafe fn next(&self, walk: &mut Odometer) -> [*mut f32; K] {
        let rows = core::array::from_fn(|o| self.lines[o].base.offset(walk.offset[o] as isize));
        walk.advance();
        rows
    }

    /// The next `R` rows, operand by operand.
    #[inline(always)]
    pub unsafe fn next_of<const R: usize>(&self, walk: &mut Odometer) -> [[*mut f32; R]; K] {
        let mut rows = [[core::ptr::null_mut(); R]; K];
        for r in 0..R {
            for (operand, row) in rows.iter_mut().zip(self.next(walk)) {
                operand[r] = row;
            }
        }
        rows
    }

    /// This thread's share of a launch of rows of `n` elements that do not depend on each other.
    #[inline(always)]
    pub unsafe fn share(&self, context: &Context, n: usize, mut row: impl FnMut([*mut f32; K])) {
        let rows = self.count();
        let batch = (BATCH / n).max(1);
        let mut walk = self.walk();
        loop {
            let first = context.next() * batch;
            if first >= rows {
                return;
            }
            walk.seek(first);
            for _ in first..(first + batch).min(rows) {
                row(self.next(&mut walk));
            }
        }
    }
}

/// The elements where they are when they are dense, else copied to `buffer`.
#[inline(always)]
pub unsafe fn dense(x: *const f32, step: i32, n: usize, buffer: *mut f32) -> *const f32 {
    if step != 1 {
        copy(x, step, n, buffer, 1);
        return buffer;
    }
    x
}

/// Elements that lie densely to where they belong, `step` apart.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn spread(from: *const f32, n: usize, to: *mut f32, step: i32) {
    copy(from, 1, n, to, step);
}

#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn copy(from: *const f32, from_step: i32, n: usize, to: *mut f32, to_step: i32) {
    let (mut from, mut to) = (from, to);
    for _ in 0..n {
        *to = *from;
        from = from.offset(from_step as isize);
        to = to.offset(to_step as isize);
    }
}

/// All bits of the first `n` lanes, for the rest of a row.
#[inline(always)]
pub fn first_lanes(n: usize) -> v128 {
    i32x4_lt(i32x4(0, 1, 2, 3), i32x4_splat(n as i32))
}

/// Stores the first `n` lanes, 1 to 4.
#[inline(always)]
pub unsafe fn store_first(to: *mut f32, x: v128, n: usize) {
    if n >= 4 {
        return store(to, x);
    }
    v128_store32_lane::<0>(x, to as *mut u32);
    if n > 1 {
        v128_store32_lane::<1>(x, to.add(1) as *mut u32);
    }
    if n > 2 {
        v128_store32_lane::<2>(x, to.add(2) as *mut u32);
    }
}

/// The sum of all lanes in double precision.
#[inline(always)]
pub fn total(x: v128) -> f64 {
    let pair = f64x2_add(low(x), high(x));
    f64x2_extract_lane::<0>(pair) + f64x2_extract_lane::<1>(pair)
}
