// Fields of a sample as channels of three axes (data.md sections 2 and 3): missing axes have one point and continue
// themselves, vectors and matrices of fewer axes are completed with zeros, components are named as the field table has
// them. Channels come last, variable ones apart from constant ones.

import type { Sample, SampleInfo } from "../../data/dataset.ts";
import { largestHidden, maskKind } from "../../data/masks.ts";
import {
  type FieldTransform,
  type FieldTransforms,
  transformedName,
  TRANSFORMS,
} from "../../data/transforms.ts";
import type { Triple } from "../../nn/conv.ts";
import { type Boundary, OPEN, PERIODIC, WALL } from "./geometry.ts";

/** A field among the channels. */
export interface ChannelGroup {
  /** Its place among the sample's fields. */
  readonly field: number;
  /** Name after transforms. */
  readonly name: string;
  /** Tensor order: 0 scalar, 1 vector, 2 matrix (row index first). */
  readonly order: number;
  /** First channel. */
  readonly start: number;
  /** Number of channels. */
  readonly components: number;
  /** Channel of every component that the sample has. */
  readonly targets: readonly number[];
  /** How its numbers are changed. */
  readonly transform: FieldTransform | null;
  /** Set for a mask: the file's own numbers where they are 1 at hidden cells under the usual name, else made such. */
  readonly mask?: "stored" | "made";
}

/** Under this name the network knows which cells are hidden, 1 there, whatever a file calls its mask. */
const MASK = "mask";

/** Fields of one kind as channels. */
export interface Channels {
  readonly groups: readonly ChannelGroup[];
  /** Names of the channels. */
  readonly names: readonly string[];
  /** 1 for channels that data have, 0 for those that only the embedding added. */
  readonly mask: Uint8Array;
}

/** How a kind of sample lies on three axes. */
export interface Embedding {
  /** X, Y, Z; singleton axes have 1 point. */
  readonly points: Triple;
  /** Codes of the near and far side of three axes. */
  readonly boundaries: readonly [Boundary, Boundary, Boundary];
  /** Fields that vary in time. */
  readonly variable: Channels;
  /** Constant fields. */
  readonly constant: Channels;
}

const CODES = { wall: WALL, open: OPEN, periodic: PERIODIC } as const;
const ABSENT: Boundary = [PERIODIC, PERIODIC];

/** Names of the axes that components belong to: cartesian data are embedded in three. */
function componentAxes({ system, axes }: SampleInfo["grid"]): readonly string[] {
  return system === "cartesian" && axes.length < 3 ? ["x", "y", "z"] : axes;
}

/** Axis numbers of every component, row index first. */
function indicesOf(order: number, axes: number): number[][] {
  let indices: number[][] = [[]];
  for (let i = 0; i < order; i++) {
    indices = indices.flatMap((before) => Array.from({ length: axes }, (_, axis) => [...before, axis]));
  }
  return indices;
}

function channelsOf(
  { grid, fields }: SampleInfo,
  constant: boolean,
  transforms: FieldTransforms,
  real: Sample["real"],
): Channels {
  const axes = componentAxes(grid);
  const stored = grid.axes.length;
  const groups: ChannelGroup[] = [];
  const names: string[] = [];
  const mask: number[] = [];
  const masks = fields.flatMap((field, i) => maskKind(field) ? [i] : []);
  fields.forEach((info, field) => {
    if (info.constant !== constant) return;
    // Several masks hide together: one channel says it.
    const kind = maskKind(info);
    if (kind && field !== masks[0]) return;
    const { order } = info;
    const transform = kind ? null : transforms[info.name] ?? null;
    const name = kind ? MASK : transformedName(info.name, transform ?? undefined);
    const start = names.length;
    const targets: number[] = [];
    const all = indicesOf(order, axes.length);
    all.forEach((indices, c) => {
      const suffix = indices.map((axis) => axes[axis]!).join("");
      names.push(suffix ? `${name}_${suffix}` : name);
      const own = indices.every((axis) => axis < stored);
      mask.push(own && real?.[field]?.[targets.length] !== 0 ? 1 : 0);
      if (own) targets.push(start + c);
    });
    const group = { field, name, order, start, components: all.length, targets, transform };
    const isUsual = info.name === MASK && kind === "hidden" && masks.length === 1;
    groups.push(kind ? { ...group, mask: isUsual ? "stored" : "made" } : group);
  });
  return { groups, names, mask: Uint8Array.from(mask) };
}

/**
 * How samples lie on three axes.
 *
 * @param info of the samples
 * @param transforms of their fields
 * @param real components that data have, of samples that are embedded already
 * @throws TypeError for points that are no grid of one to three axes
 */
export function embeddingOf(
  info: SampleInfo,
  transforms: FieldTransforms,
  real?: Sample["real"],
): Embedding {
  const { shape, coordinates } = info.grid;
  if (shape.length < 1 || shape.length > 3 || coordinates.length > shape.length) {
    const what = coordinates.length > shape.length ? "scattered points" : `${shape.length} axes`;
    throw new TypeError(`Data set "${info.dataset}" has ${what}, wanted a grid of 1 to 3 axes`);
  }
  const [x = 1, y = 1, z = 1] = shape;
  const side = (axis: number): Boundary => {
    const sides = info.boundaries[axis];
    return sides ? [CODES[sides[0]], CODES[sides[1]]] : ABSENT;
  };
  return {
    points: [x, y, z],
    boundaries: [side(0), side(1), side(2)],
    variable: channelsOf(info, false, transforms, real),
    constant: channelsOf(info, true, transforms, real),
  };
}

/** Writes fields into channels-last frames. What only fills hidden cells is read as 0. */
function fill(sample: Sample, { groups, names }: Channels, frames: number, points: number) {
  const { info, values, real, hidden } = sample;
  const out = new Float32Array(frames * points * names.length);
  for (const { field, targets, transform, mask } of groups) {
    const stored = mask === "made" && hidden ? hidden : values[field]!;
    const count = targets.length;
    const masked = mask ? null : hidden;
    const largest = masked ? largestHidden(values[field]!, masked, count) : Infinity;
    if (stored.length !== frames * points * count) {
      throw new RangeError(
        `Field "${
          info.fields[field]!.name
        }" has ${stored.length} numbers, wanted ${frames} x ${points} x ${count}`,
      );
    }
    targets.forEach((channel, c) => {
      // Components that only an embedding added are zero in any form.
      const change = transform && real?.[field]?.[c] !== 0 ? TRANSFORMS[transform].apply : null;
      for (let from = c, to = channel, p = 0; from < stored.length; from += count, to += names.length, p++) {
        const value = stored[from]!;
        if (masked?.[p % points] && !(Math.abs(value) <= largest)) continue;
        out[to] = change ? change(value) : value;
      }
    });
  }
  return out;
}

/** A sample on three axes. */
export interface Embedded {
  readonly embedding: Embedding;
  /** Variable channels `[T, X, Y, Z, C]`. */
  readonly frames: Float32Array;
  /** Constant channels `[X, Y, Z, Cc]`. */
  readonly constants: Float32Array;
}

/**
 * Embeds a sample.
 *
 * @param sample on its own axes, or on three already
 * @param transforms of its fields
 * @throws RangeError for a field with another count of numbers than grid and times say
 */
export function embed(sample: Sample, transforms: FieldTransforms): Embedded {
  const embedding = embeddingOf(sample.info, transforms, sample.real);
  const points = embedding.points.reduce((n, size) => n * size, 1);
  return {
    embedding,
    frames: fill(sample, embedding.variable, sample.times.length, points),
    constants: fill(sample, embedding.constant, 1, points),
  };
}
