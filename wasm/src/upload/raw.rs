//! Numbers as files have them, read as floats: `RAW_TYPES` of lib/backend/wasm/upload.ts has the same codes.

use crate::math;
use crate::simd::*;

pub const RAW_F32: usize = 0;
pub const RAW_F16: usize = 1;
pub const RAW_BF16: usize = 2;
pub const RAW_F64: usize = 3;

/// Stored numbers.
#[derive(Clone, Copy)]
pub struct Raw {
    pub base: *const u8,
    pub dtype: usize,
}

/// All bits of a float but its sign: those of finite floats are in the order of their magnitudes.
const MAGNITUDE: u32 = 0x7fff_ffff;

/// The larger magnitude of each lane.
#[inline(always)]
pub fn magnitudes(x: v128, most: v128) -> v128 {
    i32x4_max(v128_and(x, u32x4_splat(MAGNITUDE)), most)
}

/// The largest lane.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub fn largest(x: v128) -> u32 {
    let pairs = i32x4_max(x, i64x2_shuffle::<1, 0>(x, x));
    i32x4_extract_lane::<0>(i32x4_max(pairs, i32x4_shuffle::<1, 0, 3, 2>(pairs, pairs))) as u32
}

impl Raw {
    /// `n` floats from an element on: where they lie, or widened into `block`.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn floats(&self, first: usize, n: usize, block: *mut f32) -> *const f32 {
        match self.dtype {
            RAW_F16 => widen((self.base as *const u16).add(first), n, block, |p| math::load_fp16(p)),
            RAW_BF16 => widen((self.base as *const u16).add(first), n, block, |p| {
                i32x4_shl(i32x4_load_extend_i16x4(p as *const i16), 16)
            }),
            RAW_F64 => widen((self.base as *const f64).add(first), n, block, |p| {
                narrow(v128_load(p as *const v128), v128_load(p.add(2) as *const v128))
            }),
            _ => return (self.base as *const f32).add(first),
        }
        block
    }

    /// The largest magnitude of `n` numbers, as bits of a float; `block` has room for `size` floats.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn most(&self, first: usize, n: usize, block: *mut f32, size: usize) -> u32 {
        let mut vector = i32x4_splat(0);
        let mut most = 0;
        for at in (0..n).step_by(size) {
            let count = size.min(n - at);
            let numbers = self.floats(first + at, count, block);
            for i in (0..count & !3).step_by(4) {
                vector = magnitudes(load(numbers.add(i)), vector);
            }
            for i in count & !3..count {
                most = most.max((*numbers.add(i)).to_bits() & MAGNITUDE);
            }
        }
        most.max(largest(vector))
    }
}

/// Four at a time; the last ones by way of a copy, since what lies behind them may be out of reach.
#[inline(always)]
unsafe fn widen<T: Copy + Default>(from: *const T, n: usize, to: *mut f32, four: impl Fn(*const T) -> v128) {
    for i in (0..n & !3).step_by(4) {
        store(to.add(i), four(from.add(i)));
    }
    let mut rest = [T::default(); 4];
    for i in n & !3..n {
        rest[i & 3] = *from.add(i);
    }
    let mut floats = [0f32; 4];
    store(floats.as_mut_ptr(), four(rest.as_ptr()));
    for i in n & !3..n {
        *to.add(i) = floats[i & 3];
    }
}
