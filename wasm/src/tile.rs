//! Tiles: up to TILE elements of an index space as rows of equal width, gathered from strided memory into a dense
//! register and stored back. A row's start comes from a table of offsets, so any number of outer axes may lie in one
//! tile and an inner axis of three channels costs no more than one of three hundred.
//!
//! Loads may touch up to 12 bytes past an operand; the host keeps that much free at the end of memory.

use crate::element::Element;
use crate::math;
use crate::place::{Place, BITS16, F16, F32, I32, I8};
use crate::simd::*;

/// Elements of a tile at most.
pub const TILE: usize = 256;
/// Columns of a tile where an operand runs along the rows: 16 x 16 touches each line of the cache once.
const TRANSPOSED: usize = 16;

/// Rows and columns of the tiles of an index space.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub fn shape(columns: usize, is_transposed: bool) -> (usize, usize) {
    let width = columns.min(if is_transposed { TRANSPOSED } else { TILE });
    (TILE / width, width)
}

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
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn load(operand: &Operand, rows: *const i32, window: Window, register: *mut f32) -> *mut f32 {
    let Operand { place, column } = *operand;
    let skip = window.first as isize * column as isize;
    match place.dtype {
        F32 => {
            let base = (place.base as *const f32).offset(skip);
            if column == 1 && is_run(rows, window) {
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

/// Whether the rows of a window whose columns are dense follow one another.
#[inline(always)]
unsafe fn is_run(rows: *const i32, window: Window) -> bool {
    let next = |r: usize| *rows.add(r) + window.columns as i32 == *rows.add(r + 1);
    // The last row tells most of those that are no run.
    let last = window.rows - 1;
    window.rows == 1 || *rows.add(last) - *rows == (last * window.columns) as i32 && (0..last).all(next)
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
#[cfg_attr(target_family = "wasm", optimize(size))]
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

#[cfg_attr(target_family = "wasm", optimize(size))]
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
pub unsafe fn stores_directly(operand: &Operand, rows: *const i32, window: Window) -> bool {
    let whole = (window.rows * window.columns).is_multiple_of(4);
    whole && operand.column == 1 && operand.place.dtype == F32 && is_run(rows, window)
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
            _ => save_as(place, at, column, n, from),
        }
    }
}

/// A row of another number type, element by element.
#[inline(never)]
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn save_as(place: Place, at: isize, column: isize, n: usize, from: *const f32) {
    match place.dtype {
        F16 => {
            let to = (place.base as *mut u16).offset(at);
            for c in 0..n {
                let value = math::to_fp16(v128_load32_zero(from.add(c) as *const u32));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows 3 apart from behind the first ones, columns `column` apart.
    fn window(column: i32) -> ([i32; 9], Window, impl Fn(usize, usize) -> usize) {
        let rows = core::array::from_fn(|r| 40 + 3 * r as i32);
        let window = Window { rows: 5, first: 2, columns: 7 };
        (rows, window, move |r, c| (40 + 3 * r as i32 + (2 + c as i32) * column) as usize)
    }

    #[test]
    fn tiles_have_as_many_rows_as_fit() {
        assert_eq!(shape(3, false), (85, 3));
        assert_eq!(shape(1000, false), (1, 256));
        assert_eq!(shape(1000, true), (16, 16));
        assert_eq!(shape(5, true), (51, 5));
    }

    #[test]
    fn load_gathers_a_window_of_every_number_type() {
        let numbers: Vec<i32> = (0..200).map(|i| i * 7 % 120 - 60).collect();
        let floats: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        let bytes: Vec<i8> = numbers.iter().map(|&x| x as i8).collect();
        let bases =
            [(F32, floats.as_ptr() as *mut u8), (I32, numbers.as_ptr() as *mut u8), (I8, bytes.as_ptr() as *mut u8)];
        for column in [-3, 0, 1, 11] {
            let (rows, window, at) = window(column);
            for (dtype, base) in bases {
                let mut register = [0f32; TILE + 16];
                let operand = Operand { place: Place { base, dtype }, column };
                let got = unsafe { load(&operand, rows.as_ptr(), window, register.as_mut_ptr()) };
                for r in 0..window.rows {
                    for c in 0..window.columns {
                        assert_eq!(unsafe { *got.add(r * window.columns + c) }, floats[at(r, c)], "{dtype} {column}");
                    }
                }
            }
        }
    }

    #[test]
    fn load_of_neighbouring_rows_turns_them() {
        let floats: Vec<f32> = (0..400).map(|i| i as f32).collect();
        let rows: [i32; 12] = core::array::from_fn(|r| r as i32);
        let mut register = [0f32; TILE + 16];
        let operand = Operand { place: Place { base: floats.as_ptr() as *mut u8, dtype: F32 }, column: 20 };
        unsafe { load(&operand, rows.as_ptr(), Window { rows: 9, first: 1, columns: 6 }, register.as_mut_ptr()) };
        for i in 0..54 {
            assert_eq!(register[i], (i / 6 + 20 * (1 + i % 6)) as f32);
        }
    }

    #[test]
    fn rows_that_follow_one_another_are_read_and_written_where_they_lie() {
        let mut floats: Vec<f32> = (0..400).map(|i| i as f32).collect();
        let operand = Operand { place: Place { base: floats.as_mut_ptr() as *mut u8, dtype: F32 }, column: 1 };
        let mut register = [0f32; TILE + 16];
        let window = Window { rows: 4, first: 0, columns: 6 };
        // In order, with a gap at the end, and two rows exchanged.
        for (rows, is_run) in [([8, 14, 20, 26], true), ([8, 14, 20, 27], false), ([8, 20, 14, 26], false)] {
            let got = unsafe { load(&operand, rows.as_ptr(), window, register.as_mut_ptr()) };
            assert_eq!(std::ptr::eq(got, register.as_ptr()), !is_run);
            assert_eq!(unsafe { stores_directly(&operand, rows.as_ptr(), window) }, is_run);
            for i in 0..24 {
                assert_eq!(unsafe { *got.add(i) }, floats[rows[i / 6] as usize + i % 6]);
            }
        }
    }

    #[test]
    fn save_writes_its_window_and_nothing_else() {
        let (rows, window, at) = window(2);
        let values: [f32; 35] = core::array::from_fn(|i| i as f32 - 17.5);
        let mut floats = [9f32; 100];
        let mut narrow = [9u16; 100];
        let mut numbers = [9i32; 100];
        for (dtype, base) in [
            (F32, floats.as_mut_ptr() as *mut u8),
            (F16, narrow.as_mut_ptr() as *mut u8),
            (I32, numbers.as_mut_ptr() as *mut u8),
        ] {
            let operand = Operand { place: Place { base, dtype }, column: 2 };
            unsafe { save(&operand, rows.as_ptr(), window, values.as_ptr()) };
        }
        let (mut want, mut whole) = ([9f32; 100], [9i32; 100]);
        for i in 0..35 {
            want[at(i / 7, i % 7)] = values[i];
            whole[at(i / 7, i % 7)] = values[i] as i32;
        }
        assert_eq!((floats, numbers), (want, whole));
        for (number, want) in narrow.iter().zip(want).filter(|(number, _)| **number != 9) {
            assert_eq!(unsafe { math::fp16(number) }, want);
        }
    }
}
