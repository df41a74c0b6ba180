//! Words of the functions that are written as WebAssembly text, alike for addresses of 32 and of 64 bits.

#[cfg(target_arch = "wasm32")]
macro_rules! pointer {
    () => {
        "i32"
    };
}
#[cfg(target_arch = "wasm64")]
macro_rules! pointer {
    () => {
        "i64"
    };
}

/// Widens an offset to an address.
#[cfg(target_arch = "wasm32")]
macro_rules! extend {
    () => {
        ""
    };
}
#[cfg(target_arch = "wasm64")]
macro_rules! extend {
    () => {
        "i64.extend_i32_s\n"
    };
}

/// The address `$by` bytes behind local `$local`.
macro_rules! at {
    ($local:literal, $by:literal) => {
        concat!("local.get ", $local, "\n", pointer!(), ".const ", $by, "\n", pointer!(), ".add\n")
    };
}

/// Moves local `$local` by `$by`.
macro_rules! advance {
    ($local:literal, $by:literal) => {
        concat!(at!($local, $by), "local.set ", $local, "\n")
    };
}

/// Ends a loop that goes on while local `$local`, less `$by`, is not 0.
macro_rules! again {
    ($local:literal, $by:literal) => {
        concat!(
            advance!($local, $by),
            "local.get ",
            $local,
            "\n",
            pointer!(),
            ".const 0\n",
            pointer!(),
            ".ne\nbr_if 0\nend_loop\n"
        )
    };
}

/// Begins a function of a number and three addresses; `$locals` come after those.
macro_rules! function {
    ($name:literal, $locals:expr) => {
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
            ") -> ()\n.local ",
            $locals,
            "\n"
        )
    };
}

#[allow(unused_imports)]
pub(crate) use {advance, again, at, extend, function, pointer};
