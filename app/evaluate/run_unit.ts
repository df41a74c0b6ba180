// Does a unit of work: finds its forecaster and its data, scores, writes its part.

import { type Forecaster, linearExtrapolation, persistence, type Split } from "walrus";
import { ensemble, modelForecast } from "walrus/metrics";
import { type Opened, transformsOf } from "./open.ts";
import { writePart } from "./parts.ts";
import { type Cut, cutOf, spectraSteps, windowStarts } from "./protocol.ts";
import { scoreEnsembleOf } from "./score_ensemble.ts";
import { scoreRolloutOf } from "./score_rollout.ts";
import { scoreWindowsOf } from "./score_windows.ts";
import type { Part, Unit, UnitCost, View } from "./units.ts";
import { ForecastWriter } from "./write_forecast.ts";

/** How a checkpoint sees a data set. */
export async function viewOf(opened: Opened, checkpoint: number, split: Split): Promise<View> {
  const model = await opened.model(checkpoint);
  const context = model.model.contextFrames(split.trajectory(0).info).usual;
  return { context, transforms: transformsOf(model, split) };
}

/** How every trajectory is cut. */
export function cutsOf(split: Split, { context }: View, opened: Opened): Cut[] {
  return Array.from(
    { length: split.trajectories },
    (_, i) => cutOf(split.trajectory(i).steps, context, opened.setup.protocol),
  );
}

/** How a unit's network forecasts. */
async function optionsOf(opened: Opened, { forecaster, dataset, seed }: Unit) {
  const { protocol: { jitter, kvCache }, map } = opened.setup;
  const { statistics } = await opened.dataset(dataset);
  const key = forecaster.kind === "checkpoint" ? `${forecaster.checkpoint}/${dataset}` : "";
  const { signal } = opened;
  return { draws: jitter, seed, kvCache, map, statistics, admit: opened.admit(key), signal };
}

async function forecasterOf(opened: Opened, unit: Unit): Promise<Forecaster> {
  const { forecaster } = unit;
  if (forecaster.kind !== "checkpoint") {
    return forecaster.kind === "persistence" ? persistence : linearExtrapolation;
  }
  return modelForecast(await opened.model(forecaster.checkpoint), await optionsOf(opened, unit));
}

function costOf(opened: Opened, unit: Unit, stepSeconds: readonly number[], seconds?: number): UnitCost {
  const { forecaster, dataset } = unit;
  const bytes = forecaster.kind === "checkpoint"
    ? opened.needs.get(`${forecaster.checkpoint}/${dataset}`) ?? null
    : null;
  const all = seconds ?? stepSeconds.reduce((sum, one) => sum + one, 0);
  return { steps: stepSeconds.length, seconds: all, stepSeconds: stepSeconds.slice(1), bytes };
}

async function scoreUnit(opened: Opened, unit: Unit): Promise<Part> {
  const { setup: { protocol }, signal } = opened;
  const { split } = await opened.dataset(unit.dataset);
  const { forecaster } = unit;
  const view = await viewOf(opened, forecaster.kind === "checkpoint" ? forecaster.checkpoint : 0, split);
  const trajectory = split.trajectory(unit.trajectory);
  const forecast = await forecasterOf(opened, unit);
  if (unit.kind === "windows") {
    const starts = windowStarts(trajectory.steps, view.context, protocol.every).slice(...unit.range!);
    const { seconds, ...part } = await scoreWindowsOf(forecast, trajectory, starts, view, signal);
    return { ...part, cost: { ...costOf(opened, unit, [], seconds), steps: part.windows.length } };
  }
  const cuts = cutsOf(split, view, opened);
  const { start, steps } = cuts[unit.trajectory]!;
  if (unit.kind === "ensemble" && forecaster.kind === "checkpoint") {
    const members = protocol.ensemble;
    const model = await opened.model(forecaster.checkpoint);
    const options = await optionsOf(opened, unit);
    const { seconds, ...part } = await scoreEnsembleOf(
      (start, ahead) => ensemble(model, start, { ...options, members, steps: ahead }),
      trajectory,
      view,
      { start, steps },
      signal,
    );
    return { ...part, cost: { ...costOf(opened, unit, [], seconds), steps: part.steps.length * members } };
  }
  const writer = opened.setup.writeForecasts && forecaster.kind === "checkpoint"
    ? new ForecastWriter(opened.setup, unit, trajectory, start)
    : null;
  const { stepSeconds, ...part } = await scoreRolloutOf(forecast, trajectory, view, {
    start,
    steps,
    spectra: spectraSteps(protocol.windows, Math.max(...cuts.map((cut) => cut.steps))),
    planes: forecaster.kind === "checkpoint" && unit.seed === opened.setup.seeds[0],
    physics: forecaster.kind === "checkpoint" ? opened.setup.map : null,
    ...(writer ? { onFrame: (values, time) => writer.add(values, time) } : {}),
  }, signal);
  await writer?.write(signal);
  return { ...part, cost: costOf(opened, unit, stepSeconds) };
}

/**
 * Does a unit of work and writes its part.
 *
 * @param opened what the process has open
 * @param unit which
 */
export async function runUnit(opened: Opened, unit: Unit): Promise<void> {
  await writePart(opened.setup.out, unit, await scoreUnit(opened, unit));
}
