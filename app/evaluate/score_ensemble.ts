// A unit of an ensemble: rollouts of several seeds side by side on the same weights, counted against the truth step by
// step, beside the first of them alone and persistence.

import { persistence, type Sample, type Trajectory } from "walrus";
import { findNotFinite } from "walrus/data";
import {
  type EnsembleFrame,
  ensembleMembers,
  frameMetrics,
  summarizeMembers,
  tallyEnsembleFrame,
} from "walrus/metrics";
import { componentsOf, planesOf } from "./frames.ts";
import { scoreOf } from "./score_frame.ts";
import type { EnsemblePart, View } from "./units.ts";

/** Seeds of the members: the first one's and those that follow it. */
export function memberSeeds(seed: number, members: number): number[] {
  return ensembleMembers({ seed, members }).map((member) => member.seed);
}

function vrmseOf(predicted: readonly Float32Array[], truth: readonly Float32Array[]) {
  return predicted.map((plane, c) => scoreOf(frameMetrics(plane, truth[c]!, 1).VRMSE[0]!));
}

/**
 * Scores an ensemble.
 *
 * @param forecast continues a window by frames of all members
 * @param trajectory that they continue
 * @param view how the network sees the data
 * @param cut from where, how far
 * @param signal ends it
 */
export async function scoreEnsembleOf(
  forecast: (start: Sample, steps: number) => AsyncIterable<EnsembleFrame>,
  trajectory: Trajectory,
  { context, transforms }: View,
  { start: first, steps: most }: { readonly start: number; readonly steps: number },
  signal: AbortSignal,
): Promise<Omit<EnsemblePart, "cost"> & { readonly seconds: number }> {
  const { name } = trajectory;
  const inputs = Array.from({ length: context }, (_, i) => first - context + i);
  const start = await trajectory.sample(inputs);
  const fault = findNotFinite(start, inputs);
  if (fault) return { steps: [], leftOut: { name, why: fault }, seconds: 0 };
  const steps: EnsemblePart["steps"][number][] = [];
  let leftOut: EnsemblePart["leftOut"] = null;
  let seconds = 0;
  const components = componentsOf(start, transforms);
  const [kept] = await Array.fromAsync(persistence(start, 1));
  const varying = kept!.length;
  let began = performance.now();
  for await (const { step, members } of forecast(start, most)) {
    seconds += (performance.now() - began) / 1000;
    signal.throwIfAborted();
    const frames = members.map(({ values }) => values.slice(0, varying));
    const frame = first + step - 1;
    const truth = await trajectory.sample([frame]);
    const why = findNotFinite(truth, [frame]);
    if (why) {
      leftOut = { name, why };
      break;
    }
    const options = { transforms, seed: 0, stream: step };
    const tally = (some: readonly (readonly Float32Array[])[]) => {
      const tallies = tallyEnsembleFrame(some, truth, options);
      return components.map((component) => tallies[component.name]!);
    };
    const sums = (some: readonly (readonly Float32Array[])[]) =>
      tally(some).map(({ crps, scaledCrps }) => ({ crps, scaledCrps }));
    const planes = frames.map((values) => planesOf(values, components, truth.hidden));
    const real = planesOf(truth.values, components, truth.hidden);
    // The mean of what is compared: of a field in logarithms the mean of these.
    const means = components.map((_, c) => summarizeMembers(planes.map((member) => member[c]!)).mean);
    steps.push({
      tallies: tally(frames),
      one: sums(frames.slice(0, 1)),
      persistence: sums([kept!]),
      vrmseMean: vrmseOf(means, real),
      vrmseOne: vrmseOf(planes[0]!, real),
    });
    began = performance.now();
  }
  return { steps, leftOut, seconds };
}
