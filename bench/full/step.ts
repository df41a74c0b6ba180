// Times one forecast step of a checkpoint on WASM in a process of its own: prints one JSON line, as torch_step.py does,
// and writes the predicted frame as f32.
//
// usage: step.ts CHECKPOINT WEIGHTS THREADS OUT

import process from "node:process";
import { loadModel, wasm, type WeightStorage } from "walrus";
import { measureCeiling, NARROW_BYTES, WIDE_BYTES } from "walrus/devices";
import { channelsLast, fullSample } from "./window.ts";

const [checkpoint = "", weights = "stored", threads = "1", out = ""] = Deno.args;

const start = await fullSample();
// Matrices of 32-bit floats are more than 32-bit addresses reach.
const maximumBytes = weights === "f32" ? WIDE_BYTES : NARROW_BYTES;
using device = await wasm({ threads: Number(threads), maximumBytes });
using model = await loadModel(checkpoint, { device, weights: weights as WeightStorage });
const began = performance.now();
let planned = 0;
const shape = model.model.shape(start.info, { samples: 1, frames: start.times.length, draws: false });
using _programs = await model.programs(
  shape,
  false,
  ({ weights, working }) => void (planned = weights + working),
);
const loaded = performance.now();
for await (const { values } of model.rollout(start, { steps: 1, draws: false })) {
  await Deno.writeFile(out, new Uint8Array(channelsLast(values).buffer as ArrayBuffer));
}
console.log(JSON.stringify({
  name: `${device.name}, weights ${weights}`,
  milliseconds: performance.now() - loaded,
  loadMilliseconds: loaded - began,
  peakBytes: 1024 * process.resourceUsage().maxRSS,
  plannedBytes: planned,
  deviceBytes: device.usedBytes,
  ceiling: await measureCeiling(device),
}));
