// Scores a checkpoint on held-out data sets: one-step and rollout VRMSE beside those of the trivial forecasts, as a table
// and as JSON.

import {
  type BackendName,
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
} from "walrus";
import { Option } from "commander";
import { consecutive, placesOf } from "walrus/data";
import { isHubName } from "walrus/hub";
import { writeFileAtomic } from "walrus/io";
import {
  type LeftOut,
  scoreRollouts,
  scoreWindows,
  summarizeRollouts,
  summarizeWindows,
} from "walrus/metrics";
import { choice, command, type Context, wholeNumber } from "../cli.ts";
import { hubFor } from "../hub.ts";
import { MODEL } from "../shipped.ts";

interface Options {
  readonly checkpoint: string;
  readonly config?: string;
  readonly split: string;
  readonly every: number;
  readonly rollout: number;
  readonly jitter: boolean;
  readonly seed: number;
  readonly kvCache: boolean;
  readonly backend: BackendName;
  readonly threads?: number;
  readonly out?: string;
}

/** Scores of one forecaster on one data set. */
interface Skill {
  /** Median over windows of the mean over components, one step ahead. */
  readonly oneStep: number;
  /** Median over windows of each component. */
  readonly fields: Readonly<Record<string, number>>;
  /** Median over trajectories of the mean over steps from the first frame. */
  readonly rollout: number | null;
  /** Mean over trajectories at every step. */
  readonly curve: readonly number[];
  /** Data that could not be scored. */
  readonly leftOut: readonly LeftOut[];
}

async function skillOf(
  forecast: Forecaster,
  split: Split,
  frames: number,
  transforms: FieldTransforms,
  { every, rollout }: Options,
): Promise<Skill> {
  const places = placesOf(split, consecutive(frames + 1)).filter((_, i) => i % every === 0);
  const windows = await scoreWindows(forecast, split, places, { transforms });
  const rollouts = await scoreRollouts(forecast, split, { frames, steps: rollout, transforms });
  const one = summarizeWindows(windows);
  const many = summarizeRollouts(rollouts);
  return {
    oneStep: one.median,
    fields: one.components,
    rollout: rollouts.rollouts.length > 0 ? many.median : null,
    curve: many.means,
    leftOut: [...windows.leftOut, ...rollouts.leftOut],
  };
}

function shown(value: number | null): string {
  if (value === null) return "-";
  return value < 1000 ? value.toFixed(value < 10 ? 4 : 1) : value.toExponential(1);
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(30)} ${cells.map((cell) => cell.padStart(17)).join(" ")}`;
}

/** The split that was asked for; all of a data set that is not divided. */
async function splitOf(data: Dataset, folder: string, name: string): Promise<Split> {
  const { splits } = data;
  if (splits.includes(name)) return await data.split(name);
  if (splits.length === 1 && splits[0] === "all") return await data.split();
  throw new RangeError(`"${folder}" has no split "${name}", it has ${splits.join(", ")}`);
}

/** Scores the network and the trivial forecasts on a data set. */
async function evaluateOn(
  data: Dataset,
  split: Split,
  model: LoadedModel,
  options: Options,
): Promise<Record<string, Skill>> {
  const { jitter: draws, seed, kvCache } = options;
  const { info } = split.trajectory(0);
  const forecasters = {
    forecast: modelForecast(model, { draws, seed, kvCache, statistics: await data.statistics() }),
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

/** Names what could not be scored, once. */
function tellLeftOut(skills: Readonly<Record<string, Skill>>, warn: Context["warn"]): void {
  const all = Object.values(skills).flatMap(({ leftOut }) =>
    leftOut.map(({ name, why }) => `${name}: ${why}`)
  );
  for (const text of new Set(all)) warn(`warning: left out: ${text}`);
}

/** The evaluate command. */
export const evaluate = command<Options>({
  name: "evaluate",
  description: "Scores a checkpoint on data sets: one-step and rollout VRMSE beside trivial forecasts.",
  declare: (reader) => {
    reader
      .argument("<folders...>", "data sets, each with valid/*, or whatever --split names")
      .addOption(
        new Option("--checkpoint <file>", ".pt, .safetensors or shard index").default(
          MODEL,
          "the shipped model",
        ),
      )
      .option("--config <file>", "configuration of the network (default: beside the checkpoint)")
      .option("--split <name>", "train, valid or test", "valid")
      .option("--every <n>", "score every n-th window one step ahead", wholeNumber(1), 1)
      .option("--rollout <steps>", "steps of rollouts from the first frame; 0: none", wholeNumber(0), 10)
      .option("--jitter", "random draws in every step, as the released model does", false)
      .option("--kv-cache", "KV cache: after a prefill each rollout step decodes one frame", false)
      .option("--seed <n>", "of the draws", wholeNumber(0), 0)
      .addOption(choice("--backend <name>", "where to compute", ["auto", "wasm", "webgpu"], "auto"))
      .option("--threads <n>", "threads (default: all)", wholeNumber(1))
      .option("--out <file>", "also write the scores as JSON");
  },
  aliases: { "--reuse": "--kv-cache" },
  async run(options, context, operands, args) {
    const { print, warn, registry } = context;
    const hub = await hubFor(context, options.checkpoint, options.config, ...operands.filter(isHubName));
    await using device = await openDevice(options.backend, {
      ...(options.threads ? { wasm: { threads: options.threads } } : {}),
    });
    using model = await loadModel(options.checkpoint, {
      device,
      ...hub,
      ...(options.config ? { config: options.config } : {}),
      ...(registry ? { registry } : {}),
    });
    print(`VRMSE, medians; one step / mean of ${options.rollout} steps; ${device.name}`);
    print(row(`${options.split} split`, ["forecast", "persistence", "linear"]));
    const results: Record<string, Record<string, Skill>> = {};
    for (const folder of operands) {
      using data = await openData(folder, hub);
      const split = await splitOf(data, folder, options.split);
      const skills = results[data.name] = await evaluateOn(data, split, model, options);
      tellLeftOut(skills, warn);
      const cells = Object.values(skills).map(({ oneStep, rollout }) =>
        `${shown(oneStep)} / ${shown(rollout)}`
      );
      print(row(data.name, cells));
    }
    if (!options.out) return;
    const report = { command: ["deno task evaluate", ...args].join(" "), device: device.name, results };
    await writeFileAtomic(options.out, new TextEncoder().encode(JSON.stringify(report, null, 2) + "\n"));
  },
});
