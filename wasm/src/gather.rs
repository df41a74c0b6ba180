//! `gather` and `scatterAdd`: rows by run-time index. Indices are checked here; one that lies outside its axis is
//! reported through the context and skipped.

use crate::odometer::{count, Odometer};
use crate::run::{Context, F16};
use crate::words::Words;

/// Elements a thread takes at once, about.
const BATCH: usize = 8_192;

/// `out[i] = x[i + index[i] * stride]`: out, x and the indices share one index space in which x does not move along
/// the gathered axis and the indices move along it only.
pub unsafe fn gather(mut words: Words, context: &Context) {
    let axes = words.u();
    let sizes = words.take(axes);
    let length = words.u();
    let stride = words.i();
    let out = context.place(&mut words);
    let out_strides = words.strides(axes);
    let x = context.place(&mut words);
    let x_strides = words.strides(axes);
    let index = context.place(&mut words);
    let index_strides = words.strides(axes);
    let index = index.base as *const i32;
    let columns = *sizes.add(axes - 1) as usize;
    let rows = count(axes - 1, sizes);
    let last = axes - 1;
    let steps = [*out_strides.add(last), *x_strides.add(last), *index_strides.add(last)];
    let batch = (BATCH / columns).max(1);
    let mut walk = Odometer::new(last, sizes, &[out_strides, x_strides, index_strides]);
    loop {
        let first = context.next() * batch;
        if first >= rows {
            return;
        }
        walk.seek(first);
        for _ in first..(first + batch).min(rows) {
            let [to, from, at] = [walk.offset[0], walk.offset[1], walk.offset[2]];
            walk.advance();
            let pick = |c: usize| {
                let i = *index.offset((at + c as i32 * steps[2]) as isize);
                if (i as u32 as usize) < length {
                    return Some(i * stride);
                }
                context.fail(i);
                None
            };
            let whole_row = if steps[2] == 0 { pick(0) } else { None };
            if steps[2] == 0 && whole_row.is_none() {
                continue;
            }
            let target = |c: usize| (to + c as i32 * steps[0]) as isize;
            let source = |c: usize, skip: i32| (from + skip + c as i32 * steps[1]) as isize;
            if out.dtype == F16 {
                let (to, from) = (out.base as *mut u16, x.base as *const u16);
                for c in 0..columns {
                    if let Some(skip) = whole_row.or_else(|| pick(c)) {
                        *to.offset(target(c)) = *from.offset(source(c, skip));
                    }
                }
            } else {
                let (to, from) = (out.base as *mut u32, x.base as *const u32);
                match whole_row {
                    Some(skip) if steps[0] == 1 && steps[1] == 1 => {
                        core::ptr::copy_nonoverlapping(from.offset(source(0, skip)), to.offset(target(0)), columns);
                    }
                    _ => {
                        for c in 0..columns {
                            if let Some(skip) = whole_row.or_else(|| pick(c)) {
                                *to.offset(target(c)) = *from.offset(source(c, skip));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// `out = 0; out[.., index[j], ..] += x[.., j, ..]`. The axes beside the indexed one are the index space; a task is a
/// run of `width` columns with all of the indexed axis, so additions happen in the order of j for any number of threads;
/// they run in double precision.
pub unsafe fn scatter_add(mut words: Words, context: &Context) {
    let axes = words.u();
    let sizes = words.take(axes);
    let length = words.u();
    let out_stride = words.i();
    let picks = words.u();
    let x_stride = words.i();
    let index_stride = words.i();
    let out = context.place(&mut words);
    let out_strides = words.strides(axes);
    let x = context.place(&mut words);
    let x_strides = words.strides(axes);
    let index = context.place(&mut words).base as *const i32;
    let (out, x) = (out.base as *mut f32, x.base as *const f32);
    let last = axes - 1;
    let columns = *sizes.add(last) as usize;
    let (to_step, from_step) = (*out_strides.add(last) as isize, *x_strides.add(last) as isize);
    let width = words.u();
    let across = columns.div_ceil(width);
    let tasks = count(last, sizes) * across;
    let batch = (BATCH / (width * (picks + length))).max(1);
    let sums = context.scratch as *mut f64;
    let mut walk = Odometer::new(last, sizes, &[out_strides, x_strides]);
    loop {
        let first = context.next() * batch;
        if first >= tasks {
            return;
        }
        for task in first..(first + batch).min(tasks) {
            walk.seek(task / across);
            let left = task % across * width;
            let n = width.min(columns - left);
            let to = out.offset(walk.offset[0] as isize + left as isize * to_step);
            let from = x.offset(walk.offset[1] as isize + left as isize * from_step);
            for i in 0..length * n {
                *sums.add(i) = 0.0;
            }
            for j in 0..picks as isize {
                let i = *index.offset(j * index_stride as isize);
                if i as u32 as usize >= length {
                    context.fail(i);
                    continue;
                }
                let row = sums.add(i as usize * n);
                let from = from.offset(j * x_stride as isize);
                for c in 0..n {
                    *row.add(c) += *from.offset(c as isize * from_step) as f64;
                }
            }
            for i in 0..length {
                let to = to.offset(i as isize * out_stride as isize);
                for c in 0..n {
                    *to.offset(c as isize * to_step) = *sums.add(i * n + c) as f32;
                }
            }
        }
    }
}
