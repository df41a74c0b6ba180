//! What is added to finished sums on their way to the output.

use super::state::{Bases, Contract, KBlock};
use crate::micro::{Addend, Target, FINISHES};
use core::ptr::null;

impl Contract {
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) fn has_addends(&self) -> bool {
        !self.bias.is_null() || !self.residuals[0].is_null()
    }

    /// How the sums of a panel go to the output, whose columns begin at `at`: with what is there of k-blocks before, and
    /// after the last one with bias and residuals.
    #[inline(always)]
    pub(super) unsafe fn write(&self, target: &mut Target, bases: &Bases, column: usize, at: i32, k_block: KBlock) {
        let is_first = k_block.is_first;
        if !k_block.is_last || !self.has_addends() {
            target.adds = !is_first as u32;
            return;
        }
        if !self.bias.is_null() {
            target.bias = self.bias.add(column);
        }
        if is_first && self.residuals[0].is_null() {
            target.by_column = 1;
            return;
        }
        target.adds = FINISHES;
        let before = if is_first { null() } else { bases.out as *const f32 };
        let [first, second] = bases.residuals;
        target.addends = [before, first, second].map(|from| {
            if from.is_null() {
                Addend::NOTHING
            } else {
                Addend::of_rows(from.offset(at as isize))
            }
        });
    }

    /// Adds bias and residuals to a finished part of the output.
    #[cold]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn finish(
        &self,
        bases: &Bases,
        rows: *const i32,
        height: usize,
        columns: *const i32,
        width: usize,
        first: usize,
    ) {
        for i in 0..height {
            for j in 0..width {
                let at = (*rows.add(i) + *columns.add(j)) as isize;
                let to = bases.out.offset(at);
                if !self.bias.is_null() {
                    *to += *self.bias.add(first + j);
                }
                for residual in bases.residuals.iter().filter(|residual| !residual.is_null()) {
                    *to += *residual.offset(at);
                }
            }
        }
    }
}
