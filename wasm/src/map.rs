//! `map`: an expression of any number of strided inputs, element by element. Copies, transposes, fills and casts are
//! maps too. Tasks are runs of tiles in the order of the output's memory.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::odometer::{count, Odometer};
use crate::operands::{Operands, Tables};
use crate::scalar::Expression;
use crate::tile::{load, save, shape, stores_directly, Operand, Window, TILE};

/// Tiles a thread takes at once.
const BATCH: usize = 32;

pub struct Map {
    axes: usize,
    sizes: *const u32,
    /// Whether tiles are as high as wide.
    is_transposed: bool,
    inputs: usize,
    operands: Operands,
    expression: Expression,
    tables: Tables,
}

impl Kernel for Map {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Map {
        let axes = code.u();
        let sizes = code.take(axes);
        let is_transposed = code.flag();
        let inputs = code.u();
        let operands = Operands::read(code, context, inputs, axes);
        let expression = Expression::read(code, &mut memory.scratch);
        let tables = Tables::new(&mut memory.scratch, operands.count);
        Map { axes, sizes, is_transposed, inputs, operands, expression, tables }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let Map { axes, sizes, is_transposed, inputs, ref operands, ref mut expression, ref tables } = *self;
        expression.fill();
        let rows = count(axes - 1, sizes);
        let columns = *sizes.add(axes - 1) as usize;
        let (tile_rows, tile_columns) = shape(columns, is_transposed);
        let across = columns.div_ceil(tile_columns);
        let tiles = rows.div_ceil(tile_rows) * across;

        let splat = |o| operands.is_splat(o, axes);
        for o in (0..inputs).filter(|&o| splat(o)) {
            let zero = [0i32; 4];
            let all = Window { rows: 1, first: 0, columns: TILE };
            load(&Operand { column: 0, ..*operands.get(o) }, zero.as_ptr(), all, expression.home(o));
        }
        let mut walk = Odometer::new(axes - 1, sizes, &operands.strides[..operands.count]);
        let out = *operands.get(inputs);
        loop {
            let first = context.next() * BATCH;
            if first >= tiles {
                return;
            }
            let mut group = usize::MAX;
            for tile in first..(first + BATCH).min(tiles) {
                let start = tile / across * tile_rows;
                let height = tile_rows.min(rows - start);
                if tile / across != group {
                    if group == usize::MAX {
                        walk.seek(start);
                    }
                    group = tile / across;
                    walk.fill(height, tables.0.as_ptr());
                }
                let left = tile % across * tile_columns;
                let window = Window { rows: height, first: left, columns: tile_columns.min(columns - left) };
                for o in 0..inputs {
                    if !splat(o) {
                        let at = load(operands.get(o), tables.0[o], window, expression.home(o));
                        *expression.registers.get_unchecked_mut(o) = at;
                    }
                }
                let target = tables.0[inputs];
                if stores_directly(&out, target, window) {
                    let to = (out.place.base as *mut f32).offset(*target as isize + left as isize);
                    if expression.redirect(to) {
                        expression.run(height * window.columns);
                        continue;
                    }
                } else {
                    expression.redirect(expression.home(expression.result));
                }
                save(&out, target, window, expression.run(height * window.columns));
            }
        }
    }
}
