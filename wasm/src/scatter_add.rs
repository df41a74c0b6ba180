//! `scatterAdd`: `out = 0; out[.., index[j], ..] += x[.., j, ..]`. The axes beside the indexed one are the index space;
//! a task is a run of columns with all of the indexed axis, so additions happen in the order of j for any number of
//! threads; they run in double precision. Rows without gaps have loops of their own, which compile to vectors. Indices are checked like those of `gather`.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::odometer::{count, Odometer};

/// Elements a thread takes at once, about.
const BATCH: usize = 8_192;
/// Sums a thread keeps at a time, unless the axis is longer than a quarter of it: enough for several lines of the cache
/// of every row, since rows of tokens lie far apart and their first line is what is waited for.
const SUMS: usize = 65_536;

pub struct ScatterAdd {
    axes: usize,
    sizes: *const u32,
    /// Elements of the indexed axis of the output, and of x.
    length: usize,
    picks: usize,
    out_stride: i32,
    x_stride: i32,
    index_stride: i32,
    out: *mut f32,
    out_strides: *const i32,
    x: *const f32,
    x_strides: *const i32,
    index: *const i32,
    columns: usize,
    /// Columns of a task.
    width: usize,
    /// [length][width].
    sums: *mut f64,
}

impl Kernel for ScatterAdd {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> ScatterAdd {
        let axes = code.u();
        let sizes = code.take(axes);
        let length = code.u();
        let out_stride = code.i();
        let picks = code.u();
        let x_stride = code.i();
        let index_stride = code.i();
        let out = context.place(code).base as *mut f32;
        let out_strides = code.strides(axes);
        let x = context.place(code).base as *const f32;
        let x_strides = code.strides(axes);
        let index = context.place(code).base as *const i32;
        let columns = *sizes.add(axes - 1) as usize;
        let width = columns.min((SUMS / length).max(4));
        let sums = memory.scratch.take(width * length);
        ScatterAdd {
            axes,
            sizes,
            length,
            picks,
            out_stride,
            x_stride,
            index_stride,
            out,
            out_strides,
            x,
            x_strides,
            index,
            columns,
            width,
            sums,
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let ScatterAdd { length, picks, out_stride, x_stride, index_stride, .. } = *self;
        let ScatterAdd { out, out_strides, x, x_strides, index, columns, width, sums, .. } = *self;
        let last = self.axes - 1;
        let sizes = self.sizes;
        let (to_stride, from_stride) = (*out_strides.add(last) as isize, *x_strides.add(last) as isize);
        let across = columns.div_ceil(width);
        let tasks = count(last, sizes) * across;
        let batch = (BATCH / (width * (picks + length))).max(1);
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
                let to = out.offset(walk.offset[0] as isize + left as isize * to_stride);
                let from = x.offset(walk.offset[1] as isize + left as isize * from_stride);
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
                    if from_stride == 1 {
                        for c in 0..n {
                            *row.add(c) += *from.add(c) as f64;
                        }
                    } else {
                        for c in 0..n {
                            *row.add(c) += *from.offset(c as isize * from_stride) as f64;
                        }
                    }
                }
                for i in 0..length {
                    let to = to.offset(i as isize * out_stride as isize);
                    let row = sums.add(i * n);
                    if to_stride == 1 {
                        for c in 0..n {
                            *to.add(c) = *row.add(c) as f32;
                        }
                    } else {
                        for c in 0..n {
                            *to.offset(c as isize * to_stride) = *row.add(c) as f32;
                        }
                    }
                }
            }
        }
    }
}
