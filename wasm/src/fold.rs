//! `fold`: overlapping windows added back onto their axis. Each output element gathers its windows in ascending order,
//! so nothing is written twice and results do not depend on the number of threads. Where a window with its columns is
//! one dense run, whole runs are added in the same order instead, which keeps vectors full for few columns.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::odometer::{count, Odometer};
use crate::simd::*;

/// Elements a thread takes at once, about.
const BATCH: usize = 8_192;

/// The other axes, then the folded one (`length` positions), then columns; the last two are given apart.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn fold(mut code: Bytecode, context: &Context) {
    let axes = code.u();
    let sizes = code.take(axes);
    let columns = code.u();
    let length = code.u();
    let windows = code.u();
    let size = code.u();
    let stride = code.u();
    let out = context.place(&mut code).base as *mut f32;
    let out_strides = code.strides(axes);
    let (out_column, out_position) = (code.i() as isize, code.i() as isize);
    let x = context.place(&mut code).base as *const f32;
    let x_strides = code.strides(axes);
    let (x_column, x_window, x_inside) = (code.i() as isize, code.i() as isize, code.i() as isize);
    let outer = count(axes, sizes);
    let mut walk = Odometer::new(axes, sizes, &[out_strides, x_strides]);
    let is_run = |column: isize, stride: isize| column == 1 && stride == columns as isize;
    if columns < 16 && outer >= 16 && is_run(out_column, out_position) && is_run(x_column, x_inside) {
        let batch = (BATCH / (windows * size * columns)).max(1);
        loop {
            let first = context.next() * batch;
            if first >= outer {
                return;
            }
            walk.seek(first);
            for _ in first..(first + batch).min(outer) {
                let to = out.offset(walk.offset[0] as isize);
                for i in 0..length * columns {
                    *to.add(i) = 0.0;
                }
                for w in 0..windows {
                    let from = x.offset(walk.offset[1] as isize + w as isize * x_window);
                    add_run(to.add(w * stride * columns), from, size * columns);
                }
                walk.advance();
            }
        }
    }
    let tasks = outer * length;
    let batch = (BATCH / columns).max(1);
    loop {
        let first = context.next() * batch;
        if first >= tasks {
            return;
        }
        walk.seek(first / length);
        let mut position = first % length;
        for _ in first..(first + batch).min(tasks) {
            // Windows w with w * stride <= position < w * stride + size.
            let low = if position < size { 0 } else { (position - size) / stride + 1 };
            let high = (position / stride + 1).min(windows);
            let to = out.offset(walk.offset[0] as isize + position as isize * out_position);
            let base = x.offset(walk.offset[1] as isize);
            let start = |w: usize| base.offset(w as isize * x_window + (position - w * stride) as isize * x_inside);
            let mut c = 0;
            if out_column == 1 && x_column == 1 {
                while c + 4 <= columns {
                    let mut sum = f32x4_splat(0.0);
                    for w in low..high {
                        sum = f32x4_add(sum, load(start(w).add(c)));
                    }
                    store(to.add(c), sum);
                    c += 4;
                }
            }
            while c < columns {
                let mut sum = 0.0;
                for w in low..high {
                    sum += *start(w).offset(c as isize * x_column);
                }
                *to.offset(c as isize * out_column) = sum;
                c += 1;
            }
            position += 1;
            if position == length {
                position = 0;
                walk.advance();
            }
        }
    }
}

#[inline(always)]
unsafe fn add_run(to: *mut f32, from: *const f32, n: usize) {
    let mut i = 0;
    while i + 4 <= n {
        store(to.add(i), f32x4_add(load(to.add(i)), load(from.add(i))));
        i += 4;
    }
    while i < n {
        *to.add(i) += *from.add(i);
        i += 1;
    }
}
