//! `softmax` and `softmaxGradient` over the last axis. Sums are taken in blocks of single precision that are added in
//! double.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::math::Exp;
use crate::memory::Memory;
use crate::rows::{dense, first_lanes, spread, store_first, total, Rows};
use crate::simd::*;

/// Elements that are added in single precision.
const BLOCK: usize = 64;

pub struct Softmax {
    n: usize,
    rows: Rows<2>,
    buffers: [*mut f32; 2],
}

impl Kernel for Softmax {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Softmax {
        let axes = code.u();
        let sizes = code.take(axes);
        let n = code.u();
        let rows = Rows::read(axes, sizes, code, context);
        Softmax { n, rows, buffers: core::array::from_fn(|_| memory.scratch.take(n + 4)) }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let Softmax { n, rows, buffers: [powers, buffer] } = self;
        let (n, [out, x]) = (*n, rows.lines);
        let exp = Exp::new();
        rows.share(context, n, |[to, row]| {
            let row = dense(row, x.step, n, *buffer);
            let sum = f32x4_splat(if n.is_multiple_of(4) {
                exponentials::<false>(&exp, row, n, *powers)
            } else {
                exponentials::<true>(&exp, row, n, *powers)
            });
            for i in (0..n).step_by(4) {
                store(powers.add(i), f32x4_div(load(powers.add(i)), sum));
            }
            spread(*powers, n, to, out.step);
        });
    }
}

/// Exponentials of a row less its largest element to `powers`; returns their sum. `RAGGED` if n is no multiple of four.
#[inline(always)]
unsafe fn exponentials<const RAGGED: bool>(exp: &Exp, row: *const f32, n: usize, powers: *mut f32) -> f32 {
    // What lies past the end gets the exponential 0.
    let nothing = f32x4_splat(f32::NEG_INFINITY);
    let at = |i: usize| {
        let x = load(row.add(i));
        if RAGGED {
            v128_bitselect(x, nothing, first_lanes(n - i))
        } else {
            x
        }
    };
    // A NaN may get lost here; the exponentials have it.
    let mut most = nothing;
    for i in (0..n).step_by(4) {
        most = f32x4_pmax(most, at(i));
    }
    let most = f32x4_pmax(most, i64x2_shuffle::<1, 0>(most, most));
    let most = f32x4_pmax(most, i32x4_shuffle::<1, 0, 3, 2>(most, most));
    let mut sum = 0.0;
    for start in (0..n).step_by(BLOCK) {
        let mut part = f32x4_splat(0.0);
        for i in (start..(start + BLOCK).min(n)).step_by(4) {
            let power = exp.of_negative(f32x4_sub(at(i), most));
            store(powers.add(i), power);
            part = f32x4_add(part, power);
        }
        sum += total(part);
    }
    sum as f32
}

pub struct SoftmaxGradient {
    n: usize,
    rows: Rows<3>,
    buffers: [*mut f32; 3],
}

impl Kernel for SoftmaxGradient {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> SoftmaxGradient {
        let axes = code.u();
        let sizes = code.take(axes);
        let n = code.u();
        let rows = Rows::read(axes, sizes, code, context);
        SoftmaxGradient { n, rows, buffers: core::array::from_fn(|_| memory.scratch.take(n + 4)) }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let SoftmaxGradient { n, rows, buffers: [staging, y_buffer, buffer] } = self;
        let (n, [out, y, cotangent]) = (*n, rows.lines);
        rows.share(context, n, |[to, y_row, row]| {
            let y = dense(y_row, y.step, n, *y_buffer);
            let row = dense(row, cotangent.step, n, *buffer);
            let mut sum = 0.0;
            for start in (0..n).step_by(BLOCK) {
                let mut part = f32x4_splat(0.0);
                for i in (start..(start + BLOCK).min(n)).step_by(4) {
                    let product = f32x4_mul(load(y.add(i)), load(row.add(i)));
                    part = f32x4_add(part, v128_and(product, first_lanes(n - i)));
                }
                sum += total(part);
            }
            let sum = f32x4_splat(sum as f32);
            let result = if out.step == 1 { to } else { *staging };
            for i in (0..n).step_by(4) {
                let dx = f32x4_mul(load(y.add(i)), f32x4_sub(load(row.add(i)), sum));
                store_first(result.add(i), dx, n - i);
            }
            if out.step != 1 {
                spread(result, n, to, out.step);
            }
        });
    }
}
