// Makes of the parts of a data set what its evaluation says: in the fixed order of the units, so that it is the same
// whoever did them, and when.

import type { SampleInfo, Split } from "walrus";
import { describeLeftOut, type LeftOut } from "walrus/metrics";
import { scenarioOf } from "walrus/models/walrus";
import { assembleForecaster } from "./assemble_forecaster.ts";
import type { DatasetEvaluation, Protocol, TrajectoryPictures } from "./evaluation.ts";
import type { ForecasterParts } from "./found.ts";
import { picturesOf } from "./pictures.ts";
import { type Cut, spectraSteps, windowsIn } from "./protocol.ts";
import { numberOf, Resampler } from "./reduce.ts";
import { spectraOfTruth } from "./spectra.ts";

/** A data set and what was found. */
export interface DatasetParts {
  readonly name: string;
  readonly split: Split;
  /** Of the first checkpoint. */
  readonly context: number;
  readonly cuts: readonly Cut[];
  /** Components that are scored. */
  readonly fields: readonly string[];
  /** Contexts of further checkpoints that differ, in sentences. */
  readonly notes: readonly string[];
  readonly forecasters: ReadonlyMap<string, ForecasterParts>;
}

function gridOf({ grid: { system, axes, shape }, boundaries }: SampleInfo): DatasetEvaluation["grid"] {
  return { system, axes, shape, boundaries };
}

/** What could not be scored: the data are the same for all forecasters. */
function leftOutOf(forecasters: ReadonlyMap<string, ForecasterParts>): string[] {
  const lines = [...forecasters.values()].flatMap(({ windows, rollouts }) => {
    const of = (kind: LeftOut["kind"], name: string, why: string): LeftOut => (
      { kind, name, trajectory: name, why }
    );
    const all: LeftOut[] = [
      ...windows.flatMap(({ part }) => part.leftOut.map(({ name, why }) => of("window", name, why))),
      ...rollouts.flatMap(({ part: { leftOut } }) =>
        leftOut ? [of("rollout", leftOut.name, leftOut.why)] : []
      ),
    ];
    const tried = windows.reduce((n, { part }) => n + part.windows.length + part.leftOut.length, 0);
    return [
      describeLeftOut(all, "window", tried),
      describeLeftOut(all, "rollout", rollouts.length),
    ].filter((line) => line !== null);
  });
  return [...new Set(lines)];
}

/**
 * The evaluation of a data set.
 *
 * @param parts what was found
 * @param protocol what was asked for
 */
export function assembleDataset(parts: DatasetParts, protocol: Protocol): DatasetEvaluation {
  const { name, split, context, cuts, fields } = parts;
  const longest = Math.max(0, ...cuts.map(({ steps }) => steps));
  const { windows, notes } = windowsIn(protocol.windows, longest);
  const resampler = new Resampler(protocol.bootstrap);
  const steps = spectraSteps(protocol.windows, longest);
  const forecasters = Object.fromEntries(
    [...parts.forecasters].map((
      [key, found],
    ) => [key, assembleForecaster(found, { fields, windows, steps, resampler, protocol })]),
  );
  const pictures: TrajectoryPictures[] = [...parts.forecasters].flatMap(([key, found]) =>
    picturesOf(
      key,
      found,
      forecasters[key]!.rollouts.map(({ trajectory, seed, steps }) => ({
        trajectory,
        seed,
        values: steps.VRMSE!.full!.map(numberOf),
      })),
    )
  );
  const shortest = new Set(cuts.flatMap(({ note }) => note ?? []));
  return {
    name,
    dataset: split.dataset,
    scenario: scenarioOf(split.dataset)?.name ?? null,
    split: split.name,
    grid: gridOf(split.trajectory(0).info),
    fields,
    context,
    trajectories: cuts.map(({ start, steps }, i) => ({
      name: split.trajectory(i).name,
      frames: split.trajectory(i).steps,
      start,
      steps,
    })),
    windows,
    notes: [...shortest, ...parts.notes, ...notes],
    leftOut: leftOutOf(parts.forecasters),
    forecasters,
    spectra: spectraOfTruth(parts.forecasters, fields, steps),
    pictures,
  };
}
