//! Floats as a buffer has them: as they are, as fp16, as whole numbers of 8 bits. Vectors of constants are read from
//! memory before a loop: V8 would build them anew in every round (math.rs).

use super::raw::{largest, magnitudes};
use crate::simd::*;
use core::ptr::read_volatile;

/// Magnitudes from here on, as bits of a float, are not finite.
pub const FLOAT_LIMIT: u32 = 0x7f80_0000;
/// The same of what becomes fp16: 65,520 is half way to what would be the number after the largest.
pub const HALF_LIMIT: u32 = 0x477f_f000;

/// A vector in a register.
#[inline(always)]
fn splat(number: &'static u32) -> v128 {
    u32x4_splat(unsafe { read_volatile(number) })
}

/// Copies fp16 numbers eight at a time; the last ones one by one. Returns `HALF_LIMIT` when one is not finite, else 0.
#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn same_halves(from: *const u16, n: usize, to: *mut u16) -> u32 {
    // In pairs: the sum reaches the highest bit where all bits of the exponent are set.
    let (unsigned, one) = (u32x4_splat(0x7fff_7fff), u32x4_splat(0x0400_0400));
    let mut sums = i32x4_splat(0);
    let whole = n & !7;
    for i in (0..whole).step_by(8) {
        let x = v128_load(from.add(i) as *const v128);
        v128_store(to.add(i) as *mut v128, x);
        sums = v128_or(sums, i32x4_add(v128_and(x, unsigned), one));
    }
    let mut seen = largest(u32x4_shr(v128_and(sums, u32x4_splat(0x8000_8000)), 15));
    for i in whole..n {
        let x = *from.add(i);
        *to.add(i) = x;
        seen |= ((x & 0x7fff) as u32 + 0x400) >> 15;
    }
    if seen == 0 {
        0
    } else {
        HALF_LIMIT
    }
}

/// Eight floats at a time through `eight`, which is given the largest so far and returns it; the last ones by way of a
/// copy. Returns the largest lane of what was seen.
#[inline(always)]
unsafe fn eights<E: Copy + Default>(
    from: *const f32,
    n: usize,
    to: *mut E,
    eight: impl Fn(v128, v128, *mut E, v128) -> v128,
) -> u32 {
    let mut seen = i32x4_splat(0);
    let whole = n & !7;
    for i in (0..whole).step_by(8) {
        seen = eight(load(from.add(i)), load(from.add(i + 4)), to.add(i), seen);
    }
    if whole < n {
        let (mut numbers, mut last) = ([0f32; 8], [E::default(); 16]);
        for i in whole..n {
            numbers[i - whole] = *from.add(i);
        }
        seen = eight(load(numbers.as_ptr()), load(numbers.as_ptr().add(4)), last.as_mut_ptr(), seen);
        for i in whole..n {
            *to.add(i) = last[i - whole];
        }
    }
    largest(seen)
}

/// Copies floats; returns the largest magnitude, as bits.
#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn floats(from: *const f32, n: usize, to: *mut f32) -> u32 {
    eights(from, n, to, |x, y, to, most| {
        store(to, x);
        store(to.add(4), y);
        magnitudes(y, magnitudes(x, most))
    })
}

/// What rounding to fp16 wants in registers: all bits but the sign, 1, the difference of the exponents' biases and just
/// less than half of the last place, 0.5, the least normal number.
static HALF: [u32; 5] = [0x7fff_ffff, 1, 0xc800_0fff, 0x3f00_0000, 113 << 23];

/// Rounds to fp16, as `math::to_fp16` does what stays finite; returns the largest magnitude, as bits of a float.
#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn halves(from: *const f32, n: usize, to: *mut u16) -> u32 {
    let [unsigned, one, bias, half, least] = [0, 1, 2, 3, 4].map(|i| splat(&HALF[i]));
    let round = |x: v128, magnitude: v128| {
        let odd = v128_and(u32x4_shr(magnitude, 13), one);
        let normal = u32x4_shr(i32x4_add(i32x4_add(magnitude, bias), odd), 13);
        // Below 2^-14 the sum with 0.5 rounds the fraction at the right bit.
        let small = i32x4_sub(f32x4_add(magnitude, half), half);
        let rounded = v128_bitselect(small, normal, i32x4_lt(magnitude, least));
        v128_or(rounded, u32x4_shr(v128_xor(x, magnitude), 16))
    };
    eights(from, n, to, |x, y, to, most| {
        let (a, b) = (v128_and(x, unsigned), v128_and(y, unsigned));
        v128_store(to as *mut v128, u16x8_narrow_i32x4(round(x, a), round(y, b)));
        i32x4_max(i32x4_max(most, a), b)
    })
}

/// 1.5 * 2^23: a sum with it rounds to the nearest integer and leaves that in the low bits; all bits but the sign.
static NEAREST: [u32; 2] = [0x4b40_0000, 0x7fff_ffff];
/// The bits of 0.49997: products of floats that lie nearer to an integer than this round to it in double precision too,
/// since 127 products of 2^-23 are the most they can be off.
const TIE: u32 = 0x3eff_fc11;

/// Rounds `factor x` to whole numbers, halves upwards. `factor` is such that none is beyond 127.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn bytes(from: *const f32, n: usize, factor: f64, to: *mut i8) {
    if quick_bytes(from, n, factor as f32, to) >= TIE {
        exact_bytes(from, n, factor, to);
    }
}

/// In single precision; returns how far the farthest product is from its integer, as bits of a float.
#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn quick_bytes(from: *const f32, n: usize, factor: f32, to: *mut i8) -> u32 {
    let [nearest, unsigned] = [0, 1].map(|i| splat(&NEAREST[i]));
    let factor = f32x4_splat(factor);
    let round = |x: v128, seen: v128| {
        let product = f32x4_mul(x, factor);
        let sum = f32x4_add(product, nearest);
        let rest = f32x4_sub(product, f32x4_sub(sum, nearest));
        (i32x4_sub(sum, nearest), i32x4_max(seen, v128_and(rest, unsigned)))
    };
    eights(from, n, to, |x, y, to, seen| {
        let (a, seen) = round(x, seen);
        let (b, seen) = round(y, seen);
        save(a, b, to);
        seen
    })
}

/// In double precision, as JavaScript's `Math.round`.
#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn exact_bytes(from: *const f32, n: usize, factor: f64, to: *mut i8) {
    let factor = f64x2_splat(factor);
    let round = |y: v128| {
        let product = f64x2_mul(y, factor);
        // A sum with 0.5 would be rounded itself.
        let whole = f64x2_floor(product);
        let is_more = f64x2_ge(f64x2_sub(product, whole), f64x2_splat(0.5));
        i32x4_trunc_sat_f64x2_zero(f64x2_add(whole, v128_and(is_more, f64x2_splat(1.0))))
    };
    let four = |x: v128| i64x2_shuffle::<0, 2>(round(low(x)), round(high(x)));
    eights(from, n, to, |x, y, to, seen| {
        save(four(x), four(y), to);
        seen
    });
}

/// Eight whole numbers as bytes.
#[inline(always)]
unsafe fn save(a: v128, b: v128, to: *mut i8) {
    let words = i16x8_narrow_i32x4(a, b);
    v128_store64_lane::<0>(i8x16_narrow_i16x8(words, words), to as *mut u64);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math;

    #[test]
    fn halves_are_those_of_the_kernels() {
        for step in [0x1_0001u32, 0xfff, 0x2000] {
            for first in (0..FLOAT_LIMIT - 8 * step).step_by(8 * step as usize * 61) {
                let numbers: [f32; 8] = core::array::from_fn(|i| f32::from_bits(first + i as u32 * step));
                let numbers = numbers.map(|x| if first & 64 == 0 { x } else { -x });
                let mut got = [0u16; 8];
                let most = unsafe { halves(numbers.as_ptr(), 8, got.as_mut_ptr()) };
                if most < HALF_LIMIT {
                    let want = numbers.map(|x| i32x4_extract_lane::<0>(math::to_fp16(f32x4_splat(x))) as u16);
                    assert_eq!(got, want);
                } else {
                    assert!(numbers.iter().any(|x| x.abs() >= 65_520.0));
                }
            }
        }
    }

    #[test]
    fn quick_products_near_a_tie_are_made_again() {
        // Products that are ties, and their neighbours.
        let factor = 127.0 / 0.8f64;
        for tie in -126..126 {
            let middle = ((tie as f64 + 0.5) / factor) as f32;
            let numbers: [f32; 8] = core::array::from_fn(|i| f32::from_bits(middle.to_bits() + i as u32 - 4));
            let mut got = [0i8; 8];
            unsafe { bytes(numbers.as_ptr(), 8, factor, got.as_mut_ptr()) };
            let rounded = |x: f32| {
                let y = x as f64 * factor;
                y.floor() as i8 + if y - y.floor() >= 0.5 { 1 } else { 0 }
            };
            assert_eq!(got, numbers.map(rounded));
        }
        // A factor beyond the range of floats.
        let (numbers, mut got) = ([1e-45f32, -1e-45, 0.0], [9i8; 3]);
        unsafe { bytes(numbers.as_ptr(), 3, 127.0 / numbers[0] as f64, got.as_mut_ptr()) };
        assert_eq!(got, [127, -127, 0]);
    }
}
