//! Walking a strided index space: the last axis turns fastest, and each operand's element offset is carried along, so
//! that no index is ever divided inside a loop.

pub const MAX_AXES: usize = 16;
/// Operands of one walk: inputs and output of a `map`.
pub const MAX_OPERANDS: usize = 33;

/// Position in an index space of `axes` axes for `operands` operands.
pub struct Odometer {
    axes: usize,
    operands: usize,
    sizes: *const u32,
    strides: [*const i32; MAX_OPERANDS],
    index: [u32; MAX_AXES],
    pub offset: [i32; MAX_OPERANDS],
}

impl Odometer {
    /// Sizes and, per operand, strides of the axes.
    pub unsafe fn new(axes: usize, sizes: *const u32, strides: &[*const i32]) -> Odometer {
        let mut all = [core::ptr::null(); MAX_OPERANDS];
        for (to, from) in all.iter_mut().zip(strides) {
            *to = *from;
        }
        let operands = strides.len();
        Odometer { axes, operands, sizes, strides: all, index: [0; MAX_AXES], offset: [0; MAX_OPERANDS] }
    }

    /// Goes to the element with flat number `position`.
    pub unsafe fn seek(&mut self, mut position: usize) {
        self.offset = [0; MAX_OPERANDS];
        for axis in (0..self.axes).rev() {
            let size = *self.sizes.add(axis) as usize;
            let i = position % size;
            position /= size;
            *self.index.get_unchecked_mut(axis) = i as u32;
            for o in 0..self.operands {
                let stride = *(*self.strides.get_unchecked(o)).add(axis);
                *self.offset.get_unchecked_mut(o) += stride * i as i32;
            }
        }
    }

    /// Goes to the next element; past the last one it is at the first again.
    #[inline(always)]
    pub unsafe fn advance(&mut self) {
        let mut axis = self.axes;
        while axis > 0 {
            axis -= 1;
            let size = *self.sizes.add(axis);
            let i = *self.index.get_unchecked(axis) + 1;
            let back = i == size;
            *self.index.get_unchecked_mut(axis) = if back { 0 } else { i };
            let turn = if back { -(size as i32 - 1) } else { 1 };
            for o in 0..self.operands {
                let stride = *(*self.strides.get_unchecked(o)).add(axis);
                *self.offset.get_unchecked_mut(o) += stride * turn;
            }
            if !back {
                return;
            }
        }
    }

    /// Writes the offsets of the next `n` elements to `tables[operand]` and moves past them.
    pub unsafe fn fill(&mut self, n: usize, tables: *const *mut i32) {
        for i in 0..n {
            for o in 0..self.operands {
                *(*tables.add(o)).add(i) = *self.offset.get_unchecked(o);
            }
            self.advance();
        }
    }
}

/// Offsets of elements `start .. start + n` of one operand.
pub unsafe fn offsets(axes: usize, sizes: *const u32, strides: *const i32, start: usize, n: usize, out: *mut i32) {
    if axes == 1 {
        let stride = *strides;
        for i in 0..n {
            *out.add(i) = (start + i) as i32 * stride;
        }
        return;
    }
    let mut walk = Odometer::new(axes, sizes, &[strides]);
    walk.seek(start);
    walk.fill(n, &out);
}

/// Number of elements of an index space.
pub unsafe fn count(axes: usize, sizes: *const u32) -> usize {
    let mut n = 1;
    for i in 0..axes {
        n *= *sizes.add(i) as usize;
    }
    n
}
