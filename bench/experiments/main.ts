// Trains and scores small models to answer questions about training: several seeds each, one table at the end. What is
// already there is not done again.
// deno task experiments --root DATASETS [--folder out/experiments] [--steps 600] [--seeds 3] [--only jitter,transfer]
// [--threads N] [--out FILE]

import { parseArgs } from "node:util";
import { writeYaml } from "walrus/io";
import { mean } from "walrus/metrics";
import { writeResults } from "../results.ts";
import { type Experiment, EXPERIMENTS, type Run, RUNS } from "./plan.ts";

const APP = new URL("../../app/", import.meta.url).pathname;
const RIGHTS = ["--allow-read", "--allow-write", "--allow-sys=systemMemoryInfo", "--allow-env=NO_COLOR"];

interface Settings {
  readonly root: string;
  readonly folder: string;
  readonly steps: number;
  readonly seeds: number;
  /** CPU threads; null: all. */
  readonly threads: number | null;
}

/** One-step and rollout VRMSE of one system. */
type Skill = { readonly oneStep: number; readonly rollout: number };

function slug(text: string): string {
  return text.replace(/[^a-z0-9]+/g, "-");
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function command(args: readonly string[], log: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...RIGHTS, ...args],
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  await Deno.writeTextFile(log, text);
  if (code !== 0) throw new Error(`"deno run ${args.join(" ")}" ended with ${code}: ${text.slice(-500)}`);
}

function folderOf({ folder }: Settings, run: string, seed: number): string {
  return `${folder}/${slug(run)}-${seed}`;
}

async function train(settings: Settings, run: Run, seed: number): Promise<void> {
  const folder = folderOf(settings, run.name, seed);
  const weights = `${folder}/last/walrus.safetensors`;
  if (await exists(weights)) return;
  await Deno.mkdir(folder, { recursive: true });
  const start = run.from ? `${folderOf(settings, run.from, seed)}/last/walrus.safetensors` : null;
  const model = {
    hidden_dim: 48,
    intermediate_dim: 16,
    blocks: 3,
    heads: 3,
    drop_path: 0,
    input_field_drop: 0,
  };
  await Deno.writeTextFile(
    `${folder}/run.yaml`,
    writeYaml({
      folder,
      seed,
      model: start ? { from: start, drop_path: 0 } : model,
      data: { root: settings.root, systems: run.systems, strides: [1, 1], rotate: false },
      training: { steps: Math.round(settings.steps * run.share), accumulate: 1, remat: 0, clip: 1 },
      optimizer: { lr: start ? 5e-4 : 2e-3 },
      schedule: { kind: "cosine" },
      validation: { every: 0 },
      log: { every: 20 },
      backend: "wasm",
    }),
  );
  const threads = settings.threads ? [`threads=${settings.threads}`] : [];
  const args = [`${APP}train/main.ts`, `${folder}/run.yaml`, ...run.overrides ?? [], ...threads];
  await command(args, `${folder}/output.txt`);
}

async function score(
  settings: Settings,
  { arms, systems, rollout, name }: Experiment,
  arm: number,
  seed: number,
): Promise<Record<string, Skill>> {
  const { run, jitter } = arms[arm]!;
  const folder = folderOf(settings, run, seed);
  const file = `${folder}/${name}.json`;
  if (!await exists(file)) {
    const options = ["--rollout", `${rollout}`, "--every", "2", "--backend", "wasm", "--out", file];
    if (settings.threads) options.push("--threads", `${settings.threads}`);
    const checkpoint = ["--checkpoint", `${folder}/last/walrus.safetensors`];
    const folders = systems.map((system) => `${settings.root}/${system}`);
    const args = [`${APP}evaluate/main.ts`, ...folders, ...checkpoint, ...options];
    await command(jitter ? [...args, "--jitter"] : args, `${folder}/${name}.txt`);
  }
  const { results } = JSON.parse(await Deno.readTextFile(file));
  return Object.fromEntries(systems.map((system) => [system, results[system].forecast]));
}

/** `0.1234 ± 0.0056`: mean and deviation over seeds. */
function spread(values: readonly number[]): string {
  const middle = mean(values);
  const deviation = Math.sqrt(
    values.reduce((sum, v) => sum + (v - middle) ** 2, 0) / Math.max(1, values.length - 1),
  );
  return `${middle.toFixed(3)} ± ${deviation.toFixed(3)}`;
}

function table(experiment: Experiment, scores: readonly Record<string, Skill>[][]): string {
  const { arms, systems, rollout, question } = experiment;
  const lines = [
    `### ${question}`,
    "",
    `| system | ${arms.map(({ label }) => `${label}: one step / mean of ${rollout}`).join(" | ")} |`,
    `| --- |${" --- |".repeat(arms.length)}`,
  ];
  for (const system of systems) {
    const cells = scores.map((seeds) =>
      `${spread(seeds.map((s) => s[system]!.oneStep))} / ${spread(seeds.map((s) => s[system]!.rollout))}`
    );
    lines.push(`| ${system} | ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      root: { type: "string" },
      folder: { type: "string", default: "out/experiments" },
      steps: { type: "string", default: "600" },
      seeds: { type: "string", default: "3" },
      threads: { type: "string" },
      only: { type: "string" },
      out: { type: "string" },
    },
  });
  if (!values.root) throw new TypeError("Cannot run experiments without --root: the folder of the data sets");
  const settings: Settings = {
    root: values.root,
    folder: values.folder,
    steps: Number(values.steps),
    seeds: Number(values.seeds),
    threads: values.threads ? Number(values.threads) : null,
  };
  const names = values.only?.split(",");
  const chosen = EXPERIMENTS.filter(({ name }) => names?.includes(name) ?? true);
  const needed = new Set<string>();
  const need = (name: string) => {
    needed.add(name);
    const { from } = RUNS.find((run) => run.name === name)!;
    if (from) need(from);
  };
  for (const { arms } of chosen) for (const { run } of arms) need(run);
  // Seed after seed, so that an interrupted session has whole seeds.
  for (let seed = 0; seed < settings.seeds; seed++) {
    for (const run of RUNS.filter(({ name }) => needed.has(name))) {
      const started = performance.now();
      await train(settings, run, seed);
      console.error(`${run.name}, seed ${seed}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
  }
  const report: Record<string, unknown> = {};
  for (const experiment of chosen) {
    const scores: Record<string, Skill>[][] = [];
    for (const arm of experiment.arms.keys()) {
      const seeds: Record<string, Skill>[] = [];
      for (let seed = 0; seed < settings.seeds; seed++) {
        seeds.push(await score(settings, experiment, arm, seed));
      }
      scores.push(seeds);
    }
    console.log(`${table(experiment, scores)}\n`);
    report[experiment.name] = Object.fromEntries(
      experiment.arms.map(({ label }, arm) => [label, scores[arm]]),
    );
  }
  if (!values.out) return;
  await writeResults(values.out, { command: `deno task experiments ${Deno.args.join(" ")}`, report });
}

await main();
