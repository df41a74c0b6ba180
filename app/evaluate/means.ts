// Means over data sets (evaluation.md section 4.5), and by how much an error is below persistence's on average.

import type { CheckpointInfo, DatasetEvaluation, MeanScores, Protocol, Score } from "./evaluation.ts";
import { meanOf, numberOf, rounded } from "./reduce.ts";

/** Numbers of a forecaster and of persistence on each data set that has both. */
function pairs(datasets: readonly DatasetEvaluation[], pick: (forecaster: string) => Score[]) {
  return (forecaster: string) => {
    const [own, floor] = [pick(forecaster), pick("persistence")];
    return datasets.flatMap((_, i) => {
      const pair = [numberOf(own[i]), numberOf(floor[i])] as const;
      return own[i] === undefined || own[i] === null ? [] : [pair];
    });
  };
}

/**
 * Means over data sets of every forecaster.
 *
 * @param datasets their evaluations
 * @param checkpoints that were evaluated
 * @param protocol names the windows
 */
export function meansOf(
  datasets: readonly DatasetEvaluation[],
  checkpoints: readonly CheckpointInfo[],
  { windows }: Protocol,
): MeanScores[] {
  const oneStep = pairs(
    datasets,
    (key) => datasets.map(({ forecasters }) => forecasters[key]?.oneStep?.vrmse.median ?? null),
  );
  const along = windows.map(({ name }) =>
    [
      name,
      pairs(
        datasets,
        (key) => datasets.map(({ forecasters }) => forecasters[key]?.windows[name]?.value ?? null),
      ),
    ] as const
  );
  const mean = (of: readonly (readonly [number, number])[]) => rounded(meanOf(of.map(([own]) => own)));
  const reduction = (of: readonly (readonly [number, number])[]) =>
    rounded(1 - meanOf(of.map(([own, floor]) => own / floor)));
  return [...checkpoints.map(({ name }) => name), "persistence", "linear"].map((forecaster) => ({
    forecaster,
    oneStep: mean(oneStep(forecaster)),
    windows: Object.fromEntries(along.map(([name, of]) => [name, mean(of(forecaster))])),
    reduction: {
      oneStep: reduction(oneStep(forecaster)),
      windows: Object.fromEntries(along.map(([name, of]) => [name, reduction(of(forecaster))])),
    },
    datasets: datasets.filter(({ forecasters }) => forecasters[forecaster]).length,
  }));
}
