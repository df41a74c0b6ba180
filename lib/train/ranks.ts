// Sums over the processes of a job: gradients and losses of a training step, scores of a validation.

import type { ProcessGroup } from "../distributed/process_group.ts";
import type { StateBuffers } from "./trainer_state.ts";

/**
 * Adds up the sums of gradients `sum/NAME` of all ranks, and their losses.
 *
 * @param group processes
 * @param state of this rank's trainer
 * @param touched names of the tensors that this rank has gradients of; those of all ranks afterwards
 * @param loss this rank's share of the mean loss
 * @returns the mean loss
 */
export async function sumOverRanks(
  group: ProcessGroup,
  state: StateBuffers,
  touched: Set<string>,
  loss: number,
): Promise<number> {
  const names = [...state.shapes.keys()];
  // Ranks may have had other kinds of data, which touch other tensors.
  const flags = Float32Array.from(names, (name) => touched.has(name) ? 1 : 0);
  await group.allReduce(flags, "max");
  for (const [i, name] of names.entries()) {
    if (flags[i] === 0) continue;
    touched.add(name);
    const buffer = state.buffer(`sum/${name}`);
    const sums = await buffer.read() as Float32Array;
    await group.allReduce(sums, "sum");
    await buffer.write(sums);
  }
  const [total] = await sumNumbers(group, [loss]);
  return total!;
}

/** Parts of a double that add up to it exactly: three times 24 bits are more than 53. */
const PARTS = 3;

/**
 * Sums of double-precision numbers over all ranks; exact where all ranks but one give 0.
 *
 * @param group processes
 * @param values as many on every rank
 */
export async function sumNumbers(group: ProcessGroup, values: readonly number[]): Promise<number[]> {
  if (group.size === 1) return [...values];
  const parts = new Float32Array(PARTS * values.length);
  values.forEach((value, i) => {
    let rest = value;
    for (let part = 0; part < PARTS; part++) {
      parts[PARTS * i + part] = rest;
      rest = Number.isFinite(rest) ? rest - parts[PARTS * i + part]! : 0;
    }
  });
  await group.allReduce(parts, "sum");
  return values.map((_, i) => parts[PARTS * i]! + (parts[PARTS * i + 1]! + parts[PARTS * i + 2]!));
}
