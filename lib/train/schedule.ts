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

/** A schedule in optimiser steps. */
export type Schedule =
  | ({ readonly kind: "released" } & InverseSquareRoot)
  | {
    readonly kind: "cosine";
    readonly base: number;
    readonly total: number;
    readonly warmup: number;
    /** Factor of the first rate. */
    readonly firstFactor: number;
    /** Factor of the last rate. */
    readonly lastFactor: number;
  }
  | {
    readonly kind: "constant";
    readonly base: number;
    readonly warmup: number;
    readonly firstFactor: number;
    /** A straight way down at the end: warm-up, stable, decay. */
    readonly cooldown?: Cooldown;
  };

/** The last steps of a constant rate. */
export interface Cooldown {
  /** All steps of the run. */
  readonly total: number;
  /** The last of them, over which the rate falls. */
  readonly steps: number;
  /** Factor of the rate after the last step. */
  readonly lastFactor: number;
}

/**
 * Rate in force after `step` completed scheduler steps: linear warm-up from `firstFactor base`, then what the kind
 * says; a cosine and a cool-down end at `lastFactor base` after `total` steps.
 *
 * @param schedule kind and settings
 * @param step completed scheduler steps, from 0
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const cosine = { kind: "cosine", base: 2, total: 10, warmup: 2, firstFactor: 0.5, lastFactor: 0 } as const;
 * assert.deepEqual([0, 1, 2, 6, 10].map((step) => learningRate(cosine, step)), [1, 1.5, 2, 1, 0]);
 * ```
 */
export function learningRate(schedule: Schedule, step: number): number {
  if (schedule.kind === "released") return inverseSquareRootRate(schedule, step);
  const { base, warmup, firstFactor } = schedule;
  if (step < warmup) return base * (firstFactor + (1 - firstFactor) * step / warmup);
  if (schedule.kind === "constant") {
    const { cooldown } = schedule;
    const into = cooldown ? step - (cooldown.total - cooldown.steps) : 0;
    if (!cooldown || into <= 0) return base;
    return base * (1 + (cooldown.lastFactor - 1) * Math.min(1, into / cooldown.steps));
  }
  const { total, lastFactor } = schedule;
  const share = total > warmup ? Math.min(1, (step - warmup) / (total - warmup)) : 1;
  return base * (lastFactor + (1 - lastFactor) * (1 + Math.cos(Math.PI * share)) / 2);
}

/**
 * Steps before the cool-down: a run that is made longer goes on from there, since its rates do not depend on the
 * length so far (given the warm-up).
 *
 * @param schedule kind and settings
 * @returns null where there is no cool-down, or all rates depend on the length
 */
export function stableSteps(schedule: Schedule): number | null {
  if (schedule.kind === "cosine") return null;
  const { total, steps } = schedule.kind === "released"
    ? { total: schedule.total, steps: schedule.cooldown }
    : schedule.cooldown ?? { total: 0, steps: 0 };
  return steps > 0 && total > steps ? total - steps : null;
}

/**
 * From the start on, steps in which two schedules have the same rate.
 *
 * @param most steps that are compared
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const rate = (total: number) =>
 *   ({ kind: "constant", base: 1, warmup: 0, firstFactor: 1, cooldown: { total, steps: 2, lastFactor: 0 } }) as const;
 * assert.equal(agreeingSteps(rate(6), rate(10), 6), 5);
 * ```
 */
export function agreeingSteps(a: Schedule, b: Schedule, most: number): number {
  for (let step = 0; step < most; step++) if (learningRate(a, step) !== learningRate(b, step)) return step;
  return most;
}
