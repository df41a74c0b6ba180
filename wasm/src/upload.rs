//! `upload`: numbers as they lie in a file into a buffer: widened, rounded, quantised row by row, packed. A launch takes
//! one range of a tensor's elements. Tasks are panels of a packed matrix, rows of a quantised one, else runs of elements.

use crate::bytecode::Bytecode;
use crate::context::{Context, Kernel};
use crate::memory::Memory;
use crate::micro::NR;
use crate::place::{element_bytes, Place, F16, I8};

mod panel;
pub mod raw;
mod target;

use panel::Interleave;
use raw::{Raw, RAW_F16};

/// Elements of a task where there are no rows.
const RUN: usize = 16_384;
/// Columns that are converted at once: eight rows of them stay in the first-level cache.
const BLOCK: usize = 256;

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
    /// Blocks of eight rows: widened, and as the buffer has them. Vectors are read past the end of the latter.
    floats: *mut f32,
    block: *mut u16,
}

impl Kernel for Upload {
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn read(code: &mut Bytecode, context: &Context, memory: &mut Memory) -> Upload {
        Upload {
            from: Raw { base: context.place(code).base, dtype: code.u() },
            to: context.place(code),
            scales: context.place(code).base as *mut f32,
            columns: code.u(),
            packed: code.flag(),
            start: code.u(),
            count: code.u(),
            floats: memory.scratch.take(NR * BLOCK),
            block: memory.scratch.take(NR * BLOCK + NR),
        }
    }

    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn run(&mut self, context: &Context) {
        let (end, unit) = (self.start + self.count, self.unit());
        let mut most = 0;
        while let Some((first, last)) = context.next_range(end.div_ceil(unit)) {
            for task in first..last {
                let (left, right) = ((task * unit).max(self.start), (task * unit + unit).min(end));
                let is_panel = self.packed && right - left == unit;
                most = most.max(match self.to.dtype {
                    I8 if is_panel => self.panel::<i8>(left),
                    F16 if is_panel => self.panel::<u16>(left),
                    _ if is_panel => self.panel::<f32>(left),
                    I8 => self.lines::<i8>(left, right),
                    F16 => self.lines::<u16>(left, right),
                    _ => self.lines::<f32>(left, right),
                });
            }
        }
        let limit = if self.to.dtype == F16 { target::HALF_LIMIT } else { target::FLOAT_LIMIT };
        if most >= limit {
            context.fail(0);
        }
    }
}

impl Upload {
    /// Elements of a task.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    fn unit(&self) -> usize {
        match (self.packed, self.to.dtype) {
            (true, _) => NR * self.columns,
            (_, I8) => self.columns,
            _ => RUN,
        }
    }

    /// Where an element goes, counted from the start of the first panel.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn place<E>(&self, element: usize) -> *mut E {
        let at = if self.packed {
            let (row, column) = (element / self.columns, element % self.columns);
            let lane = row % NR;
            (row - lane) * self.columns + column * NR + lane
        } else {
            element
        };
        self.to.base.add(at * element_bytes(self.to.dtype)) as *mut E
    }

    /// Looks through the `n` numbers of a row and notes its scale; returns what they are multiplied with, and their
    /// largest magnitude, as bits. Rows of other types have none.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn scale(&self, element: usize, n: usize) -> (f64, u32) {
        if self.to.dtype != I8 {
            return (0.0, 0);
        }
        let at = element - self.start;
        let most = self.from.most(at, n, self.floats, NR * BLOCK);
        let largest = f32::from_bits(most) as f64;
        *self.scales.add(at / self.columns) = (largest / 127.0) as f32;
        (if largest > 0.0 { 127.0 / largest } else { 0.0 }, most)
    }

    /// Numbers of the range as the buffer has them; returns the largest magnitude, as bits, where it is not known by the
    /// scale.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn convert(&self, element: usize, n: usize, factor: f64, to: *mut u8) -> u32 {
        let at = element - self.start;
        if self.to.dtype == F16 && self.from.dtype == RAW_F16 {
            return target::same_halves((self.from.base as *const u16).add(at), n, to as *mut u16);
        }
        let numbers = self.from.floats(at, n, self.floats);
        match self.to.dtype {
            I8 => {
                target::bytes(numbers, n, factor, to as *mut i8);
                0
            }
            F16 => target::halves(numbers, n, to as *mut u16),
            _ => target::floats(numbers, n, to as *mut f32),
        }
    }

    /// A whole panel; returns the largest magnitude, as bits.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn panel<E: Interleave>(&self, first: usize) -> u32 {
        let columns = self.columns;
        let mut factors = [0f64; NR];
        let mut most = 0;
        for r in 0..NR {
            let (factor, magnitude) = self.scale(first + r * columns, columns);
            factors[r] = factor;
            most = most.max(magnitude);
        }
        let is_float = element_bytes(self.to.dtype) == 4;
        for column in (0..columns).step_by(BLOCK) {
            let n = BLOCK.min(columns - column);
            let mut rows = [self.block as *const E; NR];
            for r in 0..NR {
                let element = first + r * columns + column;
                if is_float {
                    let floats = self.from.floats(element - self.start, n, self.floats.add(r * BLOCK));
                    rows[r] = floats as *const E;
                } else {
                    let line = (self.block as *mut E).add(r * BLOCK);
                    most = most.max(self.convert(element, n, factors[r], line as *mut u8));
                    rows[r] = line;
                }
            }
            most = most.max(E::interleave(rows, n, self.place::<E>(first).add(column * NR)));
        }
        most
    }

    /// Elements row by row, or, where there are no rows, as they come; returns the largest magnitude, as bits.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    unsafe fn lines<E: Interleave>(&self, left: usize, right: usize) -> u32 {
        let has_rows = self.packed || self.to.dtype == I8;
        let mut most = 0;
        let mut at = left;
        while at < right {
            let end = if has_rows { (at - at % self.columns + self.columns).min(right) } else { right };
            let (factor, magnitude) = self.scale(at, end - at);
            most = most.max(magnitude);
            while at < end {
                let n = BLOCK.min(end - at);
                let to = self.place::<E>(at);
                if !self.packed {
                    most = most.max(self.convert(at, n, factor, to as *mut u8));
                } else {
                    let mut line = [E::default(); BLOCK];
                    most = most.max(self.convert(at, n, factor, line.as_mut_ptr() as *mut u8));
                    for i in 0..n {
                        *to.add(i * NR) = line[i];
                    }
                }
                at += n;
            }
        }
        most
    }
}

#[cfg(test)]
mod tests;
