// Names at the ends of lines: as near to them as they can be without lying on each other.

/**
 * Places names one below the other.
 *
 * @param wanted where each would stand by itself
 * @param gap that two need at least
 * @param range first and last place there is
 * @returns where each stands, in the order in which they were given; the sum of squared moves is the least there is
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(placeLabels([50, 54, 100], 16, [0, 200]), [44, 60, 100]);
 * ```
 */
export function placeLabels(
  wanted: readonly number[],
  gap: number,
  [first, last]: readonly [number, number],
): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  // Without the gaps names may touch: then each run of them stands at its mean.
  const runs: { sum: number; count: number }[] = [];
  const mean = ({ sum, count }: { sum: number; count: number }) => sum / count;
  order.forEach((label, rank) => {
    let run = { sum: wanted[label]! - rank * gap, count: 1 };
    for (let before = runs.at(-1); before && mean(before) >= mean(run); before = runs.at(-1)) {
      runs.pop();
      run = { sum: run.sum + before.sum, count: run.count + before.count };
    }
    runs.push(run);
  });
  const most = Math.max(first, last - (wanted.length - 1) * gap);
  const places = runs.flatMap((run) =>
    Array.from({ length: run.count }, () => Math.max(first, Math.min(most, mean(run))))
  );
  const out = new Array<number>(wanted.length);
  order.forEach((label, rank) => out[label] = places[rank]! + rank * gap);
  return out;
}
