// What do ensembles of the shipped model's draws say? Eight seeds on the test splits of a corpus: fair CRPS beside one seed
// and persistence, spread over error, coverage; what it gains to average draws; how fast eight members are beside one.
//
// usage: deno run -A bench/ensembles/main.ts DATASET.. [--members 8] [--seed 1] [--work FOLDER] [--out FILE]
// The evaluation in --work goes on where it was interrupted.

import { parseArgs } from "node:util";
import { loadModel, openData, openDevice } from "walrus";
import { ensemble, modelForecast, scoreRollouts, summarizeRollouts } from "walrus/metrics";
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
    rounds: { type: "string", default: "5" },
    out: { type: "string" },
  },
});
const members = Number(values.members);
const seed = Number(values.seed);
const short = (value: number | Score) => value === null ? null : Number(value.toPrecision(4));
const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!;
const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length;

/** Runs the evaluation, or what is left of it. */
async function evaluation(): Promise<Evaluation> {
  const args = [
    ...positionals,
    ...["--protocol", "paper", "--every", "1000", "--ensemble", values.members, "--seed", values.seed],
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

await using device = await openDevice("wasm");
using model = await loadModel(MODEL, { device });

/** VRMSE of rollouts whose steps average some draws: medians over trajectories of means over steps. */
async function averagingOn(folder: string) {
  using data = await openData(folder);
  const split = await data.split("test");
  const frames = model.model.contextFrames(split.trajectory(0).info).usual;
  const statistics = await data.statistics();
  const score = async (average: number, own: number, steps: number) => {
    const forecast = modelForecast(model, { draws: true, seed: own, average, statistics });
    return summarizeRollouts(await scoreRollouts(forecast, split, { frames, steps })).median;
  };
  const rows = [];
  for (const average of [1, 2, 4]) {
    // One draw is scored with several seeds, so that its luck does not count.
    const seeds = average === 1 ? [1, 2, 3, 4] : [1];
    const scores = { one: [] as number[], ten: [] as number[] };
    for (const own of seeds) {
      scores.one.push(await score(average, own, 1));
      scores.ten.push(await score(average, own, 10));
    }
    rows.push({ average, oneStep: short(mean(scores.one)), tenSteps: short(mean(scores.ten)) });
  }
  return { system: split.dataset, rows };
}

/** Member-steps a second of an ensemble over those of one rollout after the other, round after round. */
async function throughputOn(folder: string) {
  using data = await openData(folder);
  const split = await data.split("test");
  const trajectory = split.trajectory(0);
  const frames = model.model.contextFrames(trajectory.info).usual;
  const start = await trajectory.sample(Array.from({ length: frames }, (_, i) => i));
  const steps = 3;
  const options = { draws: true, seed, steps, statistics: await data.statistics() };
  const together = () => Array.fromAsync(ensemble(model, start, { ...options, members }), () => 0);
  const alone = () => Array.fromAsync(model.rollout(start, options), () => 0);
  const timed = async (run: () => Promise<unknown>) => {
    const began = performance.now();
    await run();
    return (performance.now() - began) / 1000;
  };
  await alone();
  const [one, all]: [number[], number[]] = [[], []];
  for (let round = 0; round < Number(values.rounds); round++) {
    one.push(await timed(alone));
    all.push(await timed(together));
  }
  const ratios = one.map((seconds, i) => members * seconds / all[i]!);
  return {
    system: split.dataset,
    secondsPerStep: short(median(one) / steps),
    memberSteps: short(members * steps / median(all)),
    ratio: short(median(ratios)),
    ratios: ratios.map(short),
  };
}

const found = await evaluation();
const rows = found.datasets.map(rowOf);
for (const row of rows) console.log(JSON.stringify({ ...row, byStep: undefined }));
const averaging = [];
const throughput = [];
for (const folder of positionals) {
  averaging.push(await averagingOn(folder));
  console.log(JSON.stringify(averaging.at(-1)));
  throughput.push(await throughputOn(folder));
  console.log(JSON.stringify(throughput.at(-1)));
}
if (values.out) {
  await writeResults(values.out, {
    question: "What do ensembles of the shipped model's draws say, and what do they take?",
    command: `deno task bench:ensembles DATASETS/* --members ${members} --seed ${seed} --out FILE`,
    protocol: "paper: rollouts from frame 17 (3D: from the first frames), to the end of the data",
    scores:
      "CRPS in deviations of the true frame, means over components, steps and trajectories; averaging: VRMSE, " +
      "medians over trajectories from the first frames; throughput: member-steps a second over those of one rollout",
    members,
    processor: await processorName(),
    device: device.name,
    digest: found.digest,
    rows,
    averaging,
    throughput,
  });
}
