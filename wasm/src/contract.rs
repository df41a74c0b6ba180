//! `contract`: batched matrix products of any strided operands, `out[batch, m, n] = sum over k of a b`, with an
//! epilogue expression applied while the block is still in cache.
//!
//! Blocks of b are packed once and shared by all threads where the product is large, and packed by each thread for
//! itself where it is small. Every output element is the same sequence of operations in either case: a chain over KC
//! steps from zero, then the chains added in order. So results do not depend on the number of threads, and errors grow
//! with KC and K / KC instead of K.

use crate::micro::{micro, MR, NR};
use crate::odometer::{count, offsets, Odometer, MAX_OPERANDS};
use crate::pack::{pack, padded};
use crate::run::{Context, Place, F16};
use crate::scalar::{Expression, REGISTER_BYTES, TILE};
use crate::simd::*;
use crate::tile::{self, Operand, Window};
use crate::words::Words;

/// Block sizes: an a block lies in the second-level cache, a b panel in the first, the b block in the last.
const MC: usize = 96;
const KC: usize = 352;
const NC: usize = 704;
/// Elements of a product that is worth sharing packed blocks for.
const SHARED_FROM: usize = 1 << 21;

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
        let b_steps = a_steps.add(KC + 4);
        let extra_rows = b_steps.add(KC + 4);
        Tables { a_rows, out_rows, b_rows, out_columns, a_steps, b_steps, a_panels, b_panels, extra_rows }
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
    let blocks = k.size.div_ceil(KC);
    let kc = padded(k.size.div_ceil(blocks));
    let tables = Tables::new(context.scratch);
    let mut state = Contract { batch, m, n, k, a, b, out, kc, epilogue, tables };
    let large = m.size * n.size * k.size.min(4 * KC) >= SHARED_FROM * 4;
    if context.threads > 1 && large && m.size >= 2 * MC {
        state.together(context);
    } else {
        state.apart(context);
    }
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

    /// The k blocks in order; their offset tables are ready inside `each`.
    unsafe fn over_k(&mut self, mut each: impl FnMut(&mut Contract, Steps)) {
        let mut first = 0;
        while first < self.k.size {
            let count = self.kc.min(self.k.size - first);
            self.k.table(self.k.a, first, count, self.tables.a_steps);
            self.k.table(self.k.b, first, count, self.tables.b_steps);
            each(self, Steps { first, count, is_last: first + count == self.k.size });
            first += count;
        }
    }

    /// All threads work on one block of b at a time, each on its own rows.
    unsafe fn together(&mut self, context: &Context) {
        let mut walk = self.batches();
        let panels = self.m.size.div_ceil(MR);
        // As many row blocks for each thread, all of nearly equal size.
        let share = self.m.size.div_ceil(MC).div_ceil(context.threads) * context.threads;
        let row_blocks = share.min(panels);
        for batch in 0..self.batch.size {
            walk.seek(batch);
            let bases = self.bases(&walk);
            for left in (0..self.n.size).step_by(NC) {
                let width = NC.min(self.n.size - left);
                self.columns(left, width);
                self.over_k(|this, steps| {
                    let k = padded(steps.count);
                    let shared = context.shared as *mut f32;
                    let strips = width.div_ceil(4 * NR);
                    while let Some(strip) = Some(context.next()).filter(|&s| s < strips) {
                        let (first, last) = (strip * 4 * NR, width.min((strip + 1) * 4 * NR));
                        this.pack_b(&bases, first, last - first, steps, shared.add(first * k));
                    }
                    context.barrier();
                    while let Some(block) = Some(context.next()).filter(|&r| r < row_blocks) {
                        let top = panels * block / row_blocks * MR;
                        let end = (panels * (block + 1) / row_blocks * MR).min(this.m.size);
                        this.block(&bases, batch, top, end - top, left, width, steps, shared);
                    }
                    context.barrier();
                });
            }
        }
    }

    /// Threads take whole parts of the output and share nothing.
    unsafe fn apart(&mut self, context: &Context) {
        let mut walk = self.batches();
        // Parts small enough to occupy all threads, large enough to pay for packing.
        let width = if self.n.size <= 128 { self.n.size } else { self.part(context, self.n.size, 128, NC) / NR * NR };
        let across = self.n.size.div_ceil(width);
        let enough = self.batch.size * across >= 4 * context.threads;
        let height = if enough { self.m.size } else { self.part(context, self.m.size, MC, usize::MAX).div_ceil(MR) * MR };
        let down = self.m.size.div_ceil(height);
        let tasks = self.batch.size * across * down;
        let work = self.k.size * width * height;
        let run = (65_536 / work).max(1);
        loop {
            let first = context.next() * run;
            if first >= tasks {
                return;
            }
            for task in first..(first + run).min(tasks) {
                let (batch, rest) = (task / (across * down), task % (across * down));
                walk.seek(batch);
                let bases = self.bases(&walk);
                let (left, top) = (rest / down * width, rest % down * height);
                let width = width.min(self.n.size - left);
                let end = (top + height).min(self.m.size);
                self.columns(left, width);
                self.over_k(|this, steps| {
                    let panels = this.tables.b_panels;
                    this.pack_b(&bases, 0, width, steps, panels);
                    for row in (top..end).step_by(MC) {
                        this.block(&bases, batch, row, MC.min(end - row), left, width, steps, panels);
                    }
                });
            }
        }
    }

    /// A share of `size` for a quarter of a thread's work, within limits.
    fn part(&self, context: &Context, size: usize, least: usize, most: usize) -> usize {
        if context.threads == 1 {
            return size.min(most);
        }
        size.div_ceil(4 * context.threads).max(least).min(most).min(size)
    }

    unsafe fn columns(&self, left: usize, width: usize) {
        self.n.table(self.n.b, left, width, self.tables.b_rows);
        self.n.table(self.n.out, left, width, self.tables.out_columns);
    }

    unsafe fn pack_b(&self, bases: &Bases, first: usize, count: usize, steps: Steps, to: *mut f32) {
        let (rows, k) = (self.tables.b_rows.add(first), self.tables.b_steps);
        // The padding of the last panel overwrites entries past the end of the block only.
        if self.b.dtype == F16 {
            pack::<u16, NR>(bases.b as *const u16, rows, count, k, steps.count, to);
        } else {
            pack::<f32, NR>(bases.b as *const f32, rows, count, k, steps.count, to);
        }
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
        b_panels: *const f32,
    ) {
        let t = &self.tables;
        self.m.table(self.m.a, top, height, t.a_rows);
        self.m.table(self.m.out, top, height, t.out_rows);
        if self.a.dtype == F16 {
            pack::<u16, MR>(bases.a as *const u16, t.a_rows, height, t.a_steps, steps.count, t.a_panels);
        } else {
            pack::<f32, MR>(bases.a as *const f32, t.a_rows, height, t.a_steps, steps.count, t.a_panels);
        }
        let k = padded(steps.count);
        let mut tile = [f32x4_splat(0.0); MR * NR / 4];
        let tile = tile.as_mut_ptr() as *mut f32;
        for j in (0..width).step_by(NR) {
            for i in (0..height).step_by(MR) {
                micro(k, t.a_panels.add(i * k), b_panels.add(j * k), tile);
                let (rows, columns) = (MR.min(height - i), NR.min(width - j));
                merge(tile, bases.out, t.out_rows.add(i), rows, t.out_columns.add(j), columns, steps.first == 0);
            }
        }
        if steps.is_last && self.epilogue.is_some() {
            self.finish(batch, top, height, left, width);
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
