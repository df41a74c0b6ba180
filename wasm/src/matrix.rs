//! Matrices of the attentions: read as packed panels by way of tables, written from transposed groups of queries.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::micro::NR;
use crate::odometer::offsets;
use crate::place::Place;
use crate::simd::*;

/// One of q, k, v, out: strides of the batch axes, then of rows and features.
#[derive(Clone, Copy)]
pub struct Matrix {
    pub place: Place,
    pub batch: *const i32,
    pub row: i32,
    pub feature: i32,
}

impl Matrix {
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

/// Writes `out[query + j][feature] = from[feature][j] * factors[j]` for j < count <= 8.
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
