// A micro-batch as the training programs take it: windows stacked, the last frame as target, and the random numbers
// of this micro-batch. All draws depend on seed and position only.

import { fieldIndices, type FieldMap } from "../data/fields.ts";
import type { Window } from "../data/window.ts";
import { drawShifts } from "../models/walrus/jitter.ts";
import { PURPOSES, randomStream, uniformNumbers } from "../random/philox.ts";
import { windowGeometry } from "../forecast/walrus.ts";
import type { HostArray } from "../ir/types.ts";
import type { WalrusConfig } from "../models/walrus/config.ts";
import { type Geometry, jitterFeeds } from "../models/walrus/geometry.ts";
import { RESAMPLED } from "../models/walrus/resample.ts";
import type { BatchShape } from "./step.ts";

/** Numbers of a micro-batch and what its program is made for. */
export interface TrainingBatch {
  /** What determines the program, besides the network. */
  readonly shape: BatchShape;
  /** Geometry of its grid. */
  readonly geometry: Geometry;
  /** Equal for micro-batches that one program serves. */
  readonly key: string;
  /** Numbers of every input of `batchSignature` but the weights. */
  readonly feeds: Readonly<Record<string, HostArray>>;
  /** Where the data come from, in words. */
  readonly source: string;
}

/** How micro-batches are made. */
export interface BatchOptions {
  /** Seed of shifts and drops. */
  readonly seed: number;
  /** Position in the run. */
  readonly index: number;
  /** Where the data come from, for messages. */
  readonly source: string;
  /** Names of the data's channels in the model's field table, where they differ. */
  readonly fieldMap?: FieldMap;
  /** Scales of a data-set-wide normalisation. */
  readonly scales?: { readonly std: Float32Array; readonly deltaStd: Float32Array };
}

/** `[T + 1, ..]` of every window to inputs `[T, B, ..]` and target `[1, B, ..]`. */
function stack(windows: readonly Window[], frames: number) {
  const samples = windows.length;
  const size = windows[0]!.frames.length / (frames + 1);
  const window = new Float32Array(frames * samples * size);
  const target = new Float32Array(samples * size);
  windows.forEach(({ frames: values }, b) => {
    for (let t = 0; t < frames; t++) {
      window.set(values.subarray(t * size, (t + 1) * size), (t * samples + b) * size);
    }
    target.set(values.subarray(frames * size), b * size);
  });
  return { window, target };
}

/** Constant channels of all windows `[B, X, Y, Z, Cc]`. */
function stackConstants(windows: readonly Window[]): Float32Array {
  const size = windows[0]!.constants.length;
  const constants = new Float32Array(windows.length * size);
  windows.forEach((window, b) => constants.set(window.constants, b * size));
  return constants;
}

/** Factors that keep (divided by the share that is kept) or drop. */
function keepFactors(uniform: Float64Array, probability: number): Float32Array {
  return Float32Array.from(uniform, (u) => u < probability ? 0 : 1 / (1 - probability));
}

/**
 * Factors of stochastic depth (model.md section 8): block b drops with probability `dropPath b / (L - 1)`, time
 * mixing each frame, space mixing each frame of each sample.
 */
function pathFeeds(config: WalrusConfig, frames: number, samples: number, seed: number, index: number) {
  const feeds: Record<string, Float32Array> = {};
  const each = frames * (samples + 1);
  const uniform = uniformNumbers(each * (config.blocks - 1), seed, index, PURPOSES.pathDrop);
  for (let b = 1; b < config.blocks; b++) {
    const own = uniform.subarray((b - 1) * each, b * each);
    const probability = config.dropPath * b / (config.blocks - 1);
    feeds[`pathKeep/time${b}`] = keepFactors(own.subarray(0, frames), probability);
    feeds[`pathKeep/space${b}`] = keepFactors(own.subarray(frames), probability);
  }
  return feeds;
}

/** Bytes as one number, to compare masks by. */
function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === b || (!!a && !!b && a.length === b.length && a.every((v, i) => v === b[i]));
}

/**
 * Makes a micro-batch of windows.
 *
 * @param windows of one data set and one kind, each with one frame more than the inputs
 * @param config the network
 * @param options seed, position, normalisation
 * @throws TypeError when windows differ in what a batch shares; RangeError for unknown fields or a grid that the
 *   network can not cut
 */
export function makeBatch(
  windows: readonly Window[],
  config: WalrusConfig,
  options: BatchOptions,
): TrainingBatch {
  const first = windows[0]!;
  const same = windows.every((w) =>
    String(w.shape) === String(first.shape) && String(w.boundaries) === String(first.boundaries) &&
    String(w.channels) === String(first.channels) && sameBytes(w.hidden, first.hidden)
  );
  if (!same) {
    throw new TypeError(
      `Windows of a batch differ in grid, boundaries, channels or mask (${options.source})`,
    );
  }
  if (config.normalization === "global" && !options.scales) {
    throw new TypeError(`Data-set-wide normalisation needs the scales of stats.yaml (${options.source})`);
  }
  const frames = first.times.length - 1;
  const samples = windows.length;
  const channels = first.channels.length;
  const constants = first.constantChannels.length;
  const { seed, index } = options;
  const shape: BatchShape = {
    frames,
    samples,
    points: first.shape,
    channels,
    constants,
    hidden: first.hidden !== null,
    jitter: config.jitter,
    pathDrop: config.dropPath > 0 && config.blocks > 1,
    fieldDrop: config.inputFieldDrop > 0,
  };
  const geometry = windowGeometry(first, config.jitter);
  const names = [...first.channels, ...first.constantChannels];
  const drops = (count: number) =>
    keepFactors(
      uniformNumbers(samples * count, seed, index, PURPOSES.fieldDrop),
      Math.min(1, config.inputFieldDrop / count),
    );
  const shifts = config.jitter
    ? jitterFeeds(geometry, drawShifts(geometry, config.blocks, randomStream(seed, index, PURPOSES.jitter)))
    : [];
  return {
    shape,
    geometry,
    key: JSON.stringify([shape, first.boundaries, first.dataset in RESAMPLED]),
    source: options.source,
    feeds: {
      ...stack(windows, frames),
      fields: Int32Array.from(fieldIndices(names, config.fields, options.fieldMap)),
      mask: Float32Array.from(first.channelMask),
      ...(constants > 0 ? { constants: stackConstants(windows) } : {}),
      ...(first.hidden ? { hidden: Float32Array.from(first.hidden) } : {}),
      ...(options.scales && config.normalization === "global"
        ? { "scales/std": options.scales.std, "scales/deltaStd": options.scales.deltaStd }
        : {}),
      ...(shape.pathDrop ? pathFeeds(config, frames, samples, seed, index) : {}),
      ...(shape.fieldDrop ? { fieldKeep: drops(channels + constants) } : {}),
      ...Object.fromEntries(shifts),
    },
  };
}
