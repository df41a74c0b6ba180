// Samples as a program's inputs: windows stacked `[T, B, X, Y, Z, C]`, the frame after them as target, columns of the
// channels, masks and scales.

import type { Sample } from "../../data/dataset.ts";
import type { Statistics } from "../../data/statistics.ts";
import type { FieldOptions, Inputs } from "../model.ts";
import type { WalrusConfig } from "./config.ts";
import { embed, type Embedded } from "./embed.ts";
import { globalScales } from "./scales.ts";
import { columnsOf, type WalrusShape } from "./shape.ts";
import { transformsOf } from "./transforms.ts";

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === b || (!!a && !!b && a.length === b.length && a.every((v, i) => v === b[i]));
}

/** Refuses samples that differ in what a batch shares. */
function checkBatch(samples: readonly Sample[], { samples: count, frames }: WalrusShape): void {
  const [first] = samples;
  if (!first || samples.length !== count) {
    throw new RangeError(`Got ${samples.length} samples, wanted ${count}`);
  }
  const kind = ({ info: { grid, boundaries, fields } }: Sample) =>
    JSON.stringify([grid.system, grid.shape, boundaries, fields]);
  const same = samples.every((sample) =>
    kind(sample) === kind(first) && sample.times.length === first.times.length &&
    sameBytes(sample.hidden, first.hidden)
  );
  if (!same) throw new TypeError("Samples of a batch differ in grid, boundaries, fields, frames or mask");
  const given = first.times.length;
  if (given !== frames && given !== frames + 1) {
    throw new RangeError(
      `Got samples of ${given} frames, wanted ${frames}, or ${frames + 1} with the target`,
    );
  }
}

/** Frames `from` to `to` of all samples, frames outermost. */
function stack(samples: readonly Embedded[], size: number, from: number, to: number): Float32Array {
  const out = new Float32Array((to - from) * samples.length * size);
  samples.forEach(({ frames }, b) => {
    for (let t = from; t < to; t++) {
      out.set(frames.subarray(t * size, (t + 1) * size), ((t - from) * samples.length + b) * size);
    }
  });
  return out;
}

/** Constant channels of all samples `[B, X, Y, Z, Cc]`. */
function stackConstants(samples: readonly Embedded[]): Float32Array {
  const size = samples[0]!.constants.length;
  const out = new Float32Array(samples.length * size);
  samples.forEach(({ constants }, b) => out.set(constants, b * size));
  return out;
}

/**
 * Inputs of a forecast, or of a loss where samples have one frame beyond the shape's.
 *
 * @param config the network
 * @param samples of one kind
 * @param shape made of their info
 * @param statistics of the data set, for a network that is normalised with them
 * @param options names and transforms of fields, as the shape was made with
 * @throws TypeError for samples that differ, or where statistics are missing; RangeError for unknown fields
 */
export function inputsOf(
  config: WalrusConfig,
  samples: readonly Sample[],
  shape: WalrusShape,
  statistics: Statistics | null,
  { map, transforms }: FieldOptions = {},
): Inputs {
  checkBatch(samples, shape);
  const first = samples[0]!;
  const embedded = samples.map((sample) => embed(sample, transformsOf(sample.info, transforms)));
  const { embedding } = embedded[0]!;
  const points = shape.points.reduce((n, size) => n * size, 1);
  const size = points * shape.channels;
  const global = config.normalization === "global";
  if (global && !statistics) {
    throw new TypeError(
      "The model normalises with statistics of the whole data set: pass those of its stats.yaml",
    );
  }
  const scales = global && statistics ? globalScales(statistics, embedding, config.epsilon) : null;
  const { frames } = shape;
  return {
    "state/window": stack(embedded, size, 0, frames),
    ...(first.times.length > frames ? { target: stack(embedded, size, frames, frames + 1) } : {}),
    fields: Int32Array.from(columnsOf(embedding, config, map)),
    mask: Float32Array.from(embedding.variable.mask),
    ...(shape.constants > 0 ? { constants: stackConstants(embedded) } : {}),
    ...(shape.hidden ? { hidden: Float32Array.from(first.hidden ?? new Uint8Array(points)) } : {}),
    ...(scales ? { "scales/std": scales.std, "scales/deltaStd": scales.deltaStd } : {}),
  };
}
