// Which rollouts are drawn: the best, the median and the worst of a network by their mean VRMSE over all steps.

import type { TrajectoryPictures } from "./evaluation.ts";
import type { ForecasterParts } from "./found.ts";
import { meanOf, rounded, type Steps } from "./reduce.ts";

/** Ranks among some rollouts: one is the median alone, two have no median. */
function ranksOf(count: number): [TrajectoryPictures["rank"], number][] {
  if (count === 1) return [["median", 0]];
  const ends: [TrajectoryPictures["rank"], number][] = [["best", 0], ["worst", count - 1]];
  return count < 3 ? ends : [ends[0]!, ["median", Math.floor((count - 1) / 2)], ends[1]!];
}

/**
 * Planes of the rollouts that are drawn.
 *
 * @param forecaster its name
 * @param parts that hold planes: of the first seed of a network
 * @param curves VRMSE of each rollout, step by step
 */
export function picturesOf(
  forecaster: string,
  { rollouts }: ForecasterParts,
  curves: readonly Steps[],
): TrajectoryPictures[] {
  const drawn = rollouts.flatMap(({ trajectory, seed, part: { planes } }) => {
    if (!planes || planes.steps.length === 0) return [];
    const curve = curves.find((one) => one.trajectory === trajectory && one.seed === seed);
    return [{ trajectory, seed, planes, score: meanOf(curve?.values ?? []) }];
  });
  // What is no number is worse than any.
  const order = (score: number) => Number.isFinite(score) ? score : Infinity;
  const sorted = drawn.toSorted((a, b) =>
    order(a.score) === order(b.score) ? a.trajectory - b.trajectory : order(a.score) - order(b.score)
  );
  return ranksOf(sorted.length).flatMap(([rank, at]) => {
    const one = sorted[at];
    if (!one) return [];
    const { planes, trajectory, seed, score } = one;
    return [{ forecaster, rank, trajectory, seed, score: rounded(score), ...planes }];
  });
}
