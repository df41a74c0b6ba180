//! `swiglu` and `swigluGradient`: the first half of a row times SiLU of the second, and its derivative, a row at a
//! time: the halves of a cotangent are written where they belong.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::math::{sigmoid, Exp};
use crate::memory::Memory;
use crate::rows::{dense, spread, Rows};
use crate::simd::*;

pub struct Swiglu {
    /// Elements of a row of the result.
    m: usize,
    rows: Rows<2>,
    buffers: [*mut f32; 2],
}

impl Kernel for Swiglu {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Swiglu {
        let axes = code.u();
        let sizes = code.take(axes);
        let m = code.u();
        let rows = Rows::read(axes, sizes, code, context);
        Swiglu { m, rows, buffers: [m, 2 * m].map(|n| memory.scratch.take(n + 4)) }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let Swiglu { m, rows, buffers: [staging, buffer] } = self;
        let (m, [out, x]) = (*m, rows.lines);
        let exp = Exp::new();
        rows.share(context, m, |[to, from]| {
            let value = dense(from, x.step, 2 * m, *buffer);
            let gate = value.add(m);
            // Whole vectors are written, so a ragged row takes the way of a strided one.
            let result = if out.step == 1 && m.is_multiple_of(4) { to } else { *staging };
            for i in (0..m).step_by(4) {
                let g = load(gate.add(i));
                store(result.add(i), f32x4_mul(load(value.add(i)), f32x4_mul(g, sigmoid(&exp, g))));
            }
            if result != to {
                spread(result, m, to, out.step);
            }
        });
    }
}

pub struct SwigluGradient {
    /// Elements of a row of x.
    n: usize,
    rows: Rows<3>,
    buffers: [*mut f32; 3],
}

impl Kernel for SwigluGradient {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> SwigluGradient {
        let axes = code.u();
        let sizes = code.take(axes);
        let n = code.u();
        let rows = Rows::read(axes, sizes, code, context);
        SwigluGradient { n, rows, buffers: [n, n, n / 2].map(|n| memory.scratch.take(n + 8)) }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let SwigluGradient { n, rows, buffers: [staging, x_buffer, buffer] } = self;
        let (n, m, [out, x, cotangent]) = (*n, *n / 2, rows.lines);
        let exp = Exp::new();
        let one = f32x4_splat(1.0);
        rows.share(context, n, |[to, x_row, row]| {
            let value = dense(x_row, x.step, n, *x_buffer);
            let gate = value.add(m);
            let row = dense(row, cotangent.step, m, *buffer);
            let is_whole = out.step == 1 && m.is_multiple_of(4);
            let first = if is_whole { to } else { *staging };
            let second = first.add(if is_whole { m } else { m.next_multiple_of(4) });
            for i in (0..m).step_by(4) {
                let (v, g, dy) = (load(value.add(i)), load(gate.add(i)), load(row.add(i)));
                let open = sigmoid(&exp, g);
                let silu = f32x4_mul(g, open);
                let slope = f32x4_add(open, f32x4_mul(silu, f32x4_sub(one, open)));
                store(first.add(i), f32x4_mul(dy, silu));
                store(second.add(i), f32x4_mul(f32x4_mul(dy, v), slope));
            }
            if !is_whole {
                spread(first, m, to, out.step);
                spread(second, m, to.offset(m as isize * out.step as isize), out.step);
            }
        });
    }
}
