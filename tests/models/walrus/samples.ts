// The same frames twice: as the reader of windows gives them, and as a sample in the file's own fields.

import type { Boundary, Sample, SampleField } from "../../../lib/data/dataset.ts";
import type { FieldTransforms } from "../../../lib/data/transforms.ts";
import { openWell } from "../../../lib/data/well.ts";
import type { ChannelGroup, Window } from "../../../lib/data/window.ts";
import { type WritableField, writeWell } from "../../../lib/data/write_well.ts";
import type { SourceInput } from "../../../lib/io/source.ts";
import { uniformNumbers } from "../../../lib/random/philox.ts";

/** Reproducible numbers between -1 and 1. */
export function numbers(count: number, seed: number): Float32Array {
  return Float32Array.from(uniformNumbers(count, seed, 0, 0), (u) => 2 * u - 1);
}

const SIDES: readonly Boundary[] = ["wall", "open", "periodic"];

/** Numbers of a field without the components that the embedding added. */
function fieldValues(
  channels: Float32Array,
  count: number,
  { order, start, components }: ChannelGroup,
  stored: number,
): Float32Array {
  const width = order === 0 ? 1 : Math.round(components ** (1 / order));
  const kept = Array.from({ length: components }, (_, c) => c).filter((c) =>
    order === 0 || (c % width < stored && (order === 1 || Math.floor(c / width) < stored))
  );
  const out: number[] = [];
  for (let p = 0; p < channels.length / count; p++) {
    for (const c of kept) out.push(channels[p * count + start + c]!);
  }
  return Float32Array.from(out);
}

/** Which frames. */
export interface Place {
  readonly trajectory?: number;
  readonly from: number;
  readonly length: number;
  readonly stride?: number;
}

/** Frames of a Well file both ways. */
export async function readBoth(
  input: SourceInput,
  { trajectory = 0, ...place }: Place,
  transforms?: FieldTransforms,
): Promise<{ window: Window; sample: Sample }> {
  using well = await openWell(input, transforms ? { transforms } : {});
  using plain = await openWell(input, { transforms: {} });
  const window = await well.trajectory(trajectory).window(place);
  const own = await plain.trajectory(trajectory).window(place);
  const { axes, resolution, gridType, boundaries, dataset } = plain.metadata;
  const fields: SampleField[] = [];
  const values: Float32Array[] = [];
  for (const constant of [false, true]) {
    const channels = constant ? own.constants : own.frames;
    const count = (constant ? own.constantChannels : own.channels).length;
    for (const group of constant ? own.constantGroups : own.groups) {
      fields.push({ name: group.name, order: group.order, constant });
      values.push(fieldValues(channels, count, group, axes.length));
    }
  }
  const sample: Sample = {
    info: {
      dataset,
      grid: {
        system: gridType,
        axes,
        shape: resolution,
        coordinates: resolution.map((n) => Float64Array.from({ length: n }, (_, i) => i)),
      },
      boundaries: boundaries.map(([near, far]) => [SIDES[near]!, SIDES[far]!] as const),
      fields,
      masked: own.hidden !== null,
      scalars: {},
    },
    times: own.times,
    values,
    hidden: own.hidden,
  };
  return { window, sample };
}

/** What a made file has. */
export interface Made {
  readonly dataset?: string;
  readonly gridType?: string;
  readonly shape: readonly number[];
  readonly steps: number;
  readonly boundaries: readonly (readonly [number, number])[];
  /** Name, order, and whether it is constant. */
  readonly fields: readonly (readonly [name: string, order: number, constant?: boolean])[];
  readonly seed?: number;
}

/** A Well file of random numbers; a constant `mask` hides every third cell. */
export function madeWell(
  { dataset = "made", gridType = "cartesian", shape, steps, boundaries, fields, seed = 1 }: Made,
): Promise<Uint8Array> {
  const points = shape.reduce((n, size) => n * size, 1);
  const names = gridType === "cartesian" ? ["x", "y", "z"] : ["r", "theta", "phi"];
  const made = fields.map(([name, order, constant = false], i): WritableField => {
    const count = (constant ? 1 : steps) * points * shape.length ** order;
    const data = name === "mask"
      ? Float32Array.from({ length: count }, (_, p) => p % 3 === 0 ? 1 : 0)
      : numbers(count, seed + i).map((v) => name === "density" ? 1.5 + v : v);
    return { name, order, constant, data };
  });
  return writeWell({
    dataset,
    gridType,
    axes: shape.map((n, axis) => ({
      name: names[axis]!,
      coordinates: Float32Array.from({ length: n }, (_, i) => i / n),
    })),
    times: Float64Array.from({ length: steps }, (_, t) => t),
    boundaries,
    fields: made,
  });
}
