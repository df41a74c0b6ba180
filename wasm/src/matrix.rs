//! Sizes and matrices of the attentions: read as packed panels by way of tables, written from transposed groups of
//! queries.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::micro::NR;
use crate::odometer::{count, offsets};
use crate::place::Place;
use crate::simd::*;

/// What both kernels begin with: the batch axes, m queries and n keys of e features, values of `width`.
#[derive(Clone, Copy)]
pub struct Sizes {
    pub axes: usize,
    pub sizes: *const u32,
    pub m: usize,
    pub n: usize,
    pub e: usize,
    pub width: usize,
    pub scale: f32,
}

impl Sizes {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode) -> Sizes {
        let axes = code.u();
        Sizes { axes, sizes: code.take(axes), m: code.u(), n: code.u(), e: code.u(), width: code.u(), scale: code.f() }
    }

    pub fn batches(&self) -> usize {
        unsafe { count(self.axes, self.sizes) }
    }

    /// Batch elements that make a task together, where they are small.
    pub fn run(&self) -> usize {
        (65_536 / (self.m * self.n * self.e)).max(1)
    }

    /// Whether four batch elements are better taken at once: blocks of the micro-kernel would not be filled.
    pub fn is_few(&self) -> bool {
        self.m <= 16 && self.n <= 16
    }
}

/// One of q, k, v, out: strides of the batch axes, then of rows and features.
#[derive(Clone, Copy)]
pub struct Matrix {
    pub place: Place,
    pub batch: *const i32,
    pub row: i32,
    pub feature: i32,
}

impl Matrix {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode, context: &Context, axes: usize) -> Matrix {
        let place = context.place(code);
        Matrix { place, batch: code.strides(axes), row: code.i(), feature: code.i() }
    }

    pub fn at(&self, offset: i32) -> *mut f32 {
        unsafe { (self.place.base as *mut f32).offset(offset as isize) }
    }
}

/// Offsets `0, stride, 2 stride, ..` for packing.
pub unsafe fn line(stride: i32, n: usize, to: *mut i32) {
    offsets(1, &0, &stride, 0, n, to);
}

/// Adds the bias of 8 queries or fewer to their scores, [key][8 queries]; `at` is that of the first query and key.
#[inline(never)]
pub unsafe fn add_bias(bias: &Matrix, at: i32, queries: usize, keys: usize, scores: *mut f32) {
    for j in 0..queries {
        let from = bias.at(at + j as i32 * bias.row);
        for i in 0..keys {
            *scores.add(i * NR + j) += *from.offset(i as isize * bias.feature as isize);
        }
    }
}

/// Writes `out[query + j][feature] = from[feature][j] * factors[j]` for j < count <= 8.
#[inline(never)]
pub unsafe fn write_transposed(
    out: &Matrix,
    at: i32,
    query: usize,
    count: usize,
    from: *const f32,
    width: usize,
    factors: [v128; 2],
) {
    let stride = out.feature as isize;
    let row = |j: usize| out.at(at + (query + j) as i32 * out.row);
    for (half, &factor) in factors.iter().enumerate() {
        let rows = count.saturating_sub(4 * half).min(4);
        let mut f = 0;
        while f < width {
            let four = width - f >= 4;
            let value = |i: usize| {
                let i = if f + i < width { f + i } else { f };
                f32x4_mul(load(from.add(i * NR + 4 * half)), factor)
            };
            let lines = transpose([value(0), value(1), value(2), value(3)]);
            for (j, line) in lines.iter().enumerate().take(rows) {
                let to = row(4 * half + j).offset(f as isize * stride);
                if four && stride == 1 {
                    store(to, *line);
                } else {
                    let mut one = [0f32; 4];
                    store(one.as_mut_ptr(), *line);
                    for (i, x) in one.iter().enumerate().take(width - f) {
                        *to.offset(i as isize * stride) = *x;
                    }
                }
            }
            f += 4;
        }
    }
}
