//! The 128-bit vector vocabulary of all kernels: the platform's intrinsics and the few helpers they lack.

#[cfg(not(target_family = "wasm"))]
mod portable;

#[cfg(target_arch = "wasm32")]
pub use core::arch::wasm32::*;
#[cfg(target_arch = "wasm64")]
pub use core::arch::wasm64::*;
#[cfg(not(target_family = "wasm"))]
pub use portable::*;

/// `a * b + c`: fused where the module is built with relaxed SIMD, two roundings elsewhere.
#[inline(always)]
pub fn madd(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    {
        f32x4_relaxed_madd(a, b, c)
    }
    #[cfg(not(target_feature = "relaxed-simd"))]
    {
        f32x4_add(f32x4_mul(a, b), c)
    }
}

#[inline(always)]
pub unsafe fn load(p: *const f32) -> v128 {
    v128_load(p as *const v128)
}

#[inline(always)]
pub unsafe fn store(p: *mut f32, x: v128) {
    v128_store(p as *mut v128, x)
}

/// Whether four offsets follow one another.
#[inline(always)]
pub unsafe fn consecutive(offsets: *const i32) -> bool {
    let first = i32x4_add(i32x4_splat(*offsets), i32x4(0, 1, 2, 3));
    i32x4_all_true(i32x4_eq(first, v128_load(offsets as *const v128)))
}

/// Rows of a 4 x 4 block become columns.
#[inline(always)]
pub fn transpose(rows: [v128; 4]) -> [v128; 4] {
    let [a, b, c, d] = rows;
    let ab_low = i32x4_shuffle::<0, 4, 1, 5>(a, b);
    let ab_high = i32x4_shuffle::<2, 6, 3, 7>(a, b);
    let cd_low = i32x4_shuffle::<0, 4, 1, 5>(c, d);
    let cd_high = i32x4_shuffle::<2, 6, 3, 7>(c, d);
    [
        i64x2_shuffle::<0, 2>(ab_low, cd_low),
        i64x2_shuffle::<1, 3>(ab_low, cd_low),
        i64x2_shuffle::<0, 2>(ab_high, cd_high),
        i64x2_shuffle::<1, 3>(ab_high, cd_high),
    ]
}

/// The low two lanes as doubles.
#[inline(always)]
pub fn low(x: v128) -> v128 {
    f64x2_promote_low_f32x4(x)
}

/// The high two lanes as doubles.
#[inline(always)]
pub fn high(x: v128) -> v128 {
    f64x2_promote_low_f32x4(i64x2_shuffle::<1, 1>(x, x))
}

/// Two pairs of doubles as four floats.
#[inline(always)]
pub fn narrow(a: v128, b: v128) -> v128 {
    i64x2_shuffle::<0, 2>(f32x4_demote_f64x2_zero(a), f32x4_demote_f64x2_zero(b))
}
