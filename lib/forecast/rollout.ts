// Rollouts: predict a frame, append it, drop the oldest, again (evaluation.md section 5).

import { fieldIndices } from "../data/fields.ts";
import type { Window } from "../data/window.ts";
import { type Geometry, jitterFeeds, type Shifts } from "../walrus/geometry.ts";
import { drawShifts } from "./jitter.ts";
import { randomStream } from "./random.ts";
import type { Compiled, Feed } from "../compile/compile.ts";
import { type Device, type DeviceBuffer, DeviceLostError } from "../compile/device.ts";
import type { WalrusConfig } from "../walrus/config.ts";
import type { HostArray } from "../ir/types.ts";
import { slotFeeds } from "../walrus/recall.ts";
import type { StepShape } from "../walrus/step.ts";

/** A step compiled for one kind of window, and the geometry it was compiled for. */
export interface PreparedStep {
  /** The program of one step on the device. */
  readonly compiled: Compiled;
  /** How the grid is cut into tokens. */
  readonly geometry: Geometry;
  /** What the step was compiled for. */
  readonly shape: StepShape;
  /** Weights on the device by input name. */
  readonly weights: ReadonlyMap<string, DeviceBuffer>;
}

/** What a forecast will take, known before it runs. */
export interface MemoryNeed {
  /** Weights resident on the device. */
  readonly weights: number;
  /** Intermediate results of a step, inputs, outputs and constants. */
  readonly working: number;
}

/** Two steps that share a memory of past frames, compiled for one kind of window. */
export interface PreparedRecall extends PreparedStep {
  /** The step after the first, which reads one frame. */
  readonly next: Compiled;
  /** Keys and values of past frames by input name. */
  readonly memory: ReadonlyMap<string, DeviceBuffer>;
}

/** What a rollout needs of a model. */
export interface ForecastModel {
  /** The network. */
  readonly config: WalrusConfig;
  /** Compiles the step for a window and makes its weights resident. */
  prepare(window: Window, jitter: boolean, admit?: (need: MemoryNeed) => void): Promise<PreparedStep>;
  /** The same for rollouts that reuse past frames; models without it cannot. */
  prepareRecall?(
    window: Window,
    jitter: boolean,
    admit?: (need: MemoryNeed) => void,
  ): Promise<PreparedRecall>;
  /** Forgets what is on its device and uses another from now on; models that are bound to theirs have none. */
  moveTo?(device: Device): void;
}

/** A predicted frame. */
export interface Frame {
  /** Steps since the start window, from 1. */
  readonly step: number;
  /** Time in the data's units, by the spacing of the start window's last two frames. */
  readonly time: number;
  /** `[X, Y, Z, C]` in the data's units; padded channels and hidden cells are 0. */
  readonly values: Float32Array;
  /** X, Y, Z. */
  readonly shape: readonly [number, number, number];
  /** Names of the C channels. */
  readonly channels: readonly string[];
}

/** How a rollout runs. */
export interface RolloutOptions {
  /** Frames to predict. */
  readonly steps: number;
  /** Seed of the random shifts, 0 unless given: the same seed gives the same forecast everywhere. */
  readonly seed?: number;
  /** Whether the grid is shifted at random each step; the configuration decides unless given. */
  readonly jitter?: boolean;
  /**
   * Computes only the newest frame after the first step, with the keys and values of past frames as they were: several
   * times faster, and a little different, since scales and shifts stay those of the first step.
   */
  readonly reuse?: boolean;
  /** Shifts to use instead of drawn ones. */
  readonly shifts?: (step: number) => Shifts;
  /** Names of the data's channels in the model's field table, where they differ. */
  readonly fieldMap?: Readonly<Record<string, string | number>>;
  /** Scales of a data-set-wide normalisation for every channel, constant ones last. */
  readonly scales?: { readonly std: Float32Array; readonly deltaStd: Float32Array };
  /** Told what the forecast will take before anything large is read; throws to refuse. */
  readonly admit?: (need: MemoryNeed) => void;
  /** Ends the rollout, also within a step, with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Gives a new device when the model's is lost; the rollout goes on there from its last finished frame. */
  readonly onDeviceLost?: (error: DeviceLostError) => Promise<Device>;
}

function checkOptions(model: ForecastModel, { steps, scales }: RolloutOptions): void {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`Steps of a rollout are ${steps}, wanted an integer from 1`);
  }
  if (model.config.normalization === "global" && !scales) {
    throw new TypeError(
      "The model normalises with statistics of the whole data set: pass the scales of its stats.yaml",
    );
  }
}

/** Inputs that stay the same through a rollout. */
function fixedFeeds(
  model: ForecastModel,
  start: Window,
  options: RolloutOptions,
  weights: PreparedStep["weights"],
) {
  const names = [...start.channels, ...start.constantChannels];
  return {
    ...Object.fromEntries(weights),
    fields: Int32Array.from(fieldIndices(names, model.config.fields, options.fieldMap)),
    mask: Float32Array.from(start.channelMask),
    ...(start.constantChannels.length > 0 ? { constants: start.constants } : {}),
    ...(start.hidden ? { hidden: Float32Array.from(start.hidden) } : {}),
    ...(model.config.normalization === "global" && options.scales
      ? { "scales/std": options.scales.std, "scales/deltaStd": options.scales.deltaStd }
      : {}),
  };
}

/** Gives the frame after a window. */
type Advance = (index: number, window: Float32Array) => Promise<Float32Array>;

/** Every step sees the whole window. */
async function wholeSteps(
  model: ForecastModel,
  start: Window,
  options: RolloutOptions,
  jitter: boolean,
): Promise<Advance> {
  const { compiled, geometry, weights } = await model.prepare(start, jitter, options.admit);
  const fixed = fixedFeeds(model, start, options, weights);
  const { signal } = options;
  return async (index, window) => {
    const { next } = await compiled.run({
      ...fixed,
      ...shiftFeeds(model, options, geometry, jitter, index),
      window,
    }, { signal });
    return next as Float32Array;
  };
}

/** The first step sees the whole window, later ones its last frame. */
async function recallSteps(
  model: ForecastModel,
  start: Window,
  options: RolloutOptions,
  jitter: boolean,
): Promise<Advance> {
  if (!model.prepareRecall) throw new TypeError("Cannot reuse past frames: this model keeps none");
  const prepared = await model.prepareRecall(start, jitter, options.admit);
  const frames = start.times.length;
  const { signal } = options;
  const shared = {
    ...fixedFeeds(model, start, options, prepared.weights),
    ...Object.fromEntries(prepared.memory),
  };
  let statistics: Record<string, HostArray> | null = null;
  let first = 0;
  return async (index, window) => {
    if (!statistics) {
      const shifts = shiftFeeds(model, options, prepared.geometry, jitter, index);
      const { next, ...others } = await prepared.compiled.run({ ...shared, ...shifts, window }, { signal });
      statistics = { ...others, ...shifts };
      first = index;
      return next as Float32Array;
    }
    const newest = window.subarray(window.length - window.length / frames);
    const { "scales/std": _std, "scales/deltaStd": _delta, ...rest } = shared as Record<string, Feed>;
    const slots = slotFeeds(index - first, frames);
    const { next } = await prepared.next.run(
      { ...rest, ...statistics, ...slots, window: newest },
      { signal },
    );
    return next as Float32Array;
  };
}

/** Indices of a step's shifts. */
function shiftFeeds(
  model: ForecastModel,
  { shifts, seed = 0 }: RolloutOptions,
  geometry: Geometry,
  jitter: boolean,
  index: number,
): Record<string, Int32Array> {
  if (!jitter) return {};
  const drawn = shifts?.(index) ?? drawShifts(geometry, model.config.blocks, randomStream(seed, index));
  return Object.fromEntries(jitterFeeds(geometry, drawn));
}

/** Lets timers, signals and drawing have their turn: a step keeps the thread it runs on. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Runs a rollout; see `Walrus.rollout`. */
export async function* rollout(
  model: ForecastModel,
  start: Window,
  options: RolloutOptions,
): AsyncGenerator<Frame, void, void> {
  checkOptions(model, options);
  const jitter = options.shifts ? true : options.jitter ?? model.config.jitter;
  const names = [...start.channels, ...start.constantChannels];
  // Unknown fields are refused before weights are read.
  fieldIndices(names, model.config.fields, options.fieldMap);
  const make = options.reuse ? recallSteps : wholeSteps;
  let advance = await make(model, start, options, jitter);
  const run: Advance = async (index, window) => {
    try {
      return await advance(index, window);
    } catch (error) {
      if (!(error instanceof DeviceLostError) || !options.onDeviceLost || !model.moveTo) throw error;
      model.moveTo(await options.onDeviceLost(error));
      advance = await make(model, start, options, jitter);
      return await run(index, window);
    }
  };

  const frames = start.times.length;
  const size = start.frames.length / frames;
  const window = start.frames.slice();
  const last = start.times.at(-1) ?? 0;
  const spacing = frames > 1 ? last - (start.times.at(-2) ?? 0) : 1;
  for (let index = 1; index <= options.steps; index++) {
    await breathe();
    options.signal?.throwIfAborted();
    const values = await run(index, window);
    window.copyWithin(0, size);
    window.set(values, (frames - 1) * size);
    yield {
      step: index,
      time: last + index * spacing,
      values,
      shape: start.shape,
      channels: start.channels,
    };
  }
}
