// How much arithmetic a program is: multiplications and additions of its contractions and attention, which are all
// but a few percent of it.

import { at, sizeOf } from "../ir/types.ts";
import type { ContractAxis, Launch, Program } from "./program.ts";

/** Floating-point operations of a launch, 0 where it is no product. */
export function launchWork(launch: Launch): number {
  if (launch.kernel === "contract") {
    const { batch, m, n, k } = launch.attributes;
    const points = (axes: readonly ContractAxis[]) => axes.reduce((count, { size }) => count * size, 1);
    return 2 * points(batch) * points(m) * points(n) * points(k);
  }
  if (launch.kernel !== "attention" && launch.kernel !== "attentionGradient") return 0;
  const [q, k, v] = [at(launch.inputs, 0).shape, at(launch.inputs, 1).shape, at(launch.inputs, 2).shape];
  const scores = 2 * sizeOf(q.slice(0, -1)) * at(k, -2);
  const [e, f] = [at(q, -1), at(v, -1)];
  // Scores and values; the gradient makes the scores again and has four products of its own.
  return launch.kernel === "attention" ? scores * (e + f) : scores * (3 * e + 2 * f);
}

/**
 * Floating-point operations of a program's contractions and attention; a multiplication and an addition count two.
 *
 * @param program as compiled
 * @param of what a launch counts as
 */
export function workOf(
  program: Pick<Program, "launches">,
  of: (launch: Launch) => number = launchWork,
): number {
  return program.launches.reduce((total, launch) => total + of(launch), 0);
}

/** Operations that reading or writing an element counts as, beside those of products. */
const ELEMENT = 8;

/**
 * What a launch costs in operations, roughly: those of products, and some for every element that is read or written.
 * Good for cutting a program into pieces, not for more.
 *
 * @param launch of a program
 */
export function launchEstimate(launch: Launch): number {
  const elements = [...launch.inputs, ...launch.outputs].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return launchWork(launch) + ELEMENT * elements;
}
