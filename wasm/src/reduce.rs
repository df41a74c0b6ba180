//! `reduce`: sum or maximum of an expression over some axes. Sums run in double precision, so their error is that of
//! the expression plus one rounding. Two layouts: the column axis is reduced (`ALONG`, one result a row group) or kept
//! (`ACROSS`, a row of results at once).
//!
//! When there are few results but many elements, each sum is cut into a fixed number of parts, the same for any number
//! of threads, and the parts are added in order.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::odometer::{count, Odometer, MAX_OPERANDS};
use crate::operands::{Operands, Tables};
use crate::place::F32;
use crate::scalar::Expression;
use crate::simd::{f32x4_mul, load as load4};
use crate::sums::{add_rows, larger, maximum, sum, sum_products};
use crate::tile::{load, save, shape, Operand, Window, TILE};

/// Elements a thread takes at once, about.
const BATCH: usize = 16_384;
/// Few results of many elements each are summed in this many parts at most.
const PARTS: usize = 64;
/// Elements of a part at least.
const PART: usize = 16_384;
/// Rows that are added to a row of results at once, where nothing has to be brought together before.
const ROWS: usize = 8;
/// Columns of a task at least, where there are too few tasks for all threads.
const NARROW: usize = 32;

/// What is summed where no tile is needed for it: rows of operands that lie densely in memory.
#[derive(Clone, Copy)]
enum Direct {
    One(usize),
    Product(usize, usize),
}

pub struct Reduce {
    is_max: bool,
    goes_across: bool,
    /// Index space of the results: for `ACROSS` without the column axis.
    outer_axes: usize,
    outer: *const u32,
    /// Reduced axes: for `ALONG` without the column axis.
    inner_axes: usize,
    inner: *const u32,
    columns: usize,
    tile_rows: usize,
    tile_columns: usize,
    parts: usize,
    inputs: usize,
    operands: Operands,
    outer_strides: [*const i32; MAX_OPERANDS],
    expression: Expression,
    tables: Tables,
    /// A row of results.
    results: *mut f64,
    /// Sums of all parts, for all threads.
    partial: *mut f64,
}

/// In how many parts each of `results` sums of `length` elements is cut.
#[cfg_attr(target_family = "wasm", optimize(size))]
fn parts(results: usize, length: usize) -> usize {
    if results < PARTS {
        (length / PART).clamp(1, PARTS)
    } else {
        1
    }
}

impl Kernel for Reduce {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Reduce {
        let is_max = code.flag();
        let goes_across = code.flag();
        let outer_axes = code.u();
        let outer = code.take(outer_axes);
        let inner_axes = code.u();
        let inner = code.take(inner_axes);
        let columns = code.u();
        let (tile_rows, tile_columns) = shape(columns, code.flag());
        let inputs = code.u();
        let operands = Operands::read(code, context, inputs, inner_axes + 1);
        let mut outer_strides = [core::ptr::null(); MAX_OPERANDS];
        for strides in outer_strides.iter_mut().take(inputs + 1) {
            *strides = code.strides(outer_axes);
        }
        let expression = Expression::read(code, &mut memory.scratch);
        let tables = Tables::new(&mut memory.scratch, operands.count);
        let results = memory.scratch.take(TILE);
        let kept = count(outer_axes, outer);
        let parts = if goes_across { 1 } else { parts(kept, count(inner_axes, inner) * columns) };
        let partial = memory.shared.take(if parts == 1 { 0 } else { kept * parts });
        Reduce {
            is_max,
            goes_across,
            outer_axes,
            outer,
            inner_axes,
            inner,
            columns,
            tile_rows,
            tile_columns,
            parts,
            inputs,
            operands,
            outer_strides,
            expression,
            tables,
            results,
            partial,
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        self.expression.fill();
        if self.goes_across {
            self.across(context);
        } else {
            self.along(context);
        }
    }
}

impl Reduce {
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn walks(&self) -> (Odometer, Odometer) {
        let outer = Odometer::new(self.outer_axes, self.outer, &self.outer_strides[..self.inputs + 1]);
        let inner = Odometer::new(self.inner_axes, self.inner, &self.operands.strides[..self.inputs]);
        (outer, inner)
    }

    /// Whether rows of results are summed straight from memory.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn direct(&self) -> Option<Direct> {
        let is_dense = |o: &usize| self.operands.get(*o).column == 1 && self.operands.get(*o).place.dtype == F32;
        if !(0..self.inputs).all(|o| is_dense(&o)) {
            return None;
        }
        match self.expression.product() {
            Some((x, y)) => Some(Direct::Product(x, y)),
            None if self.expression.is_operand() => Some(Direct::One(self.expression.result)),
            None => None,
        }
    }

    /// Brings one tile of all inputs in, the operands moved by `base`.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn bring(&mut self, base: &[i32; MAX_OPERANDS], window: Window) {
        for o in 0..self.inputs {
            let mut operand: Operand = *self.operands.get(o);
            operand.place = operand.place.skip(base[o]);
            let at = load(&operand, self.tables.0[o], window, self.expression.home(o));
            *self.expression.registers.get_unchecked_mut(o) = at;
        }
    }

    /// The values of one tile.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn tile(&mut self, base: &[i32; MAX_OPERANDS], window: Window) -> *const f32 {
        self.bring(base, window);
        self.expression.run(window.rows * window.columns)
    }

    /// The sum or the largest of one tile's values; products are summed as they are made.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn total(&mut self, base: &[i32; MAX_OPERANDS], window: Window) -> f64 {
        let n = window.rows * window.columns;
        self.bring(base, window);
        match self.expression.product() {
            Some((x, y)) if !self.is_max => {
                let registers = &self.expression.registers;
                sum_products(*registers.get_unchecked(x), *registers.get_unchecked(y), n)
            }
            _ => {
                let values = self.expression.run(n);
                if self.is_max {
                    maximum(values, n)
                } else {
                    sum(values, n)
                }
            }
        }
    }

    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn along(&mut self, context: &Context) {
        let (mut outer, mut inner) = self.walks();
        let kept = count(self.outer_axes, self.outer);
        let rows = count(self.inner_axes, self.inner);
        if rows == 1 && self.columns <= self.tile_columns {
            return self.along_short(context, kept);
        }
        let over = self.columns.div_ceil(self.tile_columns);
        let tiles = rows.div_ceil(self.tile_rows) * over;
        let batch = (BATCH / (rows * self.columns)).max(1);
        let tasks = kept * self.parts;
        loop {
            let first = context.next() * batch;
            if first >= tasks {
                break;
            }
            for task in first..(first + batch).min(tasks) {
                let (result, part) = (task / self.parts, task % self.parts);
                outer.seek(result);
                let base = outer.offset;
                let mut total = if self.is_max { f64::NEG_INFINITY } else { 0.0 };
                let mut group = usize::MAX;
                for tile in tiles * part / self.parts..tiles * (part + 1) / self.parts {
                    let start = tile / over * self.tile_rows;
                    let height = self.tile_rows.min(rows - start);
                    if group != tile / over {
                        if group == usize::MAX {
                            inner.seek(start);
                        }
                        group = tile / over;
                        inner.fill(height, self.tables.0.as_ptr());
                    }
                    let left = tile % over * self.tile_columns;
                    let width = self.tile_columns.min(self.columns - left);
                    let next = self.total(&base, Window { rows: height, first: left, columns: width });
                    total = if self.is_max { larger(total, next) } else { total + next };
                }
                if self.parts == 1 {
                    self.finish(base[self.inputs], total);
                } else {
                    *self.partial.add(task) = total;
                }
            }
        }
        if self.parts == 1 {
            return;
        }
        context.barrier();
        if context.thread == 0 {
            for result in 0..kept {
                let mut total = *self.partial.add(result * self.parts);
                for part in 1..self.parts {
                    let next = *self.partial.add(result * self.parts + part);
                    total = if self.is_max { larger(total, next) } else { total + next };
                }
                outer.seek(result);
                self.finish(outer.offset[self.inputs], total);
            }
        }
    }

    /// Rows that are no longer than a tile, as many at once as fit into one.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn along_short(&mut self, context: &Context, kept: usize) {
        let (mut outer, _) = self.walks();
        let height = self.tile_rows.min(TILE / self.columns);
        let batch = (BATCH / self.columns).next_multiple_of(height);
        loop {
            let first = context.next() * batch;
            if first >= kept {
                return;
            }
            outer.seek(first);
            let last = (first + batch).min(kept);
            for start in (first..last).step_by(height) {
                let rows = height.min(last - start);
                outer.fill(rows, self.tables.0.as_ptr());
                let values = self.tile(&[0; MAX_OPERANDS], Window { rows, first: 0, columns: self.columns });
                for r in 0..rows {
                    let row = values.add(r * self.columns);
                    let total = if self.is_max { maximum(row, self.columns) } else { sum(row, self.columns) };
                    self.finish(*self.tables.0[self.inputs].add(r), total);
                }
            }
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn finish(&self, at: i32, value: f64) {
        let value = [value as f32];
        let window = Window { rows: 1, first: 0, columns: 1 };
        save(self.operands.get(self.inputs), &at, window, value.as_ptr());
    }

    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn across(&mut self, context: &Context) {
        let (mut outer, mut inner) = self.walks();
        let rows = count(self.inner_axes, self.inner);
        let kept = count(self.outer_axes, self.outer);
        let direct = self.direct();
        if direct.is_some() {
            // Each column is summed by itself: how many a task has changes nothing.
            let wanted = (self.columns / context.threads.div_ceil(kept)).next_multiple_of(4);
            self.tile_columns = wanted.clamp(NARROW.min(self.tile_columns), self.tile_columns);
        }
        let over = self.columns.div_ceil(self.tile_columns);
        let tasks = kept * over;
        let batch = (BATCH / (rows * self.columns.min(self.tile_columns))).max(1);
        loop {
            let first = context.next() * batch;
            if first >= tasks {
                return;
            }
            for task in first..(first + batch).min(tasks) {
                outer.seek(task / over);
                let base = outer.offset;
                let left = task % over * self.tile_columns;
                let width = self.tile_columns.min(self.columns - left);
                let start = if self.is_max { f64::NEG_INFINITY } else { 0.0 };
                for c in 0..width {
                    *self.results.add(c) = start;
                }
                inner.seek(0);
                let mut done = 0;
                while done < rows {
                    let height = if direct.is_some() { ROWS } else { self.tile_rows }.min(rows - done);
                    inner.fill(height, self.tables.0.as_ptr());
                    let window = Window { rows: height, first: left, columns: width };
                    match direct {
                        Some(direct) => self.add_direct(direct, &base, window),
                        None => {
                            let values = self.tile(&base, window);
                            add_rows(self.results, height, width, self.is_max, |r, c| load4(values.add(r * width + c)));
                        }
                    }
                    done += height;
                }
                let out = self.expression.home(0);
                for c in 0..width {
                    *out.add(c) = *self.results.add(c) as f32;
                }
                let window = Window { rows: 1, first: left, columns: width };
                save(self.operands.get(self.inputs), &base[self.inputs], window, out);
            }
        }
    }

    /// Adds rows of operands, or of their products, to the results.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn add_direct(&self, direct: Direct, base: &[i32; MAX_OPERANDS], window: Window) {
        let rows = |o: usize| {
            let from = (self.operands.get(o).place.base as *const f32).offset(base[o] as isize + window.first as isize);
            let table = self.tables.0[o];
            move |r: usize, c: usize| load4(from.offset(*table.add(r) as isize).add(c))
        };
        let (results, Window { rows: height, columns: width, .. }) = (self.results, window);
        match direct {
            Direct::One(x) => add_rows(results, height, width, self.is_max, rows(x)),
            Direct::Product(x, y) => {
                let (x, y) = (rows(x), rows(y));
                add_rows(results, height, width, self.is_max, |r, c| f32x4_mul(x(r, c), y(r, c)));
            }
        }
    }
}
