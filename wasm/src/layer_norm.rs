//! `layerNorm` over the last axis. Mean and variance run in double precision over two passes, so that a large common
//! offset does not cancel. Four rows go side by side: one alone waits for its sums, its quotients and its root.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::rows::{dense, spread, Rows};
use crate::simd::*;

/// Rows a thread takes at once.
const BATCH: usize = 64;
/// Rows side by side.
const SIDE: usize = 4;

pub struct LayerNorm {
    n: usize,
    epsilon: f64,
    rows: Rows<2>,
    weight: *const f32,
    weight_step: i32,
    bias: *const f32,
    bias_step: i32,
    /// For dense copies of weight, bias, a row and its result, where they are strided.
    buffers: [*mut f32; 4],
}

impl Kernel for LayerNorm {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> LayerNorm {
        let axes = code.u();
        let sizes = code.take(axes);
        let n = code.u();
        LayerNorm {
            n,
            epsilon: code.f() as f64,
            rows: Rows::read(axes, sizes, code, context),
            weight: context.place(code).base as *const f32,
            weight_step: code.i(),
            bias: context.place(code).base as *const f32,
            bias_step: code.i(),
            buffers: core::array::from_fn(|_| memory.scratch.take(n)),
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        let LayerNorm { n, epsilon, .. } = *self;
        let rows = self.rows.count();
        let [out, x] = self.rows.lines;
        let [weight_buffer, bias_buffer, row_buffer, staging] = self.buffers;
        let weight = dense(self.weight, self.weight_step, n, weight_buffer);
        let bias = dense(self.bias, self.bias_step, n, bias_buffer);
        let mut walk = self.rows.walk();
        loop {
            let first = context.next() * BATCH;
            if first >= rows {
                return;
            }
            walk.seek(first);
            let mut left = BATCH.min(rows - first);
            while left >= SIDE && out.step == 1 && x.step == 1 {
                let [to, from] = self.rows.next_of::<SIDE>(&mut walk);
                normalize(from.map(|row| row as *const f32), n, epsilon, weight, bias, to);
                left -= SIDE;
            }
            for _ in 0..left {
                let [to, from] = self.rows.next(&mut walk);
                let row = dense(from, x.step, n, row_buffer);
                if out.step == 1 {
                    normalize([row], n, epsilon, weight, bias, [to]);
                } else {
                    normalize([row], n, epsilon, weight, bias, [staging]);
                    spread(staging, n, to, out.step);
                }
            }
        }
    }
}

/// Normalizes `R` rows; each comes out as it would alone.
#[inline(always)]
unsafe fn normalize<const R: usize>(
    x: [*const f32; R],
    n: usize,
    epsilon: f64,
    weight: *const f32,
    bias: *const f32,
    out: [*mut f32; R],
) {
    let whole = n & !3;
    let zero = f64x2_splat(0.0);
    let total = |[a, b]: [v128; 2]| {
        let pair = f64x2_add(a, b);
        f64x2_extract_lane::<0>(pair) + f64x2_extract_lane::<1>(pair)
    };
    let mut sums = [[zero; 2]; R];
    for i in (0..whole).step_by(4) {
        for r in 0..R {
            let v = load(x[r].add(i));
            sums[r] = [f64x2_add(sums[r][0], low(v)), f64x2_add(sums[r][1], high(v))];
        }
    }
    let means: [f64; R] = core::array::from_fn(|r| {
        let mut sum = total(sums[r]);
        for i in whole..n {
            sum += *x[r].add(i) as f64;
        }
        sum / n as f64
    });
    let centers = means.map(|mean| f64x2_splat(mean));
    let mut sums = [[zero; 2]; R];
    for i in (0..whole).step_by(4) {
        for r in 0..R {
            let v = load(x[r].add(i));
            let (a, b) = (f64x2_sub(low(v), centers[r]), f64x2_sub(high(v), centers[r]));
            sums[r] = [f64x2_add(sums[r][0], f64x2_mul(a, a)), f64x2_add(sums[r][1], f64x2_mul(b, b))];
        }
    }
    let scales: [f64; R] = core::array::from_fn(|r| {
        let mut sum = total(sums[r]);
        for i in whole..n {
            let d = *x[r].add(i) as f64 - means[r];
            sum += d * d;
        }
        1.0 / square_root(sum / n as f64 + epsilon)
    });
    let factors = scales.map(|scale| f64x2_splat(scale));
    for i in (0..whole).step_by(4) {
        let (w, b) = (load(weight.add(i)), load(bias.add(i)));
        for r in 0..R {
            let v = load(x[r].add(i));
            let first = f64x2_mul(f64x2_sub(low(v), centers[r]), factors[r]);
            let second = f64x2_mul(f64x2_sub(high(v), centers[r]), factors[r]);
            store(out[r].add(i), f32x4_add(f32x4_mul(narrow(first, second), w), b));
        }
    }
    for i in whole..n {
        for r in 0..R {
            let y = ((*x[r].add(i) as f64 - means[r]) * scales[r]) as f32;
            *out[r].add(i) = y * *weight.add(i) + *bias.add(i);
        }
    }
}

pub fn square_root(x: f64) -> f64 {
    f64x2_extract_lane::<0>(f64x2_sqrt(f64x2_splat(x)))
}
