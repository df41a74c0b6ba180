// Where the points of a grid go: strides, margins, token counts, shifts (model.md section 4). Pure arithmetic on
// sizes and boundary codes; the graph and the host-side draws both follow it.

import type { Triple } from "../../nn/conv.ts";
import { modulo, rollIndices } from "../../nn/roll.ts";

/** Boundary codes of the near and far side of an axis. */
export type Boundary = readonly [number, number];
/** Codes as The Well's reader gives them. */
export const WALL = 0, OPEN = 1, PERIODIC = 2;

/** Kernel widths of the two convolutions along every axis. */
export const KERNELS = [8, 4] as const;

/** How one axis is cut into tokens. */
export interface Axis {
  /** Points of the data (after resampling). */
  readonly points: number;
  /** Whether it has one point. */
  readonly singleton: boolean;
  /** Whether it continues itself. */
  readonly periodic: boolean;
  /** Codes of its near and far side. */
  readonly boundary: Boundary;
  /** Strides of the first and second convolution. */
  readonly strides: readonly [number, number];
  /** Zeros on both sides (not periodic). */
  readonly margin: number;
  /** Points of its own continuation on both sides (periodic). */
  readonly wrap: number;
  /** Points with margins and continuation. */
  readonly framed: number;
  /** Tokens. */
  readonly tokens: number;
}

/** The three axes of a grid. */
export type Geometry = readonly [Axis, Axis, Axis];

/** Strides of the two convolutions by patch size. */
export type StrideTable = Readonly<Record<number, readonly [number, number]>>;

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

/**
 * Strides of every axis.
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
export function chooseStrides(
  shape: Triple,
  table: StrideTable = EXTENDED_STRIDES,
): (readonly [number, number])[] {
  const tokens = shape.every((n) => n > 1) ? 16 : 32;
  return shape.map((points, i) => {
    if (points === 1) return [1, 1];
    const patch = Math.floor(points / tokens);
    const strides = table[patch];
    if (points % tokens !== 0 || !strides) {
      const sizes = Object.keys(table).filter((p) => p !== "0").map((p) => Number(p) * tokens).join(", ");
      throw new RangeError(
        `Cannot cut axis ${i} of grid ${
          shape.join(" x ")
        } into tokens: it has ${points} points, wanted 1, ${sizes}`,
      );
    }
    return strides;
  });
}

/** Half of what a token's receptive field exceeds its patch. */
export function receptiveMargin([first, second]: readonly [number, number]): number {
  return Math.floor((KERNELS[0] + (KERNELS[1] - 1) * first - first * second) / 2);
}

/**
 * Geometry of a grid.
 *
 * @param shape points of the three axes
 * @param boundaries codes of the three axes; those of singletons are ignored
 * @param jitter whether axes with margins get room for shifts
 * @param strides strides to use instead of the released choice
 * @throws RangeError for sizes without strides or a far side that is periodic beside another near side
 */
export function geometryOf(
  shape: Triple,
  boundaries: readonly Boundary[],
  jitter: boolean,
  strides: readonly (readonly [number, number])[] = chooseStrides(shape),
): Geometry {
  const axes = shape.map((points, i): Axis => {
    const [first, second] = strides[i] ?? [1, 1];
    const boundary = boundaries[i] ?? [PERIODIC, PERIODIC];
    const singleton = points === 1;
    const periodic = boundary[0] === PERIODIC;
    if (!singleton && !periodic && boundary[1] === PERIODIC) {
      throw new RangeError(
        `Cannot frame axis ${i}: its far side is periodic and its near side has code ${boundary[0]}`,
      );
    }
    const base = singleton ? 0 : receptiveMargin([first, second]);
    const room = jitter && first * second > 1 ? Math.floor((first * second) / 2) : 0;
    const margin = singleton || periodic ? 0 : base + room;
    const wrap = periodic ? base : 0;
    const framed = points + 2 * (margin + wrap);
    const inner = singleton ? 1 : (framed - KERNELS[0]) / first + 1;
    const tokens = singleton ? 1 : (inner - KERNELS[1]) / second + 1;
    return { points, singleton, periodic, boundary, strides: [first, second], margin, wrap, framed, tokens };
  });
  return axes as unknown as Geometry;
}

/**
 * Refuses axes on which the released decoder gives fewer points than it got.
 *
 * @throws RangeError for a periodic axis with first stride 6 (model.md section 6, trap)
 */
export function checkDecodable(geometry: Geometry): void {
  geometry.forEach(({ periodic, strides, points, singleton }, i) => {
    if (periodic && !singleton && strides[0] === 6) {
      throw new RangeError(
        `Cannot forecast on axis ${i}: it is periodic with ${points} points, where the released decoder returns ${
          points - 4
        }; use another resolution`,
      );
    }
  });
}

/** Tokens of the three axes. */
export function tokenGrid(geometry: Geometry): Triple {
  return [geometry[0].tokens, geometry[1].tokens, geometry[2].tokens];
}

/** Largest shift of the framed grid along an axis; it may go both ways. */
export function largestShift(axis: Axis): number {
  if (axis.singleton || axis.strides[0] * axis.strides[1] === 1) return 0;
  return Math.max(0, (axis.periodic ? Math.floor(axis.points / 2) : axis.margin) - 1);
}

/** Indices that shift and continue the zero-margined axis: `framed` entries. */
export function frameIndices(axis: Axis, shift: number): Int32Array {
  const n = axis.points + 2 * axis.margin;
  return Int32Array.from({ length: axis.framed }, (_, j) => modulo(j - axis.wrap - shift, n));
}

/** Indices that undo {@link frameIndices} and crop the margins: `points` entries. */
export function unframeIndices(axis: Axis, shift: number): Int32Array {
  const n = axis.points + 2 * axis.margin;
  return Int32Array.from({ length: axis.points }, (_, j) => modulo(j + axis.margin + shift, n) + axis.wrap);
}

/** The random part of one forward pass: a shift of the framed grid and a roll of the tokens before each block. */
export interface Shifts {
  /** Points the framed grid is shifted by along each axis. */
  readonly patch: Triple;
  /** Tokens the grid is rolled by before each block. */
  readonly blocks: readonly Triple[];
}

/**
 * Index inputs of a program with jitter, by name (see `jitterSignature`).
 *
 * @param geometry made with jitter on
 * @param shifts in points and tokens
 */
export function jitterFeeds(geometry: Geometry, shifts: Shifts): Map<string, Int32Array> {
  const feeds = new Map<string, Int32Array>();
  geometry.forEach((axis, i) => {
    if (axis.singleton) return;
    feeds.set(`jitter/frame/${i}`, frameIndices(axis, shifts.patch[i]!));
    feeds.set(`jitter/unframe/${i}`, unframeIndices(axis, shifts.patch[i]!));
    if (!axis.periodic) return;
    let total = 0;
    shifts.blocks.forEach((block, b) => {
      feeds.set(`jitter/roll/${b}/${i}`, rollIndices(axis.tokens, block[i]!));
      total += block[i]!;
    });
    feeds.set(`jitter/unroll/${i}`, rollIndices(axis.tokens, -total));
  });
  return feeds;
}
