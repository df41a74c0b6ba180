// Do equal kinds of windows pay when they are computed at once? Steps of the shipped network with one to eight windows in
// a program, and whether each has the bits that it has alone.
//
//     deno run --allow-read --allow-write=bench/results --allow-env bench/serve/batch.ts

import { type Frame, loadModel, openData, type Sample, wasm } from "walrus";
import type { DeviceBuffer, Inputs } from "walrus/devices";
import { type LoadedModel, randomSource } from "walrus/models";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";

const CHECKPOINT = "examples/walrus_small/walrus.safetensors";
const DATA = "examples/data/gray_scott_mini.hdf5";
const RESULT = "bench/results/serve_batch.json";
const SIZES = [1, 2, 4, 8];
const REPEATS = 12;

/** A step of some windows at once, resident on the device. */
interface Step extends Disposable {
  readonly windows: number;
  readonly working: number;
  /** Seconds of the fastest run so far. */
  fastest: number;
  run(): Promise<void>;
  /** The frame after each window, of the last run. */
  frames(): Frame["values"][];
}

async function stepOf(model: LoadedModel, windows: readonly Sample[]): Promise<Step> {
  const network = model.model;
  const frames = windows[0]!.times.length;
  const shape = network.shape(windows[0]!.info, { samples: windows.length, frames, draws: false });
  using made = new DisposableStack();
  let working = 0;
  const lease = made.use(await model.programs(shape, false, (need) => working = need.working));
  const { executable, inputs: types } = lease.value.step;
  const given = network.inputs(windows, shape, null);
  const buffers = new Map<string, DeviceBuffer>();
  for (const [name, { dtype, shape: sizes }] of types) {
    if (!given[name] && !name.startsWith("state/")) continue;
    const length = sizes.reduce((product, size) => product * size, 1);
    buffers.set(name, made.use(model.device.createBuffer(dtype, length, { label: name })));
  }
  const place = { index: 1, decoded: 0, lead: 40, random: randomSource(0, 1) };
  const inputs: Inputs = network.stepInputs?.(shape, place) ?? {};
  let last = new Float32Array(0);
  const owned = made.move();
  const step: Step = {
    windows: windows.length,
    working,
    fastest: Infinity,
    async run() {
      // State is replaced by each step.
      for (const [name, buffer] of buffers) if (given[name]) await buffer.write(given[name]);
      const began = performance.now();
      const { outputs } = await executable.run({ buffers, inputs, read: ["output/frames"] });
      step.fastest = Math.min(step.fastest, (performance.now() - began) / 1000);
      last = new Float32Array(outputs["output/frames"] as Float32Array);
    },
    frames: () => network.frames(last, shape, windows).map(([frame]) => frame!),
    [Symbol.dispose]: () => owned.dispose(),
  };
  return step;
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
const steps: Step[] = [];
for (const size of SIZES) steps.push(await stepOf(model, windows.slice(0, size)));
// In turns: whatever else the machine does is spread over all.
for (let i = 0; i < REPEATS; i++) for (const step of steps) await step.run();
const alone: Frame["values"][] = [];
for (const window of windows) {
  using step = await stepOf(model, [window]);
  await step.run();
  alone.push(step.frames()[0]!);
}
const rows = steps.map((step) => ({
  windows: step.windows,
  secondsAWindow: Number((step.fastest / step.windows).toPrecision(3)),
  workingBytes: step.working,
  sameBits: step.frames().every((frame, i) => areEqual(frame, alone[i]!)),
}));
for (const step of steps) step[Symbol.dispose]();
console.table(rows);
if (Deno.args.includes("--record")) {
  await writeResults(RESULT, {
    question: "Does it pay to compute windows of one kind at once?",
    command: "deno run -A bench/serve/batch.ts --record",
    machine: await processorName(),
    device: device.name,
    network: "examples/walrus_small, 64 x 64 points, 6 frames, fastest of 12 steps",
    answer:
      "On a CPU no: a step computes for as long as it has windows, with the same bits and as much more memory. " +
      "The endpoint computes each by itself, and lets them take turns.",
    rows,
  });
}
