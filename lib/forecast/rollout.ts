// Rollouts: predict a frame, append it, drop the oldest, again (evaluation.md section 5).

import type { Device } from "../compile/device.ts";
import type { DeviceLostError } from "../compile/device.ts";
import type { Sample } from "../data/dataset.ts";
import type { Statistics } from "../data/statistics.ts";
import type { FieldTransforms } from "../data/transforms.ts";
import type { FieldMap, GridTreatment, Inputs, StepPlace } from "../models/model.ts";
import { type Frame, frameAfter, windowAfter } from "./frame.ts";
import type { MemoryEstimate } from "./prepare.ts";
import type { RunSettings } from "./rollout_run.ts";
import { type ForecastHost, RolloutSession } from "./rollout_session.ts";

export type { ForecastHost } from "./rollout_session.ts";

/** How a rollout runs. */
export interface RolloutOptions {
  /** Frames to predict. */
  readonly steps: number;
  /** Seed of the random draws, 0 unless given: the same seed gives the same forecast everywhere. */
  readonly seed?: number;
  /** Whether steps use random draws (jitter, say); the model decides unless given. */
  readonly draws?: boolean;
  /**
   * Whether keys and values of past frames are kept, so that a step after the first reads one frame: several times
   * faster, and a little different, since they stay as they were.
   */
  readonly kvCache?: boolean;
  /**
   * Draws that each step is the mean of, 1 unless given, at most 256: so many times the work. Means are taken in the
   * data's units; the first draw is the one that a step has alone. Not with a KV cache, which is of one draw.
   */
  readonly average?: number;
  /** Time to predict ahead, in the data's units; the spacing of the window's last two frames unless given. */
  readonly lead?: number;
  /** Names of the file's fields in the model's table, where they differ. */
  readonly map?: FieldMap;
  /** Fields the model takes in another form; its own choice for the data set unless given. */
  readonly transforms?: FieldTransforms;
  /** What is done with a grid of an unusual size; `auto` unless given. */
  readonly grid?: GridTreatment;
  /** Statistics of the data set, for models that are normalised with them. */
  readonly statistics?: Statistics | null;
  /** Told what the forecast will take before anything large is read; throws to refuse. */
  readonly admit?: (need: MemoryEstimate) => unknown;
  /**
   * Frames of this rollout that are there already, from step 1: it goes on after them, with the bits that it would have
   * had. `steps` counts them. Not with a KV cache, which is gone.
   */
  readonly after?: readonly Frame[];
  /** Ends the rollout: within a step at its next op. */
  readonly signal?: AbortSignal;
  /** Gives a new device when the model's is lost; the rollout goes on there from its last finished frame. */
  readonly onDeviceLost?: (error: DeviceLostError) => Promise<Device>;
  /** Inputs of a step in place of those the model draws: to repeat a recorded forecast. */
  readonly stepInputs?: (shape: unknown, place: StepPlace) => Inputs;
}

/** Refuses to forecast no frames. */
export function checkSteps(steps: number): void {
  if (!Number.isInteger(steps) || steps < 1) {
    throw new RangeError(`Steps of a rollout are ${steps}, wanted an integer from 1`);
  }
}

/** Refuses frames that a rollout can not go on after. */
function checkAfter(after: readonly Frame[], { kvCache = false }: RolloutOptions): void {
  if (kvCache && after.length > 0) {
    throw new RangeError("Cannot go on after frames with a KV cache: what it kept of them is gone");
  }
  const wrong = after.findIndex(({ step }, i) => step !== i + 1);
  if (wrong < 0) return;
  throw new RangeError(`Frame ${wrong} to go on after has step ${after[wrong]!.step}, wanted ${wrong + 1}`);
}

/** Spacing of the last two frames; 1 where there is one frame. */
function spacingOf({ times }: Sample): number {
  return times.length > 1 ? times.at(-1)! - times.at(-2)! : 1;
}

/** Lets timers, signals and drawing have their turn: a step keeps the thread it runs on. */
function breathe(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Forecasts frame after frame, feeding its own output back. Rollouts of one host may overlap: each gives what it would
 * give alone. The host has to outlive them; when it is disposed of they end with a DisposedError.
 *
 * @param host network and weights
 * @param start frames in the data's units
 * @param options how many steps, seed, draws
 * @returns frames as they are computed
 * @throws RangeError for a grid, fields or options the model can not take
 */
export async function* rollout(
  host: ForecastHost,
  start: Sample,
  options: RolloutOptions,
): AsyncGenerator<Frame, void, void> {
  const {
    steps,
    seed = 0,
    lead = spacingOf(start),
    kvCache = false,
    average = 1,
    map,
    transforms,
    after = [],
  } = options;
  const fields = { ...(map ? { map } : {}), ...(transforms ? { transforms } : {}) };
  checkSteps(steps);
  checkAfter(after, options);
  const { model } = host;
  const draws = options.stepInputs ? true : options.draws ?? model.draws ?? false;
  const shape = model.shape(start.info, {
    samples: 1,
    frames: start.times.length,
    draws,
    ...(options.grid ? { grid: options.grid } : {}),
    ...fields,
  });
  const signal = options.signal ? AbortSignal.any([host.signal, options.signal]) : host.signal;
  const settings: RunSettings = {
    seed,
    lead,
    statistics: options.statistics ?? null,
    fields,
    signal,
    ...(options.stepInputs ? { stepInputs: (place: StepPlace) => options.stepInputs!(shape, place) } : {}),
  };
  using session = new RolloutSession(host, shape, settings, {
    kvCache,
    ...(options.admit ? { admit: options.admit } : {}),
    ...(options.onDeviceLost ? { onDeviceLost: options.onDeviceLost } : {}),
  });
  // Few ask for it: who does not, does not load it.
  const averaged = average === 1 ? null : (await import("./average.ts")).averageOf(session, options);
  const last = start.times.at(-1) ?? 0;
  /** The last frames, as many as a window has. */
  let recent: Frame[] = after.slice(-start.times.length);
  for (let index = after.length + 1, step = after.length; step < steps; index++) {
    await breathe();
    const window = () => windowAfter(start, recent);
    const predicted = await (averaged ? averaged(index, window) : session.step(index, window));
    if (after.length > 0 && predicted.length > 1) {
      throw new RangeError(`Cannot go on after frames: ${model.family} predicts ${predicted.length} at once`);
    }
    for (const values of predicted.slice(0, steps - step)) {
      step++;
      const frame = frameAfter(start, values, step, last + step * lead);
      recent = [...recent, frame].slice(-start.times.length);
      yield frame;
    }
  }
}
