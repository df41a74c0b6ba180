//! Elementary functions on vectors and conversions between number types. Errors are stated beside each function and
//! are checked against double precision by tests/backend/wasm/math_test.ts.

use crate::simd::*;

/// Numbers of the exponential, in the order of the fields of `Exp`.
pub static EXP: [f32; 13] = [
    core::f32::consts::LOG2_E,
    // 1.5 * 2^23: a sum with it rounds to the nearest integer and leaves that in the low bits.
    12_582_912.0,
    // ln 2 in two parts, of which the first has few bits, so that its multiples are exact (Cody and Waite).
    -0.693_359_375,
    2.121_944_4e-4,
    // Minimax polynomial on [-ln 2 / 2, ln 2 / 2].
    1.987_569_1e-4,
    1.398_199_9e-3,
    8.333_452e-3,
    4.166_579_6e-2,
    1.666_666_5e-1,
    0.5,
    1.0,
    // Limits beyond which the result is 0 or infinity.
    -104.5,
    89.5,
];

/// The exponential function with its numbers in registers. A loop makes one before it starts: V8 builds vector
/// constants inside a loop anew in every round, three instructions each, which would be two thirds of the work.
#[derive(Clone, Copy)]
pub struct Exp {
    numbers: [v128; 13],
}

impl Exp {
    #[inline(always)]
    pub fn new() -> Exp {
        // Volatile, or the compiler would put the constants back into the loop.
        let number = |i| f32x4_splat(unsafe { core::ptr::read_volatile(&EXP[i]) });
        Exp { numbers: core::array::from_fn(number) }
    }

    /// The polynomial for e^r, and n as an integer, where x = n ln 2 + r.
    #[inline(always)]
    fn reduced(&self, x: v128) -> (v128, v128) {
        let [log2e, magic, ln2_high, ln2_low, p6, p5, p4, p3, p2, p1, one, ..] = self.numbers;
        let shifted = madd(x, log2e, magic);
        let n = f32x4_sub(shifted, magic);
        let r = madd(n, ln2_low, madd(n, ln2_high, x));
        let p = madd(p6, r, p5);
        let p = madd(p, r, p4);
        let p = madd(p, r, p3);
        let p = madd(p, r, p2);
        let p = madd(p, r, p1);
        (f32x4_add(madd(p, f32x4_mul(r, r), r), one), i32x4_sub(shifted, magic))
    }

    /// e^x within about 1 ulp; exact limits: infinity above 88.73, 0 below -103.98, NaN stays NaN.
    #[inline(always)]
    pub fn of(&self, x: v128) -> v128 {
        let [.., one, least, most] = self.numbers;
        let (y, n) = self.reduced(f32x4_pmin(f32x4_pmax(x, least), most));
        // 2^n in two factors, so that results below the normal range and infinity come out of the products. Added to
        // the bits of 1, an integer moves the exponent.
        let half = i32x4_shr(n, 1);
        let first = i32x4_add(i32x4_shl(half, 23), one);
        let second = i32x4_add(i32x4_shl(i32x4_sub(n, half), 23), one);
        or_nan(f32x4_mul(f32x4_mul(y, first), second), x)
    }

    /// e^x for x <= 0 within about 1 ulp; below -87.7 it is 0. NaN stays NaN.
    #[inline(always)]
    pub fn of_negative(&self, x: v128) -> v128 {
        let [.., one, least, _] = self.numbers;
        let (y, n) = self.reduced(f32x4_pmax(x, least));
        // n is at least -151 and the sum with the bits of 1 negative below -127: then 0 takes its place.
        let power = i32x4_max(i32x4_add(i32x4_shl(n, 23), one), i32x4_splat(0));
        or_nan(f32x4_mul(y, power), x)
    }
}

/// `y`, or NaN where x is. With relaxed SIMD the compiler takes relaxed minima and maxima for pmin and pmax, and those
/// may lose a NaN.
#[inline(always)]
fn or_nan(y: v128, x: v128) -> v128 {
    v128_or(y, f32x4_ne(x, x))
}

/// Natural logarithm within about 1 ulp; log(0) is -infinity, of negative numbers NaN.
/// Splits x into 2^n m with m in [sqrt(1/2), sqrt(2)) and evaluates 2 atanh((m - 1) / (m + 1)) in double precision,
/// which needs no care about cancellation.
#[inline(always)]
pub fn log(x: v128) -> v128 {
    // Numbers below the normal range are lifted by 2^23 first.
    let tiny = f32x4_lt(x, f32x4_splat(f32::MIN_POSITIVE));
    let y = v128_bitselect(f32x4_mul(x, f32x4_splat(8_388_608.0)), x, tiny);
    let lift = v128_and(tiny, i32x4_splat(23));
    let shifted = i32x4_sub(y, i32x4_splat(0x3f35_04f3));
    let n = i32x4_sub(i32x4_shr(shifted, 23), lift);
    let m = i32x4_add(v128_and(shifted, i32x4_splat(0x007f_ffff)), i32x4_splat(0x3f35_04f3));
    let a = log_double(low(m), f64x2_convert_low_i32x4(n));
    let b = log_double(high(m), f64x2_convert_low_i32x4(i64x2_shuffle::<1, 1>(n, n)));
    let result = narrow(a, b);
    let infinity = f32x4_splat(f32::INFINITY);
    let result = v128_bitselect(f32x4_splat(f32::NEG_INFINITY), result, f32x4_eq(x, f32x4_splat(0.0)));
    let result = v128_bitselect(infinity, result, f32x4_eq(x, infinity));
    // Unordered or negative.
    v128_bitselect(result, f32x4_splat(f32::NAN), f32x4_ge(x, f32x4_splat(0.0)))
}

#[inline(always)]
fn log_double(m: v128, n: v128) -> v128 {
    let one = f64x2_splat(1.0);
    let s = f64x2_div(f64x2_sub(m, one), f64x2_add(m, one));
    let z = f64x2_mul(s, s);
    let mut p = f64x2_splat(2.0 / 13.0);
    for c in [2.0 / 11.0, 2.0 / 9.0, 2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0, 2.0] {
        p = f64x2_add(f64x2_mul(p, z), f64x2_splat(c));
    }
    f64x2_add(f64x2_mul(p, s), f64x2_mul(n, f64x2_splat(core::f64::consts::LN_2)))
}

/// 1 / (1 + e^-x) within about 2 ulp.
#[inline(always)]
pub fn sigmoid(exp: &Exp, x: v128) -> v128 {
    let [.., one, _, _] = exp.numbers;
    f32x4_div(one, f32x4_add(one, exp.of(f32x4_neg(x))))
}

/// Sine (`quarter` 0) or cosine (`quarter` 1) of x y. The product is exact in double precision; it is reduced by
/// multiples of pi / 2 in three parts, which leaves an absolute error below 1e-7 up to |x y| = 2^30.
#[inline(always)]
pub fn sine_of_product(x: v128, y: v128, quarter: i32) -> v128 {
    let a = sine_double(f64x2_mul(low(x), low(y)), quarter);
    let b = sine_double(f64x2_mul(high(x), high(y)), quarter);
    narrow(a, b)
}

#[inline(always)]
fn sine_double(x: v128, quarter: i32) -> v128 {
    let n = f64x2_nearest(f64x2_mul(x, f64x2_splat(core::f64::consts::FRAC_2_PI)));
    // pi / 2 as 33 + 33 + 53 bits.
    let r = f64x2_sub(x, f64x2_mul(n, f64x2_splat(1.570_796_326_734_125_6)));
    let r = f64x2_sub(r, f64x2_mul(n, f64x2_splat(6.077_100_506_303_966e-11)));
    let r = f64x2_sub(r, f64x2_mul(n, f64x2_splat(2.022_266_248_795_950_6e-21)));
    let z = f64x2_mul(r, r);
    // Taylor polynomials: on |r| <= pi / 4 the first omitted terms are below 3e-12 and 4e-11.
    let mut sine = f64x2_splat(-1.0 / 39_916_800.0);
    for c in [1.0 / 362_880.0, -1.0 / 5_040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0] {
        sine = f64x2_add(f64x2_mul(sine, z), f64x2_splat(c));
    }
    let sine = f64x2_mul(sine, r);
    let mut cosine = f64x2_splat(1.0 / 479_001_600.0);
    for c in [-1.0 / 3_628_800.0, 1.0 / 40_320.0, -1.0 / 720.0, 1.0 / 24.0, -0.5, 1.0] {
        cosine = f64x2_add(f64x2_mul(cosine, z), f64x2_splat(c));
    }
    // Quadrant, widened to the 64-bit lanes. Infinite or NaN products stay NaN through r.
    let q = i32x4_add(i32x4_trunc_sat_f64x2_zero(n), i32x4_splat(quarter));
    let q = i64x2_extend_low_i32x4(q);
    let odd = i64x2_ne(v128_and(q, i64x2_splat(1)), i64x2_splat(0));
    let result = v128_bitselect(cosine, sine, odd);
    v128_xor(result, i64x2_shl(v128_and(q, i64x2_splat(2)), 62))
}

/// Moves the exponent of an fp16 number to where a float has it.
pub const TWO_TO_112: f32 = 5.192_296_858_534_828e33;

/// Four fp16 numbers in 32-bit lanes, sign extended, as floats; exact.
#[inline(always)]
fn widen_fp16(w: v128) -> v128 {
    let moved = v128_and(i32x4_shl(w, 13), u32x4_splat(0x8fff_e000));
    // A product moves the exponent and makes numbers below the normal range of f16 come out right. Those that are not
    // finite become 65,536 and more.
    let scaled = f32x4_mul(moved, f32x4_splat(TWO_TO_112));
    let special = f32x4_ge(f32x4_abs(scaled), f32x4_splat(65_536.0));
    v128_or(scaled, v128_and(special, i32x4_splat(0x7f80_0000)))
}

/// Four bytes as floats.
#[inline(always)]
pub unsafe fn load_bytes(p: *const i8) -> v128 {
    let bytes = v128_load32_zero(p as *const u32);
    f32x4_convert_i32x4(i32x4_extend_low_i16x8(i16x8_extend_low_i8x16(bytes)))
}

/// Four fp16 numbers from memory as floats; exact.
#[inline(always)]
pub unsafe fn load_fp16(p: *const u16) -> v128 {
    widen_fp16(i32x4_load_extend_i16x4(p as *const i16))
}

/// One fp16 number as a float.
#[inline(always)]
pub unsafe fn fp16(p: *const u16) -> f32 {
    f32x4_extract_lane::<0>(widen_fp16(i32x4_splat(*p as i16 as i32)))
}

/// Four floats as fp16 numbers in 32-bit lanes, rounded to nearest even.
#[inline(always)]
pub fn to_fp16(x: v128) -> v128 {
    let sign = v128_and(x, u32x4_splat(0x8000_0000));
    let magnitude = v128_xor(x, sign);
    // Below 2^-14 the sum with 0.5 rounds the fraction at the right bit.
    let small = i32x4_sub(f32x4_add(magnitude, f32x4_splat(0.5)), f32x4_splat(0.5));
    let odd = v128_and(u32x4_shr(magnitude, 13), i32x4_splat(1));
    let rebased = i32x4_add(magnitude, i32x4_splat(((15 - 127) << 23) + 0xfff));
    let normal = u32x4_shr(i32x4_add(rebased, odd), 13);
    let nan = i32x4_gt(magnitude, i32x4_splat(0x7f80_0000));
    let special = v128_or(i32x4_splat(0x7c00), v128_and(nan, i32x4_splat(0x200)));
    let is_small = i32x4_lt(magnitude, i32x4_splat(113 << 23));
    let is_special = i32x4_ge(magnitude, i32x4_splat((127 + 16) << 23));
    let result = v128_bitselect(small, normal, is_small);
    let result = v128_bitselect(special, result, is_special);
    v128_or(result, u32x4_shr(sign, 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Largest error of `f` against a function in double precision, in units of the last place, from `from` to `to`.
    fn worst(f: impl Fn(v128) -> v128, exact: impl Fn(f64) -> f64, from: f32, to: f32) -> f64 {
        let mut most = 0f64;
        for i in 0..=20_000 {
            let x = from + (to - from) * (i as f32 / 20_000.0);
            let got = f32x4_extract_lane::<0>(f(f32x4_splat(x)));
            let want = exact(x as f64);
            let place = 2f64.powf(want.abs().log2().floor().max(-126.0) - 23.0);
            assert!(!got.is_nan(), "{x}");
            most = most.max((got as f64 - want).abs() / place);
        }
        most
    }

    #[test]
    fn functions_are_as_near_as_they_say() {
        let exp = Exp::new();
        assert!(worst(|x| exp.of(x), f64::exp, -87.0, 88.7) < 1.2);
        assert!(worst(|x| exp.of_negative(x), f64::exp, -87.0, 0.0) < 1.2);
        assert!(worst(log, f64::ln, 1e-30, 1e3) < 0.6);
        assert!(worst(|x| sigmoid(&exp, x), |x| 1.0 / (1.0 + (-x).exp()), -80.0, 80.0) < 2.5);
    }

    #[test]
    fn sine_and_cosine_of_products() {
        for i in -1000..1000 {
            let (x, y) = (i as f32 * 0.37, 1.7f32);
            let product = x as f64 * y as f64;
            for (quarter, want) in [(0, product.sin()), (1, product.cos())] {
                let got = f32x4_extract_lane::<0>(sine_of_product(f32x4_splat(x), f32x4_splat(y), quarter));
                assert!((got as f64 - want).abs() < 1e-7, "{product}");
            }
        }
    }

    #[test]
    fn limits() {
        let exp = Exp::new();
        let of = |f: &dyn Fn(v128) -> v128, x: f32| f32x4_extract_lane::<0>(f(f32x4_splat(x)));
        let e = |x| of(&|x| exp.of(x), x);
        assert_eq!(
            [e(f32::INFINITY), e(f32::NEG_INFINITY), e(0.0), e(100.0)],
            [f32::INFINITY, 0.0, 1.0, f32::INFINITY]
        );
        assert_eq!(of(&|x| exp.of_negative(x), -1e30), 0.0);
        assert_eq!([of(&log, 0.0), of(&log, f32::INFINITY)], [f32::NEG_INFINITY, f32::INFINITY]);
        assert!(e(f32::NAN).is_nan() && of(&log, -1.0).is_nan() && of(&|x| exp.of_negative(x), f32::NAN).is_nan());
    }

    /// Value of an fp16 number by its definition.
    fn value(bits: u16) -> f64 {
        let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
        let (exponent, fraction) = ((bits >> 10 & 31) as i32, (bits & 0x3ff) as f64);
        sign * match exponent {
            0 => fraction * 2f64.powi(-24),
            31 if fraction == 0.0 => f64::INFINITY,
            31 => f64::NAN,
            _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
        }
    }

    #[test]
    fn every_fp16_number_widens_exactly_and_comes_back() {
        for bits in 0..=u16::MAX {
            let wide = unsafe { fp16(&bits) };
            let exact = value(bits);
            let back = i32x4_extract_lane::<0>(to_fp16(f32x4_splat(wide))) as u16;
            if exact.is_nan() {
                assert!(wide.is_nan() && value(back).is_nan());
            } else {
                assert_eq!((wide as f64, back), (exact, bits));
            }
        }
    }

    #[test]
    fn to_fp16_rounds_to_nearest_even() {
        let of = |x: f64| i32x4_extract_lane::<0>(to_fp16(f32x4_splat(x as f32))) as u16;
        for bits in 0..0x7bffu16 {
            let (low, high) = (value(bits), value(bits + 1));
            let even = bits + (bits & 1);
            assert_eq!(of((low + high) / 2.0), even, "{bits}");
            assert_eq!([of(low + (high - low) * 0.499), of(low + (high - low) * 0.501)], [bits, bits + 1]);
        }
        assert_eq!([of(65_519.0), of(65_520.0), of(-1e9)], [0x7bff, 0x7c00, 0xfc00]);
    }
}
