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
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn new(axes: usize, sizes: *const u32, strides: &[*const i32]) -> Odometer {
        let mut all = [core::ptr::null(); MAX_OPERANDS];
        for (to, from) in all.iter_mut().zip(strides) {
            *to = *from;
        }
        let operands = strides.len();
        Odometer { axes, operands, sizes, strides: all, index: [0; MAX_AXES], offset: [0; MAX_OPERANDS] }
    }

    /// Goes to the element with flat number `position`.
    #[inline(never)]
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
            let move_by = if back { -(size as i32 - 1) } else { 1 };
            for o in 0..self.operands {
                let stride = *(*self.strides.get_unchecked(o)).add(axis);
                *self.offset.get_unchecked_mut(o) += stride * move_by;
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
#[cfg_attr(target_family = "wasm", optimize(size))]
pub unsafe fn count(axes: usize, sizes: *const u32) -> usize {
    let mut n = 1;
    for i in 0..axes {
        n *= *sizes.add(i) as usize;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u32; 3] = [3, 1, 5];
    const STRIDES: [[i32; 3]; 2] = [[10, 7, -2], [0, 3, 1]];

    /// Offsets of element `i` by division.
    fn expected(i: usize) -> [i32; 2] {
        let i = i % 15;
        STRIDES.map(|s| i as i32 / 5 * s[0] + i as i32 % 5 * s[2])
    }

    fn walk() -> Odometer {
        unsafe { Odometer::new(3, SIZES.as_ptr(), &[STRIDES[0].as_ptr(), STRIDES[1].as_ptr()]) }
    }

    #[test]
    fn seek_and_advance_agree_with_division_and_turn_over_at_the_end() {
        for start in 0..15 {
            let mut walk = walk();
            unsafe { walk.seek(start) };
            for i in start..40 {
                assert_eq!(walk.offset[..2], expected(i));
                unsafe { walk.advance() };
            }
        }
    }

    #[test]
    fn fill_writes_a_table_an_operand_and_goes_on_behind_it() {
        let mut walk = walk();
        let mut tables = [[0i32; 4]; 2];
        unsafe {
            walk.seek(3);
            let [a, b] = &mut tables;
            walk.fill(4, [a.as_mut_ptr(), b.as_mut_ptr()].as_ptr());
        }
        for i in 0..4 {
            assert_eq!([tables[0][i], tables[1][i]], expected(3 + i));
        }
        assert_eq!(walk.offset[..2], expected(7));
    }

    #[test]
    fn offsets_of_one_axis_and_of_many() {
        let mut out = [0i32; 3];
        unsafe { offsets(1, &9, &-4, 2, 3, out.as_mut_ptr()) };
        assert_eq!(out, [-8, -12, -16]);
        unsafe { offsets(3, SIZES.as_ptr(), STRIDES[0].as_ptr(), 4, 3, out.as_mut_ptr()) };
        assert_eq!(out, [expected(4)[0], expected(5)[0], expected(6)[0]]);
        assert_eq!(unsafe { (count(3, SIZES.as_ptr()), count(0, SIZES.as_ptr())) }, (15, 1));
    }
}
