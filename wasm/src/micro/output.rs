//! How the sums of the micro-kernels get to the output, row by row: put, added, or put with all that follows a product.
//! The locals are those of kernels.rs.

/// Takes two rows apart: the upper one and the lower one of four columns.
macro_rules! upper {
    ($sum:literal, $crossed:literal) => {
        concat!(
            "local.get ",
            $sum,
            "\nlocal.get ",
            $crossed,
            "\ni8x16.shuffle 0, 1, 2, 3, 20, 21, 22, 23, 8, 9, 10, 11, 28, 29, 30, 31\n"
        )
    };
}
macro_rules! lower {
    ($sum:literal, $crossed:literal) => {
        concat!(
            "local.get ",
            $sum,
            "\nlocal.get ",
            $crossed,
            "\ni8x16.shuffle 16, 17, 18, 19, 4, 5, 6, 7, 24, 25, 26, 27, 12, 13, 14, 15\n"
        )
    };
}

/// Takes the addresses of the row whose offset lies at `$row` bytes of the table: of the output, or of the addends too.
macro_rules! address {
    ($row:literal) => {
        concat!(
            "local.get 22\ni32.load ",
            $row,
            ":p2align=2\n",
            extend!(),
            pointer!(),
            ".const 2\n",
            pointer!(),
            ".shl\nlocal.tee 37\nlocal.get 25\n",
            pointer!(),
            ".add\nlocal.set 21\n"
        )
    };
}
macro_rules! addend {
    ($row:literal, $from:literal, $mask:literal) => {
        concat!(
            "local.get 37\nlocal.get ",
            $mask,
            "\n",
            pointer!(),
            ".and\nlocal.get ",
            $from,
            "\n",
            pointer!(),
            ".add\nlocal.set ",
            $row,
            "\n"
        )
    };
}

/// What `put!`, `add!` and `finish!` need of a row.
macro_rules! begin {
    (finish, $row:literal) => {
        concat!(address!($row), addend!("28", "31", "34"), addend!("29", "32", "35"), addend!("30", "33", "36"))
    };
    ($way:ident, $row:literal) => {
        address!($row)
    };
}

/// Writes a vector to the row at hand.
macro_rules! put {
    ($at:literal, $columns:literal, $value:expr) => {
        concat!("local.get 21\n", $value, "v128.store ", $at, ":p2align=2\n")
    };
}
/// Adds it.
macro_rules! add {
    ($at:literal, $columns:literal, $value:expr) => {
        concat!(
            "local.get 21\nlocal.get 21\nv128.load ",
            $at,
            ":p2align=2\n",
            $value,
            "f32x4.add\nv128.store ",
            $at,
            ":p2align=2\n"
        )
    };
}
/// Writes it with an addend, a number a column and two more addends.
macro_rules! finish {
    ($at:literal, $columns:literal, $value:expr) => {
        concat!(
            "local.get 21\n",
            $value,
            "local.get 28\nv128.load ",
            $at,
            ":p2align=2\nf32x4.add\nlocal.get ",
            $columns,
            "\nf32x4.add\nlocal.get 29\nv128.load ",
            $at,
            ":p2align=2\nf32x4.add\nlocal.get 30\nv128.load ",
            $at,
            ":p2align=2\nf32x4.add\nv128.store ",
            $at,
            ":p2align=2\n"
        )
    };
}

/// Two rows by one of the three.
macro_rules! store {
    ($way:ident, $upper:literal, $lower:literal, $left:literal, $right:literal, $crossed_left:literal, $crossed_right:literal) => {
        concat!(
            begin!($way, $upper),
            $way!("0", "16", upper!($left, $crossed_left)),
            $way!("16", "17", upper!($right, $crossed_right)),
            begin!($way, $lower),
            $way!("0", "16", lower!($left, $crossed_left)),
            $way!("16", "17", lower!($right, $crossed_right))
        )
    };
}

/// All rows by one of the three.
macro_rules! block {
    ($way:ident, 6) => {
        concat!(block!($way, 4), store!($way, "16", "20", "12", "13", "14", "15"))
    };
    ($way:ident, 4) => {
        concat!(block!($way, 2), store!($way, "8", "12", "8", "9", "10", "11"))
    };
    ($way:ident, 2) => {
        store!($way, "0", "4", "4", "5", "6", "7")
    };
}

pub(super) use {add, addend, address, begin, block, finish, lower, put, store, upper};
