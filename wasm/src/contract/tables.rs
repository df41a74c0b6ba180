//! The working memory of a thread.

use super::sizes::Extent;
use crate::memory::Room;

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
    /// Of a rounded product: sums of the columns of b over the block, scales of the rows of a.
    pub b_sums: *mut i32,
    pub a_scales: *mut f32,
}

impl Tables {
    pub fn new(room: &mut Room, extent: &Extent) -> Tables {
        let (rows, columns, steps) = (extent.rows(), extent.columns(), extent.steps());
        Tables {
            a_panels: room.take(rows * steps),
            b_panels: room.take(extent.packed_columns() * steps),
            a_rows: room.take(rows),
            out_rows: room.take(rows),
            b_rows: room.take(columns),
            out_columns: room.take(columns),
            a_steps: room.take(steps + 4),
            b_steps: room.take(steps + 4),
            b_sums: room.take(columns),
            a_scales: room.take(rows),
        }
    }
}
