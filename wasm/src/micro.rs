//! The micro-kernel: a 6 x 8 block of products of two packed panels, kept in registers over all of k.
//!
//! 12 sums, 2 vectors of b and 1 of a are 15 values, as many as V8 has vector registers to give. That only holds while
//! instructions stay in this order: compiled from intrinsics, LLVM moves all loads of an unrolled loop to its front and
//! V8 then spills (57 % of the multiply-add ceiling against 80 %). Hence WebAssembly text.
//!
//! Where the runtime checks bounds by instructions, as Deno does, every load costs four of them, and one load an element
//! of a is what the processor can not keep up with (82 % of the ceiling). So a comes in pairs, [a0 a1 a0 a1], whose
//! elements then change places: the sums of two rows are interleaved until the end, and two rows cost one load.

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

#[allow(unused_imports)]
pub(crate) use pointer;

/// Locals: 0 k, 1 a, 2 b, 3 tile, 4 - 15 sums, 16 and 17 a row of b, 18 a pair of a twice.
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

/// Two rows of the block: the pair of a at `$a` bytes with both vectors of b, then with its elements exchanged.
macro_rules! rows {
    ($a:literal, $left:literal, $right:literal, $crossed_left:literal, $crossed_right:literal) => {
        concat!(
            "local.get 1\nv128.load64_splat ",
            $a,
            ":p2align=2\nlocal.set 18\n",
            add_product!("16", $left),
            add_product!("17", $right),
            "local.get 18\nlocal.get 18\n",
            "i8x16.shuffle 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11\nlocal.set 18\n",
            add_product!("16", $crossed_left),
            add_product!("17", $crossed_right)
        )
    };
}

/// One step of k: the row of b at `$b0` and `$b1` bytes, six elements of a.
macro_rules! step {
    ($b0:literal, $b1:literal, $a0:literal, $a2:literal, $a4:literal) => {
        concat!(
            "local.get 2\nv128.load ",
            $b0,
            ":p2align=2\nlocal.set 16\nlocal.get 2\nv128.load ",
            $b1,
            ":p2align=2\nlocal.set 17\n",
            rows!($a0, "4", "5", "6", "7"),
            rows!($a2, "8", "9", "10", "11"),
            rows!($a4, "12", "13", "14", "15")
        )
    };
}

/// Four columns of two rows, taken apart: `$upper` and `$lower` are their offsets in the tile.
macro_rules! store {
    ($upper:literal, $lower:literal, $sum:literal, $crossed:literal) => {
        concat!(
            "local.get 3\nlocal.get ",
            $sum,
            "\nlocal.get ",
            $crossed,
            "\ni8x16.shuffle 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31\nv128.store ",
            $upper,
            ":p2align=2\nlocal.get 3\nlocal.get ",
            $sum,
            "\nlocal.get ",
            $crossed,
            "\ni8x16.shuffle 16, 17, 18, 19, 4, 5, 6, 7, 24, 25, 26, 27, 12, 13, 14, 15\nv128.store ",
            $lower,
            ":p2align=2\n"
        )
    };
}

/// Moves local `$local` by `$by`.
macro_rules! advance {
    ($local:literal, $by:literal) => {
        concat!("local.get ", $local, "\n", pointer!(), ".const ", $by, "\n", pointer!(), ".add\nlocal.set ", $local, "\n")
    };
}

#[allow(unused_imports)]
pub(crate) use advance;

/// Begins a function `(usize, pointer, pointer, pointer) -> ()` with 15 vectors as locals.
macro_rules! function {
    ($name:literal) => {
        concat!(
            ".globl ",
            $name,
            "\n.type ",
            $name,
            ",@function\n",
            $name,
            ":\n.functype ",
            $name,
            " (",
            pointer!(),
            ", ",
            pointer!(),
            ", ",
            pointer!(),
            ", ",
            pointer!(),
            ") -> ()\n.local v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128\n"
        )
    };
}
#[allow(unused_imports)]
pub(crate) use function;

global_asm!(concat!(
    function!("walrus_micro_6x8"),
    "loop\n",
    step!("0", "16", "0", "8", "16"),
    step!("32", "48", "24", "32", "40"),
    step!("64", "80", "48", "56", "64"),
    step!("96", "112", "72", "80", "88"),
    advance!("1", "96"),
    advance!("2", "128"),
    advance!("0", "-4"),
    "local.get 0\n",
    pointer!(),
    ".const 0\n",
    pointer!(),
    ".ne\nbr_if 0\nend_loop\n",
    store!("0", "32", "4", "6"),
    store!("16", "48", "5", "7"),
    store!("64", "96", "8", "10"),
    store!("80", "112", "9", "11"),
    store!("128", "160", "12", "14"),
    store!("144", "176", "13", "15"),
    "end_function\n"
));
