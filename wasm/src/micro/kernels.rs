//! The text of the micro-kernels: for blocks of 6, 4 and 2 rows.
//!
//! Locals: 0 steps left, 1 a, 2 b, 3 target, 4 - 15 sums, 16 and 17 a row of b, 18 a pair of a twice, 19 all steps, 20
//! steps left of a chain, 21 an address, 22 offsets of the rows, 23 the first row of b, 24 blocks left, 25 the output,
//! 26 the buffer of widened panels, 27 what is put there ahead of its use, 28 - 30 a row of each addend, 31 - 36 where
//! they begin and whether they have rows, 37 the offset of the row at hand.

use super::output::{add, addend, address, begin, block, finish, lower, put, store, upper};
use super::steps::{add_product, bytes, constant, floats, fp16, rows, step, to_widened, FP16};
use super::target::field;
use crate::text::{advance, again, at, extend, function, pointer};
use core::arch::global_asm;

/// Sums of finished chains, as they are kept: zero at first, more after every chain, at last added to those at hand.
macro_rules! clear {
    ($($at:literal, $sum:literal),*) => {
        concat!($("local.get 21\nlocal.get ", $sum, "\nv128.store ", $at, ":p2align=2\n"),*)
    };
}
macro_rules! keep {
    ($($at:literal, $sum:literal),*) => {
        concat!($(
            "local.get 21\nlocal.get 21\nv128.load ", $at, ":p2align=2\nlocal.get ", $sum,
            "\nf32x4.add\nv128.store ", $at, ":p2align=2\n",
            "v128.const 0, 0\nlocal.set ", $sum, "\n"
        ),*)
    };
}
macro_rules! recall {
    ($($at:literal, $sum:literal),*) => {
        concat!($(
            "local.get 21\nv128.load ", $at, ":p2align=2\nlocal.get ", $sum,
            "\nf32x4.add\nlocal.set ", $sum, "\n"
        ),*)
    };
}

/// Multiplies the sums of the left four columns by one vector, those of the right ones by another.
macro_rules! scale {
    ($($at:literal, $left:literal, $next:literal, $right:literal),*) => {
        concat!($(
            "local.get ", $left, "\nlocal.get 16\nf32x4.mul\nlocal.set ", $left, "\n",
            "local.get ", $right, "\nlocal.get 17\nf32x4.mul\nlocal.set ", $right, "\n"
        ),*)
    };
}

/// Adds them.
macro_rules! shift {
    ($($at:literal, $left:literal, $next:literal, $right:literal),*) => {
        concat!($(
            "local.get ", $left, "\nlocal.get 16\nf32x4.add\nlocal.set ", $left, "\n",
            "local.get ", $right, "\nlocal.get 17\nf32x4.add\nlocal.set ", $right, "\n"
        ),*)
    };
}

/// Both vectors of a field of the target.
macro_rules! columns {
    ($field:ident) => {
        concat!(
            field!($field),
            "local.tee 21\nv128.load 0:p2align=2\nlocal.set 16\n",
            "local.get 21\nv128.load 16:p2align=2\nlocal.set 17\n"
        )
    };
}

/// Begins anew.
macro_rules! reset {
    ($($at:literal, $sum:literal),*) => {
        concat!($("v128.const 0, 0\nlocal.set ", $sum, "\n"),*)
    };
}

/// One of the six for as many pairs of rows as are named.
macro_rules! sums {
    ($way:ident, 6) => {
        concat!(sums!($way, 4), $way!("128", "12", "144", "13", "160", "14", "176", "15"))
    };
    ($way:ident, 4) => {
        concat!(sums!($way, 2), $way!("64", "8", "80", "9", "96", "10", "112", "11"))
    };
    ($way:ident, 2) => {
        $way!("0", "4", "16", "5", "32", "6", "48", "7")
    };
}

/// Whether there are more steps than one chain has.
macro_rules! has_chains {
    () => {
        concat!("local.get 19\n", field!(chain), pointer!(), ".gt_u\n")
    };
}

/// A whole function: chains of steps, four at a time, then the rows. Four rows of b take `$bytes` bytes; `$widened` is
/// what goes on behind them, if they were put in the buffer.
macro_rules! kernel {
    ($name:literal, $rows:tt, $bytes:literal, [$($step:expr),*], $widened:expr $(, $operand:ident = $constant:ident)?) => {
        global_asm!(concat!(
            function!(
                $name,
                concat!(
                    "v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, ",
                    pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", i32, ", pointer!(),
                    ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(),
                    ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!(), ", ", pointer!()
                )
            ),
            "local.get 0\nlocal.set 19\n",
            field!(out),
            "local.set 25\n",
            field!(rows),
            "local.set 22\nlocal.get 2\nlocal.set 23\n",
            field!(blocks),
            "local.set 24\n",
            field!(widened),
            "local.set 26\n",
            field!(next),
            "local.set 27\nloop\n",
            has_chains!(),
            "if\n",
            field!(finished),
            "local.set 21\n",
            sums!(clear, $rows),
            "end_if\n",
            "loop\n",
            // This chain has as many steps as it may, or all that are left.
            "local.get 0\n",
            field!(chain),
            "local.get 0\n",
            field!(chain),
            pointer!(),
            ".lt_u\n",
            pointer!(),
            ".select\nlocal.set 20\n",
            "local.get 0\nlocal.get 20\n",
            pointer!(),
            ".sub\nlocal.set 0\n",
            "loop\n",
            $($step,)*
            advance!("1", "96"),
            advance!("2", $bytes),
            $widened,
            again!("20", "-4"),
            "local.get 0\n",
            pointer!(),
            ".const 0\n",
            pointer!(),
            ".ne\nif\n",
            field!(finished),
            "local.set 21\n",
            sums!(keep, $rows),
            "br 1\nend_if\nend_loop\n",
            has_chains!(),
            "if\n",
            field!(finished),
            "local.set 21\n",
            sums!(recall, $rows),
            "end_if\n",
            field!(by_column),
            "if\n",
            field!(scale),
            pointer!(),
            ".const 0\n",
            pointer!(),
            ".ne\nif\n",
            columns!(scale),
            sums!(scale, $rows),
            "end_if\n",
            field!(adds),
            "i32.eqz\nif\n",
            columns!(bias),
            sums!(shift, $rows),
            "end_if\nend_if\n",
            field!(adds),
            "if\n",
            field!(adds),
            "i32.const 1\ni32.eq\nif\n",
            block!(add, $rows),
            "else\n",
            columns!(bias),
            field!(addend0),
            "local.set 31\n",
            field!(addend1),
            "local.set 32\n",
            field!(addend2),
            "local.set 33\n",
            field!(mask0),
            "local.set 34\n",
            field!(mask1),
            "local.set 35\n",
            field!(mask2),
            "local.set 36\n",
            block!(finish, $rows),
            "end_if\nelse\n",
            block!(put, $rows),
            "end_if\n",
            // The next block: panels of a lie one behind the other.
            "local.get 24\ni32.const -1\ni32.add\nlocal.tee 24\nif\n",
            "local.get 19\nlocal.set 0\nlocal.get 23\nlocal.set 2\n",
            "local.get 22\n",
            field!(next_rows),
            pointer!(),
            ".add\nlocal.set 22\nlocal.get 25\n",
            field!(next_out),
            pointer!(),
            ".add\nlocal.set 25\n",
            sums!(reset, $rows),
            "br 1\nend_if\nend_loop\nend_function\n"
        ) $(, $operand = sym $constant)?);
    };
}

kernel!(
    "walrus_micro_6x8",
    6,
    "128",
    [
        step!(floats!("0"), "0", "8", "16"),
        step!(floats!("32"), "24", "32", "40"),
        step!(floats!("64"), "48", "56", "64"),
        step!(floats!("96"), "72", "80", "88")
    ],
    ""
);

kernel!(
    "walrus_micro_4x8",
    4,
    "128",
    [
        step!(floats!("0"), "0", "8"),
        step!(floats!("32"), "24", "32"),
        step!(floats!("64"), "48", "56"),
        step!(floats!("96"), "72", "80")
    ],
    ""
);

kernel!(
    "walrus_micro_2x8",
    2,
    "128",
    [step!(floats!("0"), "0"), step!(floats!("32"), "24"), step!(floats!("64"), "48"), step!(floats!("96"), "72")],
    ""
);

kernel!(
    "walrus_micro_6x8_i8",
    6,
    "32",
    [
        step!(bytes!("2", "0", "0"), "0", "8", "16"),
        step!(bytes!("2", "8", "32"), "24", "32", "40"),
        step!(bytes!("2", "16", "64"), "48", "56", "64"),
        step!(bytes!("2", "24", "96"), "72", "80", "88")
    ],
    advance!("26", "128")
);

kernel!(
    "walrus_micro_6x8_f16",
    6,
    "64",
    [
        step!(fp16!("2", "0", "0"), "0", "8", "16"),
        step!(fp16!("2", "16", "32"), "24", "32", "40"),
        step!(fp16!("2", "32", "64"), "48", "56", "64"),
        step!(fp16!("2", "48", "96"), "72", "80", "88")
    ],
    advance!("26", "128"),
    fp16 = FP16
);

/// Products with floats, and beside them a row of the panel that comes next, of `$row` bytes, widened in the time of
/// four.
macro_rules! ahead {
    ($name:literal, $widening:expr, $row:literal $(, $operand:ident = $constant:ident)?) => {
        kernel!(
            $name,
            6,
            "128",
            [
                step!(floats!("0"), "0", "8", "16"),
                $widening,
                step!(floats!("32"), "24", "32", "40"),
                step!(floats!("64"), "48", "56", "64"),
                step!(floats!("96"), "72", "80", "88")
            ],
            concat!(advance!("26", "32"), advance!("27", $row))
            $(, $operand = $constant)?
        );
    };
}

ahead!("walrus_micro_6x8_ahead_i8", bytes!("27", "0", "0"), "8");
ahead!("walrus_micro_6x8_ahead_f16", fp16!("27", "0", "0"), "16", fp16 = FP16);
