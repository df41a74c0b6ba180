//! `fold`: overlapping windows added back onto their axis. Each output element gathers its windows in ascending order,
//! so nothing is written twice and results do not depend on the number of threads.

use crate::odometer::{count, Odometer};
use crate::run::Context;
use crate::simd::*;
use crate::words::Words;

/// Elements a thread takes at once, about.
const BATCH: usize = 8_192;

/// The other axes, then the folded one (`length` positions), then columns; the last two are given apart.
pub unsafe fn fold(mut words: Words, context: &Context) {
    let axes = words.u();
    let sizes = words.take(axes);
    let columns = words.u();
    let length = words.u();
    let windows = words.u();
    let size = words.u();
    let step = words.u();
    let out = context.place(&mut words).base as *mut f32;
    let out_strides = words.strides(axes);
    let (out_column, out_position) = (words.i() as isize, words.i() as isize);
    let x = context.place(&mut words).base as *const f32;
    let x_strides = words.strides(axes);
    let (x_column, x_window, x_inside) = (words.i() as isize, words.i() as isize, words.i() as isize);
    let tasks = count(axes, sizes) * length;
    let batch = (BATCH / columns).max(1);
    let mut walk = Odometer::new(axes, sizes, &[out_strides, x_strides]);
    loop {
        let first = context.next() * batch;
        if first >= tasks {
            return;
        }
        walk.seek(first / length);
        let mut position = first % length;
        for _ in first..(first + batch).min(tasks) {
            // Windows w with w * step <= position < w * step + size.
            let low = if position < size { 0 } else { (position - size) / step + 1 };
            let high = (position / step + 1).min(windows);
            let to = out.offset(walk.offset[0] as isize + position as isize * out_position);
            let base = x.offset(walk.offset[1] as isize);
            let start = |w: usize| base.offset(w as isize * x_window + (position - w * step) as isize * x_inside);
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
