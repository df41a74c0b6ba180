//! `layerNorm` over the last axis. Mean and variance run in double precision over two passes, so that a large common
//! offset does not cancel.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::odometer::{count, Odometer};
use crate::simd::*;

/// Rows a thread takes at once.
const BATCH: usize = 64;

pub struct LayerNorm {
    axes: usize,
    sizes: *const u32,
    n: usize,
    epsilon: f64,
    out: *mut f32,
    out_strides: *const i32,
    out_stride: i32,
    x: *const f32,
    x_strides: *const i32,
    x_stride: i32,
    weight: *const f32,
    weight_stride: i32,
    bias: *const f32,
    bias_stride: i32,
    /// For dense copies of weight, bias, a row and its result, where they are strided.
    buffers: [*mut f32; 4],
}

impl Kernel for LayerNorm {
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> LayerNorm {
        let axes = code.u();
        let sizes = code.take(axes);
        let n = code.u();
        LayerNorm {
            axes,
            sizes,
            n,
            epsilon: code.f() as f64,
            out: context.place(code).base as *mut f32,
            out_strides: code.strides(axes),
            out_stride: code.i(),
            x: context.place(code).base as *const f32,
            x_strides: code.strides(axes),
            x_stride: code.i(),
            weight: context.place(code).base as *const f32,
            weight_stride: code.i(),
            bias: context.place(code).base as *const f32,
            bias_stride: code.i(),
            buffers: core::array::from_fn(|_| memory.scratch.take(n)),
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        let LayerNorm { axes, sizes, n, epsilon, out, out_strides, out_stride, .. } = *self;
        let LayerNorm { x, x_strides, x_stride, weight, weight_stride, bias, bias_stride, .. } = *self;
        let rows = count(axes, sizes);
        let [weight_buffer, bias_buffer, row_buffer, staging] = self.buffers;
        let weight = dense(weight, weight_stride, n, weight_buffer);
        let bias = dense(bias, bias_stride, n, bias_buffer);
        let mut walk = Odometer::new(axes, sizes, &[out_strides, x_strides]);
        loop {
            let first = context.next() * BATCH;
            if first >= rows {
                return;
            }
            walk.seek(first);
            for _ in first..(first + BATCH).min(rows) {
                let row = dense(x.offset(walk.offset[1] as isize), x_stride, n, row_buffer);
                let to = out.offset(walk.offset[0] as isize);
                if out_stride == 1 {
                    normalize(row, n, epsilon, weight, bias, to);
                } else {
                    normalize(row, n, epsilon, weight, bias, staging);
                    for i in 0..n {
                        *to.offset(i as isize * out_stride as isize) = *staging.add(i);
                    }
                }
                walk.advance();
            }
        }
    }
}

/// The elements where they are when they are dense, else copied to `buffer`.
unsafe fn dense(x: *const f32, stride: i32, n: usize, buffer: *mut f32) -> *const f32 {
    if stride == 1 {
        return x;
    }
    for i in 0..n {
        *buffer.add(i) = *x.offset(i as isize * stride as isize);
    }
    buffer
}

#[inline(always)]
unsafe fn normalize(x: *const f32, n: usize, epsilon: f64, weight: *const f32, bias: *const f32, out: *mut f32) {
    let whole = n & !3;
    let zero = f64x2_splat(0.0);
    let total = |v: v128| f64x2_extract_lane::<0>(v) + f64x2_extract_lane::<1>(v);
    let mut sums = [zero; 2];
    for i in (0..whole).step_by(4) {
        let v = load(x.add(i));
        sums = [f64x2_add(sums[0], low(v)), f64x2_add(sums[1], high(v))];
    }
    let mut sum = total(f64x2_add(sums[0], sums[1]));
    for i in whole..n {
        sum += *x.add(i) as f64;
    }
    let mean = sum / n as f64;
    let center = f64x2_splat(mean);
    let mut sums = [zero; 2];
    for i in (0..whole).step_by(4) {
        let v = load(x.add(i));
        let (a, b) = (f64x2_sub(low(v), center), f64x2_sub(high(v), center));
        sums = [f64x2_add(sums[0], f64x2_mul(a, a)), f64x2_add(sums[1], f64x2_mul(b, b))];
    }
    let mut sum = total(f64x2_add(sums[0], sums[1]));
    for i in whole..n {
        let d = *x.add(i) as f64 - mean;
        sum += d * d;
    }
    let scale = 1.0 / square_root(sum / n as f64 + epsilon);
    let factor = f64x2_splat(scale);
    for i in (0..whole).step_by(4) {
        let v = load(x.add(i));
        let a = f64x2_mul(f64x2_sub(low(v), center), factor);
        let b = f64x2_mul(f64x2_sub(high(v), center), factor);
        store(out.add(i), f32x4_add(f32x4_mul(narrow(a, b), load(weight.add(i))), load(bias.add(i))));
    }
    for i in whole..n {
        let y = ((*x.add(i) as f64 - mean) * scale) as f32;
        *out.add(i) = y * *weight.add(i) + *bias.add(i);
    }
}

fn square_root(x: f64) -> f64 {
    f64x2_extract_lane::<0>(f64x2_sqrt(f64x2_splat(x)))
}
