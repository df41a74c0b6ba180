// Which strides cut an axis into tokens: those of the released table (model.md section 4), and for sizes that it does
// not have an extension with the released kernels; sizes that neither has are resampled to the nearest that one has.

import type { Triple } from "../../nn/conv.ts";

/** Kernel widths of the two convolutions along every axis. */
export const KERNELS = [8, 4] as const;

/** Strides of the first and second convolution along an axis. */
export type Strides = readonly [number, number];

/** Strides of the two convolutions by patch size. */
export type StrideTable = Readonly<Record<number, Strides>>;

/** The released table. */
export const RELEASED_STRIDES: StrideTable = {
  0: [1, 1],
  1: [1, 1],
  4: [2, 2],
  8: [4, 2],
  12: [6, 2],
  16: [4, 4],
  24: [6, 4],
  32: [8, 4],
};

/** The released table and patches of 2 (64 points an axis in 2D, 32 in 3D), as several derived versions map it. */
export const EXTENDED_STRIDES: StrideTable = { ...RELEASED_STRIDES, 2: [2, 2] };

/** Smallest and largest number of points of an axis that is resampled where there are no strides. */
export const RESAMPLED_POINTS = [8, 4096] as const;

/** By how many points the fields that a token sees reach beyond its patch. */
function reach([first, second]: Strides): number {
  return KERNELS[0] + (KERNELS[1] - 1) * first - first * second;
}

/** Half of what a token's receptive field exceeds its patch. */
export function receptiveMargin(strides: Strides): number {
  return Math.floor(reach(strides) / 2);
}

/** Tokens an axis should have: fewer where all three axes are longer than one point. */
export function usualTokens(shape: Triple): 16 | 32 {
  return shape.every((n) => n > 1) ? 16 : 32;
}

function tableStrides(points: number, tokens: number, table: StrideTable): Strides | undefined {
  return points % tokens === 0 ? table[points / tokens] : undefined;
}

/**
 * Strides of an axis from a table alone.
 *
 * @param shape points of the three axes, 1 for a singleton
 * @param table strides by patch size, the extended table unless given
 * @throws RangeError for an axis that is no multiple of the token count, or a patch without strides
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(chooseStrides([128, 384, 1]), [[2, 2], [6, 2], [1, 1]]);
 * ```
 */
export function chooseStrides(shape: Triple, table: StrideTable = EXTENDED_STRIDES): Strides[] {
  const tokens = usualTokens(shape);
  return shape.map((points, i) => {
    const strides = points === 1 ? [1, 1] as const : tableStrides(points, tokens, table);
    if (strides) return strides;
    const sizes = Object.keys(table).filter((p) => p !== "0").map((p) => Number(p) * tokens).join(", ");
    throw new RangeError(
      `Cannot cut axis ${i} of grid ${
        shape.join(" x ")
      } into tokens: it has ${points} points, wanted 1, ${sizes}`,
    );
  });
}

/** Whether the extended table has a size. */
export function inTable(points: number, tokens: number): boolean {
  return tableStrides(points, tokens, EXTENDED_STRIDES) !== undefined;
}

/** Whether the extended table has a pair. */
function isTablePair([first, second]: Strides): boolean {
  return Object.values(EXTENDED_STRIDES).some(([s1, s2]) => s1 === first && s2 === second);
}

/**
 * Pairs that the released kernels allow, the better of two equal patches first: a pair of the table, then the larger
 * second stride. The margin has to be whole, or tokens would lie beside the middle of what they see.
 */
const PAIRS: readonly Strides[] = Array.from({ length: 8 * 4 }, (_, i): Strides => [1 + i % 8, 1 + (i >> 3)])
  .filter((pair) => reach(pair) >= 0 && reach(pair) % 2 === 0)
  .sort((a, b) =>
    a[0] * a[1] - b[0] * b[1] || Number(isTablePair(b)) - Number(isTablePair(a)) || b[1] - a[1]
  );

/** Strides of a size that the table does not have, with half to one and a half times the usual number of tokens. */
function dividingStrides(points: number, tokens: number): Strides | undefined {
  let best: Strides | undefined;
  let distance = tokens / 2;
  // Smaller patches come first and win where two are as near.
  for (const pair of PAIRS) {
    const off = Math.abs(points / (pair[0] * pair[1]) - tokens);
    if (points % (pair[0] * pair[1]) === 0 && off <= distance && (!best || off < distance)) {
      [best, distance] = [pair, off];
    }
  }
  return best;
}

/**
 * Strides of an axis: the extended table's where it has the size, else those of the patch that gives the nearest to the
 * usual number of tokens.
 *
 * @param points of the axis, more than one
 * @param tokens it should have, see {@link usualTokens}
 * @returns undefined for a size without strides
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([64, 96, 100, 97].map((n) => axisStrides(n, 32)), [[2, 2], [1, 3], [2, 2], undefined]);
 * ```
 */
export function axisStrides(points: number, tokens: number): Strides | undefined {
  return tableStrides(points, tokens, EXTENDED_STRIDES) ?? dividingStrides(points, tokens);
}

/** Whether a size has strides. */
export function hasStrides(points: number, tokens: number): boolean {
  return axisStrides(points, tokens) !== undefined;
}

/**
 * The nearest size that has strides; of two the larger, which loses nothing.
 *
 * @param points of the axis, within {@link RESAMPLED_POINTS}
 * @param tokens it should have
 * @param has whether a size will do, unless any will that has strides
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual([96, 97, 101, 8, 4096].map((n) => nearestSize(n, 32)), [96, 96, 102, 16, 1536]);
 * ```
 */
export function nearestSize(
  points: number,
  tokens: number,
  has: (points: number, tokens: number) => boolean = hasStrides,
): number {
  for (let off = 0;; off++) {
    if (has(points + off, tokens)) return points + off;
    if (points - off > 1 && has(points - off, tokens)) return points - off;
  }
}

/**
 * Strides of every axis, from the table or its extension.
 *
 * @param shape points of the three axes, 1 for a singleton
 * @throws RangeError for an axis without strides
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(stridesOf([96, 48, 1]), [[1, 3], [2, 1], [1, 1]]);
 * ```
 */
export function stridesOf(shape: Triple): Strides[] {
  const tokens = usualTokens(shape);
  return shape.map((points, i) => {
    const strides = points === 1 ? [1, 1] as const : axisStrides(points, tokens);
    if (strides) return strides;
    throw new RangeError(
      `Cannot cut axis ${i} of grid ${
        shape.join(" x ")
      } into tokens: no strides divide its ${points} points into ${tokens / 2} to ${
        3 * tokens / 2
      } tokens, the nearest size that has some is ${
        points < RESAMPLED_POINTS[0] ? nearestSize(RESAMPLED_POINTS[0], tokens) : nearestSize(points, tokens)
      }`,
    );
  });
}
