//! Interpreter of scalar expressions over tiles: each instruction runs over a whole register of up to TILE elements,
//! so that decoding costs nothing per element. Opcodes are those of lib/ir/scalar.ts.

use crate::bytecode::Bytecode;
use crate::math;
use crate::memory::Arena;
use crate::simd::*;
use crate::tile::TILE;

/// Floats a register occupies: loads of rows of odd width may write past its end.
const REGISTER: usize = TILE + 16;
pub const MAX_REGISTERS: usize = 128;

/// An expression with its registers. Registers 0 .. n are the operands, then numbers, then intermediate values.
pub struct Expression {
    instructions: *const u32,
    count: usize,
    /// Registers that hold a number, and the numbers.
    numbers: *const u32,
    number_count: usize,
    /// Register that holds the value after `run`.
    pub result: usize,
    /// Where each register lies now; an operand may be read where it is in memory.
    pub registers: [*mut f32; MAX_REGISTERS],
    /// Where each register lies in scratch memory.
    home: *mut f32,
}

impl Expression {
    /// Reads an expression and takes memory for its registers. `fill` comes before `run`.
    #[inline(never)]
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn read(code: &mut Bytecode, arena: &mut Arena) -> Expression {
        let used = code.u();
        let home: *mut f32 = arena.take(used * REGISTER);
        let mut registers = [home; MAX_REGISTERS];
        for i in 0..used {
            *registers.get_unchecked_mut(i) = home.wrapping_add(i * REGISTER);
        }
        let number_count = code.u();
        let numbers = code.take(2 * number_count);
        let result = code.u();
        let count = code.u();
        Expression { instructions: code.take(2 * count), count, numbers, number_count, result, registers, home }
    }

    /// Whether the value is an operand as it is.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub fn is_operand(&self) -> bool {
        self.count == 0 && self.number_count == 0
    }

    /// The two operands whose product is the value.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn product(&self) -> Option<(usize, usize)> {
        const MUL: u32 = 3;
        let word = if self.count == 1 { *self.instructions } else { 0 };
        let is_product = word & 0xff == MUL && self.number_count == 0;
        is_product.then_some(((word >> 16) as usize & 0xff, (word >> 24) as usize))
    }

    /// Writes the numbers to their registers.
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn fill(&mut self) {
        let mut numbers = Bytecode(self.numbers);
        for _ in 0..self.number_count {
            let register = numbers.u();
            let value = f32x4_splat(numbers.f());
            for i in (0..TILE).step_by(4) {
                store(self.registers.get_unchecked(register).add(i), value);
            }
        }
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
    #[cfg_attr(target_family = "wasm", optimize(size))]
    pub unsafe fn run(&self, n: usize) -> *const f32 {
        let vectors = n.div_ceil(4);
        for i in 0..self.count {
            let word = *self.instructions.add(2 * i);
            let register = |shift: u32| *self.registers.get_unchecked((word >> shift) as usize & 0xff);
            let third = *self.registers.get_unchecked(*self.instructions.add(2 * i + 1) as usize & 0xff);
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

#[cfg_attr(target_family = "wasm", optimize(size))]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of an expression over operands of `n` elements. `words` are those behind the count of registers.
    fn evaluate(words: &[u32], operands: &[&[f32]], n: usize) -> Vec<f32> {
        let mut memory = vec![0f32; 8 * REGISTER + 16];
        let mut code = Bytecode(words.as_ptr());
        unsafe {
            let mut arena = Arena::new(memory.as_mut_ptr() as *mut u8);
            let mut expression = Expression::read(&mut code, &mut arena);
            assert_eq!(arena.used(), (words[0] as usize * REGISTER * 4).next_multiple_of(64));
            assert_eq!(code.0, words.as_ptr().add(words.len()));
            expression.fill();
            for (o, operand) in operands.iter().enumerate() {
                expression.home(o).copy_from(operand.as_ptr(), n);
            }
            std::slice::from_raw_parts(expression.run(n), n).to_vec()
        }
    }

    /// One instruction as lib/backend/wasm/expression.ts writes it.
    fn instruction(opcode: u32, to: u32, x: u32, y: u32, z: u32) -> [u32; 2] {
        [opcode | to << 8 | x << 16 | y << 24, z]
    }

    #[test]
    fn instructions_run_one_after_the_other_over_numbers_and_operands() {
        // (x + 2) y
        let mut words = vec![4, 1, 2, 2f32.to_bits(), 3, 2];
        words.extend(instruction(1, 3, 0, 2, 0));
        words.extend(instruction(3, 3, 3, 1, 0));
        let (x, y) = ([1.0, -2.0, 0.5, 4.0, 7.0], [3.0, 5.0, -1.0, 0.25, 2.0]);
        assert_eq!(evaluate(&words, &[&x, &y], 5), [9.0, 0.0, -2.5, 1.5, 18.0]);
    }

    #[test]
    fn an_expression_without_instructions_is_its_operand() {
        assert_eq!(evaluate(&[1, 0, 0, 0], &[&[3.0, -1.0]], 2), [3.0, -1.0]);
    }

    type Scalar = dyn Fn(f32, f32, f32) -> f32;

    #[test]
    fn every_opcode_computes_its_function() {
        let x = [0.75f32, -1.5, 0.0, 2.0];
        let y = [0.5f32, -1.5, 1.0, -3.0];
        let z = [10f32, 20.0, 30.0, 40.0];
        let cases: [(u32, &Scalar); 18] = [
            (1, &|x, y, _| x + y),
            (2, &|x, y, _| x - y),
            (3, &|x, y, _| x * y),
            (4, &|x, y, _| x / y),
            (5, &|x, y, _| x.min(y)),
            (6, &|x, y, _| x.max(y)),
            (7, &|x, y, _| (x < y) as u8 as f32),
            (8, &|x, y, _| (x == y) as u8 as f32),
            (9, &|x, y, z| if x != 0.0 { y } else { z }),
            (10, &|x, _, _| -x),
            (11, &|x, _, _| x.abs()),
            (12, &|x, _, _| if x == 0.0 { x } else { x.signum() }),
            (13, &|x, _, _| (x as f64).exp() as f32),
            (15, &|x, _, _| x.sqrt()),
            (16, &|x, _, _| 1.0 / x),
            (17, &|x, _, _| (1.0 / (1.0 + (-x as f64).exp())) as f32),
            (18, &|x, y, _| (x as f64 * y as f64).sin() as f32),
            (19, &|x, y, _| (x as f64 * y as f64).cos() as f32),
        ];
        for (opcode, want) in cases {
            let mut words = vec![4, 0, 3, 1];
            words.extend(instruction(opcode, 3, 0, 1, 2));
            for (i, got) in evaluate(&words, &[&x, &y, &z], 4).into_iter().enumerate() {
                let want = want(x[i], y[i], z[i]);
                let is_near = got == want || (got - want).abs() <= 3e-7 * want.abs().max(1.0);
                assert!(is_near || got.is_nan() && want.is_nan(), "opcode {opcode}: {got}, wanted {want}");
            }
        }
    }
}
