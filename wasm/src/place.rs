//! Where an operand lies and of what numbers it is made: `DTYPES` and `BITS` in lib/backend/wasm/bytecode.ts are the
//! same codes.

/// An address and the number type of what is there.
#[derive(Clone, Copy)]
pub struct Place {
    pub base: *mut u8,
    pub dtype: usize,
}

pub const F32: usize = 0;
pub const F16: usize = 1;
pub const I32: usize = 2;
/// Half floats that are copied and not looked into; 32-bit copies travel as F32.
pub const BITS16: usize = 3;
/// Whole numbers of 8 bits: read as numbers, written as copies only.
pub const I8: usize = 4;

/// Bytes of one element.
#[inline(always)]
pub fn element_bytes(dtype: usize) -> usize {
    match dtype {
        F16 | BITS16 => 2,
        I8 => 1,
        _ => 4,
    }
}

impl Place {
    /// The same, `elements` further on.
    #[inline(always)]
    pub unsafe fn skip(self, elements: i32) -> Place {
        let bytes = elements as isize * element_bytes(self.dtype) as isize;
        Place { base: self.base.offset(bytes), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skip_moves_by_whole_elements_in_both_directions() {
        let mut bytes = [0u8; 32];
        let middle = unsafe { bytes.as_mut_ptr().add(16) };
        for (dtype, size) in [(F32, 4), (F16, 2), (I32, 4), (BITS16, 2), (I8, 1)] {
            for elements in [-3, 0, 2] {
                let place = unsafe { Place { base: middle, dtype }.skip(elements) };
                assert_eq!(place.base as isize - middle as isize, elements as isize * size);
            }
        }
    }
}
