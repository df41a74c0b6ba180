// Statistics of a data set's training split, taken by several workers.

import type { Dataset, Split, Statistics } from "walrus";
import { computeStatistics, frameSize } from "walrus/data";
import type { Context } from "./cli.ts";
import { startProgress } from "./forecast/progress.ts";
import { DataPool, type PoolSetup, usualWorkers } from "./pool.ts";

/** Bytes of numbers from which on more than one thread pays: below, workers take longer to start than to sum up. */
const FEW_BYTES = 256 << 20;

/** Frames of a split, and bytes of their numbers. */
function sizeOf(split: Split): { readonly frames: number; readonly bytes: number } {
  let [frames, bytes] = [0, 0];
  for (let i = 0; i < split.trajectories; i++) {
    const { info, steps } = split.trajectory(i);
    frames += steps;
    bytes += steps * info.fields.reduce((sum, field) => sum + 4 * frameSize(info, field), 0);
  }
  return { frames, bytes };
}

/**
 * Computes the statistics of the training split, or of all where data are not divided. The bits do not depend on the
 * number of workers.
 *
 * @param data open here
 * @param setup how a worker opens the same
 * @param given how many workers; as many as pay unless given
 * @param context around the command
 */
export async function statisticsBy(
  data: Dataset,
  setup: PoolSetup,
  given: number | undefined,
  context: Context,
): Promise<{ readonly statistics: Statistics; readonly trajectories: number }> {
  const { signal } = context;
  const split = await data.split(data.splits.includes("train") ? "train" : undefined);
  const { frames, bytes } = sizeOf(split);
  const { trajectories } = split;
  const workers = given ?? (bytes < FEW_BYTES ? 1 : usualWorkers());
  if (workers === 1) {
    return { statistics: await computeStatistics(split, { signal }), trajectories };
  }
  using pool = new DataPool(setup, workers, signal);
  using progress = startProgress("statistics", frames, context);
  let done = 0;
  const statistics = await computeStatistics(split, {
    signal,
    ahead: 2 * workers,
    measure: (range) => pool.ask({ kind: "moments", split: split.name, range }),
    onFrames: (count) => {
      for (let i = 0; i < count; i++) progress.update(++done);
    },
  });
  return { statistics, trajectories };
}
