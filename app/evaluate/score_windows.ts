// A unit of windows: each forecast one step ahead and scored.

import type { Forecaster, Sample, Trajectory } from "walrus";
import { findNotFinite } from "walrus/data";
import { componentsOf, embedded, planesOf } from "./frames.ts";
import { scoreFrame } from "./score_frame.ts";
import type { View, WindowsPart } from "./units.ts";

/**
 * Scores windows.
 *
 * @param forecast what is scored
 * @param trajectory whose windows
 * @param starts first frames
 * @param view how the network sees the data
 * @param signal ends it
 */
export async function scoreWindowsOf(
  forecast: Forecaster,
  trajectory: Trajectory,
  starts: readonly number[],
  { context, transforms }: View,
  signal: AbortSignal,
): Promise<Omit<WindowsPart, "cost"> & { readonly seconds: number }> {
  const windows: WindowsPart["windows"][number][] = [];
  const leftOut: WindowsPart["leftOut"][number][] = [];
  let seconds = 0;
  for (const first of starts) {
    signal.throwIfAborted();
    const inputs = Array.from({ length: context }, (_, i) => first + i);
    const frame = first + context;
    const start = await trajectory.sample(inputs);
    const truth: Sample = await trajectory.sample([frame]);
    const why = findNotFinite(start, inputs) ?? findNotFinite(truth, [frame]);
    if (why) {
      leftOut.push({ name: trajectory.name, why });
      continue;
    }
    const components = componentsOf(truth, transforms);
    const began = performance.now();
    for await (const predicted of forecast(start, 1)) {
      seconds += (performance.now() - began) / 1000;
      const scores = scoreFrame(
        planesOf(predicted, components, truth.hidden),
        planesOf(truth.values, components, truth.hidden),
        embedded(truth.info),
      );
      windows.push({ frame, scores });
    }
  }
  return { windows, leftOut, seconds };
}
