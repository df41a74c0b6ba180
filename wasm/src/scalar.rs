//! Interpreter of scalar expressions over tiles: each instruction runs over a whole register of up to TILE elements,
//! so that decoding costs nothing per element. Opcodes are those of lib/ir/scalar.ts.

use crate::math;
use crate::simd::*;
use crate::words::Words;

/// Elements of a register.
pub const TILE: usize = 256;
/// Floats a register occupies: loads of rows of odd width may write past its end.
pub const REGISTER: usize = TILE + 16;
pub const MAX_REGISTERS: usize = 128;
/// Bytes of scratch the registers take.
pub const REGISTER_BYTES: usize = MAX_REGISTERS * REGISTER * 4;

/// An expression with its registers. Registers 0 .. n are the operands, then numbers, then intermediate values.
pub struct Expression {
    code: *const u32,
    count: usize,
    /// Register that holds the value after `run`.
    pub result: usize,
    /// Where each register lies now; an operand may be read where it is in memory.
    pub registers: [*mut f32; MAX_REGISTERS],
    /// Where each register lies in scratch memory.
    home: *mut f32,
}

impl Expression {
    /// Reads an expression and fills its numbers. `home` has room for its registers.
    pub unsafe fn read(words: &mut Words, home: *mut f32) -> Expression {
        let registers = words.u();
        let mut all = [home; MAX_REGISTERS];
        for i in 0..registers {
            *all.get_unchecked_mut(i) = home.add(i * REGISTER);
        }
        for _ in 0..words.u() {
            let register = words.u();
            let value = f32x4_splat(words.f());
            for i in (0..TILE).step_by(4) {
                store(all.get_unchecked(register).add(i), value);
            }
        }
        let result = words.u();
        let count = words.u();
        Expression { code: words.take(2 * count), count, result, registers: all, home }
    }

    /// Scratch memory of a register.
    #[inline(always)]
    pub unsafe fn home(&self, register: usize) -> *mut f32 {
        self.home.add(register * REGISTER)
    }

    /// Puts the value somewhere else than in its register, if an instruction computes it.
    #[inline(always)]
    pub unsafe fn redirect(&mut self, to: *mut f32) -> bool {
        if self.count != 0 {
            *self.registers.get_unchecked_mut(self.result) = to;
        }
        self.count != 0
    }

    /// Evaluates `n` elements, rounded up to whole vectors; returns where the value lies.
    pub unsafe fn run(&self, n: usize) -> *const f32 {
        let vectors = n.div_ceil(4);
        for i in 0..self.count {
            let word = *self.code.add(2 * i);
            let register = |shift: u32| *self.registers.get_unchecked((word >> shift) as usize & 0xff);
            let third = *self.registers.get_unchecked(*self.code.add(2 * i + 1) as usize & 0xff);
            instruction(word & 0xff, vectors, register(8), register(16), register(24), third);
        }
        *self.registers.get_unchecked(self.result)
    }
}

#[inline(always)]
unsafe fn each1(n: usize, d: *mut f32, x: *const f32, f: impl Fn(v128) -> v128) {
    for i in 0..n {
        store(d.add(4 * i), f(load(x.add(4 * i))));
    }
}

#[inline(always)]
unsafe fn each2(n: usize, d: *mut f32, x: *const f32, y: *const f32, f: impl Fn(v128, v128) -> v128) {
    for i in 0..n {
        store(d.add(4 * i), f(load(x.add(4 * i)), load(y.add(4 * i))));
    }
}

unsafe fn instruction(opcode: u32, n: usize, d: *mut f32, x: *const f32, y: *const f32, z: *const f32) {
    let one = f32x4_splat(1.0);
    let zero = f32x4_splat(0.0);
    match opcode {
        1 => each2(n, d, x, y, |x, y| f32x4_add(x, y)),
        2 => each2(n, d, x, y, |x, y| f32x4_sub(x, y)),
        3 => each2(n, d, x, y, |x, y| f32x4_mul(x, y)),
        4 => each2(n, d, x, y, |x, y| f32x4_div(x, y)),
        5 => each2(n, d, x, y, |x, y| f32x4_min(x, y)),
        6 => each2(n, d, x, y, |x, y| f32x4_max(x, y)),
        7 => each2(n, d, x, y, |x, y| v128_and(f32x4_lt(x, y), one)),
        8 => each2(n, d, x, y, |x, y| v128_and(f32x4_eq(x, y), one)),
        9 => {
            for i in (0..4 * n).step_by(4) {
                let otherwise = f32x4_eq(load(x.add(i)), zero);
                store(d.add(i), v128_bitselect(load(z.add(i)), load(y.add(i)), otherwise));
            }
        }
        10 => each1(n, d, x, |x| f32x4_neg(x)),
        11 => each1(n, d, x, |x| f32x4_abs(x)),
        12 => each1(n, d, x, |x| {
            // Zero of either sign and NaN stay what they are.
            let signed = v128_or(one, v128_and(x, f32x4_splat(-0.0)));
            v128_bitselect(signed, x, v128_or(f32x4_lt(x, zero), f32x4_gt(x, zero)))
        }),
        13 => {
            let exp = math::Exp::new();
            each1(n, d, x, |x| exp.of(x));
        }
        14 => each1(n, d, x, math::log),
        15 => each1(n, d, x, |x| f32x4_sqrt(x)),
        16 => each1(n, d, x, |x| f32x4_div(one, x)),
        17 => {
            let exp = math::Exp::new();
            each1(n, d, x, |x| math::sigmoid(&exp, x));
        }
        18 => each2(n, d, x, y, |x, y| math::sine_of_product(x, y, 0)),
        19 => each2(n, d, x, y, |x, y| math::sine_of_product(x, y, 1)),
        _ => crate::simd::unreachable(),
    }
}
