//! Eight rows side by side: what a panel of a packed matrix is.

use super::raw::{largest, magnitudes};
use crate::micro::NR;
use crate::simd::*;

/// Interleaves `n` columns of eight rows, a multiple of 4. Of each row a vector may be read past its end.
pub trait Interleave: Copy + Default {
    /// Returns the largest magnitude of floats, as bits; 0 of other types.
    unsafe fn interleave(rows: [*const Self; NR], n: usize, to: *mut Self) -> u32;
}

impl Interleave for f32 {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn interleave(rows: [*const f32; NR], n: usize, to: *mut f32) -> u32 {
        let mut most = i32x4_splat(0);
        for column in (0..n).step_by(4) {
            for half in 0..2 {
                let lines = core::array::from_fn(|r| load(rows[4 * half + r].add(column)));
                most = lines.iter().fold(most, |most, x| magnitudes(*x, most));
                for (i, line) in transpose(lines).into_iter().enumerate() {
                    store(to.add((column + i) * NR + 4 * half), line);
                }
            }
        }
        largest(most)
    }
}

/// Each round puts the vectors of the lower rows between those of the upper ones; after three, rows and columns have
/// changed places.
#[inline(always)]
fn three_rounds(lines: [v128; NR], low: impl Fn(v128, v128) -> v128, high: impl Fn(v128, v128) -> v128) -> [v128; NR] {
    let round = |x: [v128; NR]| {
        let [a, b, c, d, e, f, g, h] = x;
        [low(a, e), high(a, e), low(b, f), high(b, f), low(c, g), high(c, g), low(d, h), high(d, h)]
    };
    round(round(round(lines)))
}

impl Interleave for u16 {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn interleave(rows: [*const u16; NR], n: usize, to: *mut u16) -> u32 {
        for column in (0..n).step_by(8) {
            let lines = core::array::from_fn(|r| v128_load(rows[r].add(column) as *const v128));
            let columns = three_rounds(
                lines,
                |a, b| i16x8_shuffle::<0, 8, 1, 9, 2, 10, 3, 11>(a, b),
                |a, b| i16x8_shuffle::<4, 12, 5, 13, 6, 14, 7, 15>(a, b),
            );
            for i in 0..8.min(n - column) {
                v128_store(to.add((column + i) * NR) as *mut v128, columns[i]);
            }
        }
        0
    }
}

impl Interleave for i8 {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn interleave(rows: [*const i8; NR], n: usize, to: *mut i8) -> u32 {
        for column in (0..n).step_by(16) {
            let lines = core::array::from_fn(|r| v128_load(rows[r].add(column) as *const v128));
            let pairs = three_rounds(
                lines,
                |a, b| i8x16_shuffle::<0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23>(a, b),
                |a, b| i8x16_shuffle::<8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31>(a, b),
            );
            for i in 0..8.min((n - column) / 2) {
                v128_store(to.add((column + 2 * i) * NR) as *mut v128, pairs[i]);
            }
        }
        0
    }
}
