//! Packing: strided operands copied into the panels the micro-kernel reads. A panel holds R rows, k outermost:
//! `panel[k * R + row]`, and k is padded with zeros to a multiple of 4. Rows past the end of an operand repeat its last
//! one, their products are never stored.
//!
//! Element (row, k) lies at `rows[row] + steps[k]`, which covers transposes, broadcasts and overlapping windows alike.

use crate::element::Element;
use crate::place::{F16, I8};
use crate::simd::*;

/// Steps that are computed together: what the k of a panel is padded to a multiple of.
pub const K_BLOCK: usize = 4;

/// Length a panel's k is padded to.
#[inline(always)]
pub fn padded(k: usize) -> usize {
    (k + K_BLOCK - 1) & !(K_BLOCK - 1)
}

/// Packs `count` rows (any number) into panels of R, each of `padded(k)` steps. `rows` must have R - 1 more entries,
/// `steps` 3 more.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn pack<T: Element, const R: usize>(
    from: *const T,
    rows: *mut i32,
    count: usize,
    steps: *const i32,
    k: usize,
    panels: *mut f32,
) {
    let whole = count.next_multiple_of(R);
    for r in count..whole {
        *rows.add(r) = *rows.add(count - 1);
    }
    let neighbours = |first: usize| (first + 1..first + R).all(|r| *rows.add(r) == *rows.add(r - 1) + 1);
    let is_dense = (0..k / 4).all(|i| consecutive(steps.add(4 * i)) && *steps.add(4 * i) == *steps + 4 * i as i32);
    let mut first = 0;
    while first < whole {
        let mut end = first;
        while end < whole && neighbours(end) {
            end += R;
        }
        let to = panels.add(first * padded(k));
        if end > first {
            lines::<T, R>(from, rows.add(first), (end - first) / R, steps, k, to);
            first = end;
            continue;
        }
        let rows = rows.add(first);
        let done = if is_dense {
            dense::<T, R>(from.offset(*steps as isize), rows, k, to)
        } else {
            strided::<T, R>(from, rows, steps, k, to)
        };
        for p in done..k {
            scattered::<T, R>(from.offset(*steps.add(p) as isize), rows, to.add(p * R));
        }
        first += R;
    }
    for first in (0..whole).step_by(R) {
        let to = panels.add(first * padded(k));
        for i in k * R..padded(k) * R {
            *to.add(i) = 0.0;
        }
    }
}

/// Steps of all panels before the next ones. A line of the cache holds rows of several panels, and the lines of all steps
/// are more than it has room for.
const LINES: usize = 8;

/// `count` panels of rows that are neighbours in memory.
#[inline(always)]
unsafe fn lines<T: Element, const R: usize>(
    from: *const T,
    rows: *const i32,
    count: usize,
    steps: *const i32,
    k: usize,
    to: *mut f32,
) {
    if count == 1 || k < LINES {
        for panel in 0..count {
            let row = *rows.add(panel * R);
            for p in 0..k {
                row_vector::<T, R>(from.offset((row + *steps.add(p)) as isize), to.add((panel * padded(k) + p) * R));
            }
        }
        return;
    }
    let mut p = 0;
    while p + LINES <= k {
        some_lines::<T, R, LINES>(from, rows, count, steps.add(p), padded(k), to.add(p * R));
        p += LINES;
    }
    while p < k {
        some_lines::<T, R, 1>(from, rows, count, steps.add(p), padded(k), to.add(p * R));
        p += 1;
    }
}

/// S steps of the same, in panels of `k` steps.
#[inline(always)]
unsafe fn some_lines<T: Element, const R: usize, const S: usize>(
    from: *const T,
    rows: *const i32,
    count: usize,
    steps: *const i32,
    k: usize,
    to: *mut f32,
) {
    let line: [*const T; S] = core::array::from_fn(|i| from.offset(*steps.add(i) as isize));
    for panel in 0..count {
        let row = *rows.add(panel * R) as isize;
        let to = to.add(panel * R * k);
        for (i, line) in line.iter().enumerate() {
            row_vector::<T, R>(line.offset(row), to.add(i * R));
        }
    }
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

/// R neighbours in memory: the first four and the last four.
#[inline(always)]
unsafe fn row_vector<T: Element, const R: usize>(from: *const T, to: *mut f32) {
    store(to, T::four(from));
    store(to.add(R - 4), T::four(from.add(R - 4)));
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

/// Packs an operand of any number type.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn pack_any<const R: usize>(
    dtype: usize,
    from: *const u8,
    rows: *mut i32,
    count: usize,
    steps: *const i32,
    k: usize,
    panels: *mut f32,
) {
    match dtype {
        F16 => pack::<u16, R>(from as *const u16, rows, count, steps, k, panels),
        I8 => pack::<i8, R>(from as *const i8, rows, count, steps, k, panels),
        _ => pack::<f32, R>(from as *const f32, rows, count, steps, k, panels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs `count` rows `row` apart of `k` steps `step` apart, and looks every number of the panels up.
    fn check<const R: usize>(count: usize, k: usize, row: i32, step: i32) {
        let numbers: Vec<i8> = (0..4000).map(|i| (i * 31 % 251) as u8 as i8).collect();
        let floats: Vec<f32> = numbers.iter().map(|&x| x as f32).collect();
        let mut rows: Vec<i32> = (0..count + R - 1).map(|r| r as i32 * row).collect();
        let steps: Vec<i32> = (0..k + 3).map(|p| p as i32 * step).collect();
        for (dtype, base) in [(I8, numbers.as_ptr() as *const u8), (0, floats.as_ptr() as *const u8)] {
            let whole = count.next_multiple_of(R);
            let mut panels = vec![9f32; whole * padded(k)];
            unsafe {
                pack_any::<R>(dtype, base, rows.as_mut_ptr(), count, steps.as_ptr(), k, panels.as_mut_ptr());
            }
            for (i, got) in panels.into_iter().enumerate() {
                let (panel, p, r) = (i / (padded(k) * R), i / R % padded(k), i % R);
                let from = (panel * R + r).min(count - 1) as i32 * row + p as i32 * step;
                let want = if p < k { floats[from as usize] } else { 0.0 };
                assert_eq!(got, want, "{count} rows {row} apart, {k} steps {step} apart, number {i}");
            }
        }
    }

    #[test]
    fn panels_hold_every_layout_of_rows_and_steps() {
        for (count, k) in [(1, 1), (6, 4), (8, 5), (13, 11), (17, 32)] {
            for (row, step) in [(1, 40), (40, 1), (3, 60), (100, 3), (2, 0)] {
                check::<6>(count, k, row, step);
                check::<8>(count, k, row, step);
            }
        }
    }
}
