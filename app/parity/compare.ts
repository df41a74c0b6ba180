// Differences between a case's tensors and what was computed.

import type { GoldenCase, Numbers } from "./golden.ts";
import type { Results } from "./run.ts";

/** Comparison of one output. */
export interface OutputReport {
  readonly output: string;
  /** Largest difference over the largest magnitude; Infinity where sizes differ or a value is missing. */
  readonly relative: number;
  /** Largest relative difference allowed; 0 for exact tensors. */
  readonly tolerance: number;
  /** What f32 arithmetic of the reference reached; 0 for exact tensors. */
  readonly floor: number;
}

/** Largest absolute difference; Infinity where only one of two values is finite, or lengths differ. */
function largestDifference(got: ArrayLike<number> | undefined, wanted: Float32Array | Float64Array): number {
  if (!got || got.length !== wanted.length) return Infinity;
  let largest = 0;
  for (let i = 0; i < wanted.length; i++) {
    const [x, y] = [got[i]!, wanted[i]!];
    if (Object.is(x, y) || x === y) continue;
    const difference = Math.abs(x - y);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}

/** Largest magnitude among finite values. */
function magnitude(values: Float32Array | Float64Array): number {
  return Array.from(values).reduce((m, v) => Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m, 0);
}

/** Tensors of a case that hold results rather than what goes in. */
function exactOutputs(
  golden: GoldenCase,
  tensors: Readonly<Record<string, Numbers>>,
  results: Results,
): string[] {
  const known = new Set(Object.keys(golden.outputs));
  return Object.keys(results).filter((name) => name in tensors && !known.has(name));
}

/** Numbers of a training run that the index lists step by step, and what f32 arithmetic made of them. */
function series(golden: GoldenCase, results: Results): OutputReport[] {
  const all = {
    losses: [golden.losses64, golden.losses32],
    grad_norms: [golden.grad_norms64, golden.grad_norms32],
    learning_rates: [golden.learning_rates, golden.learning_rates],
  };
  return Object.entries(all).flatMap(([output, [exact, single]]) => {
    if (!exact || !single) return [];
    const wanted = Float64Array.from(exact);
    const scale = magnitude(wanted);
    const floor = largestDifference(single, wanted) / scale;
    const relative = largestDifference(results[output], wanted) / scale;
    return [{ output, relative, tolerance: Math.max(2e-6, 8 * floor), floor }];
  });
}

/**
 * Compares all outputs of a case: those with a tolerance, and exact tensors among its inputs.
 *
 * @param golden the case
 * @param tensors of its file
 * @param results computed, by the same names
 */
export function compare(
  golden: GoldenCase,
  tensors: Readonly<Record<string, Numbers>>,
  results: Results,
): OutputReport[] {
  const skipped = new Set(golden.null_gradients?.map((name) => `grad.${name}`) ?? []);
  const reports = series(golden, results);
  for (const [output, expected] of Object.entries(golden.outputs)) {
    if (skipped.has(output)) continue;
    const wanted = tensors[output];
    const scale = expected.scale ?? expected.max_abs;
    const difference = wanted ? largestDifference(results[output], wanted.data) : Infinity;
    const relative = scale > 0 ? difference / scale : difference;
    reports.push({ output, relative, tolerance: expected.tol_rel, floor: expected.floor_rel });
  }
  for (const output of exactOutputs(golden, tensors, results)) {
    const wanted = tensors[output]!.data;
    const difference = largestDifference(results[output], wanted);
    reports.push({ output, relative: difference / (magnitude(wanted) || 1), tolerance: 0, floor: 0 });
  }
  return reports;
}
