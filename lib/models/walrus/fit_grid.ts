// Which grid the network sees: that of the data where strides cut it, else the nearest that has some. What a treatment
// does not allow is refused here, and the treatment is put into words.

import type { Triple } from "../../nn/conv.ts";
import type { GridTreatment } from "../model.ts";
import { codecKey, dimensionality } from "./encoder.ts";
import type { GridFit } from "./fit.ts";
import { type Geometry, tokenGrid } from "./geometry.ts";
import {
  chooseStrides,
  hasStrides,
  inTable,
  nearestSize,
  RESAMPLED_POINTS,
  stridesOf,
  usualTokens,
} from "./strides.ts";

/**
 * The grid that data are interpolated to.
 *
 * @param shape points of the data, and those of the last axis where the released model resamples it
 * @param masks constant channels that are 0 or 1
 * @param treatment what is done with sizes that the table of strides does not have
 * @returns undefined where strides cut the grid of the data
 * @throws RangeError for sizes that the treatment does not allow
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * const shape = { points: [97, 96, 1], resampled: null } as const;
 * assert.deepEqual(fitGrid(shape, [], "auto")?.points, [96, 96, 1]);
 * assert.deepEqual(fitGrid(shape, [], "resample")?.points, [128, 128, 1]);
 * assert.throws(() => fitGrid(shape, [], "native"), /no strides divide its 97 points/);
 * ```
 */
export function fitGrid(
  { points, resampled }: { readonly points: Triple; readonly resampled: number | null },
  masks: readonly number[],
  treatment: GridTreatment,
): GridFit | undefined {
  const cut: Triple = [points[0], points[1], resampled ?? points[2]];
  const tokens = usualTokens(cut);
  if (treatment === "refuse") chooseStrides(cut);
  const has = treatment === "resample" ? inTable : hasStrides;
  const lacking = cut.map((n) => n > 1 && !has(n, tokens));
  if (!lacking.includes(true)) return undefined;
  if (treatment === "native") stridesOf(cut);
  const [least, most] = RESAMPLED_POINTS;
  const fitted = points.map((n, i) => {
    if (!lacking[i]) return n;
    if (n >= least && n <= most) return nearestSize(n, tokens, has);
    throw new RangeError(
      `Cannot resample axis ${i} of grid ${
        points.join(" x ")
      }: it has ${n} points, wanted 1, or ${least} to ${most}`,
    );
  });
  return { points: fitted as unknown as Triple, masks };
}

/** A triple in words, thin axes left out. */
function across(sizes: readonly unknown[], geometry: Geometry): string {
  return sizes.filter((_, i) => !geometry[i as 0 | 1 | 2].singleton).join(" x ");
}

/**
 * How a grid is treated, in one line.
 *
 * @param points of the data
 * @param geometry of the grid that the network sees
 * @param includeD axes for which the network has an encoder
 */
export function gridWords(points: Triple, geometry: Geometry, includeD: readonly number[]): string {
  const parts = geometry.flatMap((axis, i) => {
    const given = points[i as 0 | 1 | 2];
    if (axis.points === given) return [];
    const how = axis.periodic ? "periodic: Fourier" : "bounded: cubic";
    return [`${given} points of axis ${i} resampled to ${axis.points} (${how})`];
  });
  const strides = across(geometry.map(({ strides: [first, second] }) => `(${first}, ${second})`), geometry);
  parts.push(`strides ${strides}`, `${across(tokenGrid(geometry), geometry)} tokens`);
  const [key, axes] = [codecKey(geometry, includeD), dimensionality(geometry)];
  if (key !== axes) parts.push(`one axis as a plane with one thin axis more (the encoder of ${key})`);
  return `grid of ${across(points, geometry)} points: ${parts.join(", ")}`;
}
