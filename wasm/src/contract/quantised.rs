//! Products of whole numbers: b is 8-bit numbers as stored, rows of a are quantised to 63 levels on each side of 0
//! while they are packed. Four products a lane and instruction (the relaxed dot), sums exact in 32 bits.
//!
//! The instruction takes 7 bits without sign for one operand: rows of a are packed with 64 added, and 64 times the sum
//! of each column of b is taken off again.

use super::products::merge;
use super::state::{Bases, Contract, KBlock};
use crate::micro::{MR, NR};
use crate::pack::padded;
use crate::simd::*;

/// Levels on each side of 0, `QUANTISED_LEVELS` in lib/ir/evaluate.ts.
pub const LEVELS: f32 = 63.0;
const SHIFT: i32 = 64;

impl Contract {
    /// Packs columns of b, four steps of k of each of NR columns side by side, and adds them up.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn pack_b_quantised(&self, bases: &Bases, width: usize, k: usize) {
        let t = &self.tables;
        let from = bases.b as *const i8;
        let panels = t.b_panels as *mut i8;
        for column in 0..width.next_multiple_of(NR) {
            let start = from.offset(*t.b_rows.add(column.min(width - 1)) as isize);
            let panel = panels.add((column - column % NR) * padded(k) + 4 * (column % NR));
            let mut sums = i32x4_splat(0);
            for p in (0..padded(k)).step_by(4) {
                let bytes = four_bytes(start, t.b_steps, p, k);
                v128_store32_lane::<0>(bytes, panel.add(p * NR) as *mut u32);
                sums = i32x4_add(sums, i32x4_extadd_pairwise_i16x8(i16x8_extadd_pairwise_i8x16(bytes)));
            }
            *t.b_sums.add(column) = i32x4_extract_lane::<0>(sums);
        }
    }

    /// Products of a block of rows with the packed columns.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub(super) unsafe fn multiply_quantised(&self, bases: &Bases, height: usize, width: usize, k_block: KBlock) {
        let t = &self.tables;
        self.scale_rows(bases, height, k_block);
        self.pack_a_quantised(bases, height, k_block.count);
        let k = padded(k_block.count);
        let mut sums = [i32x4_splat(0); MR * NR / 4];
        let mut tile = [f32x4_splat(0.0); MR * NR / 4];
        for j in (0..width).step_by(NR) {
            let shifts = [0, 4].map(|c| {
                let sum = v128_load(t.b_sums.add(j + c) as *const v128);
                i32x4_mul(sum, i32x4_splat(SHIFT))
            });
            for i in (0..height).step_by(MR) {
                let (a, b) = ((t.a_panels as *const u8).add(i * k), (t.b_panels as *const i8).add(j * k));
                micro(k / 4, a, b, &mut sums);
                let (rows, columns) = (MR.min(height - i), NR.min(width - j));
                for r in 0..MR {
                    let scale = f32x4_splat(*t.a_scales.add(i + r.min(rows - 1)));
                    for c in 0..2 {
                        let exact = i32x4_sub(sums[2 * r + c], shifts[c]);
                        tile[2 * r + c] = f32x4_mul(f32x4_convert_i32x4(exact), scale);
                    }
                }
                let (out_rows, out_columns) = (t.out_rows.add(i), t.out_columns.add(j));
                merge(tile.as_ptr() as *const f32, bases.out, out_rows, rows, out_columns, columns, k_block.is_first);
            }
        }
    }

    /// One level of each row of a: its largest number over all of k by LEVELS.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn scale_rows(&self, bases: &Bases, height: usize, k_block: KBlock) {
        let t = &self.tables;
        let from = bases.a as *const f32;
        for r in 0..height {
            *t.a_scales.add(r) = 0.0;
        }
        let mut first = 0;
        while first < self.k.size {
            let count = self.kc.min(self.k.size - first);
            self.k.table(self.k.a, first, count, t.a_steps);
            for r in 0..height {
                let row = from.offset(*t.a_rows.add(r) as isize);
                let most = largest(row, t.a_steps, count);
                *t.a_scales.add(r) = most.max(*t.a_scales.add(r));
            }
            first += count;
        }
        for r in 0..height {
            *t.a_scales.add(r) /= LEVELS;
        }
        self.k.table(self.k.a, k_block.first, k_block.count, t.a_steps);
    }

    /// Packs rows of a, four steps of k of each of MR rows side by side.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn pack_a_quantised(&self, bases: &Bases, height: usize, k: usize) {
        let t = &self.tables;
        let from = bases.a as *const f32;
        let panels = t.a_panels as *mut u8;
        for r in 0..height.next_multiple_of(MR) {
            let source = r.min(height - 1);
            let row = from.offset(*t.a_rows.add(source) as isize);
            let scale = *t.a_scales.add(source);
            let factor = f32x4_splat(if scale > 0.0 { 1.0 / scale } else { 0.0 });
            let panel = panels.add((r - r % MR) * padded(k) + 4 * (r % MR));
            for p in (0..padded(k)).step_by(4) {
                let values = four(row, t.a_steps, p, k);
                let whole = i32x4_trunc_sat_f32x4(f32x4_nearest(f32x4_mul(values, factor)));
                let shifted = i32x4_add(whole, i32x4_splat(SHIFT));
                let bytes = u8x16_narrow_i16x8(i16x8_narrow_i32x4(shifted, shifted), shifted);
                v128_store32_lane::<0>(bytes, panel.add(p * MR) as *mut u32);
            }
        }
    }
}

/// Four steps of a column from the p-th on, zeros behind the k-th, in the first lane.
#[inline(always)]
unsafe fn four_bytes(column: *const i8, steps: *const i32, p: usize, k: usize) -> v128 {
    if p + 4 <= k && consecutive(steps.add(p)) {
        return v128_load32_zero(column.offset(*steps.add(p) as isize) as *const u32);
    }
    let at = |i: usize| if p + i < k { *column.offset(*steps.add(p + i) as isize) } else { 0 };
    i8x16(at(0), at(1), at(2), at(3), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
}

/// Four steps of a row from the p-th on, zeros behind the k-th.
#[inline(always)]
unsafe fn four(row: *const f32, steps: *const i32, p: usize, k: usize) -> v128 {
    if p + 4 <= k && consecutive(steps.add(p)) {
        return load(row.offset(*steps.add(p) as isize));
    }
    let at = |i: usize| if p + i < k { *row.offset(*steps.add(p + i) as isize) } else { 0.0 };
    f32x4(at(0), at(1), at(2), at(3))
}

/// Largest absolute value of a row.
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn largest(row: *const f32, steps: *const i32, k: usize) -> f32 {
    let mut most = f32x4_splat(0.0);
    for p in (0..k).step_by(4) {
        most = f32x4_max(most, f32x4_abs(four(row, steps, p, k)));
    }
    let [a, b, c, d]: [f32; 4] = core::mem::transmute(most);
    a.max(b).max(c.max(d))
}

/// `sums[row][column] = sum over k of a b` of packed panels of `groups` times four steps. WebAssembly text for the
/// reason that micro.rs gives.
#[cfg(target_feature = "relaxed-simd")]
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn micro(groups: usize, a: *const u8, b: *const i8, sums: &mut [v128; MR * NR / 4]) {
    dot_text::walrus_dot_6x8(groups, a, b, sums.as_mut_ptr() as *mut i32);
}

/// The same without the relaxed dot: pairs of products, then pairs of those.
#[cfg(not(target_feature = "relaxed-simd"))]
#[cfg_attr(target_family = "wasm", optimize(size))]
unsafe fn micro(groups: usize, a: *const u8, b: *const i8, sums: &mut [v128; MR * NR / 4]) {
    let dot = |x: v128, y: v128, sum: v128| {
        let low = i32x4_dot_i16x8(i16x8_extend_low_i8x16(x), i16x8_extend_low_i8x16(y));
        let high = i32x4_dot_i16x8(i16x8_extend_high_i8x16(x), i16x8_extend_high_i8x16(y));
        let (even, odd) = (i32x4_shuffle::<0, 2, 4, 6>(low, high), i32x4_shuffle::<1, 3, 5, 7>(low, high));
        i32x4_add(sum, i32x4_add(even, odd))
    };
    let mut all = [i32x4_splat(0); MR * NR / 4];
    for g in 0..groups {
        let columns = [0, 16].map(|c| v128_load(b.add(4 * NR * g + c) as *const v128));
        for r in 0..MR {
            let row = v128_load32_splat(a.add(4 * MR * g + 4 * r) as *const u32);
            for c in 0..2 {
                all[2 * r + c] = dot(columns[c], row, all[2 * r + c]);
            }
        }
    }
    *sums = all;
}

#[cfg(target_feature = "relaxed-simd")]
mod dot_text {
    use crate::text::{advance, again, at, function, pointer};
    use core::arch::global_asm;

    extern "C" {
        /// `groups` is positive; `sums` are 6 rows of 8.
        pub fn walrus_dot_6x8(groups: usize, a: *const u8, b: *const i8, sums: *mut i32);
    }

    /// Locals: 0 groups, 1 a, 2 b, 3 sums, 4 - 15 sums, 16 and 17 four steps of the columns, 18 of a row.
    macro_rules! row {
        ($a:literal, $left:literal, $right:literal) => {
            concat!(
                at!("1", $a),
                "v128.load32_splat 0:p2align=0\nlocal.set 18\n",
                "local.get 16\nlocal.get 18\nlocal.get ",
                $left,
                "\ni32x4.relaxed_dot_i8x16_i7x16_add_s\nlocal.set ",
                $left,
                "\nlocal.get 17\nlocal.get 18\nlocal.get ",
                $right,
                "\ni32x4.relaxed_dot_i8x16_i7x16_add_s\nlocal.set ",
                $right,
                "\n"
            )
        };
    }

    macro_rules! store {
        ($offset:literal, $sum:literal) => {
            concat!("local.get 3\nlocal.get ", $sum, "\nv128.store ", $offset, ":p2align=2\n")
        };
    }

    global_asm!(concat!(
        function!(
            "walrus_dot_6x8",
            "v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128"
        ),
        "loop\n",
        "local.get 2\nv128.load 0:p2align=0\nlocal.set 16\nlocal.get 2\nv128.load 16:p2align=0\nlocal.set 17\n",
        row!("0", "4", "5"),
        row!("4", "6", "7"),
        row!("8", "8", "9"),
        row!("12", "10", "11"),
        row!("16", "12", "13"),
        row!("20", "14", "15"),
        advance!("1", "24"),
        advance!("2", "32"),
        again!("0", "-1"),
        store!("0", "4"),
        store!("16", "5"),
        store!("32", "6"),
        store!("48", "7"),
        store!("64", "8"),
        store!("80", "9"),
        store!("96", "10"),
        store!("112", "11"),
        store!("128", "12"),
        store!("144", "13"),
        store!("160", "14"),
        store!("176", "15"),
        "end_function\n"
    ));
}
