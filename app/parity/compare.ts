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
  /** What f32 arithmetic of the oracle reached; 0 for exact tensors. */
  readonly floor: number;
}

/** Largest absolute difference; Infinity where only one of two values is finite, or lengths differ. */
function largestDifference(got: ArrayLike<number> | undefined, wanted: Float32Array): number {
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
function magnitude(values: Float32Array): number {
  return values.reduce((m, v) => Number.isFinite(v) ? Math.max(m, Math.abs(v)) : m, 0);
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
  const reports: OutputReport[] = [];
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
