// Ensembles: rollouts side by side that differ in their draws, in where they start, in their checkpoint; and what they
// say together of each frame. Members on one network share its weights and programs; each gives, bit for bit, what it
// gives alone.

import { varyingCount } from "../data/components.ts";
import type { Sample } from "../data/dataset.ts";
import { summarizeMembers } from "../metrics/members.ts";
import type { ForecastModel } from "./forecast_model.ts";
import { type Frame, frameAfter, type FrameValues } from "./frame.ts";
import type { MemoryEstimate } from "./prepare.ts";
import { checkSteps, type ForecastHost, rollout, type RolloutOptions } from "./rollout.ts";

/** A network that forecasts: a loaded model, also in a worker, or one in training. */
export type EnsembleModel = ForecastHost | Pick<ForecastModel, "rollout">;

/** How an ensemble runs. */
export interface EnsembleOptions extends Omit<RolloutOptions, "after" | "stepInputs"> {
  /** How many members, 8 unless given. */
  readonly members?: number;
  /** Probabilities of the quantiles of each frame; none unless given. */
  readonly quantiles?: readonly number[];
  /**
   * Frames by which members start earlier, one after the other, 0 unless given. The sample then holds as many frames
   * more than the network's window as the largest of them. Such members forecast so many frames more, which are dropped.
   */
  readonly startOffsets?: readonly number[];
  /** Networks of further checkpoints. */
  readonly models?: readonly EnsembleModel[];
}

/** What a member is. */
export interface EnsembleMember {
  /** Seed of its draws. */
  readonly seed: number;
  /** Frames by which it starts earlier. */
  readonly offset: number;
  /** Its network: 0, or a number of a further one from 1. */
  readonly model: number;
}

/** A frame of an ensemble: its numbers are the mean over members. */
export interface EnsembleFrame extends Frame {
  /** Standard deviation over members (M - 1) of the fields that vary; 0 where there is one member. */
  readonly spread: FrameValues;
  /** A frame for each quantile that was asked for: the fields that vary. */
  readonly quantiles: readonly FrameValues[];
  /** The members' frames, in the order of {@link ensembleMembers}. */
  readonly members: readonly Frame[];
}

/**
 * The members of an ensemble: offsets one after the other, then networks, then seeds from the given one on. No two are
 * alike.
 *
 * @param options how many, which seed, offsets, further networks
 * @throws RangeError for a number of members below 1, or an offset below 0
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * assert.deepEqual(ensembleMembers({ members: 3, seed: 5, startOffsets: [0, 1] }), [
 *   { seed: 5, offset: 0, model: 0 },
 *   { seed: 5, offset: 1, model: 0 },
 *   { seed: 6, offset: 0, model: 0 },
 * ]);
 * ```
 */
export function ensembleMembers(
  { members = 8, seed = 0, startOffsets = [0], models = [] }: Pick<
    EnsembleOptions,
    "members" | "seed" | "startOffsets" | "models"
  >,
): EnsembleMember[] {
  if (!Number.isInteger(members) || members < 1) {
    throw new RangeError(`Members of an ensemble are ${members}, wanted an integer from 1`);
  }
  const wrong = startOffsets.find((offset) => !Number.isInteger(offset) || offset < 0);
  if (wrong !== undefined || startOffsets.length === 0) {
    throw new RangeError(`A start offset is ${wrong ?? "missing"}, wanted integers from 0`);
  }
  const [offsets, networks] = [startOffsets.length, models.length + 1];
  return Array.from({ length: members }, (_, i) => ({
    seed: seed + Math.floor(i / (offsets * networks)),
    offset: startOffsets[i % offsets]!,
    model: Math.floor(i / offsets) % networks,
  }));
}

/** The window that ends so many frames before the sample's last. */
function windowBefore(sample: Sample, offset: number, largest: number): Sample {
  if (largest === 0) return sample;
  const { info, times, values } = sample;
  const length = times.length - largest;
  if (length < 1) {
    throw new RangeError(
      `Cannot start ${largest} frames earlier: the sample has ${times.length}, wanted those and a window`,
    );
  }
  const from = largest - offset;
  return {
    ...sample,
    times: times.slice(from, from + length),
    values: values.map((numbers, i) => {
      const size = numbers.length / times.length;
      return info.fields[i]!.constant ? numbers : numbers.subarray(from * size, (from + length) * size);
    }),
  };
}

/** Starts a member's rollout; what it forecasts before the ensemble's first frame is dropped. */
async function* memberFrames(
  host: EnsembleModel,
  window: Sample,
  offset: number,
  options: RolloutOptions,
): AsyncGenerator<Frame, void, void> {
  const all = { ...options, steps: options.steps + offset };
  const frames = "rollout" in host ? host.rollout(window, all) : rollout(host, window, all);
  for await (const frame of frames) if (frame.step > offset) yield frame;
}

/** What members say together of a frame. */
function summarize(start: Sample, members: readonly Frame[], step: number, quantiles: readonly number[]) {
  const fields = Array.from(
    { length: varyingCount(start.info) },
    (_, i) => summarizeMembers(members.map(({ values }) => values[i]!), quantiles),
  );
  const { time } = members[0]!;
  return {
    ...frameAfter(start, fields.map(({ mean }) => mean), step, time),
    spread: fields.map(({ spread }) => spread),
    quantiles: quantiles.map((_, q) => fields.map((field) => field.quantiles[q]!)),
    members,
  };
}

/**
 * Forecasts with several members side by side.
 *
 * Memory: each member has its inputs and state on the device beside the shared weights and programs (`admit` is told
 * the sum for its network) and one frame here.
 *
 * @param model network; further ones stand in the options
 * @param start frames in the data's units
 * @param options members, steps, quantiles
 * @returns frames as they are computed: mean, spread, quantiles, members
 * @throws RangeError for options that make no ensemble, or that a rollout refuses
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { openData } from "../data/open_data.ts";
 * using data = await openData("examples/data/gray_scott_mini.hdf5");
 * const start = await (await data.split()).trajectory(0).sample([5]);
 * // What else has a rollout is forecast with as well: here the seed is added to what there is.
 * const drifting: EnsembleModel = {
 *   async *rollout({ values, ...rest }, { steps, seed = 0 }) {
 *     for (let step = 1; step <= steps; step++) {
 *       yield { ...rest, values: values.map((field) => field.map((v) => v + step * seed)), step, time: step };
 *     }
 *   },
 * };
 * for await (const { step, spread } of ensemble(drifting, start, { members: 3, steps: 2 })) {
 *   assert.ok(Math.abs(spread[0]![0]! - step) < 1e-6);
 * }
 * ```
 */
export async function* ensemble(
  model: EnsembleModel,
  start: Sample,
  options: EnsembleOptions,
): AsyncGenerator<EnsembleFrame, void, void> {
  const { members: _, quantiles = [], startOffsets = [0], models = [], admit, ...rest } = options;
  const all = ensembleMembers(options);
  // Refused now, not after the first step.
  checkSteps(options.steps);
  summarizeMembers([[]], quantiles);
  const networks = [model, ...models];
  const largest = Math.max(...startOffsets);
  const ending = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal;
  const rollouts = all.map(({ seed, offset, model: number }) => {
    const beside = all.filter((other) => other.model === number).length - 1;
    return memberFrames(networks[number]!, windowBefore(start, offset, largest), offset, {
      ...rest,
      seed,
      signal,
      ...(admit ? { admit: (need: MemoryEstimate) => admit(withMembers(need, beside)) } : {}),
    });
  });
  try {
    for (let step = 1; step <= options.steps; step++) {
      const next = await Promise.all(rollouts.map((member) => member.next()));
      const frames = next.flatMap(({ value }) => value ? [value] : []);
      if (frames.length < all.length) return;
      yield summarize(start, frames, step, quantiles);
    }
  } finally {
    // One that failed, or a caller that left, ends the others too, and nobody waits for their step.
    ending.abort();
    await Promise.allSettled(rollouts.map((member) => member.return()));
  }
}

/** What a forecast takes with so many further rollouts beside. */
function withMembers({ weights, working, rollout = 0 }: MemoryEstimate, beside: number): MemoryEstimate {
  return { weights, working: working + beside * rollout, rollout };
}
