//! The micro-kernel: a 6 x 8 block of products of two packed panels, kept in registers over all of k.
//!
//! 12 sums, 2 vectors of b and 1 of a are 15 values, as many as V8 has vector registers to give. That only holds while
//! instructions stay in this order: compiled from intrinsics, LLVM moves all loads of an unrolled loop to its front and
//! V8 then spills (57 % of the multiply-add ceiling against 80 %). Hence WebAssembly text.

use core::arch::global_asm;

/// Rows of an `a` panel.
pub const MR: usize = 6;
/// Columns of a `b` panel.
pub const NR: usize = 8;

extern "C" {
    /// `tile[i][j] = sum over k of a[k][i] b[k][j]`; `k` is a positive multiple of 4, `tile` is 6 rows of 8.
    #[link_name = "walrus_micro_6x8"]
    pub fn micro(k: usize, a: *const f32, b: *const f32, tile: *mut f32);
}

#[cfg(target_pointer_width = "32")]
macro_rules! pointer {
    () => {
        "i32"
    };
}
#[cfg(target_pointer_width = "64")]
macro_rules! pointer {
    () => {
        "i64"
    };
}

/// Locals: 0 k, 1 a, 2 b, 3 tile, 4 - 15 sums, 16 and 17 a row of b, 18 one element of a four times.
#[cfg(target_feature = "relaxed-simd")]
macro_rules! add_product {
    ($b:literal, $sum:literal) => {
        concat!("local.get 18\nlocal.get ", $b, "\nlocal.get ", $sum, "\nf32x4.relaxed_madd\nlocal.set ", $sum, "\n")
    };
}
#[cfg(not(target_feature = "relaxed-simd"))]
macro_rules! add_product {
    ($b:literal, $sum:literal) => {
        concat!("local.get ", $sum, "\nlocal.get 18\nlocal.get ", $b, "\nf32x4.mul\nf32x4.add\nlocal.set ", $sum, "\n")
    };
}

/// One row of the block: the element of a at `$a` bytes with both vectors of b.
macro_rules! row {
    ($a:literal, $left:literal, $right:literal) => {
        concat!(
            "local.get 1\nv128.load32_splat ",
            $a,
            ":p2align=2\nlocal.set 18\n",
            add_product!("16", $left),
            add_product!("17", $right)
        )
    };
}

/// One step of k: the row of b at `$b0` and `$b1` bytes, six elements of a.
macro_rules! step {
    ($b0:literal, $b1:literal, $a0:literal, $a1:literal, $a2:literal, $a3:literal, $a4:literal, $a5:literal) => {
        concat!(
            "local.get 2\nv128.load ",
            $b0,
            ":p2align=2\nlocal.set 16\nlocal.get 2\nv128.load ",
            $b1,
            ":p2align=2\nlocal.set 17\n",
            row!($a0, "4", "5"),
            row!($a1, "6", "7"),
            row!($a2, "8", "9"),
            row!($a3, "10", "11"),
            row!($a4, "12", "13"),
            row!($a5, "14", "15")
        )
    };
}

macro_rules! store {
    ($offset:literal, $sum:literal) => {
        concat!("local.get 3\nlocal.get ", $sum, "\nv128.store ", $offset, ":p2align=2\n")
    };
}

/// Moves local `$local` by `$by`.
macro_rules! advance {
    ($local:literal, $by:literal) => {
        concat!("local.get ", $local, "\n", pointer!(), ".const ", $by, "\n", pointer!(), ".add\nlocal.set ", $local, "\n")
    };
}

global_asm!(concat!(
    ".globl walrus_micro_6x8\n.type walrus_micro_6x8,@function\nwalrus_micro_6x8:\n",
    ".functype walrus_micro_6x8 (",
    pointer!(),
    ", ",
    pointer!(),
    ", ",
    pointer!(),
    ", ",
    pointer!(),
    ") -> ()\n",
    ".local v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128\n",
    "loop\n",
    step!("0", "16", "0", "4", "8", "12", "16", "20"),
    step!("32", "48", "24", "28", "32", "36", "40", "44"),
    step!("64", "80", "48", "52", "56", "60", "64", "68"),
    step!("96", "112", "72", "76", "80", "84", "88", "92"),
    advance!("1", "96"),
    advance!("2", "128"),
    advance!("0", "-4"),
    "local.get 0\n",
    pointer!(),
    ".const 0\n",
    pointer!(),
    ".ne\nbr_if 0\nend_loop\n",
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
