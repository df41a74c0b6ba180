//! The working memory of a thread.

use super::sizes::Extent;
use crate::memory::Arena;

/// Where offsets, panels and factors of the block at hand lie.
pub struct Tables {
    pub a_rows: *mut i32,
    pub out_rows: *mut i32,
    pub b_rows: *mut i32,
    pub out_columns: *mut i32,
    pub a_steps: *mut i32,
    pub b_steps: *mut i32,
    pub a_panels: *mut f32,
    pub b_panels: *mut f32,
    /// Of a product of quantised activations: sums of the columns of b over the block, scales of the rows of a.
    pub b_sums: *mut i32,
    pub a_scales: *mut f32,
}

impl Tables {
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub fn new(arena: &mut Arena, extent: &Extent) -> Tables {
        let (rows, columns, steps) = (extent.rows(), extent.columns(), extent.k_block());
        Tables {
            a_panels: arena.take(rows * steps),
            b_panels: arena.take(extent.packed_columns() * steps),
            a_rows: arena.take(rows),
            out_rows: arena.take(rows),
            b_rows: arena.take(columns),
            out_columns: arena.take(columns),
            a_steps: arena.take(steps + 4),
            b_steps: arena.take(steps + 4),
            b_sums: arena.take(columns),
            a_scales: arena.take(rows),
        }
    }
}
