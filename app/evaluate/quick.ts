// The short form: one-step and rollout VRMSE of a checkpoint beside those of the trivial forecasts, as a table and as
// JSON, in one pass that keeps nothing.

import {
  type Dataset,
  type FieldTransforms,
  type Forecaster,
  linearExtrapolation,
  type LoadedModel,
  loadModel,
  modelForecast,
  openData,
  openDevice,
  persistence,
  type Split,
  type Statistics,
} from "walrus";
import { consecutive, placesOf } from "walrus/data";
import { isHubName } from "walrus/hub";
import { writeFileAtomic } from "walrus/io";
import {
  describeLeftOut,
  type LeftOut,
  scoreRollouts,
  scoreWindows,
  summarizeRollouts,
  summarizeWindows,
} from "walrus/metrics";
import type { Context } from "../cli.ts";
import { checkMap, warnTrainedOn, warnUnlearnt } from "../fields.ts";
import { hubFor, statisticsAt } from "../hub.ts";
import { checkOutputs } from "../outputs.ts";
import { labelsOf } from "./labels.ts";
import { splitOf } from "./open.ts";
import type { Options } from "./options.ts";

/** Options of the short form. */
export interface QuickOptions extends Omit<Options, "checkpoint"> {
  readonly checkpoint: string;
  readonly split: string;
  readonly rollout: number;
  readonly jitter: boolean;
}

/** Scores of one forecaster on one data set. */
interface Skill {
  /** Median over windows of the mean over components, one step ahead; null where there is no window to score. */
  readonly oneStep: number | null;
  /** Median over windows of each component. */
  readonly fields: Readonly<Record<string, number>>;
  /** Median over trajectories of the mean over steps from the first frame. */
  readonly rollout: number | null;
  /** Mean over trajectories at every step. */
  readonly curve: readonly number[];
  /** Windows and rollouts that were tried. */
  readonly tried: Readonly<Record<LeftOut["kind"], number>>;
  /** Data that could not be scored. */
  readonly leftOut: readonly LeftOut[];
  /** Forecasts that are not finite, in words. */
  readonly notFinite: readonly string[];
}

async function skillOf(
  forecast: Forecaster,
  split: Split,
  frames: number,
  transforms: FieldTransforms,
  { every, rollout }: QuickOptions,
): Promise<Skill> {
  const places = placesOf(split, consecutive(frames + 1)).filter((_, i) => i % every === 0);
  const windows = await scoreWindows(forecast, split, places, { transforms });
  const rollouts = await scoreRollouts(forecast, split, { frames, steps: rollout, transforms });
  const one = summarizeWindows(windows);
  const many = summarizeRollouts(rollouts);
  return {
    oneStep: windows.windows.length > 0 ? one.median : null,
    fields: one.components,
    rollout: rollouts.rollouts.length > 0 ? many.median : null,
    curve: many.means,
    tried: { window: places.length, rollout: rollout > 0 ? split.trajectories : 0 },
    leftOut: [...windows.leftOut, ...rollouts.leftOut],
    notFinite: [
      ...one.notFinite,
      ...many.notFinite.map(({ name, step }) => {
        const scores = rollouts.rollouts.find((one) => one.name === name)!.steps[step - 1]!;
        const fields = Object.keys(scores).filter((field) => !Number.isFinite(scores[field]));
        return `${name}, from step ${step} on, ${fields.join(", ")}`;
      }),
    ],
  };
}

function shown(value: number | null): string {
  if (value === null) return "-";
  return value < 1000 ? value.toFixed(value < 10 ? 4 : 1) : value.toExponential(1);
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(30)} ${cells.map((cell) => cell.padStart(17)).join(" ")}`;
}

/** Scores the network and the trivial forecasts on a data set. */
async function evaluateOn(
  data: Dataset,
  split: Split,
  model: LoadedModel,
  given: Statistics | null,
  options: QuickOptions,
): Promise<Record<string, Skill>> {
  const { jitter: draws, seed, kvCache, map } = options;
  const { info } = split.trajectory(0);
  const forecasters = {
    forecast: modelForecast(model, {
      draws,
      seed,
      kvCache,
      map,
      statistics: given ?? await data.statistics(),
    }),
    persistence,
    linear: linearExtrapolation,
  };
  const frames = model.model.contextFrames(info).usual;
  const transforms = model.model.transforms?.(info) ?? {};
  const skills: Record<string, Skill> = {};
  for (const [name, forecaster] of Object.entries(forecasters)) {
    skills[name] = await skillOf(forecaster, split, frames, transforms, options);
  }
  return skills;
}

/** Forecasts that are named in a line; the others are counted. */
const NAMED = 5;

/** Counts and names what could not be scored, and what is not finite. */
function tellFaults(skills: Readonly<Record<string, Skill>>, warn: Context["warn"]): void {
  const lines = Object.values(skills).flatMap(({ leftOut, tried }) =>
    (["window", "rollout"] as const).flatMap((kind) => describeLeftOut(leftOut, kind, tried[kind]) ?? [])
  );
  // The data are the same for all forecasters.
  for (const line of new Set(lines)) warn(`warning: ${line}`);
  for (const [name, { notFinite }] of Object.entries(skills)) {
    if (notFinite.length === 0) continue;
    const others = notFinite.length > NAMED ? `; and ${notFinite.length - NAMED} more` : "";
    const named = notFinite.slice(0, NAMED).join("; ");
    warn(`warning: ${notFinite.length} of ${name}'s frames or rollouts are not finite: ${named}${others}`);
  }
}

/**
 * The short form of an evaluation: medians of VRMSE as a table, as JSON where that is asked for.
 *
 * @param options of the command
 * @param context around it
 * @param operands folders of data
 * @param args all words
 */
export async function evaluateQuickly(
  options: QuickOptions,
  context: Context,
  operands: readonly string[],
  args: readonly string[],
): Promise<void> {
  const { print: tell, warn, registry } = context;
  // Scores that a program reads stand alone on standard output.
  const print = options.json ? warn : tell;
  if (options.out) await checkOutputs({ files: [options.out], force: options.force });
  const { checkpoint, config, stats } = options;
  const hub = hubFor(context, checkpoint, config, ...[stats, ...operands].filter(isHubName));
  const statistics = stats ? await statisticsAt(stats, hub) : null;
  await using device = await openDevice(options.backend, {
    ...(options.threads ? { wasm: { threads: options.threads } } : {}),
  });
  using model = await loadModel(options.checkpoint, {
    device,
    ...hub,
    ...(options.config ? { config: options.config } : {}),
    ...(registry ? { registry } : {}),
  });
  for (const warning of model.warnings) warn(`warning: ${warning}`);
  print(`VRMSE, medians; one step / mean of ${options.rollout} steps; ${device.name}`);
  print(row(`${options.split} split`, ["forecast", "persistence", "linear"]));
  const results: Record<string, Record<string, Skill>> = {};
  const labels = labelsOf(operands);
  for (const [i, folder] of operands.entries()) {
    using data = await openData(folder, { masks: options.mask ?? {}, ...hub });
    const split = await splitOf(data, folder, options.split);
    const { info } = split.trajectory(0);
    const transforms = () => model.model.transforms?.(info) ?? {};
    checkMap(options.map, [info], transforms, "--map");
    warnUnlearnt(model.model, info, options.map, transforms(), warn);
    warnTrainedOn(model.model, split, warn);
    const skills = results[labels[i]!] = await evaluateOn(data, split, model, statistics, options);
    tellFaults(skills, warn);
    const cells = Object.values(skills).map(({ oneStep, rollout }) =>
      `${shown(oneStep)} / ${shown(rollout)}`
    );
    print(row(labels[i]!, cells));
  }
  const report = { command: ["deno task evaluate", ...args].join(" "), device: device.name, results };
  const text = JSON.stringify(report, null, 2);
  if (options.json) tell(text);
  if (options.out) await writeFileAtomic(options.out, new TextEncoder().encode(`${text}\n`));
}
