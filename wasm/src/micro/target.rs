//! The block a micro-kernel computes, and what it is told beside its operands.

use core::ptr::null;

/// Rows of an `a` panel.
pub const MR: usize = 6;
/// Columns of a `b` panel.
pub const NR: usize = 8;

/// Where a block goes, and how its sums are formed. `field!` knows where the fields lie.
#[repr(C)]
pub struct Target {
    pub out: *mut f32,
    /// Row i begins `rows[i]` floats behind `out`.
    pub rows: *const i32,
    /// Steps of a chain of additions, a multiple of 4.
    pub chain: usize,
    /// Place for the sums of finished chains: 6 rows of 8.
    pub finished: *mut f32,
    /// 1: added to what is there. 0: in its place. FINISHES: in its place, with the first addend, the bias and the others.
    pub adds: u32,
    /// Blocks one below the other, with as many panels of a.
    pub blocks: u32,
    /// Bytes from one block to the next, in the table of rows and behind it in the output.
    pub next_rows: usize,
    pub next_out: usize,
    /// Where a panel of b that is no floats is put as such.
    pub widened: *mut f32,
    /// Factors of the columns, or null.
    pub scale: *const f32,
    /// The panel that `micro_ahead` puts in the buffer.
    pub next: *const u8,
    /// What is added to the columns.
    pub bias: *const f32,
    pub addends: [Addend; 3],
    /// 1: columns have factors, or are put with a bias.
    pub by_column: u32,
}

/// See `adds`.
pub const FINISHES: u32 = 2;

/// What is added to sums: lies as the output does.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Addend {
    /// Row i begins where its offset has it.
    out: *const f32,
    /// 0 where all rows are one, else all ones.
    mask: usize,
}

impl Addend {
    /// Rows whose offsets are those of the output.
    pub fn of_rows(out: *const f32) -> Addend {
        Addend { out, mask: usize::MAX }
    }

    /// Of row i, which begins `offset` floats behind the first.
    #[cfg(not(target_family = "wasm"))]
    pub(super) unsafe fn row(&self, offset: i32) -> *const f32 {
        self.out.byte_offset((4 * offset as isize) & self.mask as isize)
    }

    /// What changes no number.
    pub const NOTHING: Addend = Addend { out: NOTHING.as_ptr(), mask: 0 };
}

/// A number that changes no other, not even the sign of a zero.
static NOTHING: [f32; NR] = [-0.0; NR];

impl Target {
    /// Blocks whose rows have entries of their own in a table; in the place of what was there.
    #[inline(always)]
    pub fn of_rows(out: *mut f32, rows: *const i32, blocks: usize) -> Target {
        let next_rows = MR * core::mem::size_of::<i32>();
        Target { rows, next_rows, next_out: 0, ..Target::dense(out, blocks) }
    }

    /// Blocks whose rows of 8 lie one behind the other; in the place of what was there. All steps are one chain.
    #[inline(always)]
    pub fn dense(out: *mut f32, blocks: usize) -> Target {
        Target {
            out,
            rows: DENSE.as_ptr(),
            chain: usize::MAX,
            finished: out,
            adds: 0,
            blocks: blocks as u32,
            next_rows: 0,
            next_out: MR * NR * core::mem::size_of::<f32>(),
            widened: out,
            scale: null(),
            next: null(),
            bias: NOTHING.as_ptr(),
            addends: [Addend::NOTHING; 3],
            by_column: 0,
        }
    }
}

/// Rows one after the other.
static DENSE: [i32; MR] = [0, 8, 16, 24, 32, 40];

/// Loads a field of the target.
#[cfg(target_arch = "wasm32")]
macro_rules! field {
    (out) => {
        "local.get 3\ni32.load 0\n"
    };
    (rows) => {
        "local.get 3\ni32.load 4\n"
    };
    (chain) => {
        "local.get 3\ni32.load 8\n"
    };
    (finished) => {
        "local.get 3\ni32.load 12\n"
    };
    (adds) => {
        "local.get 3\ni32.load 16\n"
    };
    (blocks) => {
        "local.get 3\ni32.load 20\n"
    };
    (next_rows) => {
        "local.get 3\ni32.load 24\n"
    };
    (next_out) => {
        "local.get 3\ni32.load 28\n"
    };
    (widened) => {
        "local.get 3\ni32.load 32\n"
    };
    (scale) => {
        "local.get 3\ni32.load 36\n"
    };
    (next) => {
        "local.get 3\ni32.load 40\n"
    };
    (bias) => {
        "local.get 3\ni32.load 44\n"
    };
    (addend0) => {
        "local.get 3\ni32.load 48\n"
    };
    (mask0) => {
        "local.get 3\ni32.load 52\n"
    };
    (addend1) => {
        "local.get 3\ni32.load 56\n"
    };
    (mask1) => {
        "local.get 3\ni32.load 60\n"
    };
    (addend2) => {
        "local.get 3\ni32.load 64\n"
    };
    (mask2) => {
        "local.get 3\ni32.load 68\n"
    };
    (by_column) => {
        "local.get 3\ni32.load 72\n"
    };
}
#[cfg(target_arch = "wasm64")]
macro_rules! field {
    (out) => {
        "local.get 3\ni64.load 0\n"
    };
    (rows) => {
        "local.get 3\ni64.load 8\n"
    };
    (chain) => {
        "local.get 3\ni64.load 16\n"
    };
    (finished) => {
        "local.get 3\ni64.load 24\n"
    };
    (adds) => {
        "local.get 3\ni32.load 32\n"
    };
    (blocks) => {
        "local.get 3\ni32.load 36\n"
    };
    (next_rows) => {
        "local.get 3\ni64.load 40\n"
    };
    (next_out) => {
        "local.get 3\ni64.load 48\n"
    };
    (widened) => {
        "local.get 3\ni64.load 56\n"
    };
    (scale) => {
        "local.get 3\ni64.load 64\n"
    };
    (next) => {
        "local.get 3\ni64.load 72\n"
    };
    (bias) => {
        "local.get 3\ni64.load 80\n"
    };
    (addend0) => {
        "local.get 3\ni64.load 88\n"
    };
    (mask0) => {
        "local.get 3\ni64.load 96\n"
    };
    (addend1) => {
        "local.get 3\ni64.load 104\n"
    };
    (mask1) => {
        "local.get 3\ni64.load 112\n"
    };
    (addend2) => {
        "local.get 3\ni64.load 120\n"
    };
    (mask2) => {
        "local.get 3\ni64.load 128\n"
    };
    (by_column) => {
        "local.get 3\ni32.load 136\n"
    };
}

#[cfg(target_family = "wasm")]
pub(super) use field;
