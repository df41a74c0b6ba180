//! `Exp::of_negative` of math.rs for six keys side by side, operation for operation. A NaN stays one because the exact
//! maximum keeps it.
//!
//! Locals: 0 keys left, 1 scores, 2 the reference, 3 sums, 4 - 9 x and then r, 10 - 15 n, 16 - 21 the polynomial, 22 and
//! 23 constants, 24 and 25 the sums.

use crate::math::EXP;
use crate::text::{advance, again, at, function, pointer};
use core::arch::global_asm;

/// The numbers of `Exp`, each a vector.
#[repr(C, align(16))]
pub struct Constants([[f32; 4]; 12]);
static CONSTANTS: Constants = Constants({
    let mut all = [[0.0; 4]; 12];
    let mut i = 0;
    while i < 12 {
        all[i] = [EXP[i]; 4];
        i += 1;
    }
    all
});

/// Loads a constant to local 22, or to another one.
macro_rules! constant {
    ($at:literal) => {
        constant!($at, "22")
    };
    ($at:literal, $local:literal) => {
        concat!(pointer!(), ".const {exp}\nv128.load ", $at, "\nlocal.set ", $local, "\n")
    };
}

/// `$to = $x * $y + $z` of locals.
#[cfg(target_feature = "relaxed-simd")]
macro_rules! madd {
    ($to:literal, $x:literal, $y:literal, $z:literal) => {
        concat!("local.get ", $x, "\nlocal.get ", $y, "\nlocal.get ", $z, "\nf32x4.relaxed_madd\nlocal.set ", $to, "\n")
    };
}
#[cfg(not(target_feature = "relaxed-simd"))]
macro_rules! madd {
    ($to:literal, $x:literal, $y:literal, $z:literal) => {
        concat!(
            "local.get ",
            $x,
            "\nlocal.get ",
            $y,
            "\nf32x4.mul\nlocal.get ",
            $z,
            "\nf32x4.add\nlocal.set ",
            $to,
            "\n"
        )
    };
}

/// `$to = $x $operation $y` of locals.
macro_rules! apply {
    ($operation:literal, $to:literal, $x:literal, $y:literal) => {
        concat!("local.get ", $x, "\nlocal.get ", $y, "\n", $operation, "\nlocal.set ", $to, "\n")
    };
}

/// A phase for each of the six: places in memory, x, n, polynomial, sum.
macro_rules! six {
    ($phase:ident) => {
        concat!(
            $phase!("0", "4", "10", "16", "24"),
            $phase!("32", "5", "11", "17", "25"),
            $phase!("64", "6", "12", "18", "24"),
            $phase!("96", "7", "13", "19", "25"),
            $phase!("128", "8", "14", "20", "24"),
            $phase!("160", "9", "15", "21", "25")
        )
    };
}

macro_rules! differences {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        concat!(at!("1", $at), "v128.load 0:p2align=2\nlocal.get 22\nf32x4.sub\nlocal.set ", $x, "\n")
    };
}
macro_rules! bound {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        apply!("f32x4.pmax", $x, $x, "22")
    };
}
/// Constants: log2 e and the number that shifts fractions out.
macro_rules! whole {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        concat!(madd!($n, $x, "22", "23"), apply!("f32x4.sub", $p, $n, "23"), apply!("i32x4.sub", $n, $n, "23"))
    };
}
macro_rules! reduce {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        madd!($x, $p, "22", $x)
    };
}
macro_rules! begin {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        madd!($p, "22", $x, "23")
    };
}
macro_rules! horner {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        madd!($p, $p, $x, "22")
    };
}
macro_rules! end {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        concat!(apply!("f32x4.mul", "23", $x, $x), madd!($p, $p, "23", $x), apply!("f32x4.add", $p, $p, "22"))
    };
}
/// 2^n: added to the bits of 1, an integer moves the exponent.
macro_rules! power {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        concat!(
            "local.get ",
            $n,
            "\ni32.const 23\ni32x4.shl\nlocal.get 22\ni32x4.add\nv128.const 0, 0\ni32x4.max_s\n",
            "local.get ",
            $p,
            "\nf32x4.mul\nlocal.set ",
            $p,
            "\n"
        )
    };
}
macro_rules! finish {
    ($at:literal, $x:literal, $n:literal, $p:literal, $sum:literal) => {
        concat!(at!("1", $at), "local.get ", $p, "\nv128.store 0:p2align=2\n", apply!("f32x4.add", $sum, $sum, $p))
    };
}

global_asm!(
    concat!(
        function!(
            "walrus_exponentials",
            concat!("v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, ",
            "v128, v128, v128, v128, v128, v128, v128, v128, v128, v128, v128")
        ),
        "loop\n",
        "local.get 2\nv128.load 0:p2align=2\nlocal.set 22\n",
        six!(differences),
        constant!("176"),
        six!(bound),
        constant!("0"),
        constant!("16", "23"),
        six!(whole),
        constant!("32"),
        six!(reduce),
        constant!("48"),
        six!(reduce),
        constant!("64"),
        constant!("80", "23"),
        six!(begin),
        constant!("96"),
        six!(horner),
        constant!("112"),
        six!(horner),
        constant!("128"),
        six!(horner),
        constant!("144"),
        six!(horner),
        constant!("160"),
        six!(end),
        six!(power),
        six!(finish),
        advance!("1", "192"),
        again!("0", "-6"),
        "local.get 3\nlocal.get 24\nv128.store 0:p2align=2\n",
        "local.get 3\nlocal.get 25\nv128.store 16:p2align=2\n",
        "end_function\n"
    ),
    exp = sym CONSTANTS
);
