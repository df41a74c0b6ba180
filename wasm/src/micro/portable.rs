//! The micro-kernels in plain Rust, for hosts that are no WebAssembly: what the native tests compute with. Sums are
//! formed in the same order as by the text in kernels.rs, without fused additions.

use super::target::{Target, MR, NR};
use crate::element::Element;

/// Blocks of `rows` rows: as many steps of both panels, chains of them added up, then the rows.
unsafe fn blocks(k: usize, a: *const f32, b: *const f32, rows: usize, target: *const Target) {
    let target = &*target;
    for block in 0..target.blocks as usize {
        let a = a.add(block * MR * k);
        let offsets = target.rows.byte_add(block * target.next_rows);
        let out = target.out.byte_add(block * target.next_out);
        for row in 0..rows {
            for column in 0..NR {
                let product = |p: usize| *a.add(p * MR + row) * *b.add(p * NR + column);
                let chain = |first: usize| {
                    (first..k.min(first.saturating_add(target.chain))).fold(0.0, |sum, p| sum + product(p))
                };
                let mut sum: f32 = (0..k).step_by(target.chain).map(chain).fold(0.0, |sum, next| sum + next);
                if target.by_column == 1 && !target.scale.is_null() {
                    sum *= *target.scale.add(column);
                }
                if target.by_column == 1 && target.adds == 0 {
                    sum += *target.bias.add(column);
                }
                let offset = *offsets.add(row);
                let to = out.offset(offset as isize + column as isize);
                *to = match target.adds {
                    0 => sum,
                    1 => *to + sum,
                    _ => {
                        let [first, rest @ ..] = target.addends.map(|addend| *addend.row(offset).add(column));
                        rest.iter().fold(sum + first + *target.bias.add(column), |sum, x| sum + x)
                    }
                };
            }
        }
    }
}

/// Puts a panel of `k` steps in the target's buffer as floats.
unsafe fn widen<T: Element>(k: usize, panel: *const T, target: *const Target) {
    for i in 0..k * NR {
        *(*target).widened.add(i) = T::one(panel.add(i));
    }
}

pub unsafe fn walrus_micro_6x8(k: usize, a: *const f32, b: *const f32, target: *const Target) {
    blocks(k, a, b, 6, target);
}

pub unsafe fn walrus_micro_4x8(k: usize, a: *const f32, b: *const f32, target: *const Target) {
    blocks(k, a, b, 4, target);
}

pub unsafe fn walrus_micro_2x8(k: usize, a: *const f32, b: *const f32, target: *const Target) {
    blocks(k, a, b, 2, target);
}

pub unsafe fn walrus_micro_6x8_f16(k: usize, a: *const f32, b: *const u16, target: *const Target) {
    widen(k, b, target);
    blocks(k, a, (*target).widened, 6, target);
}

pub unsafe fn walrus_micro_6x8_i8(k: usize, a: *const f32, b: *const i8, target: *const Target) {
    widen(k, b, target);
    blocks(k, a, (*target).widened, 6, target);
}

pub unsafe fn walrus_micro_6x8_ahead_f16(k: usize, a: *const f32, b: *const f32, target: *const Target) {
    widen(k, (*target).next as *const u16, target);
    blocks(k, a, b, 6, target);
}

pub unsafe fn walrus_micro_6x8_ahead_i8(k: usize, a: *const f32, b: *const f32, target: *const Target) {
    widen(k, (*target).next as *const i8, target);
    blocks(k, a, b, 6, target);
}
