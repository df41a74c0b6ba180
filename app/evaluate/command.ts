// Scores a checkpoint on held-out data sets in The Well's layout: one-step and rollout VRMSE beside those of the
// trivial forecasts, as a table and as JSON.

import { type BackendName, openDevice } from "../../lib/backend/auto.ts";
import { openSplit, type Split } from "../../lib/data/split.ts";
import { globalScales, readStatistics } from "../../lib/data/statistics.ts";
import {
  type Forecaster,
  linearExtrapolation,
  mean,
  median,
  modelForecast,
  persistence,
  scoreRollouts,
  scoreWindows,
} from "../../lib/forecast/skill.ts";
import { Walrus } from "../../lib/forecast/walrus.ts";
import { writeFileAtomic } from "../../lib/io/file.ts";
import { choice, command, wholeNumber } from "../cli.ts";
import { filesOf } from "../train/systems.ts";

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
  /** Median over windows of the mean over fields, one step ahead. */
  readonly oneStep: number;
  /** Median over windows of each field. */
  readonly fields: Readonly<Record<string, number>>;
  /** Median over trajectories of the mean over steps from the first frame. */
  readonly rollout: number | null;
  /** Mean over trajectories at every step. */
  readonly curve: readonly number[];
}

async function skillOf(
  forecast: Forecaster,
  split: Split,
  frames: number,
  { every, rollout }: Options,
): Promise<Skill> {
  const places = split.places(frames, 1).filter((_, i) => i % every === 0);
  const windows = await scoreWindows(forecast, split, frames, places);
  const curves = await scoreRollouts(forecast, split, frames, split.trajectories(), rollout);
  const longest = Math.max(0, ...curves.map((curve) => curve.length));
  return {
    oneStep: median(windows.map((fields) => mean(Object.values(fields)))),
    fields: Object.fromEntries(
      Object.keys(windows[0] ?? {}).map((field) => [field, median(windows.map((w) => w[field]!))]),
    ),
    rollout: curves.length > 0 ? median(curves.map(mean)) : null,
    curve: Array.from({ length: longest }, (_, step) => mean(curves.flatMap((curve) => curve[step] ?? []))),
  };
}

function shown(value: number | null): string {
  if (value === null) return "-";
  return value < 1000 ? value.toFixed(value < 10 ? 4 : 1) : value.toExponential(1);
}

function row(name: string, cells: readonly string[]): string {
  return `${name.padEnd(30)} ${cells.map((cell) => cell.padStart(17)).join(" ")}`;
}

/** The evaluate command. */
export const evaluate = command<Options>({
  name: "evaluate",
  description: "Scores a checkpoint on data sets: one-step and rollout VRMSE beside trivial forecasts.",
  declare: (reader) => {
    reader
      .argument("<folders...>", "data sets, each with data/valid/*.hdf5")
      .option(
        "--checkpoint <file>",
        "weights in the released layout",
        "examples/walrus_small/walrus.safetensors",
      )
      .option("--config <file>", "extended_config.yaml (default: the file beside the checkpoint)")
      .option("--split <name>", "train, valid or test", "valid")
      .option("--every <n>", "score every n-th window one step ahead", wholeNumber(1), 1)
      .option("--rollout <steps>", "steps of rollouts from the first frame; 0: none", wholeNumber(0), 10)
      .option("--jitter", "shift the grid at random, as the released model does", false)
      .option("--kv-cache", "compute only the newest frame of a rollout's window", false)
      .option("--seed <n>", "of the shifts", wholeNumber(0), 0)
      .addOption(choice("--backend <name>", "where to compute", ["auto", "wasm", "webgpu"], "auto"))
      .option("--threads <n>", "threads (default: all)", wholeNumber(1))
      .option("--out <file>", "also write the scores as JSON");
  },
  aliases: { "--reuse": "--kv-cache" },
  async run(options, { print }, operands, args) {
    using device = await openDevice(options.backend, {
      ...(options.threads ? { wasm: { threads: options.threads } } : {}),
    });
    using model = await Walrus.load(options.checkpoint, {
      device,
      ...(options.config ? { config: options.config } : {}),
    });
    const { jitter, seed, kvCache: reuse } = options;
    print(`VRMSE, medians; one step / mean of ${options.rollout} steps; ${device.name}`);
    print(row(`${options.split} split`, ["forecast", "persistence", "linear"]));
    const results: Record<string, Record<string, Skill>> = {};
    for (const given of operands) {
      const folder = given.replace(/\/+$/, "");
      const files = await filesOf(`${folder}/data/${options.split}`);
      if (files.length === 0) throw new RangeError(`"${folder}/data/${options.split}" has no HDF5 files`);
      using split = await openSplit(files);
      const first = await split.trajectory(0, 0).window({ from: 0, length: 1 });
      const scales = model.config.normalization === "global"
        ? globalScales(await readStatistics(`${folder}/stats.yaml`), first, model.config.epsilon)
        : null;
      const frames = model.contextFor(split);
      const forecasters = {
        forecast: modelForecast(model, { jitter, seed, reuse, ...(scales ? { scales } : {}) }),
        persistence,
        linear: linearExtrapolation,
      };
      const skills: Record<string, Skill> = {};
      for (const [name, forecaster] of Object.entries(forecasters)) {
        skills[name] = await skillOf(forecaster, split, frames, options);
      }
      results[split.name] = skills;
      const cells = Object.values(skills).map(({ oneStep, rollout }) =>
        `${shown(oneStep)} / ${shown(rollout)}`
      );
      print(row(split.name, cells));
    }
    if (!options.out) return;
    const report = { command: ["deno task evaluate", ...args].join(" "), device: device.name, results };
    await writeFileAtomic(options.out, new TextEncoder().encode(JSON.stringify(report, null, 2) + "\n"));
  },
});
