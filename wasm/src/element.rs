//! Number types operands may be stored in, read as floats.

use crate::math;
use crate::simd::*;

/// A number type operands may be stored in.
pub trait Element: Copy {
    /// One element as a float.
    unsafe fn one(p: *const Self) -> f32;
    /// Four neighbours as floats.
    unsafe fn four(p: *const Self) -> v128;
}

impl Element for f32 {
    #[inline(always)]
    unsafe fn one(p: *const f32) -> f32 {
        *p
    }
    #[inline(always)]
    unsafe fn four(p: *const f32) -> v128 {
        load(p)
    }
}

/// Half floats by their bits.
impl Element for u16 {
    #[inline(always)]
    unsafe fn one(p: *const u16) -> f32 {
        math::fp16(p)
    }
    #[inline(always)]
    unsafe fn four(p: *const u16) -> v128 {
        math::load_fp16(p)
    }
}

/// Whole numbers.
impl Element for i8 {
    #[inline(always)]
    unsafe fn one(p: *const i8) -> f32 {
        *p as f32
    }
    #[inline(always)]
    unsafe fn four(p: *const i8) -> v128 {
        math::load_bytes(p)
    }
}

impl Element for i32 {
    #[inline(always)]
    unsafe fn one(p: *const i32) -> f32 {
        *p as f32
    }
    #[inline(always)]
    unsafe fn four(p: *const i32) -> v128 {
        f32x4_convert_i32x4(v128_load(p as *const v128))
    }
}
