//! Reading the bytecode of a launch: 32-bit words in the order lib/backend/wasm/lower.ts wrote them. Nothing is checked
//! here, the host has done so.

/// What is left to read of a launch.
#[derive(Clone, Copy)]
pub struct Bytecode(pub *const u32);

impl Bytecode {
    #[inline(always)]
    pub unsafe fn u(&mut self) -> usize {
        self.take(1).read() as usize
    }

    #[inline(always)]
    pub unsafe fn i(&mut self) -> i32 {
        self.take(1).read() as i32
    }

    #[inline(always)]
    pub unsafe fn f(&mut self) -> f32 {
        f32::from_bits(self.take(1).read())
    }

    /// A word that is 0 or 1.
    #[inline(always)]
    pub unsafe fn flag(&mut self) -> bool {
        self.u() == 1
    }

    /// The next `n` words in place.
    #[inline(always)]
    pub unsafe fn take(&mut self, n: usize) -> *const u32 {
        let p = self.0;
        self.0 = p.add(n);
        p
    }

    #[inline(always)]
    pub unsafe fn strides(&mut self, n: usize) -> *const i32 {
        self.take(n) as *const i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_order_and_in_place() {
        let words = [7, -3i32 as u32, 1.5f32.to_bits(), 1, 2, 10, -20i32 as u32];
        let mut code = Bytecode(words.as_ptr());
        unsafe {
            assert_eq!((code.u(), code.i(), code.f()), (7, -3, 1.5));
            assert_eq!((code.flag(), code.flag()), (true, false));
            let strides = code.strides(2);
            assert_eq!((*strides, *strides.add(1)), (10, -20));
            assert_eq!(code.0, words.as_ptr().add(words.len()));
        }
    }
}
