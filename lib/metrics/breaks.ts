// Where a forecast breaks what its truth keeps. What a truth does by itself sets the bounds: a law that it does not keep
// (open boundaries, forces, reactions) is none for its forecast.

import type { PhysicsKind, PhysicsMeasure } from "./physics_measure.ts";

/** A law that a forecast breaks and its truth keeps. */
export interface PhysicsBreak {
  /** What was measured. */
  readonly kind: PhysicsKind;
  /** Of what. */
  readonly name: string;
  /** The first forecast frame that breaks it, from 1. */
  readonly step: number;
  /** Forecast frames that break it. */
  readonly steps: number;
  /** What the first has: of totals the change in parts of their scale, else the value. */
  readonly value: number;
  /** The same of the truth at its worst. */
  readonly truth: number;
  /** The bound that was passed. */
  readonly limit: number;
  /** In words, with all of these. */
  readonly text: string;
}

/** When a truth keeps a law, and what bound that sets. */
export interface PhysicsLaw {
  /** Worst that a truth may do which keeps it. */
  readonly kept: number;
  /** The bound is so many times the truth's worst .. */
  readonly times: number;
  /** .. and this at the least. */
  readonly least: number;
}

/** Bounds by kind, in the terms of {@link PhysicsBreak.value}. */
export const PHYSICS_LAWS: Readonly<Record<Exclude<PhysicsKind, "least">, PhysicsLaw>> = {
  // Change of a total, in parts of the integral of absolute values.
  total: { kept: 0.01, times: 10, least: 0.001 },
  // Central differences of a flow without divergence have some, by how coarse the grid is.
  divergence: { kept: 0.1, times: 3, least: 0.02 },
  // The layer next to a wall lies half a cell off it.
  wall: { kept: 0.1, times: 3, least: 0.02 },
  // A step across a seam is one like all others: 1, and several where a front stands there.
  seam: { kept: 3, times: 3, least: 3 },
};

/** Least values near 0 may be passed by this part of the largest. */
const NEAR_ZERO = 0.001;

/** A share in percent; what rounding does is not counted out. */
function share(value: number): string {
  if (value > 0 && value < 1e-5) return "under 0.001 %";
  return Number.isFinite(value) ? `${Number((100 * value).toPrecision(2))} %` : `${value}`;
}

const short = (value: number) => String(Number(value.toPrecision(3)));

const WORDS: Readonly<
  Record<PhysicsKind, (name: string, value: number, truth: number, limit: number) => string>
> = {
  total: (name, value, truth, limit) =>
    `total ${name} is off by ${share(value)}, in the truth by ${share(truth)} (allowed ${share(limit)})`,
  divergence: (name, value, truth, limit) =>
    `divergence of ${name} is ${share(value)} of its gradients, in the truth ${share(truth)} (allowed ${
      share(limit)
    })`,
  least: (name, value, truth, limit) =>
    `${name} falls to ${short(value)}, in the truth to ${short(truth)} (allowed ${short(limit)})`,
  wall: (name, value, truth, limit) =>
    `${name} crosses it at ${share(value)} of the speed inside, in the truth ${share(truth)} (allowed ${
      share(limit)
    })`,
  seam: (name, value, truth, limit) =>
    `${name} jumps by ${short(value)} times its steps inside, in the truth ${short(truth)} (allowed ${
      short(limit)
    })`,
};

/** What a law looks at: how far a total is from where it began, else the value. */
function severity({ kind, value }: PhysicsMeasure, began: number, scale: number): number {
  if (kind !== "total") return value;
  return value === began ? 0 : Math.abs(value - began) / scale;
}

/** The truth's worst and the bound it sets; null where it keeps no law. */
function boundOf(
  { kind, value: began }: PhysicsMeasure,
  truth: readonly PhysicsMeasure[],
  scale: number,
): { worst: number; limit: number } | null {
  if (kind === "least") {
    const worst = Math.min(...truth.map(({ value }) => value));
    if (!(worst >= 0)) return null;
    return { worst, limit: worst < NEAR_ZERO * scale ? -NEAR_ZERO * scale : 0 };
  }
  const { kept, times, least } = PHYSICS_LAWS[kind];
  const worst = Math.max(...truth.map((measure) => severity(measure, began, scale)));
  return worst <= kept ? { worst, limit: Math.max(times * worst, least) } : null;
}

/** Measures of one law in every frame. */
function series(frames: readonly (readonly PhysicsMeasure[])[], kind: PhysicsKind, name: string) {
  return frames.map((measures) => measures.find((one) => one.kind === kind && one.name === name)!);
}

/**
 * Laws that a forecast breaks and its truth keeps, each once, at the first frame that breaks it.
 *
 * @param truth measures of true frames, the last that the forecast starts from first; where it has no truth, of the
 *   frames it starts from
 * @param forecast measures of the forecast's frames
 * @returns nothing where no truth is known
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const mass = (value: number) => [{ kind: "total" as const, name: "mass", value, scale: 10 }];
 * const [{ text, step } = { text: "", step: 0 }] = breaks([mass(10), mass(10)], [mass(10), mass(9.5)]);
 * assert.equal(step, 2);
 * assert.equal(text, "step 2: total mass is off by 5 %, in the truth by 0 % (allowed 0.1 %)");
 * assert.deepEqual(breaks([mass(10), mass(9)], [mass(8)]), []); // What the truth does not keep.
 * ```
 */
export function breaks(
  truth: readonly (readonly PhysicsMeasure[])[],
  forecast: readonly (readonly PhysicsMeasure[])[],
): PhysicsBreak[] {
  return (truth[0] ?? []).flatMap((began): PhysicsBreak[] => {
    const { kind, name } = began;
    const own = series(truth, kind, name);
    // A flow may begin at rest.
    const scale = Math.max(...own.map((measure) => measure.scale));
    const bound = boundOf(began, own, scale);
    if (!bound) return [];
    const { worst, limit } = bound;
    const values = series(forecast, kind, name).map((measure) => severity(measure, began.value, scale));
    // Not a number keeps nothing.
    const isBroken = (value: number) => kind === "least" ? !(value >= limit) : !(value <= limit);
    const first = values.findIndex(isBroken);
    if (first < 0) return [];
    const value = values[first]!;
    const steps = values.filter(isBroken).length;
    const text = `step ${first + 1}: ${WORDS[kind](name, value, worst, limit)}`;
    return [{ kind, name, step: first + 1, steps, value, truth: worst, limit, text }];
  });
}
