//! The expression applied to a finished block while it is in cache.

use super::group::Group;
use crate::bytecode::Bytecode;
use crate::context::Context;
use crate::memory::Arena;
use crate::odometer::{offsets, MAX_OPERANDS};
use crate::place::Place;
use crate::scalar::Expression;
use crate::tile::{self, Operand, Window, TILE};

/// An epilogue operand: strides over the three output groups.
#[derive(Clone, Copy)]
struct Extra {
    place: Place,
    batch: *const i32,
    m: *const i32,
    n: *const i32,
}

pub struct Epilogue {
    pub expression: Expression,
    count: usize,
    /// The output itself first.
    all: [Extra; MAX_OPERANDS],
    /// Offsets of the rows of a block, a table of `tallest` an operand.
    rows: *mut i32,
    tallest: usize,
}

/// A finished block of a batch element: rows and columns from the first ones on.
pub struct Block {
    pub batch: usize,
    pub top: usize,
    pub height: usize,
    pub left: usize,
    pub width: usize,
}

impl Epilogue {
    /// Reads the operands over the groups of the output, then the expression; takes tables for `height` rows.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(
        code: &mut Bytecode,
        context: &Context,
        arena: &mut Arena,
        out: Place,
        [batch, m, n]: [&Group; 3],
        height: usize,
    ) -> Epilogue {
        let count = 1 + code.u();
        let first = Extra { place: out, batch: batch.out, m: m.out, n: n.out };
        let mut all = [first; MAX_OPERANDS];
        for extra in all.iter_mut().take(count).skip(1) {
            let place = context.place(code);
            let (batch, m) = (code.strides(batch.axes), code.strides(m.axes));
            *extra = Extra { place, batch, m, n: code.strides(n.axes) };
        }
        let expression = Expression::read(code, arena);
        Epilogue { expression, count, all, rows: arena.take(count * height), tallest: height }
    }

    /// Applies the epilogue to a finished block. `fill` of the expression comes before.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn finish(&mut self, [batches, m, n]: [&Group; 3], block: Block) {
        let Epilogue { ref mut expression, count, ref all, rows: tables, tallest } = *self;
        let Block { batch, top, height, left, width } = block;
        // Columns are walked in runs of the innermost n axis, along which every operand has one stride.
        let run = *n.sizes.add(n.axes - 1) as usize;
        for (o, extra) in all.iter().take(count).enumerate() {
            let mut start = 0;
            offsets(batches.axes, batches.sizes, extra.batch, batch, 1, &mut start);
            let rows = tables.add(o * tallest);
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
                for (o, extra) in all.iter().take(count).enumerate() {
                    let rows = tables.add(o * tallest + first);
                    let operand = at_column(extra, n, column);
                    let at = tile::load(&operand, rows, window, expression.home(o));
                    *expression.registers.get_unchecked_mut(o) = at;
                    if o == 0 {
                        target.place = operand.place;
                    }
                }
                let operand = Operand { place: target.place, column: *n.out.add(n.axes - 1) };
                let rows = tables.add(first);
                let to = (target.place.base as *mut f32).offset(*rows as isize);
                if tile::stores_directly(&operand, rows, window) && expression.redirect(to) {
                    expression.run(window.rows * columns);
                } else {
                    expression.redirect(expression.home(expression.result));
                    tile::save(&operand, rows, window, expression.run(window.rows * columns));
                }
            }
            column += columns;
        }
    }
}

/// An epilogue operand that starts at a column.
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn at_column(extra: &Extra, n: &Group, column: usize) -> Operand {
    let mut skip = 0;
    offsets(n.axes, n.sizes, extra.n, column, 1, &mut skip);
    Operand { place: extra.place.skip(skip), column: *extra.n.add(n.axes - 1) }
}
