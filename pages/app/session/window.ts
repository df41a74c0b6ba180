// Reads what a forecast starts from and what it is held against, as tracks of a scene.

import type { Sample } from "walrus";
import type { OpenedData } from "../app_state.ts";
import type { Scene } from "../scene.ts";
import type { Settings } from "../setup/choice.ts";
import { rangeOf, truthSteps, windowFrames } from "../setup/describe.ts";
import { sampleWithout } from "../setup/use.ts";
import type { MeasureStart } from "./measure.ts";
import { frameNumbers, withFrame } from "./scene_of.ts";

/** Frames that are read at once. */
const BATCH = 8;

/** The input frames of a forecast. */
export async function readInput(
  { trajectory }: OpenedData,
  frames: number,
  { start, stride, leftOut }: Settings,
): Promise<Sample> {
  return sampleWithout(await trajectory.sample(windowFrames(frames, start, stride)), leftOut);
}

/** Steps of a scene of which there is truth. */
export function truthOf(opened: OpenedData, frames: number, { start, stride, steps }: Settings): number {
  return Math.min(steps, truthSteps(opened.trajectory.steps, frames, start, stride));
}

/**
 * Reads the truth of a scene piece by piece.
 *
 * @param change told how the scene has grown
 * @param signal ends it
 */
export async function readTruth(
  { trajectory }: OpenedData,
  frames: number,
  settings: Settings,
  change: (grow: (scene: Scene) => Scene) => void,
  signal: AbortSignal,
): Promise<void> {
  const { start, stride, leftOut, steps } = settings;
  const last = Math.min(steps, truthSteps(trajectory.steps, frames, start, stride));
  for (let step = 1; step <= last; step += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, last - step + 1) }, (_, i) => step + i);
    const sample = await trajectory.sample(batch.map((own) => start + (frames - 1 + own) * stride));
    if (signal.aborted) return;
    const read = sampleWithout(sample, leftOut);
    change((scene) => {
      let { truth } = scene;
      for (const [i, own] of batch.entries()) truth = withFrame(truth, own, frameNumbers(read, i));
      return { ...scene, truth, steps: { ...scene.steps, truth: batch.at(-1)! } };
    });
  }
}

/** What measures of a scene begin with. */
export function measureStart(scene: Scene, input: Sample): Omit<MeasureStart, "kind"> {
  const frames = input.times.length;
  const all = Array.from({ length: frames }, (_, i) => frameNumbers(input, i));
  const ranges = scene.quantities.map((_, q) => {
    const found = all.flatMap((frame) => rangeOf(frame[q]!) ?? []);
    return found.length > 0 ? [Math.min(...found), Math.max(...found)] as const : [0, 0] as const;
  });
  const { info, values } = input;
  const constants = values.filter((_, i) => info.fields[i]!.constant);
  const checks = { info, constants, inputs: all, hidden: scene.hidden, map: scene.provenance.map ?? {} };
  return { scene: scene.id, hidden: scene.hidden, last: all.at(-1)!, ranges, checks };
}
