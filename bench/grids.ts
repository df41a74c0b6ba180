// What do grids cost that the network has not been trained on? The corpus has 64 points an axis; the same fields are
// interpolated to other sizes and forecast there, each scored beside the truth on its own grid.
//
// usage: deno run -A bench/grids.ts --root DATASETS [--grid auto] [--trajectories 2] [--steps 4] [--out FILE] [sizes ..]

import { parseArgs } from "node:util";
import {
  type GridTreatment,
  type LoadedModel,
  loadModel,
  persistence,
  type Sample,
  score,
  type Split,
  wasm,
} from "walrus";
import { openData } from "walrus/data";
import { interpolation } from "../lib/models/walrus/interpolation.ts";
import { withOlder, writeResults } from "./results.ts";

const CHECKPOINT = new URL("../examples/walrus_small/walrus.safetensors", import.meta.url).pathname;
const FRAMES = 6;
const GIVEN = 64;

const digits = (value: number) => Number(value.toPrecision(4));
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** An axis of `[outer, from, inner]` numbers, interpolated. */
function along(data: Float32Array, inner: number, from: number, to: number, periodic: boolean): Float32Array {
  const matrix = interpolation(from, to, periodic);
  const outer = data.length / (from * inner);
  const out = new Float32Array(outer * to * inner);
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < to; j++) {
      for (let i = 0; i < from; i++) {
        const weight = matrix[j * from + i]!;
        if (weight === 0) continue;
        for (let k = 0; k < inner; k++) {
          out[(o * to + j) * inner + k]! += weight * data[(o * from + i) * inner + k]!;
        }
      }
    }
  }
  return out;
}

/** A sample on a grid of `to` points an axis. */
function resampled(sample: Sample, to: number): Sample {
  const { info } = sample;
  const { shape } = info.grid;
  if (shape.every((n) => n === to)) return sample;
  const values = sample.values.map((data, f) => {
    const components = shape.length ** info.fields[f]!.order;
    return shape.reduceRight((made, from, axis) => {
      const inner = components * to ** (shape.length - 1 - axis);
      return along(made, inner, from, to, info.boundaries[axis]![0] === "periodic");
    }, data);
  });
  const coordinates = info.grid.coordinates.map((axis) =>
    Float64Array.from({ length: to }, (_, j) => {
      const place = (j + 0.5) * axis.length / to - 0.5;
      const low = Math.min(Math.max(0, Math.floor(place)), axis.length - 2);
      return axis[low]! + (place - low) * (axis[low + 1]! - axis[low]!);
    })
  );
  const grid = { ...info.grid, shape: shape.map(() => to), coordinates };
  return { ...sample, info: { ...info, grid }, values };
}

/** Mean VRMSE over components of varying fields. */
function error(values: readonly Float32Array[], truth: Sample): number {
  const varying = truth.info.fields.filter(({ constant }) => !constant).length;
  return mean(Object.values(score(values.slice(0, varying), truth)));
}

/** Errors of one size: of the first step and of all, beside persistence. */
async function errorsOf(
  model: LoadedModel,
  split: Split,
  { size, grid }: { size: number; grid: GridTreatment },
  count: number,
  steps: number,
) {
  const [first, all, kept]: number[][] = [[], [], []];
  let note = "";
  for (let t = 0; t < Math.min(count, split.trajectories); t++) {
    const trajectory = split.trajectory(t);
    const start = resampled(await trajectory.sample(Array.from({ length: FRAMES }, (_, i) => i)), size);
    const truth = async (step: number) => resampled(await trajectory.sample([FRAMES - 1 + step]), size);
    const shape = model.model.shape(start.info, { samples: 1, frames: FRAMES, draws: false, grid });
    note = model.model.gridNotes!(shape).join("; ");
    for await (const frame of model.rollout(start, { steps, draws: false, grid })) {
      const own = error(frame.values, await truth(frame.step));
      if (frame.step === 1) first!.push(own);
      all!.push(own);
    }
    const { value } = await persistence(start, 1).next();
    kept!.push(error(value!, await truth(1)));
  }
  return {
    size,
    grid,
    note,
    oneStep: digits(mean(first!)),
    rollout: digits(mean(all!)),
    kept: digits(mean(kept!)),
  };
}

const { values, positionals } = parseArgs({
  options: {
    root: { type: "string", default: "datasets" },
    grid: { type: "string", default: "auto" },
    trajectories: { type: "string", default: "2" },
    steps: { type: "string", default: "4" },
    out: { type: "string", default: new URL("results/grids.json", import.meta.url).pathname },
  },
  allowPositionals: true,
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [GIVEN, 48, 60, 96, 97, 100];
const [count, steps] = [Number(values.trajectories), Number(values.steps)];
using device = await wasm();
using model = await loadModel(CHECKPOINT, { device });
const names = [...Deno.readDirSync(values.root)].map(({ name }) => name).sort();
const rows = [];
for (const system of names) {
  using data = await openData(`${values.root}/${system}`);
  const split = await data.split("test");
  const { grid: { shape }, masked } = split.trajectory(0).info;
  if (masked || shape.some((n) => n !== GIVEN)) continue;
  for (const size of sizes) {
    const grid = values.grid as GridTreatment;
    const row = { system, ...await errorsOf(model, split, { size, grid }, count, steps) };
    rows.push(row);
    console.log(JSON.stringify(row));
  }
}
await writeResults(values.out, {
  question: "What do grids cost that the network has not been trained on?",
  command:
    `deno run -A bench/grids.ts --root DATASETS --trajectories ${count} --steps ${steps} [--grid resample]`,
  checkpoint: "examples/walrus_small",
  metric:
    `VRMSE on the grid itself, mean over components and ${count} test trajectories from their first frame: ` +
    `of one step, mean of ${steps} steps, and of the last frame kept for one step`,
  rows: await withOlder(values.out, "rows", rows, ({ system, size, grid }) => `${system} ${size} ${grid}`),
});
