//! The micro-kernel: a 6 x 8 block of products of two packed panels, kept in registers over all of k, then written or
//! added to the output where it lies. Blocks of 4 and of 2 rows end an operand whose rows are no multiple of 6.
//!
//! 12 sums, 2 vectors of b and 1 of a are 15 values, as many as V8 has vector registers to give. That only holds while
//! instructions stay in this order: compiled from intrinsics, LLVM moves all loads of an unrolled loop to its front and
//! V8 then spills (57 % of the multiply-add ceiling against 80 %). Hence WebAssembly text.
//!
//! Where the runtime checks bounds by instructions, as Deno does, every load costs two or three more, and one load an
//! element of a is what the processor can not keep up with (82 % of the ceiling). So a comes in pairs, [a0 a1 a0 a1],
//! whose elements then change places: the sums of two rows are interleaved until the end, and two rows cost one load.
//!
//! Rows of an output lie far apart, so it is touched once for as many steps as a panel has. One chain of that many
//! additions would lose digits: chains of `chain` steps are added up in a buffer that stays in the first-level cache.

#[cfg(target_family = "wasm")]
mod kernels;
#[cfg(target_family = "wasm")]
mod output;
#[cfg(not(target_family = "wasm"))]
mod portable;
#[cfg(target_family = "wasm")]
mod steps;
mod target;

pub use target::{Addend, Target, FINISHES, MR, NR};

#[cfg(not(target_family = "wasm"))]
use self::portable::*;
use crate::place::F16;

#[cfg(target_family = "wasm")]
extern "C" {
    fn walrus_micro_6x8(k: usize, a: *const f32, b: *const f32, target: *const Target);
    fn walrus_micro_4x8(k: usize, a: *const f32, b: *const f32, target: *const Target);
    fn walrus_micro_2x8(k: usize, a: *const f32, b: *const f32, target: *const Target);
    fn walrus_micro_6x8_f16(k: usize, a: *const f32, b: *const u16, target: *const Target);
    fn walrus_micro_6x8_i8(k: usize, a: *const f32, b: *const i8, target: *const Target);
    fn walrus_micro_6x8_ahead_f16(k: usize, a: *const f32, b: *const f32, target: *const Target);
    fn walrus_micro_6x8_ahead_i8(k: usize, a: *const f32, b: *const f32, target: *const Target);
}

/// `tile[i][j] = sum over k of a[k][i] b[k][j]` of `rows` rows, an even number up to 6, and 8 columns, put where `target`
/// says; `k` is a positive multiple of 4.
#[inline(always)]
pub unsafe fn micro_to(k: usize, a: *const f32, b: *const f32, rows: usize, target: &Target) {
    match rows {
        2 => walrus_micro_2x8(k, a, b, target),
        4 => walrus_micro_4x8(k, a, b, target),
        _ => walrus_micro_6x8(k, a, b, target),
    }
}

/// The same for one block of 6 rows and a panel of b that is bytes or, all finite, fp16 numbers; puts it as floats in
/// the target's buffer for blocks to come. The processor widens numbers while it waits for products.
#[inline(always)]
pub unsafe fn micro_widening(k: usize, a: *const f32, b: *const u8, dtype: usize, target: &Target) {
    match dtype {
        F16 => walrus_micro_6x8_f16(k, a, b as *const u16, target),
        _ => walrus_micro_6x8_i8(k, a, b as *const i8, target),
    }
}

/// Blocks of 6 rows that `micro_ahead` takes for a panel.
pub const AHEAD: usize = 4;

/// `micro_to` for AHEAD blocks of 6 rows; on the way it widens the target's next panel, of as many steps, to the
/// buffer. The lines of memory that a narrow panel fills pass faster in one block than the processor, fetching them by
/// itself, has them there. In four blocks it keeps ahead.
#[inline(always)]
pub unsafe fn micro_ahead(k: usize, a: *const f32, b: *const f32, dtype: usize, target: &Target) {
    match dtype {
        F16 => walrus_micro_6x8_ahead_f16(k, a, b, target),
        _ => walrus_micro_6x8_ahead_i8(k, a, b, target),
    }
}
