// The report of data: what is in them, their numbers and faults on request, what a network makes of them.

import { type Dataset, openData, type Trajectory } from "walrus";
import { scenarioOf } from "walrus/models/walrus";
import type { Context } from "../cli.ts";
import { startProgress } from "../forecast/progress.ts";
import { MODEL } from "../shipped.ts";
import { checkData, findFaults, sortedFindings } from "./check.ts";
import { type Chosen, chosenTrajectory, describeSplits, describeTrajectory } from "./data.ts";
import { failureOf, inspectContents, type Inspected } from "./inspect_others.ts";
import { type Network, openNetwork, tableOf } from "./network.ts";
import type { InspectOptions } from "./options.ts";
import type { ComponentValues, DataReport, Finding, StepReport, UseReport } from "./report.ts";
import { BACKENDS, describeStep } from "./steps.ts";
import { describeUse } from "./use.ts";
import { readValues } from "./values.ts";

/** Reading more trajectories than this is worth a line of progress. */
const MANY = 8;

/** Trajectories whose numbers are read: all, or those that were asked for. */
async function readable(
  data: Dataset,
  { split, trajectory }: InspectOptions,
): Promise<[string, Trajectory][]> {
  const found: [string, Trajectory][] = [];
  // Of a trajectory that is named without its split, the first split's is meant.
  const splits = split === undefined
    ? trajectory === undefined ? data.splits : data.splits.slice(0, 1)
    : [split];
  for (const name of splits) {
    const opened = await data.split(name);
    for (let i = 0; i < opened.trajectories; i++) {
      if (trajectory !== undefined && i !== trajectory) continue;
      const place = data.splits.length > 1 ? `${name} trajectory ${i}` : `trajectory ${i}`;
      found.push([place, opened.trajectory(i)]);
    }
  }
  return found;
}

async function valuesOf(
  data: Dataset,
  options: InspectOptions,
  { warn, interactive = false, signal }: Context,
): Promise<ComponentValues[]> {
  const trajectories = await readable(data, options);
  if (trajectories.length <= MANY) return await readValues(trajectories, signal);
  using progress = startProgress("read trajectory", trajectories.length, { warn, interactive });
  return await readValues(trajectories, signal, (done) => progress.update(done));
}

/** The network that data are held against: the one that was named, or the shipped one. */
async function networkOf(
  { checkpoint, config, family }: InspectOptions,
  { registry }: Context,
): Promise<Network> {
  if (checkpoint === undefined && config === undefined && family === undefined) {
    return await openNetwork({ checkpoint: MODEL }, registry);
  }
  return await openNetwork({
    ...(checkpoint === undefined ? {} : { checkpoint }),
    ...(config === undefined ? {} : { config }),
    ...(family === undefined ? {} : { family }),
  }, registry);
}

/** What the network makes of the data. */
async function useOf(
  network: Network,
  { trajectory }: Chosen,
  data: Dataset,
  options: InspectOptions,
  { signal, registry }: Context,
): Promise<UseReport> {
  const given = {
    map: options.map ?? {},
    grid: options.grid,
    ...(options.transform ? { transforms: options.transform } : {}),
    ...(options.frames === undefined ? {} : { frames: options.frames }),
  };
  const { shape, ...use } = describeUse(network.model, trajectory.info, given);
  const steps: StepReport[] = [];
  if (use.refused === null) {
    const statistics = await data.statistics();
    const common = { ...given, network, shape, trajectory, statistics, time: options.time, signal, registry };
    for (const backend of options.backend ? [options.backend] : BACKENDS) {
      signal.throwIfAborted();
      steps.push(await describeStep(backend, common));
    }
  }
  const used = new Map(
    use.fields.flatMap(({ name, columns }) => (columns ?? []).map((at) => [at, name] as const)),
  );
  const table = options.fields ? tableOf(network.model, used) : null;
  return { name: network.name, ...use, steps, table };
}

async function describeData(
  data: Dataset,
  input: string,
  faults: readonly Finding[] | null,
  options: InspectOptions,
  context: Context,
): Promise<DataReport> {
  const splits = await describeSplits(data);
  const chosen = await chosenTrajectory(data, options.split, options.trajectory ?? 0);
  const trajectory = await describeTrajectory(chosen.trajectory, chosen.split.name, chosen.index);
  const values = options.values || options.check ? await valuesOf(data, options, context) : null;
  const network = await useOf(await networkOf(options, context), chosen, data, options, context);
  return {
    kind: "data",
    name: input,
    format: data.format,
    dataset: data.name,
    scenario: scenarioOf(data.name)?.name ?? null,
    splits,
    warnings: data.warnings,
    trajectory,
    statistics: (await data.statistics()) !== null,
    values,
    network,
    findings: faults && sortedFindings([...faults, ...checkData({ trajectory, values, network })]),
  };
}

/** Inspects data; of what no reader takes, the arrays are listed and the refusal ends the command. */
export async function inspectData(
  input: string,
  options: InspectOptions,
  context: Context,
): Promise<Inspected> {
  const { hub } = options;
  const faults = options.check ? await findFaults(input, hub) : null;
  if (faults?.some(({ level }) => level === "fatal")) return await inspectContents(input, faults, { hub });
  let opened: Dataset;
  try {
    opened = await openData(input, {
      ...hub && { hub },
      ...options.mask && { masks: options.mask },
      ...options.boundary && { boundaries: options.boundary },
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { report } = await inspectContents(input, null, { hub, refused: error.message });
    return { report, failed: error.message };
  }
  using data = opened;
  const report = await describeData(data, input, faults, options, context);
  for (const warning of options.check ? [] : report.warnings) context.warn(`warning: ${warning}`);
  return { report, failed: failureOf(input, report.findings) };
}
