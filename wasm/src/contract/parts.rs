//! Long sums of a small output, as gradients of weights are. Threads share the k-blocks: the sums of each go to a part of
//! their own, and all parts are added up in order, which are the additions of one thread that takes one k-block after the
//! other. An output whose columns lie apart is formed in one part for all, so that its columns are looked up once.

use super::epilogue::Block;
use super::share::edge;
use super::state::{Bases, Contract};
use crate::context::Context;
use crate::micro::{MR, NR};
use crate::simd::*;
use core::ptr::null;

impl Contract {
    /// Rows of a part without gaps.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    fn pitch(&self) -> usize {
        self.n.size.next_multiple_of(NR)
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn part_rows(&self, top: usize, height: usize) {
        for i in 0..height {
            *self.tables.out_rows.add(i) = ((top + i) * self.pitch()) as i32;
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn part_columns(&self, left: usize, width: usize) {
        for j in 0..width {
            *self.tables.out_columns.add(j) = (left + j) as i32;
        }
    }

    /// Threads take ranges of units: a part of a block of rows by a block of columns.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn run_in_parts(&mut self, context: &Context) {
        let parts = self.parts;
        let across = self.n.size.div_ceil(self.extent.widest());
        let least = if parts > 1 { 2 } else { 1 };
        let down = self.m.size.div_ceil(self.extent.tallest()).max(least.min(self.m.size.div_ceil(MR)));
        let k_blocks = self.k.size.div_ceil(self.kc);
        let bases = self.bases(&self.batches());
        while let Some((first, end)) = context.next_range(parts * across * down) {
            let mut unit = first;
            while unit < end {
                // The units of this range with the same columns of b.
                let (columns, row) = (unit / down, unit % down);
                let rows = (down - row).min(end - unit);
                let (part, column) = (columns / across, columns % across);
                let left = edge(self.n.size, NR, column, across);
                let right = edge(self.n.size, NR, column + 1, across);
                let k = [part, part + 1].map(|part| (k_blocks * part / parts * self.kc).min(self.k.size));
                let out = self.sums.add(part * self.extent.part());
                self.column(Bases { out, ..bases }, 0, [row, row + rows, down], [left, right], k, null());
                unit += rows;
            }
        }
        context.barrier();
        loop {
            let top = context.next() * MR;
            if top >= self.m.size {
                break;
            }
            let height = MR.min(self.m.size - top);
            for column in 0..across {
                let left = edge(self.n.size, NR, column, across);
                let right = edge(self.n.size, NR, column + 1, across);
                self.add_up(&bases, [top, height], [left, right - left]);
            }
        }
    }

    /// Adds up the parts of a block of the output and does with it what is to be done.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn add_up(&mut self, bases: &Bases, [top, height]: [usize; 2], [left, width]: [usize; 2]) {
        let t = &self.tables;
        self.m.table(self.m.out, top, height, t.out_rows);
        self.n.table(self.n.out, left, width, t.out_columns);
        for i in 0..height {
            let to = bases.out.offset(*t.out_rows.add(i) as isize);
            let from = self.sums.add((top + i) * self.pitch() + left);
            for j in (0..width).step_by(4) {
                let mut sum = load(from.add(j));
                for part in 1..self.parts {
                    sum = f32x4_add(sum, load(from.add(part * self.extent.part() + j)));
                }
                if j + 4 <= width && consecutive(t.out_columns.add(j)) {
                    store(to.offset(*t.out_columns.add(j) as isize), sum);
                    continue;
                }
                let lanes: [f32; 4] = core::mem::transmute(sum);
                for (lane, x) in lanes.iter().enumerate().take(width - j) {
                    *to.offset(*t.out_columns.add(j + lane) as isize) = *x;
                }
            }
        }
        if self.has_addends() {
            self.finish(bases, t.out_rows, height, t.out_columns, width, left);
        }
        if let Some(epilogue) = &mut self.epilogue {
            epilogue.finish([&self.batch, &self.m, &self.n], Block { batch: 0, top, height, left, width });
        }
    }
}
