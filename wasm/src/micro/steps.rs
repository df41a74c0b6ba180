//! One step of k in the micro-kernels: a row of b, made of whatever numbers it is stored as, times rows of a. The
//! locals are those of kernels.rs.
//!
//! Addresses are added up before they are loaded from, where an instruction could name an offset: of a check of bounds,
//! what an offset leaves of the memory is then the same number everywhere, and V8 computes it once.

use crate::math::TWO_TO_112;

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
            at!("1", $a),
            "v128.load64_splat 0:p2align=2\nlocal.set 18\n",
            add_product!("16", $left),
            add_product!("17", $right),
            "local.get 18\nlocal.get 18\n",
            "i8x16.shuffle 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11\nlocal.set 18\n",
            add_product!("16", $crossed_left),
            add_product!("17", $crossed_right)
        )
    };
}

/// A row of b at `$b` bytes.
macro_rules! floats {
    ($b:literal) => {
        concat!(
            at!("2", $b),
            "v128.load 0:p2align=2\nlocal.set 16\n",
            at!("2", $b),
            "v128.load 16:p2align=2\nlocal.set 17\n"
        )
    };
}

/// The same made of narrow numbers, and put at `$to` bytes of the buffer: of the bytes `$b` bytes behind local `$from`.
macro_rules! bytes {
    ($from:literal, $b:literal, $to:literal) => {
        concat!(
            at!($from, $b),
            "i16x8.load8x8_s 0:p2align=0\nlocal.set 17\n",
            "local.get 17\ni32x4.extend_low_i16x8_s\nf32x4.convert_i32x4_s\nlocal.set 16\n",
            "local.get 17\ni32x4.extend_high_i16x8_s\nf32x4.convert_i32x4_s\nlocal.set 17\n",
            to_widened!($to)
        )
    };
}

/// The same of fp16 numbers: upper and lower halves of the floats they make, but for the exponent, as in `widen_fp16`.
macro_rules! fp16 {
    ($from:literal, $b:literal, $to:literal) => {
        concat!(
            at!($from, $b),
            "v128.load 0:p2align=1\nlocal.set 17\n",
            "local.get 17\ni32.const 3\ni16x8.shr_s\n",
            constant!("0"),
            "v128.and\nlocal.set 18\n",
            "local.get 17\ni32.const 13\ni16x8.shl\nlocal.set 17\n",
            "local.get 17\nlocal.get 18\n",
            "i8x16.shuffle 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23\nlocal.set 16\n",
            "local.get 17\nlocal.get 18\n",
            "i8x16.shuffle 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31\nlocal.set 17\n",
            constant!("16"),
            "local.set 18\n",
            "local.get 16\nlocal.get 18\nf32x4.mul\nlocal.set 16\n",
            "local.get 17\nlocal.get 18\nf32x4.mul\nlocal.set 17\n",
            to_widened!($to)
        )
    };
}
macro_rules! to_widened {
    ($to:literal) => {
        concat!(
            at!("26", $to),
            "local.get 16\nv128.store 0:p2align=2\n",
            at!("26", $to),
            "local.get 17\nv128.store 16:p2align=2\n"
        )
    };
}

/// Sign, lower exponent and upper mantissa in each upper half of a float, and what the exponent lacks. In memory: there
/// is no register left, and a load from a known address takes one instruction where a constant takes three.
#[allow(dead_code)]
#[repr(C, align(16))]
pub(super) struct Constants([u32; 4], [f32; 4]);
pub(super) static FP16: Constants = Constants([0x8fff_8fff; 4], [TWO_TO_112; 4]);
macro_rules! constant {
    ($at:literal) => {
        concat!(pointer!(), ".const {fp16}\nv128.load ", $at, "\n")
    };
}

/// One step of k: a row of b, as many pairs of a as are named.
macro_rules! step {
    ($row:expr, $a0:literal $(, $a2:literal $(, $a4:literal)?)?) => {
        concat!(
            $row,
            rows!($a0, "4", "5", "6", "7"),
            $(rows!($a2, "8", "9", "10", "11"), $(rows!($a4, "12", "13", "14", "15"),)?)?
        )
    };
}

pub(super) use {add_product, bytes, constant, floats, fp16, rows, step, to_widened};
