// Statistics of a data set's training split, taken by several workers.

import type { Dataset, Statistics } from "walrus";
import { computeStatistics } from "walrus/data";
import type { Context } from "./cli.ts";
import { startProgress } from "./forecast/progress.ts";
import { DataPool, type PoolSetup } from "./pool.ts";

/** Frames from which on more than one thread pays: below, workers take longer to start than to sum up. */
const FEW_FRAMES = 200;

/**
 * Computes the statistics of the training split, or of all where data are not divided. The bits do not depend on the
 * number of workers.
 *
 * @param data open here
 * @param setup how a worker opens the same
 * @param workers how many at the most
 * @param context around the command
 */
export async function statisticsBy(
  data: Dataset,
  setup: PoolSetup,
  workers: number,
  context: Context,
): Promise<{ readonly statistics: Statistics; readonly trajectories: number }> {
  const { signal } = context;
  const split = await data.split(data.splits.includes("train") ? "train" : undefined);
  const frames = Array.from({ length: split.trajectories }, (_, i) => split.trajectory(i).steps)
    .reduce((sum, steps) => sum + steps, 0);
  const { trajectories } = split;
  if (frames < FEW_FRAMES || workers === 1) {
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
