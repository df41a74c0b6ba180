// What do ensembles of the shipped model's draws say? Eight seeds on the test splits of a corpus: fair CRPS beside one seed
// and persistence, spread over error, coverage; what it gains to average draws. How fast members are is `bench/ensemble.ts`.
//
// usage: deno run -A bench/ensembles/main.ts DATASET.. [--members 8] [--seed 1] [--steps 10] [--processes 1]
//   [--work FOLDER] [--out FILE]
// The evaluation in --work goes on where it was interrupted.

import { parseArgs } from "node:util";
import { type LoadedModel, loadModel, openData, openDevice } from "walrus";
import { modelForecast, scoreRollouts, summarizeRollouts } from "walrus/metrics";
import { evaluate } from "../../app/evaluate/command.ts";
import type { Evaluation, Score } from "../../app/evaluate/evaluation.ts";
import { MODEL } from "../../app/shipped.ts";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    members: { type: "string", default: "8" },
    seed: { type: "string", default: "1" },
    work: { type: "string", default: "out/ensembles" },
    steps: { type: "string", default: "10" },
    processes: { type: "string", default: "1" },
    out: { type: "string" },
  },
});
const members = Number(values.members);
const seed = Number(values.seed);
const steps = Number(values.steps);
/** Steps of the rollouts that average draws: each costs as many as it averages. */
const AVERAGED_STEPS = 5;
const short = (value: number | Score) => value === null ? null : Number(value.toPrecision(4));
const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;

/** Runs the evaluation, or what is left of it. */
async function evaluation(): Promise<Evaluation> {
  const args = [
    ...positionals,
    ...["--split", "test", "--every", "1000", "--ensemble", values.members, "--seed", values.seed],
    ...["--rollout", values.steps, "--processes", values.processes],
    ...["--backend", "wasm", "--out", values.work],
  ];
  const context = { print: console.log, warn: console.error, signal: new AbortController().signal };
  if (await evaluate(args, context) !== 0) throw new Error("The evaluation failed");
  return JSON.parse(await Deno.readTextFile(`${values.work}/evaluation.json`));
}

/** What is told of a data set's ensembles: means over components. */
function rowOf({ name, forecasters }: Evaluation["datasets"][number]) {
  const { ensemble: scores } = Object.values(forecasters)[0]!;
  if (!scores) throw new Error(`"${name}" has no ensembles`);
  const { trajectories, cells, all, expected, steps, ranks } = scores;
  const counts = Object.values(ranks).reduce(
    (sum, list) => list.map((n, i) => n + (sum[i] ?? 0)),
    [] as number[],
  );
  const total = counts.reduce((sum, n) => sum + n, 0);
  const full = (key: keyof typeof all) => short(all[key].full ?? null);
  return {
    system: name,
    trajectories,
    cells,
    crps: full("scaledCrps"),
    crpsOneSeed: full("scaledCrpsOne"),
    crpsPersistence: full("scaledCrpsPersistence"),
    vrmseMean: full("vrmseMean"),
    vrmseOneSeed: full("vrmseOne"),
    spreadSkill: full("spreadSkill"),
    coverage: { 50: full("coverage50"), 80: full("coverage80"), 90: full("coverage90") },
    expected: { 50: expected.coverage50, 80: expected.coverage80, 90: expected.coverage90 },
    ranks: counts.map((n) => short(n / total)),
    byStep: {
      crps: steps.scaledCrps.full!.map(short),
      crpsOneSeed: steps.scaledCrpsOne.full!.map(short),
      spreadSkill: steps.spreadSkill.full!.map(short),
    },
  };
}

/** VRMSE of rollouts whose steps average some draws: medians over trajectories of means over steps. */
async function averagingOn(model: LoadedModel, folder: string) {
  using data = await openData(folder);
  const split = await data.split("test");
  const frames = model.model.contextFrames(split.trajectory(0).info).usual;
  const statistics = await data.statistics();
  const score = async (average: number, own: number) => {
    const forecast = modelForecast(model, { draws: true, seed: own, average, statistics });
    return summarizeRollouts(await scoreRollouts(forecast, split, { frames, steps: AVERAGED_STEPS }));
  };
  const rows = [];
  for (const average of [1, 4]) {
    // One draw is scored with two seeds, so that its luck counts for less.
    const scores = [];
    for (const own of average === 1 ? [1, 2] : [1]) scores.push(await score(average, own));
    rows.push({
      average,
      oneStep: short(mean(scores.map(({ steps: [first] }) => first!))),
      steps: short(mean(scores.map(({ median }) => median))),
    });
  }
  return { system: split.dataset, steps: AVERAGED_STEPS, rows };
}

/** Writes what there is so far. */
async function record(found: Evaluation, averaging: readonly unknown[]): Promise<void> {
  if (!values.out) return;
  await writeResults(values.out, {
    question: "What do ensembles of the shipped model's draws say, and what does it gain to average draws?",
    command:
      `deno task bench:ensembles DATASETS/* --members ${members} --seed ${seed} --steps ${steps} --out FILE`,
    scores:
      "rollouts from the first frames; CRPS in deviations of the true frame, means over components, steps and " +
      "trajectories; averaging: VRMSE, medians over trajectories of means over steps, of one draw the mean of two seeds",
    members,
    steps,
    processor: await processorName(),
    digest: found.digest,
    rows: found.datasets.map(rowOf),
    averaging,
  });
}

const found = await evaluation();
for (const row of found.datasets.map(rowOf)) console.log(JSON.stringify({ ...row, byStep: undefined }));
await record(found, []);
const averaging: unknown[] = [];
await using device = await openDevice("wasm");
using model = await loadModel(MODEL, { device });
for (const folder of positionals) {
  averaging.push(await averagingOn(model, folder));
  console.log(JSON.stringify(averaging.at(-1)));
  await record(found, averaging);
}
