//! `map`: an expression of any number of strided inputs, element by element. Copies, transposes, fills and casts are
//! maps too. Tasks are runs of tiles in the order of the output's memory.

use crate::odometer::{count, Odometer, MAX_OPERANDS};
use crate::run::{Context, F32};
use crate::scalar::{Expression, REGISTER_BYTES, TILE};
use crate::tile::{load, save, stores_directly, Operand, Window};
use crate::words::Words;

/// Tiles a thread takes at once.
const BATCH: usize = 32;

/// Operands of a walk over rows and columns, the output last.
pub struct Operands {
    pub count: usize,
    pub all: [Operand; MAX_OPERANDS],
    pub strides: [*const i32; MAX_OPERANDS],
}

impl Operands {
    /// Reads `inputs` operands and an output; each has `axes` strides of which the last is its column.
    pub unsafe fn read(words: &mut Words, context: &Context, inputs: usize, axes: usize) -> Operands {
        let count = inputs + 1;
        let empty = Operand { place: crate::run::Place { base: core::ptr::null_mut(), dtype: F32 }, column: 0 };
        let mut operands = Operands { count, all: [empty; MAX_OPERANDS], strides: [core::ptr::null(); MAX_OPERANDS] };
        for o in 0..count {
            let place = context.place(words);
            let strides = words.strides(axes);
            *operands.all.get_unchecked_mut(o) = Operand { place, column: *strides.add(axes - 1) };
            *operands.strides.get_unchecked_mut(o) = strides;
        }
        operands
    }

    #[inline(always)]
    pub unsafe fn get(&self, o: usize) -> &Operand {
        self.all.get_unchecked(o)
    }

    /// Whether an operand is the same element everywhere.
    pub unsafe fn is_splat(&self, o: usize, axes: usize) -> bool {
        let strides = *self.strides.get_unchecked(o);
        (0..axes).all(|i| *strides.add(i) == 0)
    }
}

/// Scratch: registers, then one table of row offsets an operand.
pub struct Tables(pub [*mut i32; MAX_OPERANDS]);

impl Tables {
    pub unsafe fn new(scratch: *mut u8) -> Tables {
        let base = scratch.add(REGISTER_BYTES) as *mut i32;
        Tables(core::array::from_fn(|o| base.add(o * (TILE + 4))))
    }
}

pub unsafe fn map(mut words: Words, context: &Context) {
    let axes = words.u();
    let sizes = words.take(axes);
    let tile_rows = words.u();
    let tile_columns = words.u();
    let inputs = words.u();
    let operands = Operands::read(&mut words, context, inputs, axes);
    let mut expression = Expression::read(&mut words, context.scratch as *mut f32);
    let tables = Tables::new(context.scratch);

    let rows = count(axes - 1, sizes);
    let columns = *sizes.add(axes - 1) as usize;
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
            if stores_directly(&out, window) {
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
