//! Packing: strided operands copied into the panels the micro-kernel reads. A panel holds R rows, k outermost:
//! `panel[k * R + row]`, and k is padded with zeros to a multiple of 4. Rows past the end of an operand repeat its last
//! one, their products are never stored.
//!
//! Element (row, k) lies at `rows[row] + steps[k]`, which covers transposes, broadcasts and overlapping windows alike.

use crate::math;
use crate::simd::*;
use crate::tile::consecutive;

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
        math::half(p)
    }
    #[inline(always)]
    unsafe fn four(p: *const u16) -> v128 {
        math::load_half(p)
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

/// Length a panel's k is padded to.
#[inline(always)]
pub fn padded(k: usize) -> usize {
    (k + 3) & !3
}

/// Packs `count` rows (any number) into panels of R, each of `padded(k)` steps. `rows` must have room for R - 1
/// more entries, `steps` for 3 more.
pub unsafe fn pack<T: Element, const R: usize>(
    from: *const T,
    rows: *mut i32,
    count: usize,
    steps: *const i32,
    k: usize,
    panels: *mut f32,
) {
    let whole = count.div_ceil(R) * R;
    for r in count..whole {
        *rows.add(r) = *rows.add(count - 1);
    }
    let is_dense = (0..k / 4).all(|i| consecutive(steps.add(4 * i)) && *steps.add(4 * i) == *steps + 4 * i as i32);
    for first in (0..whole).step_by(R) {
        let (rows, to) = (rows.add(first), panels.add(first * padded(k)));
        let neighbours = (0..R - 1).all(|r| *rows.add(r + 1) == *rows.add(r) + 1);
        let done = if neighbours {
            vectors::<T, R>(from.offset(*rows as isize), steps, k, to)
        } else if is_dense {
            dense::<T, R>(from.offset(*steps as isize), rows, k, to)
        } else {
            strided::<T, R>(from, rows, steps, k, to)
        };
        for p in done..k {
            scattered::<T, R>(from.offset(*steps.add(p) as isize), rows, to.add(p * R));
        }
        for i in k * R..padded(k) * R {
            *to.add(i) = 0.0;
        }
    }
}

/// Rows that are neighbours in memory. This and the next two return how many steps they packed.
#[inline(always)]
unsafe fn vectors<T: Element, const R: usize>(from: *const T, steps: *const i32, k: usize, to: *mut f32) -> usize {
    for p in 0..k {
        row_vector::<T, R>(from.offset(*steps.add(p) as isize), to.add(p * R));
    }
    k
}

/// Steps that are neighbours in memory.
#[inline(always)]
unsafe fn dense<T: Element, const R: usize>(from: *const T, rows: *const i32, k: usize, to: *mut f32) -> usize {
    let row: [*const T; R] = core::array::from_fn(|r| from.offset(*rows.add(r) as isize));
    let mut to = to;
    for p in (0..k & !3).step_by(4) {
        transposed::<R>(|r| T::four(row[r].add(p)), to);
        to = to.add(4 * R);
    }
    k & !3
}

/// Steps anywhere; four neighbours are taken as such.
#[inline(always)]
unsafe fn strided<T: Element, const R: usize>(
    from: *const T,
    rows: *const i32,
    steps: *const i32,
    k: usize,
    to: *mut f32,
) -> usize {
    for p in (0..k & !3).step_by(4) {
        let to = to.add(p * R);
        if consecutive(steps.add(p)) {
            let base = from.offset(*steps.add(p) as isize);
            transposed::<R>(|r| T::four(base.offset(*rows.add(r) as isize)), to);
        } else {
            for i in 0..4 {
                scattered::<T, R>(from.offset(*steps.add(p + i) as isize), rows, to.add(i * R));
            }
        }
    }
    k & !3
}

/// R neighbours in memory.
#[inline(always)]
unsafe fn row_vector<T: Element, const R: usize>(from: *const T, to: *mut f32) {
    store(to, T::four(from));
    if R == 8 {
        store(to.add(4), T::four(from.add(4)));
    } else {
        *to.add(4) = T::one(from.add(4));
        *to.add(5) = T::one(from.add(5));
    }
}

/// R elements anywhere.
#[inline(always)]
unsafe fn scattered<T: Element, const R: usize>(from: *const T, rows: *const i32, to: *mut f32) {
    for r in 0..R {
        *to.add(r) = T::one(from.offset(*rows.add(r) as isize));
    }
}

/// Four steps of R rows, each row's steps one vector.
#[inline(always)]
unsafe fn transposed<const R: usize>(row: impl Fn(usize) -> v128, to: *mut f32) {
    if R == 8 {
        let upper = transpose([row(0), row(1), row(2), row(3)]);
        let lower = transpose([row(4), row(5), row(6), row(7)]);
        for i in 0..4 {
            store(to.add(i * R), upper[i]);
            store(to.add(i * R + 4), lower[i]);
        }
        return;
    }
    // Pairs of rows, then whole vectors of two steps.
    let pairs: [[v128; 2]; 3] = core::array::from_fn(|i| {
        let (x, y) = (row(2 * i), row(2 * i + 1));
        [i32x4_shuffle::<0, 4, 1, 5>(x, y), i32x4_shuffle::<2, 6, 3, 7>(x, y)]
    });
    for half in 0..2 {
        let [a, b, c] = [pairs[0][half], pairs[1][half], pairs[2][half]];
        let to = to.add(half * 2 * R);
        store(to, i64x2_shuffle::<0, 2>(a, b));
        store(to.add(4), i64x2_shuffle::<0, 3>(c, a));
        store(to.add(8), i64x2_shuffle::<1, 3>(b, c));
    }
}
