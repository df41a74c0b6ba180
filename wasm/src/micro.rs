//! The micro-kernel: a 6 x 8 block of products of two packed panels, kept in registers over all of k.
//! 12 accumulators, 2 vectors of b and 1 of a are 15 values, as many as V8 has vector registers to give.

use crate::simd::*;

/// Rows of an `a` panel.
pub const MR: usize = 6;
/// Columns of a `b` panel.
pub const NR: usize = 8;

/// `tile[i][j] = sum over k of a[k][i] b[k][j]`; `k` is a positive multiple of 4, `tile` is 6 rows of 8.
#[inline(always)]
pub unsafe fn micro(k: usize, a: *const f32, b: *const f32, tile: *mut f32) {
    let mut sums = [[f32x4_splat(0.0); 2]; MR];
    for p in 0..k {
        let left = load(b.add(p * NR));
        let right = load(b.add(p * NR + 4));
        for (i, sum) in sums.iter_mut().enumerate() {
            let x = v128_load32_splat(a.add(p * MR + i) as *const u32);
            sum[0] = madd(x, left, sum[0]);
            sum[1] = madd(x, right, sum[1]);
        }
    }
    for (i, sum) in sums.iter().enumerate() {
        store(tile.add(i * NR), sum[0]);
        store(tile.add(i * NR + 4), sum[1]);
    }
}
