//! `gather`: rows by run-time index. Indices are checked here; one that lies outside its axis is reported through the
//! context and skipped.

use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::odometer::{count, Odometer};
use crate::place::F16;

/// Elements a thread takes at once, about.
const BATCH: usize = 8_192;

/// `out[i] = x[i + index[i] * stride]`: out, x and the indices share one index space in which x does not move along
/// the gathered axis and the indices move along it only.
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn gather(mut code: Bytecode, context: &Context) {
    let axes = code.u();
    let sizes = code.take(axes);
    let length = code.u();
    let stride = code.i();
    let out = context.place(&mut code);
    let out_strides = code.strides(axes);
    let x = context.place(&mut code);
    let x_strides = code.strides(axes);
    let index = context.place(&mut code);
    let index_strides = code.strides(axes);
    let index = index.base as *const i32;
    let columns = *sizes.add(axes - 1) as usize;
    let rows = count(axes - 1, sizes);
    let last = axes - 1;
    let strides = [*out_strides.add(last), *x_strides.add(last), *index_strides.add(last)];
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
                let i = *index.offset((at + c as i32 * strides[2]) as isize);
                if (i as u32 as usize) < length {
                    return Some(i * stride);
                }
                context.fail(i);
                None
            };
            let whole_row = if strides[2] == 0 { pick(0) } else { None };
            if strides[2] == 0 && whole_row.is_none() {
                continue;
            }
            let target = |c: usize| (to + c as i32 * strides[0]) as isize;
            let source = |c: usize, skip: i32| (from + skip + c as i32 * strides[1]) as isize;
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
                    Some(skip) if strides[0] == 1 && strides[1] == 1 => {
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
