//! The vectors of WebAssembly in plain Rust, for hosts that are no WebAssembly: what the native tests compute with. Names,
//! arguments and results are those of core::arch::wasm32, as far as the kernels use it.

#![allow(non_camel_case_types, clippy::missing_safety_doc)]

use core::array::from_fn;
use core::mem::{size_of, transmute_copy};

/// 128 bits, whatever the lanes.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub struct v128([u8; 16]);

/// The lanes of a vector.
fn get<T: Copy>(x: v128) -> T {
    assert!(size_of::<T>() == 16);
    unsafe { transmute_copy(&x) }
}

/// A vector of lanes.
fn put<T: Copy>(lanes: T) -> v128 {
    assert!(size_of::<T>() == 16);
    unsafe { transmute_copy(&lanes) }
}

/// Functions of each lane by itself.
macro_rules! each {
    ($($name:ident($($x:ident),+): [$lane:ty; $n:literal] -> $to:ty = $value:expr;)+) => {$(
        pub fn $name($($x: v128),+) -> v128 {
            $(let $x: [$lane; $n] = get($x);)+
            put::<[$to; $n]>(from_fn(|i| { $(let $x = $x[i];)+ $value }))
        }
    )+};
}

/// All bits or none.
fn mask32(is: bool) -> u32 {
    if is {
        u32::MAX
    } else {
        0
    }
}

each! {
    f32x4_add(a, b): [f32; 4] -> f32 = a + b;
    f32x4_sub(a, b): [f32; 4] -> f32 = a - b;
    f32x4_mul(a, b): [f32; 4] -> f32 = a * b;
    f32x4_div(a, b): [f32; 4] -> f32 = a / b;
    f32x4_neg(a): [f32; 4] -> f32 = -a;
    f32x4_abs(a): [f32; 4] -> f32 = a.abs();
    f32x4_sqrt(a): [f32; 4] -> f32 = a.sqrt();
    f32x4_nearest(a): [f32; 4] -> f32 = a.round_ties_even();
    f32x4_min(a, b): [f32; 4] -> f32 = if a.is_nan() || b.is_nan() { f32::NAN } else { a.min(b) };
    f32x4_max(a, b): [f32; 4] -> f32 = if a.is_nan() || b.is_nan() { f32::NAN } else { a.max(b) };
    f32x4_pmin(a, b): [f32; 4] -> f32 = if b < a { b } else { a };
    f32x4_pmax(a, b): [f32; 4] -> f32 = if a < b { b } else { a };
    f32x4_lt(a, b): [f32; 4] -> u32 = mask32(a < b);
    f32x4_gt(a, b): [f32; 4] -> u32 = mask32(a > b);
    f32x4_ge(a, b): [f32; 4] -> u32 = mask32(a >= b);
    f32x4_eq(a, b): [f32; 4] -> u32 = mask32(a == b);
    f32x4_ne(a, b): [f32; 4] -> u32 = mask32(a != b);
    f32x4_convert_i32x4(a): [i32; 4] -> f32 = a as f32;
    i32x4_trunc_sat_f32x4(a): [f32; 4] -> i32 = a as i32;

    f64x2_add(a, b): [f64; 2] -> f64 = a + b;
    f64x2_sub(a, b): [f64; 2] -> f64 = a - b;
    f64x2_mul(a, b): [f64; 2] -> f64 = a * b;
    f64x2_div(a, b): [f64; 2] -> f64 = a / b;
    f64x2_sqrt(a): [f64; 2] -> f64 = a.sqrt();
    f64x2_floor(a): [f64; 2] -> f64 = a.floor();
    f64x2_nearest(a): [f64; 2] -> f64 = a.round_ties_even();
    f64x2_max(a, b): [f64; 2] -> f64 = if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) };

    i32x4_add(a, b): [i32; 4] -> i32 = a.wrapping_add(b);
    i32x4_sub(a, b): [i32; 4] -> i32 = a.wrapping_sub(b);
    i32x4_mul(a, b): [i32; 4] -> i32 = a.wrapping_mul(b);
    i32x4_max(a, b): [i32; 4] -> i32 = a.max(b);
    i32x4_lt(a, b): [i32; 4] -> u32 = mask32(a < b);
    i32x4_gt(a, b): [i32; 4] -> u32 = mask32(a > b);
    i32x4_ge(a, b): [i32; 4] -> u32 = mask32(a >= b);
    i32x4_eq(a, b): [i32; 4] -> u32 = mask32(a == b);
    f64x2_ge(a, b): [f64; 2] -> u64 = if a >= b { u64::MAX } else { 0 };
    i64x2_ne(a, b): [i64; 2] -> u64 = if a != b { u64::MAX } else { 0 };

    v128_and(a, b): [u32; 4] -> u32 = a & b;
    v128_andnot(a, b): [u32; 4] -> u32 = a & !b;
    v128_or(a, b): [u32; 4] -> u32 = a | b;
    v128_xor(a, b): [u32; 4] -> u32 = a ^ b;
    v128_bitselect(a, b, mask): [u32; 4] -> u32 = a & mask | b & !mask;
}

/// The same number in every lane.
macro_rules! splats {
    ($($name:ident: [$lane:ty; $n:literal];)+) => {$(
        pub fn $name(x: $lane) -> v128 {
            put([x; $n])
        }
    )+};
}
splats! {
    f32x4_splat: [f32; 4];
    f64x2_splat: [f64; 2];
    i32x4_splat: [i32; 4];
    u32x4_splat: [u32; 4];
    i64x2_splat: [i64; 2];
}

/// Bits of every lane moved, by as many as the lane has at most.
macro_rules! shifts {
    ($($name:ident: [$lane:ty; $n:literal] $by:ident;)+) => {$(
        pub fn $name(x: v128, by: u32) -> v128 {
            put(get::<[$lane; $n]>(x).map(|lane| lane.$by(by)))
        }
    )+};
}
shifts! {
    i32x4_shl: [i32; 4] wrapping_shl;
    i32x4_shr: [i32; 4] wrapping_shr;
    u32x4_shr: [u32; 4] wrapping_shr;
    i64x2_shl: [i64; 2] wrapping_shl;
}

/// Half the lanes, from the first or the middle one on, each twice as wide.
macro_rules! widened {
    ($($name:ident: [$lane:ty; $n:literal] from $first:literal -> [$to:ty; $half:literal];)+) => {$(
        pub fn $name(x: v128) -> v128 {
            let lanes: [$lane; $n] = get(x);
            put::<[$to; $half]>(from_fn(|i| lanes[$first + i] as $to))
        }
    )+};
}
widened! {
    i16x8_extend_low_i8x16: [i8; 16] from 0 -> [i16; 8];
    i16x8_extend_high_i8x16: [i8; 16] from 8 -> [i16; 8];
    i32x4_extend_low_i16x8: [i16; 8] from 0 -> [i32; 4];
    i64x2_extend_low_i32x4: [i32; 4] from 0 -> [i64; 2];
    f64x2_promote_low_f32x4: [f32; 4] from 0 -> [f64; 2];
    f64x2_convert_low_i32x4: [i32; 4] from 0 -> [f64; 2];
}

pub fn f32x4(a: f32, b: f32, c: f32, d: f32) -> v128 {
    put([a, b, c, d])
}

pub fn i32x4(a: i32, b: i32, c: i32, d: i32) -> v128 {
    put([a, b, c, d])
}

#[rustfmt::skip]
pub fn i8x16(
    a: i8, b: i8, c: i8, d: i8, e: i8, f: i8, g: i8, h: i8, i: i8, j: i8, k: i8, l: i8, m: i8, n: i8, o: i8, p: i8,
) -> v128 {
    put([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p])
}

pub fn f32x4_demote_f64x2_zero(x: v128) -> v128 {
    let [a, b]: [f64; 2] = get(x);
    put([a as f32, b as f32, 0.0, 0.0])
}

pub fn i32x4_trunc_sat_f64x2_zero(x: v128) -> v128 {
    let [a, b]: [f64; 2] = get(x);
    put([a as i32, b as i32, 0, 0])
}

pub fn i32x4_dot_i16x8(a: v128, b: v128) -> v128 {
    let (a, b): ([i16; 8], [i16; 8]) = (get(a), get(b));
    let product = |i: usize| a[i] as i32 * b[i] as i32;
    put::<[i32; 4]>(from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1))))
}

pub fn i16x8_extadd_pairwise_i8x16(x: v128) -> v128 {
    let lanes: [i8; 16] = get(x);
    put::<[i16; 8]>(from_fn(|i| lanes[2 * i] as i16 + lanes[2 * i + 1] as i16))
}

pub fn i32x4_extadd_pairwise_i16x8(x: v128) -> v128 {
    let lanes: [i16; 8] = get(x);
    put::<[i32; 4]>(from_fn(|i| lanes[2 * i] as i32 + lanes[2 * i + 1] as i32))
}

pub fn i16x8_narrow_i32x4(a: v128, b: v128) -> v128 {
    let lanes = [get::<[i32; 4]>(a), get::<[i32; 4]>(b)];
    put::<[i16; 8]>(from_fn(|i| lanes[i / 4][i % 4].clamp(i16::MIN as i32, i16::MAX as i32) as i16))
}

pub fn u16x8_narrow_i32x4(a: v128, b: v128) -> v128 {
    let lanes = [get::<[i32; 4]>(a), get::<[i32; 4]>(b)];
    put::<[u16; 8]>(from_fn(|i| lanes[i / 4][i % 4].clamp(0, u16::MAX as i32) as u16))
}

pub fn i8x16_narrow_i16x8(a: v128, b: v128) -> v128 {
    let lanes = [get::<[i16; 8]>(a), get::<[i16; 8]>(b)];
    put::<[i8; 16]>(from_fn(|i| lanes[i / 8][i % 8].clamp(i8::MIN as i16, i8::MAX as i16) as i8))
}

pub fn u8x16_narrow_i16x8(a: v128, b: v128) -> v128 {
    let lanes = [get::<[i16; 8]>(a), get::<[i16; 8]>(b)];
    put::<[u8; 16]>(from_fn(|i| lanes[i / 8][i % 8].clamp(0, 255) as u8))
}

pub fn i32x4_shuffle<const A: usize, const B: usize, const C: usize, const D: usize>(a: v128, b: v128) -> v128 {
    let lanes = [get::<[u32; 4]>(a), get::<[u32; 4]>(b)];
    put([A, B, C, D].map(|i| lanes[i / 4][i % 4]))
}

pub fn i64x2_shuffle<const A: usize, const B: usize>(a: v128, b: v128) -> v128 {
    let lanes = [get::<[u64; 2]>(a), get::<[u64; 2]>(b)];
    put([A, B].map(|i| lanes[i / 2][i % 2]))
}

#[rustfmt::skip]
pub fn i16x8_shuffle<
    const A: usize, const B: usize, const C: usize, const D: usize,
    const E: usize, const F: usize, const G: usize, const H: usize,
>(a: v128, b: v128) -> v128 {
    let lanes = [get::<[u16; 8]>(a), get::<[u16; 8]>(b)];
    put([A, B, C, D, E, F, G, H].map(|i| lanes[i / 8][i % 8]))
}

#[rustfmt::skip]
pub fn i8x16_shuffle<
    const A: usize, const B: usize, const C: usize, const D: usize,
    const E: usize, const F: usize, const G: usize, const H: usize,
    const I: usize, const J: usize, const K: usize, const L: usize,
    const M: usize, const N: usize, const O: usize, const P: usize,
>(a: v128, b: v128) -> v128 {
    let lanes = [get::<[u8; 16]>(a), get::<[u8; 16]>(b)];
    put([A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P].map(|i| lanes[i / 16][i % 16]))
}

pub fn f32x4_extract_lane<const I: usize>(x: v128) -> f32 {
    get::<[f32; 4]>(x)[I]
}

pub fn f64x2_extract_lane<const I: usize>(x: v128) -> f64 {
    get::<[f64; 2]>(x)[I]
}

pub fn i32x4_extract_lane<const I: usize>(x: v128) -> i32 {
    get::<[i32; 4]>(x)[I]
}

pub fn i32x4_all_true(x: v128) -> bool {
    get::<[i32; 4]>(x).iter().all(|lane| *lane != 0)
}

pub unsafe fn v128_load(p: *const v128) -> v128 {
    p.read_unaligned()
}

pub unsafe fn v128_store(p: *mut v128, x: v128) {
    p.write_unaligned(x);
}

pub unsafe fn v128_load32_zero(p: *const u32) -> v128 {
    put([p.read_unaligned(), 0, 0, 0])
}

pub unsafe fn v128_load32_splat(p: *const u32) -> v128 {
    put([p.read_unaligned(); 4])
}

pub unsafe fn v128_store32_lane<const I: usize>(x: v128, p: *mut u32) {
    p.write_unaligned(get::<[u32; 4]>(x)[I]);
}

pub unsafe fn v128_store64_lane<const I: usize>(x: v128, p: *mut u64) {
    p.write_unaligned(get::<[u64; 2]>(x)[I]);
}

pub unsafe fn i32x4_load_extend_i16x4(p: *const i16) -> v128 {
    put((p as *const [i16; 4]).read_unaligned().map(i32::from))
}

pub fn unreachable() -> ! {
    panic!("A kernel read what the host does not write")
}
