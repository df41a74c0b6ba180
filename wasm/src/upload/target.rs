//! Floats as a buffer has them: as they are, as fp16, as whole numbers of 8 bits; one behind the other or in a panel.

use super::raw::{largest, magnitude, magnitudes};
use crate::math;
use crate::micro::NR;
use crate::simd::*;

/// A number type of buffers.
pub trait Target {
    type Element: Copy;
    /// Magnitudes from here on, as bits of a float, are not finite in this type.
    const LIMIT: u32;
    /// Whether numbers are multiplied with a factor of their row; their magnitudes are known then.
    const HAS_SCALES: bool;
    /// Four floats as numbers of the type, in 32-bit lanes.
    fn lanes(x: v128, factor: f64) -> v128;
    /// One of these lanes.
    fn one(lane: i32) -> Self::Element;
    /// Stores eight of these lanes one behind the other.
    unsafe fn eight(to: *mut Self::Element, a: v128, b: v128);
}

pub struct Floats;
pub struct Halves;
pub struct Bytes;

impl Target for Floats {
    type Element = f32;
    const LIMIT: u32 = 0x7f80_0000;
    const HAS_SCALES: bool = false;
    #[inline(always)]
    fn lanes(x: v128, _: f64) -> v128 {
        x
    }
    #[inline(always)]
    fn one(lane: i32) -> f32 {
        f32::from_bits(lane as u32)
    }
    #[inline(always)]
    unsafe fn eight(to: *mut f32, a: v128, b: v128) {
        store(to, a);
        store(to.add(4), b);
    }
}

impl Target for Halves {
    type Element = u16;
    // 65,520: half way to what would be the next number after the largest.
    const LIMIT: u32 = 0x477f_f000;
    const HAS_SCALES: bool = false;
    #[inline(always)]
    fn lanes(x: v128, _: f64) -> v128 {
        math::to_fp16(x)
    }
    #[inline(always)]
    fn one(lane: i32) -> u16 {
        lane as u16
    }
    #[inline(always)]
    unsafe fn eight(to: *mut u16, a: v128, b: v128) {
        v128_store(to as *mut v128, u16x8_narrow_i32x4(a, b));
    }
}

impl Target for Bytes {
    type Element = i8;
    const LIMIT: u32 = 0x7f80_0000;
    const HAS_SCALES: bool = true;
    #[inline(always)]
    fn lanes(x: v128, factor: f64) -> v128 {
        let factor = f64x2_splat(factor);
        let rounded = |y| i32x4_trunc_sat_f64x2_zero(half_up(f64x2_mul(y, factor)));
        i64x2_shuffle::<0, 2>(rounded(low(x)), rounded(high(x)))
    }
    #[inline(always)]
    fn one(lane: i32) -> i8 {
        lane as i8
    }
    #[inline(always)]
    unsafe fn eight(to: *mut i8, a: v128, b: v128) {
        let words = i16x8_narrow_i32x4(a, b);
        v128_store64_lane::<0>(i8x16_narrow_i16x8(words, words), to as *mut u64);
    }
}

/// The nearest whole numbers, halves upwards, as JavaScript rounds: a sum with 0.5 would be rounded itself.
#[inline(always)]
fn half_up(y: v128) -> v128 {
    let whole = f64x2_floor(y);
    let is_more = f64x2_ge(f64x2_sub(y, whole), f64x2_splat(0.5));
    f64x2_add(whole, v128_and(is_more, f64x2_splat(1.0)))
}

/// `n` columns (a multiple of 4) of the rows of a panel; returns the largest magnitude, as bits.
#[inline(never)]
pub unsafe fn panel<T: Target>(rows: [*const f32; NR], n: usize, factors: &[f64; NR], to: *mut T::Element) -> u32 {
    let mut most = i32x4_splat(0);
    for column in (0..n).step_by(4) {
        let mut lanes = [most; NR];
        for r in 0..NR {
            let x = load(rows[r].add(column));
            if !T::HAS_SCALES {
                most = magnitudes(x, most);
            }
            lanes[r] = T::lanes(x, factors[r]);
        }
        let [a, b, c, d, e, f, g, h] = lanes;
        let (upper, lower) = (transpose([a, b, c, d]), transpose([e, f, g, h]));
        for i in 0..4 {
            T::eight(to.add((column + i) * NR), upper[i], lower[i]);
        }
    }
    largest(most)
}

/// `n` numbers, `stride` apart in the buffer; returns the largest magnitude, as bits.
#[inline(never)]
pub unsafe fn line<T: Target>(from: *const f32, n: usize, factor: f64, to: *mut T::Element, stride: usize) -> u32 {
    let mut most = i32x4_splat(0);
    let whole = if stride == 1 { n & !7 } else { 0 };
    for i in (0..whole).step_by(8) {
        let (x, y) = (load(from.add(i)), load(from.add(i + 4)));
        if !T::HAS_SCALES {
            most = magnitudes(y, magnitudes(x, most));
        }
        T::eight(to.add(i), T::lanes(x, factor), T::lanes(y, factor));
    }
    let mut rest = largest(most);
    for i in whole..n {
        let x = *from.add(i);
        if !T::HAS_SCALES {
            rest = magnitude(x, rest);
        }
        *to.add(i * stride) = T::one(i32x4_extract_lane::<0>(T::lanes(f32x4_splat(x), factor)));
    }
    rest
}
