// Where the points of a grid go: margins, token counts, shifts (model.md section 4), given its strides. Pure arithmetic
// on sizes and boundary codes; the graph and the host-side draws both follow it.

import type { Triple } from "../../nn/conv.ts";
import { modulo, rollIndices } from "../../nn/roll.ts";
import { inTable, KERNELS, receptiveMargin, type Strides, stridesOf, usualTokens } from "./strides.ts";

/** Boundary codes of the near and far side of an axis. */
export type Boundary = readonly [number, number];
/** Codes as The Well's reader gives them. */
export const WALL = 0, OPEN = 1, PERIODIC = 2;

/** How one axis is cut into tokens. */
export interface Axis {
  /** Points of the data (after resampling). */
  readonly points: number;
  /** Whether it has one point. */
  readonly singleton: boolean;
  /** Whether it continues itself. */
  readonly periodic: boolean;
  /**
   * Whether the grid between the convolutions is one period, too. The released network's is longer on a periodic axis
   * (its norms count the difference twice, its decoder continues it as it is), which leaves a seam: sizes of its table
   * keep that, all others are without.
   */
  readonly seamless: boolean;
  /** Codes of its near and far side. */
  readonly boundary: Boundary;
  /** Strides of the first and second convolution. */
  readonly strides: Strides;
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

/**
 * Zeros that shifts need on both sides of a bounded axis: half a patch, which is one token more. Half of an odd patch
 * would not be whole, so it gets a patch and the axis two tokens more.
 */
function shiftRoom(patch: number): number {
  if (patch === 1) return 0;
  return patch % 2 === 0 ? patch / 2 : patch;
}

/**
 * Geometry of a grid.
 *
 * @param shape points of the three axes
 * @param boundaries codes of the three axes; those of singletons are ignored
 * @param jitter whether axes with margins get room for shifts
 * @param strides for an axis as the released network cuts it; those of the grid's sizes unless given
 * @throws RangeError for sizes without strides or a far side that is periodic beside another near side
 */
export function geometryOf(
  shape: Triple,
  boundaries: readonly Boundary[],
  jitter: boolean,
  strides?: readonly Strides[],
): Geometry {
  const own = strides ?? stridesOf(shape);
  const tokensWanted = usualTokens(shape);
  const axes = shape.map((points, i): Axis => {
    const [first, second] = own[i] ?? [1, 1];
    const boundary = boundaries[i] ?? [PERIODIC, PERIODIC];
    const singleton = points === 1;
    const periodic = boundary[0] === PERIODIC;
    if (!singleton && !periodic && boundary[1] === PERIODIC) {
      throw new RangeError(
        `Cannot frame axis ${i}: its far side is periodic and its near side has code ${boundary[0]}`,
      );
    }
    const base = singleton ? 0 : receptiveMargin([first, second]);
    const room = jitter ? shiftRoom(first * second) : 0;
    const margin = singleton || periodic ? 0 : base + room;
    const wrap = periodic ? base : 0;
    const framed = points + 2 * (margin + wrap);
    const inner = singleton ? 1 : (framed - KERNELS[0]) / first + 1;
    const tokens = singleton ? 1 : (inner - KERNELS[1]) / second + 1;
    const seamless = !strides && periodic && !singleton && !inTable(points, tokensWanted);
    return {
      points,
      singleton,
      periodic,
      seamless,
      boundary,
      strides: [first, second],
      margin,
      wrap,
      framed,
      tokens,
    };
  });
  return axes as unknown as Geometry;
}

/** Points of the grid between the two convolutions along an axis: in all, and in one period. */
export function innerPoints({ tokens, strides: [, second] }: Axis): { whole: number; period: number } {
  return { whole: (tokens - 1) * second + KERNELS[1], period: tokens * second };
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
