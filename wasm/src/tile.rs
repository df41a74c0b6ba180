//! Tiles: up to TILE elements of an index space as rows of equal width, gathered from strided memory into a dense
//! register and stored back. A row's start comes from a table of offsets, so any number of outer axes may lie in one
//! tile and an inner axis of three channels costs no more than one of three hundred.
//!
//! Loads may touch up to 12 bytes past an operand; the host keeps that much room at the end of memory.

use crate::math;
use crate::pack::Element;
use crate::run::{Place, BITS16, F16, F32, I32, I8};
use crate::simd::*;

/// A strided operand: where it starts and how far its columns lie apart.
#[derive(Clone, Copy)]
pub struct Operand {
    pub place: Place,
    pub column: i32,
}

/// Part of an index space: `rows` rows and columns `first .. first + columns`.
#[derive(Clone, Copy)]
pub struct Window {
    pub rows: usize,
    pub first: usize,
    pub columns: usize,
}

/// Brings a window of an operand into `register`, row after row without gaps. Returns where the elements lie, which
/// is the operand's own memory when they are dense there.
#[inline]
pub unsafe fn load(operand: &Operand, rows: *const i32, window: Window, register: *mut f32) -> *mut f32 {
    let Operand { place, column } = *operand;
    let skip = window.first as isize * column as isize;
    match place.dtype {
        F32 => {
            let base = (place.base as *const f32).offset(skip);
            if column == 1 && window.rows == 1 {
                return base.offset(*rows as isize) as *mut f32;
            }
            load_f32(base, rows, window, column as isize, register);
        }
        F16 => load_widened((place.base as *const u16).offset(skip), rows, window, column as isize, register),
        BITS16 => load_bits((place.base as *const u16).offset(skip), rows, window, column as isize, register),
        I8 => load_widened((place.base as *const i8).offset(skip), rows, window, column as isize, register),
        _ => load_widened((place.base as *const i32).offset(skip), rows, window, column as isize, register),
    }
    register
}

unsafe fn load_f32(base: *const f32, rows: *const i32, window: Window, column: isize, register: *mut f32) {
    let n = window.columns;
    let row = |r: usize| base.offset(*rows.add(r) as isize);
    if column == 1 {
        for r in 0..window.rows {
            let (from, to) = (row(r), register.add(r * n));
            for c in (0..n).step_by(4) {
                store(to.add(c), crate::simd::load(from.add(c)));
            }
        }
    } else if column == 0 {
        for r in 0..window.rows {
            let (value, to) = (f32x4_splat(*row(r)), register.add(r * n));
            for c in (0..n).step_by(4) {
                store(to.add(c), value);
            }
        }
    } else {
        let mut r = 0;
        while r < window.rows {
            if r + 4 <= window.rows && consecutive(rows.add(r)) {
                load_transposed(row(r), column, n, register.add(r * n));
                r += 4;
                continue;
            }
            let (mut from, to) = (row(r) as *const u32, register.add(r * n) as *mut u32);
            for c in 0..n {
                *to.add(c) = *from;
                from = from.offset(column);
            }
            r += 1;
        }
    }
}

/// Whether four offsets follow one another.
#[inline(always)]
pub unsafe fn consecutive(offsets: *const i32) -> bool {
    let first = i32x4_add(i32x4_splat(*offsets), i32x4(0, 1, 2, 3));
    i32x4_all_true(i32x4_eq(first, v128_load(offsets as *const v128)))
}

/// Four rows that are neighbours in memory: each column is one vector.
#[inline(always)]
unsafe fn load_transposed(base: *const f32, column: isize, n: usize, to: *mut f32) {
    let mut from = base;
    let mut c = 0;
    while c + 4 <= n {
        let columns = core::array::from_fn(|i| crate::simd::load(from.offset(i as isize * column)));
        let rows = transpose(columns);
        for (i, row) in rows.into_iter().enumerate() {
            store(to.add(i * n + c), row);
        }
        from = from.offset(4 * column);
        c += 4;
    }
    while c < n {
        for i in 0..4 {
            *(to.add(i * n + c) as *mut u32) = *(from.add(i) as *const u32);
        }
        from = from.offset(column);
        c += 1;
    }
}

/// Elements of another number type, widened.
unsafe fn load_widened<T: Element>(
    base: *const T,
    rows: *const i32,
    window: Window,
    column: isize,
    register: *mut f32,
) {
    let n = window.columns;
    for r in 0..window.rows {
        let (from, to) = (base.offset(*rows.add(r) as isize), register.add(r * n));
        if column == 1 {
            for c in (0..n).step_by(4) {
                store(to.add(c), T::four(from.add(c)));
            }
        } else {
            for c in 0..n {
                *to.add(c) = T::one(from.offset(c as isize * column));
            }
        }
    }
}

unsafe fn load_bits(base: *const u16, rows: *const i32, window: Window, column: isize, register: *mut f32) {
    let n = window.columns;
    for r in 0..window.rows {
        let (from, to) = (base.offset(*rows.add(r) as isize), register.add(r * n) as *mut u32);
        for c in 0..n {
            *to.add(c) = *from.offset(c as isize * column) as u32;
        }
    }
}

/// Whether a window of this operand is one dense run of floats that whole vectors may be stored to.
#[inline(always)]
pub fn stores_directly(operand: &Operand, window: Window) -> bool {
    let whole = window.rows == 1 && window.columns % 4 == 0;
    whole && operand.column == 1 && operand.place.dtype == F32
}

/// Writes dense elements to a window of an operand; touches nothing else.
pub unsafe fn save(operand: &Operand, rows: *const i32, window: Window, from: *const f32) {
    let Operand { place, column } = *operand;
    let column = column as isize;
    let n = window.columns;
    let skip = window.first as isize * column;
    for r in 0..window.rows {
        let from = from.add(r * n);
        let at = *rows.add(r) as isize + skip;
        match place.dtype {
            F32 => save_f32((place.base as *mut f32).offset(at), column, n, from),
            F16 => {
                let to = (place.base as *mut u16).offset(at);
                for c in 0..n {
                    let value = math::to_half(v128_load32_zero(from.add(c) as *const u32));
                    *to.offset(c as isize * column) = i32x4_extract_lane::<0>(value) as u16;
                }
            }
            BITS16 => {
                let to = (place.base as *mut u16).offset(at);
                for c in 0..n {
                    *to.offset(c as isize * column) = *(from.add(c) as *const u16);
                }
            }
            I8 => {
                let to = (place.base as *mut i8).offset(at);
                for c in 0..n {
                    *to.offset(c as isize * column) = *from.add(c) as i8;
                }
            }
            _ => {
                debug_assert!(place.dtype == I32);
                let to = (place.base as *mut i32).offset(at);
                for c in 0..n {
                    // Towards zero, saturating; NaN becomes 0.
                    *to.offset(c as isize * column) = *from.add(c) as i32;
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn save_f32(to: *mut f32, column: isize, n: usize, from: *const f32) {
    let mut c = 0;
    if column == 1 {
        while c + 4 <= n {
            store(to.add(c), crate::simd::load(from.add(c)));
            c += 4;
        }
    }
    while c < n {
        *(to.offset(c as isize * column) as *mut u32) = *(from.add(c) as *const u32);
        c += 1;
    }
}
