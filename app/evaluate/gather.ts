// Reads the parts of an evaluation, a data set at a time, and makes the evaluation of them.

import { createHash } from "node:crypto";
import { median } from "walrus/metrics";
import { assembleDataset } from "./assemble.ts";
import type { Cost, DatasetEvaluation, Evaluation } from "./evaluation.ts";
import type { ForecasterParts, Of } from "./found.ts";
import { meansOf } from "./means.ts";
import type { Opened } from "./open.ts";
import { readPart } from "./parts.ts";
import type { Prepared } from "./prepare.ts";
import { rounded } from "./reduce.ts";
import type { EnsemblePart, Part, RolloutPart, Unit, WindowsPart } from "./units.ts";

/** Key of a unit's forecaster. */
function forecasterOf({ forecaster }: Unit, { checkpoints }: Pick<Prepared, "checkpoints">): string {
  return forecaster.kind === "checkpoint" ? checkpoints[forecaster.checkpoint]!.name : forecaster.kind;
}

/** Parts of a kind with whose they are, in the units' order. */
function ofKind<P extends Part>(all: readonly [Unit, Part][], kind: Unit["kind"]): Of<P>[] {
  return all.flatMap(([unit, part]) =>
    unit.kind === kind ? [{ trajectory: unit.trajectory, seed: unit.seed, part: part as P }] : []
  );
}

function costOf(dataset: string, forecaster: string, all: readonly [Unit, Part][]): Cost {
  const costs = all.map(([, { cost }]) => cost);
  const seconds = costs.flatMap(({ stepSeconds }) => stepSeconds);
  const bytes = costs.flatMap((cost) => cost.bytes ?? []);
  return {
    dataset,
    forecaster,
    steps: costs.reduce((sum, { steps }) => sum + steps, 0),
    secondsPerStep: seconds.length > 0 ? rounded(median(seconds)) : null,
    seconds: rounded(costs.reduce((sum, cost) => sum + cost.seconds, 0))!,
    bytes: bytes.length > 0 ? Math.max(...bytes) : null,
  };
}

/**
 * Makes the evaluation.
 *
 * @param opened data sets
 * @param names of the data sets
 * @param prepared what was divided
 * @param command words that repeat it
 * @throws RangeError where a part is missing
 */
export async function gatherEvaluation(
  opened: Opened,
  names: readonly string[],
  prepared: Prepared,
  command: string,
): Promise<Evaluation> {
  const { setup: { protocol, seeds, out }, device } = opened;
  const datasets: DatasetEvaluation[] = [];
  const costs: Cost[] = [];
  for (const [i, name] of names.entries()) {
    const found = new Map<string, [Unit, Part][]>();
    for (const unit of prepared.units.filter(({ dataset }) => dataset === i)) {
      const part = await readPart(out, unit);
      if (!part) throw new RangeError(`"${out}/parts" lacks ${unit.id}.json, which was there`);
      const key = forecasterOf(unit, prepared);
      if (!found.has(key)) found.set(key, []);
      found.get(key)!.push([unit, part]);
    }
    const forecasters = new Map([...found].map(([key, all]): [string, ForecasterParts] => [key, {
      kind: all[0]![0].forecaster.kind,
      windows: ofKind<WindowsPart>(all, "windows"),
      rollouts: ofKind<RolloutPart>(all, "rollout"),
      ensembles: ofKind<EnsemblePart>(all, "ensemble"),
    }]));
    const { split } = await opened.dataset(i);
    datasets.push(assembleDataset({ name, split, ...prepared.datasets[i]!, forecasters }, protocol));
    for (const [key, all] of found) costs.push(costOf(name, key, all));
  }
  const { checkpoints } = prepared;
  const repeatable = {
    version: 1 as const,
    protocol,
    seeds,
    checkpoints,
    datasets,
    means: meansOf(datasets, checkpoints, protocol),
  };
  const digest = createHash("sha256").update(JSON.stringify(repeatable)).digest("hex");
  return { command, device: device.name, digest, ...repeatable, costs };
}
