//! Columns of b as panels: packed, or read where they lie.

use crate::place::element_bytes;

/// Where the first panel starts, of what numbers, and how many of them further each next one.
#[derive(Clone, Copy)]
pub struct Panels {
    pub base: *const u8,
    pub dtype: usize,
    pub stride: usize,
    /// Place for two panels of widened floats, if these are not.
    pub widened: *mut f32,
}

impl Panels {
    /// Where the `i`-th panel lies.
    pub unsafe fn at(&self, i: usize) -> *const u8 {
        self.base.add(i * self.stride * element_bytes(self.dtype))
    }
}
