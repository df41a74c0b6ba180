//! `contract`: batched matrix products of any strided operands, `out[batch, m, n] = sum over k of a b`, with an
//! epilogue expression applied while the block is still in cache.
//!
//! A matrix that is multiplied again and again may lie packed in memory, as the micro-kernel reads it: floats are then
//! read where they are, narrower numbers are widened beside other products. Its columns may have factors, which sums
//! are multiplied by before they are stored.
//!
//! Threads share the counter of units of work and, where few rows leave many threads with the same ones, packed rows.
//! Where long sums of a small output leave threads without work, they take k-blocks, whose sums are added up at the end.
//! Every output element is the same sequence of operations whoever computes it: chains of at most CHAIN additions from
//! zero, then the chains added in order. So results do not depend on the number of threads, and errors grow with CHAIN
//! and K / CHAIN instead of K.

mod addends;
mod epilogue;
mod group;
mod panels;
mod parts;
mod products;
pub mod quantised;
mod share;
mod sizes;
mod state;
mod tables;

pub use self::state::Contract;

use self::epilogue::Block;
use self::group::Group;
use self::panels::Panels;
use self::share::{edge, parts, Parts};
use self::state::{Bases, KBlock};
use self::tables::Tables;
use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::micro::{MR, NR};
use crate::odometer::Odometer;
use crate::pack::{pack_any, padded};
use crate::place::{element_bytes, F32};
use core::ptr::{null, null_mut};

impl Kernel for Contract {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Contract {
        Contract::new(code, context, memory)
    }

    /// Threads take ranges of units, a unit being a block of rows by a block of columns: long ranges first, single
    /// units at the end, so that packed columns serve many rows and all threads finish together.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        if let Some(epilogue) = &mut self.epilogue {
            epilogue.expression.fill();
        }
        if self.parts > 0 {
            return self.run_in_parts(context);
        }
        let mut walk = self.batches();
        let Parts { down, across, is_shared } = parts(&self.extent, context.threads);
        if is_shared {
            self.pack_rows(context, self.shared);
        }
        let packed = if is_shared { self.shared } else { null() };
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
                let k = [0, self.k.size];
                self.column(self.bases(&walk), column / across, [row, row + rows, down], [left, right], k, packed);
                unit += rows;
            }
        }
    }
}

impl Contract {
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn bases(&self, walk: &Odometer) -> Bases {
        Bases {
            a: self.a.skip(walk.offset[0]).base,
            b: self.b.skip(walk.offset[1]).base,
            out: self.out.skip(walk.offset[2]).base as *mut f32,
            residuals: self.residuals.map(|x| if x.is_null() { x } else { x.offset(walk.offset[2] as isize) }),
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn batches(&self) -> Odometer {
        let Group { axes, sizes, a, b, out, .. } = self.batch;
        Odometer::new(axes, sizes, &[a, b, out])
    }

    /// Packs all rows of a, threads some panels each: panels of the first steps of k, then of the next ones.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
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
            let to = self.packed_at(packed, top, first, count) as *mut f32;
            pack_any::<MR>(self.a.dtype, self.a.base, t.a_rows, height, t.a_steps, count, to);
        }
        context.barrier();
    }

    /// Where the panel of row `top` and of `count` steps from `first` on lies.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn packed_at(&self, packed: *const f32, top: usize, first: usize, count: usize) -> *const f32 {
        packed.add(self.m.size.next_multiple_of(MR) * first + top * padded(count))
    }

    /// Rows of blocks `from .. to` of `of`, columns `left .. right`, terms `start .. end` of the sums.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn column(
        &mut self,
        bases: Bases,
        batch: usize,
        [from, to, of]: [usize; 3],
        [left, right]: [usize; 2],
        [start, end]: [usize; 2],
        packed: *const f32,
    ) {
        let width = right - left;
        if !self.extent.is_packed {
            self.n.table(self.n.b, left, width, self.tables.b_rows);
        }
        if self.parts > 0 {
            self.part_columns(left, width);
        } else {
            self.n.table(self.n.out, left, width, self.tables.out_columns);
        }
        let mut first = start;
        while first < end {
            let count = self.kc.min(end - first);
            self.k.table(self.k.a, first, count, self.tables.a_steps);
            let is_last = self.parts == 0 && first + count == end;
            let k_block = KBlock { first, count, is_first: first == start, is_last };
            let panels = self.columns(&bases, left, width, k_block);
            for row in from..to {
                let (top, bottom) = (edge(self.m.size, MR, row, of), edge(self.m.size, MR, row + 1, of));
                let a = if packed.is_null() { packed } else { self.packed_at(packed, top, first, count) };
                self.block(&bases, batch, [top, bottom - top], [left, width], a, panels, k_block);
            }
            first += count;
        }
    }

    /// Columns of b as panels: where they lie, or packed.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn columns(&self, bases: &Bases, left: usize, width: usize, k_block: KBlock) -> Panels {
        let Tables { b_rows, b_steps, b_panels, .. } = self.tables;
        let KBlock { first, count, .. } = k_block;
        if self.extent.is_packed {
            let start = (left * self.k.size + first * NR) * element_bytes(self.b.dtype);
            let (base, stride) = (bases.b.add(start), self.k.size * NR);
            return Panels { base, dtype: self.b.dtype, stride, widened: b_panels };
        }
        self.k.table(self.k.b, first, count, b_steps);
        if self.extent.is_quantised {
            self.pack_b_quantised(bases, width, count);
        } else {
            pack_any::<NR>(self.b.dtype, bases.b, b_rows, width, b_steps, count, b_panels);
        }
        Panels { base: b_panels as *const u8, dtype: F32, stride: padded(count) * NR, widened: null_mut() }
    }

    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn block(
        &mut self,
        bases: &Bases,
        batch: usize,
        [top, height]: [usize; 2],
        [left, width]: [usize; 2],
        packed: *const f32,
        panels: Panels,
        k_block: KBlock,
    ) {
        let t = &self.tables;
        if self.parts > 0 {
            self.part_rows(top, height);
        } else {
            self.m.table(self.m.out, top, height, t.out_rows);
        }
        if packed.is_null() {
            self.m.table(self.m.a, top, height, t.a_rows);
        }
        if self.extent.is_quantised {
            self.multiply_quantised(bases, height, width, k_block);
        } else if packed.is_null() {
            pack_any::<MR>(self.a.dtype, bases.a, t.a_rows, height, t.a_steps, k_block.count, t.a_panels);
            self.multiply(t.a_panels, bases, height, [left, width], panels, k_block);
        } else {
            self.multiply(packed, bases, height, [left, width], panels, k_block);
        }
        if let Some(epilogue) = self.epilogue.as_mut().filter(|_| k_block.is_last) {
            epilogue.finish([&self.batch, &self.m, &self.n], Block { batch, top, height, left, width });
        }
    }
}
