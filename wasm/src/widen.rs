//! Narrow numbers in order as floats: whole panels of weights, in as few instructions as can be, since every one of them
//! comes on top of the products that floats would cost.

use crate::math::{load_half, TWO_TO_112};
use crate::simd::*;
use core::hint::black_box;

/// Numbers a turn of the loops takes: 4 steps of a panel of 8 columns.
const TURN: usize = 32;

/// A number type that a whole panel can be widened from.
pub trait Narrow: Copy {
    /// `n` numbers in order, a multiple of 32, as floats; exact.
    unsafe fn widen(from: *const Self, n: usize, to: *mut f32);
}

/// Has the processor fetch `n` numbers, many lines of them at a time: work on the numbers themselves waits for nearly
/// every line, since those that were read long ago are in a slow cache or in none.
pub unsafe fn fetch<T>(from: *const T, n: usize) {
    const LINE: usize = 64;
    let from = from as *const u8;
    let mut seen = 0;
    for i in (0..n * size_of::<T>()).step_by(LINE) {
        seen |= *from.add(i);
    }
    black_box(seen);
}

impl Narrow for i8 {
    unsafe fn widen(from: *const i8, n: usize, to: *mut f32) {
        for i in (0..n).step_by(TURN) {
            let (from, to) = (from.add(i), to.add(i));
            for half in 0..2 {
                let x = v128_load(from.add(16 * half) as *const v128);
                let to = to.add(16 * half);
                for (j, pair) in [i16x8_extend_low_i8x16(x), i16x8_extend_high_i8x16(x)].into_iter().enumerate() {
                    store(to.add(8 * j), f32x4_convert_i32x4(i32x4_extend_low_i16x8(pair)));
                    store(to.add(8 * j + 4), f32x4_convert_i32x4(i32x4_extend_high_i16x8(pair)));
                }
            }
        }
    }
}

/// Half floats by their bits.
impl Narrow for u16 {
    unsafe fn widen(from: *const u16, n: usize, to: *mut f32) {
        // V8 makes constants anew in every turn of a loop, unless it can not know them.
        let (mask, scale) = (black_box(u16x8_splat(0x8fff)), black_box(f32x4_splat(TWO_TO_112)));
        let mut largest = u16x8_splat(0);
        for i in (0..n).step_by(TURN) {
            let (from, to) = (from.add(i), to.add(i));
            for j in (0..TURN).step_by(8) {
                let x = v128_load(from.add(j) as *const v128);
                largest = u16x8_max(largest, i16x8_shl(x, 1));
                // Upper and lower halves of the floats, as in `widen_half`.
                let (upper, lower) = (v128_and(i16x8_shr(x, 3), mask), i16x8_shl(x, 13));
                let first = i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(lower, upper);
                let second = i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(lower, upper);
                store(to.add(j), f32x4_mul(first, scale));
                store(to.add(j + 4), f32x4_mul(second, scale));
            }
        }
        // Numbers that are not finite are rare: all are done again then.
        if v128_any_true(u16x8_ge(largest, u16x8_splat(2 * 0x7c00))) {
            for i in (0..n).step_by(4) {
                store(to.add(i), load_half(from.add(i)));
            }
        }
    }
}
