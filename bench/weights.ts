// What do fp16 and 8-bit numbers instead of floats cost and gain as storage of weights on WASM? Accuracy: errors of one
// step and of rollouts of the shipped network, and how far its forecasts move. Speed: products with such matrices,
// interleaved on one thread by CPU time. With a folder of golden vectors also what whole models with random weights
// give. With a checkpoint also its step with six frames and 1,024 tokens, interleaved on all threads by the clock;
// blocks are alike, so a few of the released width (deno task make-checkpoint) tell what all of them would.
//
// usage: deno run -A bench/weights.ts [--rounds 8] [--steps 20] [--golden FOLDER] [--checkpoint FILE] [--out FILE]
// [FILE.hdf5 ..]

import process from "node:process";
import { parseArgs } from "node:util";
import { loadModel, type Sample, score, wasm, type WasmDevice, type WeightStorage } from "walrus";
import { openData } from "walrus/data";
import { narrowToHalf } from "walrus/io";
import { tensor, trace } from "walrus/ir";
import { openGolden } from "../app/parity/golden.ts";
import { onDevice } from "../app/parity/run.ts";
import { Runner } from "../app/parity/runner.ts";
import { quantizeRows } from "../lib/weights/quantize.ts";
import { fullSample } from "./full/window.ts";
import { processorName } from "./machine.ts";
import { writeResults } from "./results.ts";
import { makeStationary } from "./stationary.ts";

const KINDS = ["f32", "f16", "int8", "int8-dot"] as const satisfies readonly WeightStorage[];
const CHECKPOINT = new URL("../examples/walrus_small/walrus.safetensors", import.meta.url).pathname;
const DATA = ["euler_quadrants_mini", "gray_scott_mini"]
  .map((name) => new URL(`../examples/data/${name}.hdf5`, import.meta.url).pathname);
/** Rows, inputs, outputs: those of the peers' workloads. */
const PRODUCTS = [[1024, 1408, 5632], [256, 1408, 1408], [64, 1408, 1408]] as const;
type Product = readonly [rows: number, inputs: number, outputs: number];

const operations = ([m, k, n]: Product) => m * k * n;
const digits = (value: number) => Number(value.toPrecision(4));
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Mean VRMSE over components. */
function error(forecast: Sample, truth: Sample): number {
  const varying = truth.info.fields.filter(({ constant }) => !constant).length;
  return mean(Object.values(score(forecast.values.slice(0, varying), truth)));
}

/** Frames of a rollout with weights of one kind. */
async function forecast(device: WasmDevice, kind: WeightStorage, start: Sample, steps: number) {
  using model = await loadModel(CHECKPOINT, { device, weights: kind });
  return await Array.fromAsync(model.rollout(start, { steps, seed: 1 }));
}

async function accuracy(device: WasmDevice, file: string, wanted: number) {
  using data = await openData(file);
  const split = await data.split();
  const trajectory = split.trajectory(0);
  const { grid: { shape } } = trajectory.info;
  const length = shape.length === 3 && shape.every((n) => n > 1) ? 3 : 6;
  const start = await trajectory.sample(Array.from({ length }, (_, i) => i));
  const steps = Math.min(wanted, trajectory.steps - length);
  const truth = await Promise.all(Array.from({ length: steps }, (_, i) => trajectory.sample([length + i])));
  const exact = await forecast(device, "f32", start, steps);
  const rows = [];
  for (const weights of KINDS) {
    const frames = weights === "f32" ? exact : await forecast(device, weights, start, steps);
    const errors = frames.map((frame, i) => error(frame, truth[i]!));
    rows.push({
      weights,
      oneStep: digits(errors[0]!),
      rollout: digits(mean(errors)),
      // Distance to the forecast with floats, in the same measure.
      movedAfterOne: digits(error(frames[0]!, exact[0]!)),
      movedAfterAll: digits(error(frames.at(-1)!, exact.at(-1)!)),
    });
  }
  return { dataset: data.name, steps, rows };
}

/** Best times, and what those of floats in the same rounds were. */
function beside(runs: readonly { readonly weights: WeightStorage; readonly times: readonly number[] }[]) {
  const exact = runs[0]!.times;
  return runs.map(({ weights, times }) => {
    const sorted = [...times].sort((a, b) => a - b);
    const ratios = times.map((time, i) => time / exact[i]!).sort((a, b) => a - b);
    return {
      weights,
      milliseconds: digits(sorted[0]!),
      spread: digits(sorted.at(-1)! / sorted[0]!),
      timeOverF32: digits(sorted[0]! / Math.min(...exact)),
      medianOfRounds: digits(ratios[ratios.length >> 1]!),
    };
  });
}

/** CPU times of one product with matrices of each kind; short ones have more rounds. */
async function speed(device: WasmDevice, [m, k, n]: Product, rounds: number) {
  const numbers = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7));
  const [x, matrix] = [numbers(m * k), numbers(n * k)];
  const { values, scales } = quantizeRows(matrix, k);
  const feeds = { f32: matrix, f16: narrowToHalf(matrix), int8: values, "int8-dot": values };
  using stack = new DisposableStack();
  const runs = await Promise.all(KINDS.map(async (kind) => {
    const dtype = kind.startsWith("int8") ? "i8" as const : kind as "f32" | "f16";
    const types = {
      x: { dtype: "f32", shape: [m, k] },
      w: { dtype, shape: [n, k] },
      scale: { dtype: "f32", shape: [n] },
    } as const;
    const graph = trace(types, ({ x, w, scale }) => {
      const y = tensor.contract("mk,nk->mn", x, w);
      return { y: dtype === "i8" ? tensor.mul(y, scale) : y };
    });
    const weights = { w: feeds[kind], scale: scales };
    const made = await makeStationary(device, graph, weights, { quantise: kind === "int8-dot" });
    await stack.use(made).run({ x });
    return { weights: kind, compiled: made, times: [] as number[] };
  }));
  const many = Math.round(rounds * operations(PRODUCTS[0]) / operations([m, k, n]));
  for (let round = 0; round < many; round++) {
    for (const { compiled, times } of runs) {
      const before = process.cpuUsage();
      await compiled.run({});
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 1000);
    }
  }
  return { product: `${m} x ${k} x ${n}`, rounds: many, rows: beside(runs) };
}

/** Times of a step with matrices of each kind, all of one network. */
async function stepTimes(device: WasmDevice, checkpoint: string, rounds: number) {
  const start = await fullSample();
  using stack = new DisposableStack();
  const runs = [];
  for (const weights of KINDS) {
    const model = stack.use(await loadModel(checkpoint, { device, weights }));
    runs.push({ weights, model, times: [] as number[] });
  }
  // The first round loads and warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const { model, times } of runs) {
      const began = performance.now();
      for await (const _ of model.rollout(start, { steps: 1, draws: false }));
      if (round > 0) times.push(performance.now() - began);
    }
  }
  return {
    network: runs[0]!.model.model.description,
    threads: device.threads,
    rounds,
    rows: beside(runs),
  };
}

/** Errors of the reference's whole models: the worst output of each, relative to its largest magnitude. */
async function models(device: WasmDevice, folder: string) {
  const golden = await openGolden(folder);
  const rows = [];
  for (const weights of KINDS) {
    const runner = new Runner(golden, onDevice(device, weights));
    const errors: number[] = [];
    for (const item of golden.cases.filter(({ section }) => section === "B")) {
      const { worst, note } = await runner.run(item);
      if (!worst) throw new Error(`${item.name} on ${weights}: ${note}`);
      errors.push(worst.relative);
    }
    errors.sort((a, b) => a - b);
    rows.push({
      weights,
      cases: errors.length,
      median: digits(errors[errors.length >> 1]!),
      worst: digits(errors.at(-1)!),
    });
  }
  return rows;
}

const { values: options, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "8" },
    steps: { type: "string", default: "20" },
    golden: { type: "string" },
    checkpoint: { type: "string" },
    out: { type: "string" },
  },
});
const files = positionals.length > 0 ? positionals : DATA;
using one = await wasm({ threads: 1 });
const products = [];
for (const product of PRODUCTS) products.push(await speed(one, product, Number(options.rounds)));
using all = await wasm();
const step = options.checkpoint && await stepTimes(all, options.checkpoint, Number(options.rounds));
const forecasts = [];
for (const file of files) forecasts.push(await accuracy(all, file, Number(options.steps)));
const report = {
  question: "What do fp16 and 8-bit numbers cost and gain as storage of weights on WASM?",
  command: "deno run -A bench/weights.ts --golden FOLDER --checkpoint FILE --out FILE [FILE.hdf5 ..]",
  processor: await processorName(),
  runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
  speed: "one thread, CPU time of interleaved rounds",
  products,
  ...(step && { step }),
  accuracy:
    "shipped network (stored as fp16), first trajectory, jitter with seed 1; VRMSE, mean over channels; rollout: mean over steps; moved: VRMSE from the forecast with floats",
  forecasts,
  ...(options.golden ? { goldenModels: await models(all, options.golden) } : {}),
};
console.log(JSON.stringify(report, null, 2));
if (options.out) await writeResults(options.out, report);
