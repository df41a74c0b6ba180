//! `upload`: numbers as they lie in a file into a buffer: widened, rounded, quantised row by row, packed. A launch takes
//! one range of a tensor's elements. Tasks are panels of a packed matrix, rows of a quantised one, else runs of elements.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::micro::NR;
use crate::place::{element_bytes, Place, F16, I8};

pub mod raw;
mod target;

use raw::Raw;
use target::{Bytes, Floats, Halves, Target};

/// Elements of a task where there are no rows.
const RUN: usize = 8192;
/// Columns that are widened at once.
const BLOCK: usize = 128;

pub struct Upload {
    from: Raw,
    to: Place,
    /// One a row of the range, where rows are quantised.
    scales: *mut f32,
    columns: usize,
    packed: bool,
    /// Elements of the first panel that lie before the range.
    start: usize,
    count: usize,
    /// A block of `NR` rows.
    block: *mut f32,
}

impl Kernel for Upload {
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Upload {
        Upload {
            from: Raw { base: context.place(code).base, dtype: code.u() },
            to: context.place(code),
            scales: context.place(code).base as *mut f32,
            columns: code.u(),
            packed: code.flag(),
            start: code.u(),
            count: code.u(),
            block: memory.scratch.take(NR * BLOCK),
        }
    }

    unsafe fn run(&mut self, context: &Context) {
        let is_finite = match self.to.dtype {
            I8 => self.tasks::<Bytes>(context),
            F16 => self.tasks::<Halves>(context),
            _ => self.tasks::<Floats>(context),
        };
        if !is_finite {
            context.fail(0);
        }
    }
}

impl Upload {
    /// This thread's tasks; whether all of their numbers are finite in the buffer's type.
    unsafe fn tasks<T: Target>(&self, context: &Context) -> bool {
        let unit = if self.packed {
            NR * self.columns
        } else if T::HAS_SCALES {
            self.columns
        } else {
            RUN
        };
        let (start, end) = (self.start, self.start + self.count);
        let mut most = 0;
        while let Some((first, last)) = context.next_range(end.div_ceil(unit)) {
            for task in first..last {
                let (left, right) = ((task * unit).max(start), (task * unit + unit).min(end));
                most = most.max(if self.packed && right - left == unit {
                    self.panel::<T>(left)
                } else {
                    self.lines::<T>(left, right)
                });
            }
        }
        most < T::LIMIT
    }

    /// Where an element goes, counted from the start of the first panel.
    unsafe fn place(&self, element: usize) -> *mut u8 {
        let at = if self.packed {
            let (row, column) = (element / self.columns, element % self.columns);
            let lane = row % NR;
            (row - lane) * self.columns + column * NR + lane
        } else {
            element
        };
        self.to.base.add(at * element_bytes(self.to.dtype))
    }

    /// Notes the scale of the row of an element; returns what its numbers are multiplied with.
    unsafe fn scale<T: Target>(&self, element: usize, most: u32) -> f64 {
        if !T::HAS_SCALES {
            return 0.0;
        }
        let largest = f32::from_bits(most) as f64;
        *self.scales.add((element - self.start) / self.columns) = (largest / 127.0) as f32;
        if largest > 0.0 {
            127.0 / largest
        } else {
            0.0
        }
    }

    /// A whole panel; returns the largest magnitude, as bits.
    unsafe fn panel<T: Target>(&self, first: usize) -> u32 {
        let columns = self.columns;
        let mut factors = [0f64; NR];
        let mut most = 0;
        if T::HAS_SCALES {
            for (r, factor) in factors.iter_mut().enumerate() {
                let row = first + r * columns;
                let magnitude = self.from.most(row - self.start, columns, self.block, BLOCK);
                *factor = self.scale::<T>(row, magnitude);
                most = most.max(magnitude);
            }
        }
        let to = self.place(first) as *mut T::Element;
        for column in (0..columns).step_by(BLOCK) {
            let n = BLOCK.min(columns - column);
            let rows = core::array::from_fn(|r| {
                let at = first - self.start + r * columns + column;
                self.from.floats(at, n, self.block.add(r * BLOCK))
            });
            most = most.max(target::panel::<T>(rows, n, &factors, to.add(column * NR)));
        }
        most
    }

    /// Elements row by row, or, where there are no rows, as they come; returns the largest magnitude, as bits.
    unsafe fn lines<T: Target>(&self, left: usize, right: usize) -> u32 {
        let has_rows = self.packed || T::HAS_SCALES;
        let stride = if self.packed { NR } else { 1 };
        let mut most = 0;
        let mut at = left;
        while at < right {
            let end = if has_rows { (at - at % self.columns + self.columns).min(right) } else { right };
            let mut factor = 0.0;
            if T::HAS_SCALES {
                let magnitude = self.from.most(at - self.start, end - at, self.block, BLOCK);
                factor = self.scale::<T>(at, magnitude);
                most = most.max(magnitude);
            }
            while at < end {
                let n = (NR * BLOCK).min(end - at);
                let numbers = self.from.floats(at - self.start, n, self.block);
                most = most.max(target::line::<T>(numbers, n, factor, self.place(at) as *mut T::Element, stride));
                at += n;
            }
        }
        most
    }
}

#[cfg(test)]
mod tests;
