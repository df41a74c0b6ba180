//! Products of a packed block of rows with panels of columns: which micro-kernel computes which rows, and where they
//! go.

use super::panels::Panels;
use super::state::{Bases, Contract, KBlock};
use crate::micro::{micro_ahead, micro_to, micro_widening, Target, AHEAD, MR, NR};
use crate::pack::padded;
use crate::place::F32;
use crate::simd::*;

/// What blocks of products do beside.
enum Way {
    Plain,
    /// Widen the panel at hand.
    Widening,
    /// Widen the next one.
    Ahead,
}

impl Contract {
    /// Products of a packed block of rows with panels of columns.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn multiply(
        &self,
        rows_of_a: *const f32,
        bases: &Bases,
        height: usize,
        [left, width]: [usize; 2],
        panels: Panels,
        k_block: KBlock,
    ) {
        let t = &self.tables;
        let out = bases.out;
        let k = padded(k_block.count);
        let mut tile = [f32x4_splat(0.0); MR * NR / 4];
        let mut finished = tile;
        let tile = tile.as_mut_ptr() as *mut f32;
        let finished = finished.as_mut_ptr() as *mut f32;
        let chain = self.extent.chain(k);
        let is_first = k_block.is_first;
        let widened = |panel: usize| panels.widened.add(panel % 2 * k * NR);
        let mut is_widened = panels.dtype == F32;
        let mut direct = Target::of_rows(out, t.out_rows, 1);
        let mut by_tile = Target::dense(tile, 1);
        for target in [&mut direct, &mut by_tile] {
            target.chain = chain;
            target.finished = finished;
        }
        for j in (0..width).step_by(NR) {
            let columns = NR.min(width - j);
            let out_columns = t.out_columns.add(j);
            let is_dense = dense(out_columns, columns);
            let panel = j / NR;
            if !self.scale.is_null() {
                direct.scale = self.scale.add(left + j);
                by_tile.scale = direct.scale;
                direct.by_column = 1;
                by_tile.by_column = 1;
            }
            direct.out = out.offset(*out_columns as isize);
            self.write(&mut direct, bases, left + j, *out_columns, k_block);
            // Blocks of `rows` rows from the i-th on: to the output where the kernel writes as many, else by way of a
            // tile.
            let mut blocks = |i: usize, rows: usize, count: usize, b: *const u8, way: Way| {
                let (a, out_rows) = (rows_of_a.add(i * k), t.out_rows.add(i));
                let is_direct = is_dense && if let Way::Widening = way { rows == MR } else { rows.is_multiple_of(2) };
                let target = if is_direct { &mut direct } else { &mut by_tile };
                if is_direct {
                    target.rows = out_rows;
                    target.blocks = count as u32;
                }
                match way {
                    Way::Widening => {
                        target.widened = widened(panel);
                        micro_widening(k, a, b, panels.dtype, target);
                    }
                    Way::Ahead => {
                        target.widened = widened(panel + 1);
                        target.next = panels.at(panel + 1);
                        micro_ahead(k, a, b as *const f32, panels.dtype, target);
                    }
                    Way::Plain => micro_to(k, a, b as *const f32, if is_direct { rows } else { MR }, target),
                }
                if !is_direct {
                    merge(tile, out, out_rows, rows, out_columns, columns, is_first);
                    if k_block.is_last && self.has_addends() {
                        self.finish(bases, out_rows, rows, out_columns, columns, left + j);
                    }
                }
            };
            let mut i = 0;
            if !is_widened {
                i = MR.min(height);
                blocks(0, i, 1, panels.at(panel), Way::Widening);
            }
            let b = if panels.dtype == F32 { panels.at(panel) } else { widened(panel) as *const u8 };
            let mut whole = if is_dense { (height - i) / MR } else { 0 };
            if panels.dtype != F32 {
                is_widened = whole >= AHEAD && j + NR < width;
                if is_widened {
                    blocks(i, MR, AHEAD, b, Way::Ahead);
                    i += AHEAD * MR;
                    whole -= AHEAD;
                }
            }
            if whole > 0 {
                blocks(i, MR, whole, b, Way::Plain);
                i += whole * MR;
            }
            for i in (i..height).step_by(MR) {
                blocks(i, MR.min(height - i), 1, b, Way::Plain);
            }
        }
    }
}

/// Whether columns are a whole vector pair side by side.
#[inline(always)]
unsafe fn dense(columns: *const i32, width: usize) -> bool {
    width == NR && consecutive(columns) && consecutive(columns.add(4)) && *columns.add(4) == *columns + 4
}

/// Adds a tile to the output, or starts it.
#[inline(always)]
pub(super) unsafe fn merge(
    tile: *const f32,
    out: *mut f32,
    rows: *const i32,
    height: usize,
    columns: *const i32,
    width: usize,
    is_first: bool,
) {
    let is_dense = dense(columns, width);
    for i in 0..height {
        let from = tile.add(i * NR);
        let to = out.offset(*rows.add(i) as isize);
        if is_dense {
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
