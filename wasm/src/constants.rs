//! Numbers the host must know as they are here. tests/backend/wasm/constants_test.ts compares the list, in this order,
//! with what the TypeScript has.

use crate::contract::quantised;
use crate::micro::NR;
use crate::odometer::{MAX_AXES, MAX_OPERANDS};
use crate::place::{BITS16, F16, F32, I32, I8};
use crate::run::{Program, UPLOAD};
use crate::scalar::MAX_REGISTERS;
use crate::sync::{Control, MAX_THREADS};
use crate::upload::raw::{RAW_BF16, RAW_F16, RAW_F32, RAW_F64};
use core::mem::{offset_of, size_of};

/// Number of the word that a field of the control block begins with.
macro_rules! word {
    ($field:ident) => {
        offset_of!(Control, $field) / 4
    };
}

/// In the memory of an instance, at the address that the module exports under this name.
#[no_mangle]
pub static CONSTANTS: [u32; 27] = {
    let list = [
        NR,
        crate::pack::K_BLOCK,
        MAX_REGISTERS,
        MAX_OPERANDS,
        MAX_AXES,
        MAX_THREADS,
        quantised::LEVELS as usize,
        size_of::<Program>() / size_of::<u64>(),
        F32,
        F16,
        I32,
        BITS16,
        I8,
        size_of::<Control>(),
        word!(epoch),
        word!(quit),
        word!(program),
        word!(threads),
        word!(failed_launch),
        word!(failed_index),
        word!(main_may_wait),
        word!(states),
        UPLOAD,
        RAW_F32,
        RAW_F16,
        RAW_BF16,
        RAW_F64,
    ];
    let mut words = [0; 27];
    let mut i = 0;
    while i < list.len() {
        words[i] = list[i] as u32;
        i += 1;
    }
    words
};
