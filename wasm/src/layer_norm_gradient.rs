//! `layerNormGradient`: cotangents of x, weight and bias in one pass over the rows.
//!
//! With y = (x - mean) / deviation, g the cotangent of the result and h = g weight:
//! `dx = (h - mean of h - y mean of h y) / deviation`, `dweight = sum over rows of g y`, `dbias = sum over rows of g`.
//! The mean is taken off in two steps, so that rows far from zero lose nothing. Sums run in blocks of single precision
//! that are added in double. Those over rows are cut into a fixed number of parts, the same for any number of threads,
//! and the parts are added in order.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::layer_norm::square_root;
use crate::memory::Memory;
use crate::odometer::Odometer;
use crate::parameter_sums::{add, Part, Sums};
use crate::rows::{dense, first_lanes, spread, store_first, total, Rows};
use crate::simd::*;

/// Rows side by side; so many are added up in single precision.
const SIDE: usize = 4;
/// Rows of a part of the sums over rows at least.
const PART: usize = 64;
/// Elements of a row that are added in single precision.
const BLOCK: usize = 64;

pub struct LayerNormGradient {
    n: usize,
    epsilon: f64,
    rows: Rows<3>,
    weight: *const f32,
    weight_step: i32,
    /// Of weight and bias.
    sums: Sums,
    weight_buffer: *mut f32,
    /// Rows of x, of the cotangent, and of the result, where they are strided.
    buffers: [*mut f32; 3],
    /// Rows of x without their means, then of y.
    normal: *mut f32,
}

impl Kernel for LayerNormGradient {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> LayerNormGradient {
        let axes = code.u();
        let sizes = code.take(axes);
        let n = code.u();
        let epsilon = code.f() as f64;
        let rows: Rows<3> = Rows::read(axes, sizes, code, context);
        let weight = context.place(code).base as *const f32;
        let weight_step = code.i();
        LayerNormGradient {
            n,
            epsilon,
            weight,
            weight_step,
            sums: Sums::read(code, context, memory, rows.count(), PART, n),
            rows,
            weight_buffer: memory.scratch.take(n + 4),
            buffers: core::array::from_fn(|_| memory.scratch.take(n + 4)),
            normal: memory.scratch.take(SIDE * (n + 4)),
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        let n = self.n;
        let weight = dense(self.weight, self.weight_step, n, self.weight_buffer);
        let mut walk = self.rows.walk();
        loop {
            let task = context.next();
            if task >= self.sums.parts {
                break;
            }
            let part = self.sums.part(task);
            for sums in part.sums {
                sums.write_bytes(0, n.next_multiple_of(4));
            }
            walk.seek(part.start);
            self.part(&part, &mut walk, weight);
        }
        self.sums.finish(context);
    }
}

impl LayerNormGradient {
    unsafe fn part(&self, part: &Part, walk: &mut Odometer, weight: *const f32) {
        let (n, sums) = (self.n, part.sums);
        let [out, x, cotangent] = self.rows.lines;
        let [x_buffer, buffer, staging] = self.buffers;
        let mut left = part.end - part.start;
        let is_whole = n.is_multiple_of(4) && [out, x, cotangent].iter().all(|lines| lines.step == 1);
        while is_whole && left >= SIDE {
            let [to, from, row] = self.rows.next_of::<SIDE>(walk);
            let [from, row] = [from, row].map(|rows| rows.map(|row| row as *const f32));
            self.gradient::<SIDE, false>(from, row, weight, to, sums);
            left -= SIDE;
        }
        for _ in 0..left {
            let [to, from, row] = self.rows.next(walk);
            let from = dense(from, x.step, n, x_buffer);
            let row = dense(row, cotangent.step, n, buffer);
            let result = if out.step == 1 { to } else { staging };
            self.gradient::<1, true>([from], [row], weight, [result], sums);
            if out.step != 1 {
                spread(result, n, to, out.step);
            }
        }
    }

    /// `R` rows; `RAGGED` if their length may be no multiple of four.
    #[inline(always)]
    unsafe fn gradient<const R: usize, const RAGGED: bool>(
        &self,
        x: [*const f32; R],
        g: [*const f32; R],
        weight: *const f32,
        out: [*mut f32; R],
        sums: [*mut f64; 2],
    ) {
        let n = self.n;
        let normal: [*mut f32; R] = core::array::from_fn(|r| self.normal.add(r * (n + 4)));
        let mean = |sum: f64| sum / n as f64;
        // Silences what lies past the end of a row.
        let keep = |i: usize, x: v128| if RAGGED { v128_and(x, first_lanes(n - i)) } else { x };
        let [x_sums] = over::<R, 1>(n, |i, [sums]| {
            for r in 0..R {
                sums[r] = f32x4_add(sums[r], keep(i, load(x[r].add(i))));
            }
        });
        let centers = x_sums.map(|sum| f32x4_splat(mean(sum) as f32));
        let [rests, squares] = over::<R, 2>(n, |i, [rests, squares]| {
            for r in 0..R {
                let d = keep(i, f32x4_sub(load(x[r].add(i)), centers[r]));
                store(normal[r].add(i), d);
                rests[r] = f32x4_add(rests[r], d);
                squares[r] = madd(d, d, squares[r]);
            }
        });
        let rests = rests.map(mean);
        let scales: [f64; R] =
            core::array::from_fn(|r| 1.0 / square_root(mean(squares[r]) - rests[r] * rests[r] + self.epsilon));
        let factors = scales.map(|scale| f32x4_splat(scale as f32));
        let shifts: [v128; R] = core::array::from_fn(|r| f32x4_splat((-rests[r] * scales[r]) as f32));
        let [levels, slopes] = over::<R, 2>(n, |i, [levels, slopes]| {
            let w = load(weight.add(i));
            let mut columns = [f32x4_splat(0.0); 2];
            for r in 0..R {
                let y = madd(load(normal[r].add(i)), factors[r], shifts[r]);
                store(normal[r].add(i), y);
                let g = keep(i, load(g[r].add(i)));
                let h = f32x4_mul(g, w);
                levels[r] = f32x4_add(levels[r], h);
                slopes[r] = madd(h, y, slopes[r]);
                columns = [madd(g, y, columns[0]), f32x4_add(columns[1], g)];
            }
            for (sum, column) in sums.iter().zip(columns) {
                add(sum.add(i), column);
            }
        });
        let levels = levels.map(|sum| f32x4_splat(mean(sum) as f32));
        let slopes = slopes.map(|sum| f32x4_splat(mean(sum) as f32));
        for i in (0..n).step_by(4) {
            let w = load(weight.add(i));
            for r in 0..R {
                let h = f32x4_mul(load(g[r].add(i)), w);
                let rest = f32x4_sub(h, madd(load(normal[r].add(i)), slopes[r], levels[r]));
                let dx = f32x4_mul(rest, factors[r]);
                if RAGGED {
                    store_first(out[r].add(i), dx, n - i);
                } else {
                    store(out[r].add(i), dx);
                }
            }
        }
    }
}

/// `Q` sums over each of `R` rows, to which `step` adds four elements at a time.
#[inline(always)]
unsafe fn over<const R: usize, const Q: usize>(
    n: usize,
    mut step: impl FnMut(usize, &mut [[v128; R]; Q]),
) -> [[f64; R]; Q] {
    let mut totals = [[0.0; R]; Q];
    for start in (0..n).step_by(BLOCK) {
        let mut sums = [[f32x4_splat(0.0); R]; Q];
        for i in (start..(start + BLOCK).min(n)).step_by(4) {
            step(i, &mut sums);
        }
        for (totals, sums) in totals.iter_mut().zip(sums) {
            for (sum, part) in totals.iter_mut().zip(sums) {
                *sum += total(part);
            }
        }
    }
    totals
}
