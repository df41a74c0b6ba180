// Learning rates (model.md section 11, training.md section 5).

/** Settings of the released schedule, in scheduler steps (epochs, or optimiser steps). */
export interface InverseSquareRoot {
  /** Base rate b. */
  readonly base: number;
  /** All steps N. */
  readonly total: number;
  /** Linear warm-up steps w. */
  readonly warmup: number;
  /** Square-root cool-down steps c. */
  readonly cooldown: number;
  /** Factor of the first rate, a. */
  readonly firstFactor: number;
}

const OFFSET = 128;

/**
 * Rate in force after `step` completed scheduler steps: linear warm-up, inverse square root, square-root
 * cool-down. The cool-down starts from the decay at N - c, not N - c - w, as the released schedule does.
 *
 * @param settings of the schedule
 * @param step completed scheduler steps, from 0
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const settings = { base: 2e-4, total: 200, warmup: 10, cooldown: 10, firstFactor: 0.1 };
 * assert.equal(inverseSquareRootRate(settings, 10), 2e-4);
 * ```
 */
export function inverseSquareRootRate(settings: InverseSquareRoot, step: number): number {
  const { base, total, warmup, cooldown, firstFactor } = settings;
  const decay = (z: number) => base / (1 + Math.sqrt(z + OFFSET) - Math.sqrt(OFFSET));
  const end = total - cooldown;
  if (step <= warmup) {
    const progress = warmup === 0 ? 1 : step / warmup;
    return base * (firstFactor + (1 - firstFactor) * progress);
  }
  if (step <= end) return decay(step - warmup);
  return decay(end) * (1 - Math.sqrt((step - end - 1) / cooldown));
}
