// Times one forecast step of a checkpoint on WASM in a process of its own: prints one JSON line, as torch_step.py does,
// and writes the predicted frame as f32.
//
// usage: step.ts CHECKPOINT WEIGHTS THREADS OUT

import process from "node:process";
import { measureCeiling, Walrus, wasm, type WeightStorage } from "../../mod.ts";
import { fullWindow } from "./window.ts";

const [checkpoint = "", weights = "stored", threads = "1", out = ""] = Deno.args;

const window = await fullWindow();
// Matrices of 32-bit floats are more than 32-bit addresses reach.
const maximumBytes = weights === "f32" ? 2 ** 33 : 2 ** 32;
using device = await wasm({ threads: Number(threads), maximumBytes });
using model = await Walrus.load(checkpoint, { device, weights: weights as WeightStorage });
const began = performance.now();
let planned = 0;
const { compiled } = await model.prepare(window, false, (need) => planned = need.weights + need.working);
const loaded = performance.now();
for await (const { values } of model.rollout(window, { steps: 1, jitter: false })) {
  await Deno.writeFile(out, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}
const { milliseconds } = compiled.report;
console.log(JSON.stringify({
  name: `${device.name}, weights ${weights}`,
  milliseconds,
  loadMilliseconds: loaded - began,
  peakBytes: 1024 * process.resourceUsage().maxRSS,
  plannedBytes: planned,
  deviceBytes: device.usedBytes,
  ceiling: await measureCeiling(device),
}));
