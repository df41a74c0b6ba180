//! `rope`: pairs of neighbouring features rotated by given cosines and sines; features past the tables pass.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::odometer::{count, Odometer};
use crate::simd::*;

/// Rows a thread takes at once.
const BATCH: usize = 64;

#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn rope(mut code: Bytecode, context: &Context) {
    let axes = code.u();
    let sizes = code.take(axes);
    let features = code.u();
    let pairs = code.u();
    let out = context.place(&mut code).base as *mut f32;
    let out_strides = code.strides(axes);
    let out_stride = code.i() as isize;
    let x = context.place(&mut code).base as *const f32;
    let x_strides = code.strides(axes);
    let x_stride = code.i() as isize;
    let cosine = context.place(&mut code).base as *const f32;
    let cosine_strides = code.strides(axes);
    let cosine_stride = code.i() as isize;
    let sine = context.place(&mut code).base as *const f32;
    let sine_strides = code.strides(axes);
    let sine_stride = code.i() as isize;
    let dense = out_stride == 1 && x_stride == 1 && cosine_stride == 1 && sine_stride == 1;
    let rows = count(axes, sizes);
    let mut walk = Odometer::new(axes, sizes, &[out_strides, x_strides, cosine_strides, sine_strides]);
    loop {
        let first = context.next() * BATCH;
        if first >= rows {
            return;
        }
        walk.seek(first);
        for _ in first..(first + BATCH).min(rows) {
            let to = out.offset(walk.offset[0] as isize);
            let from = x.offset(walk.offset[1] as isize);
            let cosine = cosine.offset(walk.offset[2] as isize);
            let sine = sine.offset(walk.offset[3] as isize);
            walk.advance();
            let mut j = 0;
            while dense && j + 4 <= pairs {
                // (a, b) -> (a cos - b sin, b cos + a sin) on de-interleaved halves of four pairs.
                let (v, w) = (load(from.add(2 * j)), load(from.add(2 * j + 4)));
                let a = i32x4_shuffle::<0, 2, 4, 6>(v, w);
                let b = i32x4_shuffle::<1, 3, 5, 7>(v, w);
                let (c, s) = (load(cosine.add(j)), load(sine.add(j)));
                let x = f32x4_sub(f32x4_mul(a, c), f32x4_mul(b, s));
                let y = f32x4_add(f32x4_mul(b, c), f32x4_mul(a, s));
                store(to.add(2 * j), i32x4_shuffle::<0, 4, 1, 5>(x, y));
                store(to.add(2 * j + 4), i32x4_shuffle::<2, 6, 3, 7>(x, y));
                j += 4;
            }
            while j < pairs {
                let i = 2 * j as isize;
                let (a, b) = (*from.offset(i * x_stride), *from.offset((i + 1) * x_stride));
                let (c, s) = (*cosine.offset(j as isize * cosine_stride), *sine.offset(j as isize * sine_stride));
                *to.offset(i * out_stride) = a * c - b * s;
                *to.offset((i + 1) * out_stride) = b * c + a * s;
                j += 1;
            }
            for i in 2 * pairs as isize..features as isize {
                *to.offset(i * out_stride) = *from.offset(i * x_stride);
            }
        }
    }
}
