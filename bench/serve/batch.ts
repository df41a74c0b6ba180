// Do equal kinds of windows pay when they are computed at once? Steps of the shipped network with one to eight windows in
// a program, and whether each has the bits that it has alone.
//
//     deno run --allow-read --allow-write=bench/results --allow-env bench/serve/batch.ts

import { type Frame, loadModel, openData, type Sample, wasm } from "walrus";
import type { DeviceBuffer, Inputs } from "walrus/devices";
import type { LoadedModel } from "walrus/models";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";

const CHECKPOINT = "examples/walrus_small/walrus.safetensors";
const DATA = "examples/data/gray_scott_mini.hdf5";
const RESULT = "bench/results/serve_batch.json";
const SIZES = [1, 2, 4, 8];
const REPEATS = 7;

/** The frame after each window, and the seconds of the fastest step. */
async function step(model: LoadedModel, windows: readonly Sample[]) {
  const network = model.model;
  const frames = windows[0]!.times.length;
  const shape = network.shape(windows[0]!.info, { samples: windows.length, frames, draws: false });
  let working = 0;
  using lease = await model.programs(shape, false, (need) => working = need.working);
  const { executable, inputs: types } = lease.value.step;
  const given = network.inputs(windows, shape, null);
  const rest: Record<string, Inputs[string]> = {};
  using made = new DisposableStack();
  const buffers = new Map<string, DeviceBuffer>();
  for (const [name, { dtype, shape: sizes }] of types) {
    if (!given[name] && !name.startsWith("state/")) continue;
    const length = sizes.reduce((product, size) => product * size, 1);
    const buffer = made.use(model.device.createBuffer(dtype, length, { label: name }));
    buffers.set(name, buffer);
  }
  const random = { uniform: () => new Float32Array(0), normal: () => new Float32Array(0) } as never;
  Object.assign(rest, network.stepInputs?.(shape, { index: 1, decoded: 0, lead: 40, random }) ?? {});
  const run = async () => {
    // State is replaced by each step.
    for (const [name, buffer] of buffers) if (given[name]) await buffer.write(given[name]);
    const began = performance.now();
    const { outputs } = await executable.run({ buffers, inputs: rest, read: ["output/frames"] });
    return { seconds: (performance.now() - began) / 1000, frames: outputs["output/frames"] as Float32Array };
  };
  let fastest = Infinity;
  let last = new Float32Array(0);
  for (let i = 0; i < REPEATS; i++) {
    const { seconds, frames } = await run();
    fastest = Math.min(fastest, seconds);
    last = new Float32Array(frames);
  }
  return { seconds: fastest, working, frames: network.frames(last, shape, windows).map(([frame]) => frame!) };
}

const areEqual = (a: Frame["values"], b: Frame["values"]) =>
  a.every((values, i) => values.every((value, j) => Object.is(value, b[i]![j])));

using device = await wasm();
using model = await loadModel(CHECKPOINT, { device });
using data = await openData(DATA);
const trajectory = (await data.split()).trajectory(0);
const windows = await Promise.all(
  Array.from({ length: 8 }, (_, i) => trajectory.sample([0, 1, 2, 3, 4, 5].map((t) => t + i % 7))),
);
const alone: Frame["values"][] = [];
const rows = [];
for (const windowsAtOnce of SIZES) {
  const { seconds, working, frames } = await step(model, windows.slice(0, windowsAtOnce));
  if (alone.length === 0) {
    alone.push(...frames);
    for (const window of windows.slice(1)) alone.push((await step(model, [window])).frames[0]!);
  }
  const sameBits = frames.every((frame, i) => areEqual(frame, alone[i]!));
  const row = {
    windows: windowsAtOnce,
    secondsAWindow: seconds / windowsAtOnce,
    workingBytes: working,
    sameBits,
  };
  rows.push(row);
  console.log(row);
}
if (Deno.args.includes("--record")) {
  await writeResults(RESULT, {
    question: "Does it pay to compute windows of one kind at once?",
    command: "deno run -A bench/serve/batch.ts --record",
    machine: await processorName(),
    device: device.name,
    network: "examples/walrus_small, 64 x 64 points, 6 frames, fastest of 7 steps",
    answer:
      "On a CPU no: a step computes for as long as it has windows, with the same bits and as much more memory. " +
      "The endpoint computes each by itself, and lets them take turns.",
    rows,
  });
}
