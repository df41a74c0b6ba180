// Scalar expressions as words for the tile interpreter (wasm/src/scalar.rs): a register for every operand and number,
// and as few as possible for what lies between.

import { type Expression, linearize, scalarFunctions } from "../../ir/scalar.ts";
import { at } from "../../ir/types.ts";
import type { Words } from "./words.ts";

/** Registers the interpreter has (MAX_REGISTERS). */
const REGISTERS = 128;

/**
 * Appends an expression: register count, numbers, result register, instructions.
 *
 * @param words list to append to
 * @param expression over `operands` operands
 * @param operands registers 0 .. operands - 1 are theirs
 * @throws RangeError when the expression needs more registers than there are
 */
export function putExpression(words: Words, expression: Expression, operands: number): void {
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
  const code: number[] = [];
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
    code.push(scalarFunctions[fn].opcode | register << 8 | x << 16 | y << 24, z);
  });
  if (used > REGISTERS) {
    throw new RangeError(
      `Cannot lower an expression: it needs ${used} registers, wanted at most ${REGISTERS}`,
    );
  }
  words.put(used, numbers.length);
  for (const [register, value] of numbers) words.put(register).float(value);
  words.put(at(registers, -1), code.length / 2, ...code);
}
