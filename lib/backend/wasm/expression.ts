// Scalar expressions as bytecode for the tile interpreter (wasm/src/scalar.rs): a register for every operand and number,
// and as few as possible for what lies between.

import { type Expression, linearize, scalarFunctions } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import type { Bytecode } from "./bytecode.ts";

/** Operands a kernel walks beside its output (MAX_OPERANDS in wasm/src/odometer.rs counts that as well). */
export const MOST_INPUTS = 32;
/** Registers the interpreter has (MAX_REGISTERS). */
export const REGISTERS = 128;

/**
 * Appends an expression: register count, numbers, result register, instructions.
 *
 * @param bytecode what to append to
 * @param expression over `operands` operands
 * @param operands registers 0 .. operands - 1 are theirs
 * @throws RangeError when there are more operands than a kernel walks, or the expression needs more registers than there
 *   are
 */
export function putExpression(bytecode: Bytecode, expression: Expression, operands: number): void {
  if (operands > MOST_INPUTS) {
    throw new RangeError(
      `Cannot lower an expression: it has ${operands} operands, wanted at most ${MOST_INPUTS}`,
    );
  }
  const list = linearize(expression);
  const lastUse = list.map((_, i) => i);
  list.forEach(({ args }, i) => args.forEach((a) => lastUse[a] = i));

  const registers = new Array<number>(list.length).fill(0);
  const numbers: [register: number, value: number][] = [];
  let used = operands;
  list.forEach(({ fn, value }, i) => {
    if (fn === "operand") registers[i] = value;
    else if (fn === "number") numbers.push([registers[i] = used++, value]);
  });
  const free: number[] = [];
  const instructions: number[] = [];
  list.forEach(({ fn, args }, i) => {
    if (fn === "operand" || fn === "number") return;
    for (const a of new Set(args)) {
      // A register may be written by the instruction that reads it last: each element is read first.
      const isOwn = at(list, a).fn !== "operand" && at(list, a).fn !== "number";
      if (isOwn && lastUse[a] === i) free.push(at(registers, a));
    }
    // The result has a register of its own, since the kernels point it at the output.
    const register = i === list.length - 1 ? used++ : free.pop() ?? used++;
    registers[i] = register;
    const [x = 0, y = 0, z = 0] = args.map((a) => at(registers, a));
    instructions.push(scalarFunctions[fn].opcode | register << 8 | x << 16 | y << 24, z);
  });
  if (used > REGISTERS) {
    throw new RangeError(
      `Cannot lower an expression: it needs ${used} registers, wanted at most ${REGISTERS}`,
    );
  }
  bytecode.put(used, numbers.length);
  for (const [register, value] of numbers) bytecode.put(register).float(value);
  bytecode.put(at(registers, -1), instructions.length / 2, ...instructions);
}
