//! Reading a step: 32-bit words in the order lower.ts wrote them. Nothing is checked here, the host has done so.

#[derive(Clone, Copy)]
pub struct Words(pub *const u32);

impl Words {
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
