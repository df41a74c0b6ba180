//! `contract`: batched matrix products of any strided operands, `out[batch, m, n] = sum over k of a b`, with an
//! epilogue expression applied while the block is still in cache.
//!
//! Threads share nothing but the counter of units of work. Every output element is the same sequence of operations
//! whoever computes it: a chain over KC steps from zero, then the chains added in order. So results do not depend on
//! the number of threads, and errors grow with KC and K / KC instead of K.

mod rounded;

use crate::micro::{micro, MR, NR};
use crate::odometer::{count, offsets, Odometer, MAX_OPERANDS};
use crate::pack::{pack, padded};
use crate::run::{Context, Place, F16, I8};
use crate::scalar::{Expression, REGISTER_BYTES, TILE};
use crate::simd::*;
use crate::tile::{self, Operand, Window};
use crate::words::Words;

/// Block sizes: an a block lies in the second-level cache, a b panel in the first, the b block in the last.
const MC: usize = 96;
const KC: usize = 352;
const NC: usize = 704;
/// Steps of k of a rounded product: their bytes take the room of KC floats.
const KC_BYTES: usize = 4 * KC;

/// Axes of one role (batch, m, n or k) with the strides of each operand that has them.
#[derive(Clone, Copy)]
struct Group {
    axes: usize,
    sizes: *const u32,
    a: *const i32,
    b: *const i32,
    out: *const i32,
    size: usize,
}

impl Group {
    unsafe fn read(words: &mut Words) -> Group {
        let axes = words.u();
        let sizes = words.take(axes);
        let a = words.strides(axes);
        let b = words.strides(axes);
        let out = words.strides(axes);
        Group { axes, sizes, a, b, out, size: count(axes, sizes) }
    }

    unsafe fn table(&self, strides: *const i32, start: usize, n: usize, to: *mut i32) {
        offsets(self.axes, self.sizes, strides, start, n, to);
    }
}

/// An epilogue operand: strides over the three output groups.
#[derive(Clone, Copy)]
struct Extra {
    place: Place,
    batch: *const i32,
    m: *const i32,
    n: *const i32,
}

struct Epilogue {
    expression: Expression,
    count: usize,
    /// The output itself first.
    all: [Extra; MAX_OPERANDS],
}

struct Contract {
    batch: Group,
    m: Group,
    n: Group,
    k: Group,
    a: Place,
    b: Place,
    out: Place,
    kc: usize,
    is_rounded: bool,
    epilogue: Option<Epilogue>,
    tables: Tables,
}

/// Where the pieces of this thread's scratch memory lie (`contractScratch` in lower.ts is their sum).
struct Tables {
    a_rows: *mut i32,
    out_rows: *mut i32,
    b_rows: *mut i32,
    out_columns: *mut i32,
    a_steps: *mut i32,
    b_steps: *mut i32,
    a_panels: *mut f32,
    b_panels: *mut f32,
    extra_rows: *mut i32,
    /// Of a rounded product: sums of the columns of b over the block, scales of the rows of a.
    b_sums: *mut i32,
    a_scales: *mut f32,
}

impl Tables {
    unsafe fn new(scratch: *mut u8) -> Tables {
        let a_panels = scratch.add(REGISTER_BYTES) as *mut f32;
        let b_panels = a_panels.add((MC + 2 * MR) * padded(KC));
        let a_rows = b_panels.add((NC + NR) * padded(KC)) as *mut i32;
        let out_rows = a_rows.add(MC + 4 * MR);
        let b_rows = out_rows.add(MC + 4 * MR);
        let out_columns = b_rows.add(NC + 2 * NR);
        let a_steps = out_columns.add(NC + 2 * NR);
        let b_steps = a_steps.add(KC_BYTES + 4);
        let b_sums = b_steps.add(KC_BYTES + 4);
        let a_scales = b_sums.add(NC + NR) as *mut f32;
        let extra_rows = a_scales.add(MC + 2 * MR) as *mut i32;
        Tables {
            a_rows,
            out_rows,
            b_rows,
            out_columns,
            a_steps,
            b_steps,
            a_panels,
            b_panels,
            extra_rows,
            b_sums,
            a_scales,
        }
    }
}

pub unsafe fn contract(mut words: Words, context: &Context) {
    let a = context.place(&mut words);
    let b = context.place(&mut words);
    let out = context.place(&mut words);
    let batch = Group::read(&mut words);
    let m = Group::read(&mut words);
    let n = Group::read(&mut words);
    let k = Group::read(&mut words);
    let is_rounded = words.u() == 1;
    let has_epilogue = words.u() == 1;
    let epilogue = if has_epilogue {
        let extras = words.u();
        let first = Extra { place: out, batch: batch.out, m: m.out, n: n.out };
        let mut all = [first; MAX_OPERANDS];
        for extra in all.iter_mut().skip(1).take(extras) {
            let place = context.place(&mut words);
            let (batch, m) = (words.strides(batch.axes), words.strides(m.axes));
            *extra = Extra { place, batch, m, n: words.strides(n.axes) };
        }
        let expression = Expression::read(&mut words, context.scratch as *mut f32);
        Some(Epilogue { expression, count: extras + 1, all })
    } else {
        None
    };
    let blocks = k.size.div_ceil(if is_rounded { KC_BYTES } else { KC });
    let kc = padded(k.size.div_ceil(blocks));
    let tables = Tables::new(context.scratch);
    let mut state = Contract { batch, m, n, k, a, b, out, kc, is_rounded, epilogue, tables };
    state.run(context);
}

/// Operand addresses of one batch element.
struct Bases {
    a: *const u8,
    b: *const u8,
    out: *mut f32,
}

/// A range of k.
#[derive(Clone, Copy)]
struct Steps {
    first: usize,
    count: usize,
    is_last: bool,
}

impl Contract {
    unsafe fn bases(&self, walk: &Odometer) -> Bases {
        Bases {
            a: self.a.skip(walk.offset[0]).base,
            b: self.b.skip(walk.offset[1]).base,
            out: self.out.skip(walk.offset[2]).base as *mut f32,
        }
    }

    unsafe fn batches(&self) -> Odometer {
        let Group { axes, sizes, a, b, out, .. } = self.batch;
        Odometer::new(axes, sizes, &[a, b, out])
    }

    /// Threads take ranges of units, a unit being a block of rows by a block of columns: long ranges first, single
    /// units at the end, so that packed columns serve many rows and all threads finish together.
    unsafe fn run(&mut self, context: &Context) {
        let mut walk = self.batches();
        let width = self.part(context, self.n.size, NR, NC);
        let height = self.part(context, self.m.size, MR, MC);
        let (across, down) = (self.n.size.div_ceil(width), self.m.size.div_ceil(height));
        let total = self.batch.size * across * down;
        while let Some((first, end)) = context.next_range(total) {
            let mut unit = first;
            while unit < end {
                // The units of this range in one column of blocks.
                let (column, row) = (unit / down, unit % down);
                let rows = (down - row).min(end - unit);
                let (top, bottom) = (row * height, ((row + rows) * height).min(self.m.size));
                let left = column % across * width;
                let right = (left + width).min(self.n.size);
                walk.seek(column / across);
                self.column(self.bases(&walk), column / across, [top, bottom], [left, right], height);
                unit += rows;
            }
        }
    }

    /// Size of a block along m or n: the largest, or less where that would leave threads without work.
    fn part(&self, context: &Context, size: usize, multiple: usize, most: usize) -> usize {
        let whole = size.div_ceil(most) * self.batch.size;
        if context.threads == 1 || whole >= 4 * context.threads {
            return size.min(most);
        }
        let least = 12 * multiple;
        let wanted = (size * self.batch.size).div_ceil(4 * context.threads);
        (wanted.div_ceil(multiple) * multiple).clamp(least, most)
    }

    /// Rows `top .. bottom` of columns `left .. right`.
    unsafe fn column(&mut self, bases: Bases, batch: usize, rows: [usize; 2], columns: [usize; 2], height: usize) {
        let ([top, bottom], [left, right]) = (rows, columns);
        let width = right - left;
        self.n.table(self.n.b, left, width, self.tables.b_rows);
        self.n.table(self.n.out, left, width, self.tables.out_columns);
        let mut first = 0;
        while first < self.k.size {
            let count = self.kc.min(self.k.size - first);
            self.k.table(self.k.a, first, count, self.tables.a_steps);
            self.k.table(self.k.b, first, count, self.tables.b_steps);
            if self.is_rounded {
                self.pack_b_rounded(&bases, width, count);
            } else {
                self.pack_b(&bases, width, count);
            }
            let steps = Steps { first, count, is_last: first + count == self.k.size };
            for row in (top..bottom).step_by(height) {
                self.block(&bases, batch, row, height.min(bottom - row), left, width, steps);
            }
            first += count;
        }
    }

    unsafe fn pack_b(&self, bases: &Bases, width: usize, k: usize) {
        let Tables { b_rows, b_steps, b_panels, .. } = self.tables;
        pack_any::<NR>(self.b.dtype, bases.b, b_rows, width, b_steps, k, b_panels);
    }

    unsafe fn block(
        &mut self,
        bases: &Bases,
        batch: usize,
        top: usize,
        height: usize,
        left: usize,
        width: usize,
        steps: Steps,
    ) {
        let t = &self.tables;
        self.m.table(self.m.a, top, height, t.a_rows);
        self.m.table(self.m.out, top, height, t.out_rows);
        if self.is_rounded {
            self.multiply_rounded(bases, height, width, steps);
        } else {
            self.multiply(bases, height, width, steps);
        }
        if steps.is_last && self.epilogue.is_some() {
            self.finish(batch, top, height, left, width);
        }
    }

    /// Products of a block of rows with the packed columns.
    unsafe fn multiply(&self, bases: &Bases, height: usize, width: usize, steps: Steps) {
        let t = &self.tables;
        pack_any::<MR>(self.a.dtype, bases.a, t.a_rows, height, t.a_steps, steps.count, t.a_panels);
        let k = padded(steps.count);
        let mut tile = [f32x4_splat(0.0); MR * NR / 4];
        let tile = tile.as_mut_ptr() as *mut f32;
        for j in (0..width).step_by(NR) {
            for i in (0..height).step_by(MR) {
                micro(k, t.a_panels.add(i * k), t.b_panels.add(j * k), tile);
                let (rows, columns) = (MR.min(height - i), NR.min(width - j));
                merge(tile, bases.out, t.out_rows.add(i), rows, t.out_columns.add(j), columns, steps.first == 0);
            }
        }
    }

    /// Applies the epilogue to a finished block.
    unsafe fn finish(&mut self, batch: usize, top: usize, height: usize, left: usize, width: usize) {
        let Contract { epilogue, batch: batches, m, n, tables, .. } = self;
        let Some(Epilogue { expression, count, all }) = epilogue else { return };
        // Columns are walked in runs of the innermost n axis, along which every operand has one stride.
        let run = *n.sizes.add(n.axes - 1) as usize;
        for (o, extra) in all.iter().take(*count).enumerate() {
            let mut start = 0;
            offsets(batches.axes, batches.sizes, extra.batch, batch, 1, &mut start);
            let rows = tables.extra_rows.add(o * (MC + 4 * MR));
            m.table(extra.m, top, height, rows);
            for i in 0..height {
                *rows.add(i) += start;
            }
        }
        let mut column = left;
        while column < left + width {
            let columns = (run - column % run).min(left + width - column).min(TILE);
            let tall = TILE / columns;
            for first in (0..height).step_by(tall) {
                let window = Window { rows: tall.min(height - first), first: 0, columns };
                let mut target = *all.get_unchecked(0);
                for (o, extra) in all.iter().take(*count).enumerate() {
                    let rows = tables.extra_rows.add(o * (MC + 4 * MR) + first);
                    let operand = at_column(extra, n, column);
                    let at = tile::load(&operand, rows, window, expression.home(o));
                    *expression.registers.get_unchecked_mut(o) = at;
                    if o == 0 {
                        target.place = operand.place;
                    }
                }
                let operand = Operand { place: target.place, column: *n.out.add(n.axes - 1) };
                let value = expression.run(window.rows * columns);
                tile::save(&operand, tables.extra_rows.add(first), window, value);
            }
            column += columns;
        }
    }
}

/// Packs an operand of any number type.
unsafe fn pack_any<const R: usize>(
    dtype: usize,
    from: *const u8,
    rows: *mut i32,
    count: usize,
    steps: *const i32,
    k: usize,
    panels: *mut f32,
) {
    match dtype {
        F16 => pack::<u16, R>(from as *const u16, rows, count, steps, k, panels),
        I8 => pack::<i8, R>(from as *const i8, rows, count, steps, k, panels),
        _ => pack::<f32, R>(from as *const f32, rows, count, steps, k, panels),
    }
}

/// An epilogue operand that starts at a column.
unsafe fn at_column(extra: &Extra, n: &Group, column: usize) -> Operand {
    let mut skip = 0;
    offsets(n.axes, n.sizes, extra.n, column, 1, &mut skip);
    Operand { place: extra.place.skip(skip), column: *extra.n.add(n.axes - 1) }
}

/// Adds a tile to the output, or starts it.
#[inline(always)]
unsafe fn merge(
    tile: *const f32,
    out: *mut f32,
    rows: *const i32,
    height: usize,
    columns: *const i32,
    width: usize,
    is_first: bool,
) {
    let dense = width == NR && crate::tile::consecutive(columns) && crate::tile::consecutive(columns.add(4));
    let dense = dense && *columns.add(4) == *columns + 4;
    for i in 0..height {
        let from = tile.add(i * NR);
        let to = out.offset(*rows.add(i) as isize);
        if dense {
            let to = to.offset(*columns as isize);
            let (mut x, mut y) = (load(from), load(from.add(4)));
            if !is_first {
                x = f32x4_add(load(to), x);
                y = f32x4_add(load(to.add(4)), y);
            }
            store(to, x);
            store(to.add(4), y);
        } else {
            for j in 0..width {
                let to = to.offset(*columns.add(j) as isize);
                *to = if is_first { *from.add(j) } else { *to + *from.add(j) };
            }
        }
    }
}
