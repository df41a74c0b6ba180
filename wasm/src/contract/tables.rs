//! The scratch memory of a thread.

use crate::scalar::REGISTER_BYTES;

/// Where the pieces of this thread's scratch memory lie (`scratchOf` in lower_contract.ts is their sum).
pub struct Tables {
    pub a_rows: *mut i32,
    pub out_rows: *mut i32,
    pub b_rows: *mut i32,
    pub out_columns: *mut i32,
    pub a_steps: *mut i32,
    pub b_steps: *mut i32,
    pub a_panels: *mut f32,
    pub b_panels: *mut f32,
    pub extra_rows: *mut i32,
    /// Of a rounded product: sums of the columns of b over the block, scales of the rows of a.
    pub b_sums: *mut i32,
    pub a_scales: *mut f32,
}

impl Tables {
    /// Pieces for blocks of `rows` by `columns` with `kc` steps, of which `packed` columns are packed or widened at once.
    pub unsafe fn new(scratch: *mut u8, rows: usize, columns: usize, kc: usize, packed: usize) -> Tables {
        let a_panels = scratch.add(REGISTER_BYTES) as *mut f32;
        let b_panels = a_panels.add(rows * kc);
        let a_rows = b_panels.add(packed * kc) as *mut i32;
        let out_rows = a_rows.add(rows);
        let b_rows = out_rows.add(rows);
        let out_columns = b_rows.add(columns);
        let a_steps = out_columns.add(columns);
        let b_steps = a_steps.add(kc + 4);
        let b_sums = b_steps.add(kc + 4);
        let a_scales = b_sums.add(columns) as *mut f32;
        let extra_rows = a_scales.add(rows) as *mut i32;
        Tables {
            a_rows,
            out_rows,
            b_rows,
            out_columns,
            a_steps,
            b_steps,
            a_panels,
            b_panels,
            extra_rows,
            b_sums,
            a_scales,
        }
    }
}
