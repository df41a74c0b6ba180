//! Four batch elements at once, one to a vector lane, for matrices so small that a product of one fills no block of the
//! micro-kernel. A matrix of four is [row][column][4 lanes]; whatever is done to it is done to all four, in the order in
//! which one would be.

use crate::context::Context;
use crate::matrix::{Matrix, Sizes};
use crate::memory::Arena;
use crate::odometer::Odometer;
use crate::simd::*;

/// Batch elements at once.
pub const LANES: usize = 4;

/// Where the four lie in up to nine operands, and how many of them there are: the others repeat the last one.
pub struct Four {
    pub at: [[i32; LANES]; 9],
    pub count: usize,
}

impl Four {
    /// The next four of `left` batch elements; `walk` moves on.
    pub unsafe fn next(walk: &mut Odometer, left: usize) -> Four {
        let mut at = [[0; LANES]; 9];
        for lane in 0..LANES {
            for (at, offset) in at.iter_mut().zip(walk.offset) {
                at[lane] = offset;
            }
            if lane + 1 < left {
                walk.advance();
            }
        }
        Four { at, count: LANES.min(left) }
    }
}

/// Takes this thread's share of the batch elements, four at once.
pub unsafe fn each_four(context: &Context, sizes: &Sizes, walk: &mut Odometer, mut take: impl FnMut(Four)) {
    let batches = sizes.batches();
    let run = sizes.run().next_multiple_of(LANES);
    loop {
        let first = context.next() * run;
        if first >= batches {
            return;
        }
        walk.seek(first);
        for first in (first..(first + run).min(batches)).step_by(LANES) {
            take(Four::next(walk, batches - first));
        }
    }
}

/// Elements that `rows` of `columns` take: columns are packed four at once.
pub fn lanes(rows: usize, columns: usize) -> usize {
    LANES * (rows * columns + LANES - 1)
}

/// Packs four matrices, each number times `factor`.
#[inline(never)]
pub unsafe fn load_lanes(from: &Matrix, at: &[i32; LANES], rows: usize, columns: usize, factor: v128, to: *mut f32) {
    for row in 0..rows {
        let from_row: [*mut f32; LANES] = core::array::from_fn(|lane| from.at(at[lane] + row as i32 * from.row));
        let to = to.add(row * columns * LANES);
        if from.feature == 1 {
            // What is read past the end of a row is written over by the next one.
            for column in (0..columns).step_by(LANES) {
                let four = transpose(core::array::from_fn(|lane| load(from_row[lane].add(column))));
                for (i, x) in four.into_iter().enumerate() {
                    store(to.add((column + i) * LANES), f32x4_mul(x, factor));
                }
            }
        } else {
            for column in 0..columns {
                let x = |lane: usize| *from_row[lane].offset(column as isize * from.feature as isize);
                store(to.add(column * LANES), f32x4_mul(f32x4(x(0), x(1), x(2), x(3)), factor));
            }
        }
    }
}

/// Writes the first `count` of four matrices, each row times its factors, which lie `step` apart: 0 where
/// all rows have the same.
#[inline(never)]
pub unsafe fn store_lanes(
    to: &Matrix,
    at: &[i32; LANES],
    count: usize,
    rows: usize,
    columns: usize,
    from: *const f32,
    factors: *const f32,
    step: usize,
) {
    for row in 0..rows {
        let to_row: [*mut f32; LANES] = core::array::from_fn(|lane| to.at(at[lane] + row as i32 * to.row));
        let from = from.add(row * columns * LANES);
        let factor = load(factors.add(row * step));
        let value = |column: usize| f32x4_mul(load(from.add(column * LANES)), factor);
        let mut column = 0;
        while to.feature == 1 && column + LANES <= columns {
            let four = transpose(core::array::from_fn(|i| value(column + i)));
            for (lane, x) in four.into_iter().enumerate().take(count) {
                store(to_row[lane].add(column), x);
            }
            column += LANES;
        }
        for column in column..columns {
            let mut one = [0f32; LANES];
            store(one.as_mut_ptr(), value(column));
            for (lane, x) in one.into_iter().enumerate().take(count) {
                *to_row[lane].offset(column as isize * to.feature as isize) = x;
            }
        }
    }
}

/// Queries, keys and values of four batch elements, packed; queries are scaled.
pub struct Packed {
    pub q: *mut f32,
    pub k: *mut f32,
    pub v: *mut f32,
}

impl Packed {
    #[inline(always)]
    pub fn new(&Sizes { m, n, e, width, .. }: &Sizes, arena: &mut Arena) -> Packed {
        Packed { q: arena.take(lanes(m, e)), k: arena.take(lanes(n, e)), v: arena.take(lanes(n, width)) }
    }

    /// Packs what lies at the first three of `at`.
    #[inline(always)]
    pub unsafe fn load(
        &self,
        [q, k, v]: [&Matrix; 3],
        at: &[[i32; LANES]; 9],
        [m, n, e, width]: [usize; 4],
        scale: v128,
    ) {
        let one = f32x4_splat(1.0);
        load_lanes(q, &at[0], m, e, scale, self.q);
        load_lanes(k, &at[1], n, e, one, self.k);
        load_lanes(v, &at[2], n, width, one, self.v);
    }
}

/// The bias of four batch elements, packed once for all that share it.
pub struct Bias {
    packed: *mut f32,
    at: Option<[i32; LANES]>,
}

impl Bias {
    pub fn new(sizes: &Sizes, arena: &mut Arena) -> Bias {
        Bias { packed: arena.take(lanes(sizes.m, sizes.n)), at: None }
    }

    /// Adds it to scores.
    pub unsafe fn add(&mut self, bias: Option<&Matrix>, at: &[i32; LANES], m: usize, n: usize, scores: *mut f32) {
        let Some(bias) = bias else { return };
        if self.at != Some(*at) {
            load_lanes(bias, at, m, n, f32x4_splat(1.0), self.packed);
            self.at = Some(*at);
        }
        for i in 0..m * n {
            let to = scores.add(i * LANES);
            store(to, f32x4_add(load(to), load(self.packed.add(i * LANES))));
        }
    }
}

/// A packed matrix of a product: elements from one line to the next, and along the sum.
#[derive(Clone, Copy)]
pub struct Factor {
    pub base: *const f32,
    pub line: usize,
    pub step: usize,
}

impl Factor {
    /// Lines are rows of `columns`, the sum runs over columns.
    pub fn rows(base: *const f32, columns: usize) -> Factor {
        Factor { base, line: columns * LANES, step: LANES }
    }

    /// Lines are columns, the sum runs over rows.
    pub fn columns(base: *const f32, columns: usize) -> Factor {
        Factor { base, line: LANES, step: columns * LANES }
    }

    unsafe fn from(self, line: usize) -> Factor {
        Factor { base: self.base.add(line * self.line), ..self }
    }
}

/// `to[i][j] = sum over steps of a[i] b[j]`, in one chain.
pub unsafe fn product(a: Factor, rows: usize, b: Factor, columns: usize, steps: usize, to: *mut f32) {
    for row in (0..rows).step_by(3) {
        for column in (0..columns).step_by(3) {
            let (a, b) = (a.from(row), b.from(column));
            let to = to.add((row * columns + column) * LANES);
            match ((rows - row).min(3), (columns - column).min(3)) {
                (3, 3) => block::<3, 3>(a, b, steps, to, columns),
                (3, 2) => block::<3, 2>(a, b, steps, to, columns),
                (3, _) => block::<3, 1>(a, b, steps, to, columns),
                (2, 3) => block::<2, 3>(a, b, steps, to, columns),
                (2, 2) => block::<2, 2>(a, b, steps, to, columns),
                (2, _) => block::<2, 1>(a, b, steps, to, columns),
                (_, 3) => block::<1, 3>(a, b, steps, to, columns),
                (_, 2) => block::<1, 2>(a, b, steps, to, columns),
                _ => block::<1, 1>(a, b, steps, to, columns),
            }
        }
    }
}

/// 9 sums, 3 vectors of b and one of a stay in registers.
#[inline(always)]
unsafe fn block<const R: usize, const C: usize>(a: Factor, b: Factor, steps: usize, to: *mut f32, columns: usize) {
    let mut sums = [[f32x4_splat(0.0); C]; R];
    let (mut x, mut y) = (a.base, b.base);
    for _ in 0..steps {
        let right: [v128; C] = core::array::from_fn(|j| load(y.add(j * b.line)));
        for (i, sums) in sums.iter_mut().enumerate() {
            let left = load(x.add(i * a.line));
            for (sum, right) in sums.iter_mut().zip(right) {
                *sum = madd(left, right, *sum);
            }
        }
        x = x.add(a.step);
        y = y.add(b.step);
    }
    for (i, sums) in sums.into_iter().enumerate() {
        for (j, sum) in sums.into_iter().enumerate() {
            store(to.add((i * columns + j) * LANES), sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::{Place, F32};

    /// Four matrices are packed, multiplied with themselves, and the product written for three of them.
    fn check(rows: usize, columns: usize, row: i32, feature: i32) {
        let lane = 1000;
        let numbers: Vec<f32> = (0..4200).map(|i| (i * 31 % 17) as f32 - 8.0).collect();
        let mut out = vec![9f32; 4000];
        let matrix = |base: *const f32, row, feature| Matrix {
            place: Place { base: base as *mut u8, dtype: F32 },
            batch: core::ptr::null(),
            row,
            feature,
        };
        let at = core::array::from_fn(|i| i as i32 * lane);
        let mut packed = vec![0f32; lanes(rows, columns)];
        let mut result = vec![0f32; lanes(rows, rows)];
        unsafe {
            let from = matrix(numbers.as_ptr(), row, feature);
            load_lanes(&from, &at, rows, columns, f32x4_splat(2.0), packed.as_mut_ptr());
            let all = Factor::rows(packed.as_ptr(), columns);
            product(all, rows, all, rows, columns, result.as_mut_ptr());
            let to = matrix(out.as_mut_ptr(), rows as i32, 1);
            store_lanes(&to, &at, 3, rows, rows, result.as_ptr(), [0.25; LANES].as_ptr(), 0);
        }
        let number = |l: usize, r: usize, c: usize| numbers[l * 1000 + r * row as usize + c * feature as usize];
        for l in 0..4 {
            for i in 0..rows {
                for j in 0..rows {
                    let want: f32 = (0..columns).map(|c| number(l, i, c) * number(l, j, c)).sum();
                    let got = out[l * 1000 + i * rows + j];
                    assert_eq!(got, if l < 3 { want } else { 9.0 }, "{rows} x {columns}, lane {l}");
                }
            }
        }
    }

    #[test]
    fn products_of_four_matrices_of_every_layout() {
        for rows in [1, 2, 3, 4, 5, 6, 16] {
            for columns in [1, 3, 4, 6, 25] {
                check(rows, columns, columns as i32 + 1, 1);
                check(rows, columns, 1, rows as i32);
            }
        }
    }
}
