//! Columns of b as panels: packed, or read where they lie. Narrow numbers are widened a panel at a time.

use crate::run::{element_bytes, F16, I8};
use crate::widen::{fetch, Narrow};

/// Where the first panel starts, of what numbers, and how many of them further each next one.
#[derive(Clone, Copy)]
pub struct Panels {
    pub base: *const u8,
    pub dtype: usize,
    pub stride: usize,
    /// Numbers of a panel that are read.
    pub count: usize,
    /// Room for a panel of floats, if these are not.
    pub room: *mut f32,
}

impl Panels {
    /// The `i`-th panel as floats, where they lie or in `room`.
    pub unsafe fn floats(&self, i: usize) -> *const f32 {
        let from = self.base.add(i * self.stride * element_bytes(self.dtype));
        match self.dtype {
            F16 => self.widened(from as *const u16),
            I8 => self.widened(from as *const i8),
            _ => from as *const f32,
        }
    }

    unsafe fn widened<T: Narrow>(&self, from: *const T) -> *const f32 {
        fetch(from, self.count);
        T::widen(from, self.count, self.room);
        self.room
    }
}
