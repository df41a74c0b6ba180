//! `contract`: batched matrix products of any strided operands, `out[batch, m, n] = sum over k of a b`, with an
//! epilogue expression applied while the block is still in cache.
//!
//! A matrix that is multiplied again and again may lie in memory as the micro-kernel reads it, in panels: floats are then
//! read where they are, narrower numbers are widened beside other products. Its columns may have factors, which sums are
//! multiplied by before they are stored.
//!
//! Threads share the counter of units of work and, where few rows leave many threads with the same ones, packed rows.
//! Every output element is the same sequence of operations whoever computes it: chains of at most CHAIN additions from
//! zero, then the chains added in order. So results do not depend on the number of threads, and errors grow with CHAIN
//! and K / CHAIN instead of K.

mod epilogue;
mod group;
mod panels;
mod products;
mod rounded;
mod tables;

use self::epilogue::Epilogue;
use self::group::Group;
use self::panels::Panels;
use self::tables::Tables;
use crate::micro::{MR, NR};
use crate::odometer::Odometer;
use crate::pack::{pack, padded};
use crate::run::{element_bytes, Context, Place, F16, F32, I8};
use crate::words::Words;
use core::ptr::{null, null_mut};

/// Rows of a block of a, which streams past every panel of b: the more there are, the seldomer panels come from the last
/// cache.
const MC: usize = 288;
/// Columns and steps of a packed block of b, which lies in the last cache; its panels pass through the first.
const NC: usize = 704;
const KC: usize = 352;
/// The same of a b that lies in panels: nothing of it is packed, so that rows of a are packed seldomer and few and long
/// panels save what each of them costs.
const MC_IN_PANELS: usize = 576;
const NC_IN_PANELS: usize = 1408;
const KC_IN_PANELS: usize = 1408;
/// Steps of a rounded product, whose panels are bytes.
const KC_ROUNDED: usize = 1408;

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
    /// Whether b lies in panels, `b[n / NR][k][NR]`, k a multiple of 4.
    in_panels: bool,
    /// Whether there is shared memory for all of a, packed.
    may_share: bool,
    /// Factors of the columns, or null.
    scale: *const f32,
    /// Columns of the widest block, rows of the tallest one.
    widest: usize,
    tallest: usize,
    /// Room for the rows of a block.
    rows: usize,
    epilogue: Option<Epilogue>,
    tables: Tables,
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
    let in_panels = words.u() == 1;
    let may_share = words.u() == 1;
    let has_scale = words.u() == 1;
    let has_epilogue = words.u() == 1;
    let scale = if has_scale { context.place(&mut words).base as *const f32 } else { null() };
    let epilogue = has_epilogue.then(|| Epilogue::read(&mut words, context, out, [&batch, &m, &n]));
    let (tallest, widest) = if in_panels { (MC_IN_PANELS, NC_IN_PANELS) } else { (MC, NC) };
    let longest = match (in_panels, is_rounded) {
        (true, _) => KC_IN_PANELS,
        (_, true) => KC_ROUNDED,
        _ => KC,
    };
    let kc = padded(k.size.div_ceil(k.size.div_ceil(longest)));
    let rows = m.size.min(tallest) + 2 * MR;
    let columns = n.size.min(widest) + 2 * NR;
    let tables = Tables::new(context.scratch, rows, columns, kc, if in_panels { 2 * NR } else { columns });
    let mut state = Contract {
        batch,
        m,
        n,
        k,
        a,
        b,
        out,
        kc,
        is_rounded,
        in_panels,
        may_share,
        scale,
        widest,
        tallest,
        rows,
        epilogue,
        tables,
    };
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

/// Where part `i` of `parts` parts of an axis begins: all have as many groups of `multiple` elements, give or take one.
fn edge(size: usize, multiple: usize, i: usize, parts: usize) -> usize {
    (size.div_ceil(multiple) * i / parts * multiple).min(size)
}

/// Blocks along an axis, `least` or up to a fifth more, at most `most`: as many as are shared best among threads, when
/// there are `others` such axes.
fn fair(least: usize, most: usize, others: usize, threads: usize) -> usize {
    // What the thread with the most work has, in shares of an axis.
    let longest = |blocks: usize| (others * blocks).div_ceil(threads) as f32 / blocks as f32;
    let candidates = least..=(least + least.div_ceil(5)).min(most.max(least));
    candidates.fold(least, |best, more| if longest(more) < longest(best) { more } else { best })
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
        let (down, across, packed) = self.parts(context);
        if !packed.is_null() {
            self.pack_rows(context, packed);
        }
        let total = self.batch.size * across * down;
        while let Some((first, end)) = context.next_range(total) {
            let mut unit = first;
            while unit < end {
                // The units of this range in one column of blocks.
                let (column, row) = (unit / down, unit % down);
                let rows = (down - row).min(end - unit);
                let part = column % across;
                let left = edge(self.n.size, NR, part, across);
                let right = edge(self.n.size, NR, part + 1, across);
                walk.seek(column / across);
                self.column(self.bases(&walk), column / across, [row, row + rows, down], [left, right], packed);
                unit += rows;
            }
        }
    }

    /// Blocks along m and n: as few as fit, or more where that would leave threads without work. And where all rows
    /// lie packed for all threads; null where every thread packs what it needs.
    fn parts(&self, context: &Context) -> (usize, usize, *mut f32) {
        let (m, n, batch) = (self.m.size, self.n.size, self.batch.size);
        let wanted = 4 * context.threads;
        let (mut down, mut across) = (m.div_ceil(self.tallest), n.div_ceil(self.widest));
        // Lower and narrower blocks would cost more than their threads gain.
        let (lowest, narrowest) = (m.div_ceil(12 * MR), n.div_ceil(12 * NR));
        if context.threads == 1 || batch * across * down >= wanted {
            return (fair(down, lowest, batch * across, context.threads), across, null_mut());
        }
        if self.may_share {
            across = across.max(wanted.div_ceil(down)).min(narrowest);
            down = down.max(wanted.div_ceil(across)).min(m.div_ceil(2 * MR));
            return (down, across, context.shared as *mut f32);
        }
        let split = |parts: usize, others: usize, most: usize| parts.max(wanted.div_ceil(batch * others).min(most));
        // More blocks of columns pack more rows. Blocks of rows pack more columns, unless those lie in panels.
        if self.in_panels {
            down = split(down, across, m.div_ceil(32 * MR));
        }
        across = split(across, down, narrowest);
        down = split(down, across, lowest);
        (fair(down, lowest, batch * across, context.threads), across, null_mut())
    }

    /// Packs all rows of a, threads some panels each: panels of the first steps of k, then of the next ones.
    unsafe fn pack_rows(&self, context: &Context, packed: *mut f32) {
        const GROUP: usize = 2 * MR;
        let t = &self.tables;
        let groups = self.m.size.div_ceil(GROUP);
        let chunks = self.k.size.div_ceil(self.kc);
        loop {
            let task = context.next();
            if task >= groups * chunks {
                break;
            }
            let (top, first) = (task % groups * GROUP, task / groups * self.kc);
            let (height, count) = (GROUP.min(self.m.size - top), self.kc.min(self.k.size - first));
            self.m.table(self.m.a, top, height, t.a_rows);
            self.k.table(self.k.a, first, count, t.a_steps);
            let to = self.packed_at(packed, top, first, count);
            pack_any::<MR>(self.a.dtype, self.a.base, t.a_rows, height, t.a_steps, count, to);
        }
        context.barrier();
    }

    /// Where the panel of row `top` and of `count` steps from `first` on lies.
    unsafe fn packed_at(&self, packed: *mut f32, top: usize, first: usize, count: usize) -> *mut f32 {
        packed.add(self.m.size.next_multiple_of(MR) * first + top * padded(count))
    }

    /// Rows of blocks `from .. to` of `of`, columns `left .. right`.
    unsafe fn column(
        &mut self,
        bases: Bases,
        batch: usize,
        [from, to, of]: [usize; 3],
        [left, right]: [usize; 2],
        packed: *mut f32,
    ) {
        let width = right - left;
        if !self.in_panels {
            self.n.table(self.n.b, left, width, self.tables.b_rows);
        }
        self.n.table(self.n.out, left, width, self.tables.out_columns);
        let mut first = 0;
        while first < self.k.size {
            let count = self.kc.min(self.k.size - first);
            self.k.table(self.k.a, first, count, self.tables.a_steps);
            let steps = Steps { first, count, is_last: first + count == self.k.size };
            let panels = self.columns(&bases, left, width, steps);
            for row in from..to {
                let (top, bottom) = (edge(self.m.size, MR, row, of), edge(self.m.size, MR, row + 1, of));
                let a = if packed.is_null() { packed } else { self.packed_at(packed, top, first, count) };
                self.block(&bases, batch, [top, bottom - top], [left, width], a, panels, steps);
            }
            first += count;
        }
    }

    /// Columns of b as panels: where they lie, or packed.
    unsafe fn columns(&self, bases: &Bases, left: usize, width: usize, steps: Steps) -> Panels {
        let Tables { b_rows, b_steps, b_panels, .. } = self.tables;
        let Steps { first, count, .. } = steps;
        if self.in_panels {
            let start = (left * self.k.size + first * NR) * element_bytes(self.b.dtype);
            let (base, stride) = (bases.b.add(start), self.k.size * NR);
            return Panels { base, dtype: self.b.dtype, stride, room: b_panels };
        }
        self.k.table(self.k.b, first, count, b_steps);
        if self.is_rounded {
            self.pack_b_rounded(bases, width, count);
        } else {
            pack_any::<NR>(self.b.dtype, bases.b, b_rows, width, b_steps, count, b_panels);
        }
        Panels { base: b_panels as *const u8, dtype: F32, stride: padded(count) * NR, room: null_mut() }
    }

    unsafe fn block(
        &mut self,
        bases: &Bases,
        batch: usize,
        [top, height]: [usize; 2],
        [left, width]: [usize; 2],
        packed: *const f32,
        panels: Panels,
        steps: Steps,
    ) {
        let t = &self.tables;
        self.m.table(self.m.out, top, height, t.out_rows);
        if packed.is_null() {
            self.m.table(self.m.a, top, height, t.a_rows);
        }
        if self.is_rounded {
            self.multiply_rounded(bases, height, width, steps);
        } else if packed.is_null() {
            pack_any::<MR>(self.a.dtype, bases.a, t.a_rows, height, t.a_steps, steps.count, t.a_panels);
            self.multiply(t.a_panels, bases.out, height, [left, width], panels, steps);
        } else {
            self.multiply(packed, bases.out, height, [left, width], panels, steps);
        }
        if steps.is_last && self.epilogue.is_some() {
            self.finish(batch, top, height, left, width);
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
