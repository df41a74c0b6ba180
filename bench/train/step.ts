// Times training steps on WASM in a process of its own: prints one JSON line, as torch_train.py does.
//
// usage: step.ts NETWORK DATA THREADS STEPS [f32|f16]

import process from "node:process";
import { wasm } from "walrus";
import { measureCeiling } from "walrus/devices";
import { type ComputeWeights, Trainer } from "walrus/train";
import { type Data, LEARNING_RATE, type NetworkName, workload } from "./workload.ts";

/** Most memory that this process has had. */
async function peakMegabytes(): Promise<number> {
  const status = await Deno.readTextFile("/proc/self/status");
  return Math.round(Number(/VmHWM:\s*(\d+)/.exec(status)![1]) / 1e3);
}

/** Steps before the clock: the first compiles. */
const WARM = 3;

const [network = "shipped", data = "euler_quadrants_mini", threads = "1", steps = "5", weights = "f32"] =
  Deno.args;

const work = await workload(network as NetworkName, data as Data);
const { model, trainable, batch } = work;
using device = await wasm({ threads: Number(threads) });
const settings = { ...work.settings, weights: weights as ComputeWeights };
using trainer = new Trainer({ device, model, settings, trainable });
await trainer.load({
  tensors: new Map([...work.weights].map(([name, values]) => [`params/${name}`, values])),
  counts: {},
});

const cpuTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const losses: number[] = [];
const milliseconds: number[] = [];
const cpuMilliseconds: number[] = [];
let [norm, operations] = [NaN, 0];
for (let i = 0; i < WARM + Number(steps); i++) {
  const [start, startCpu] = [performance.now(), cpuTime()];
  const result = await trainer.step([batch], LEARNING_RATE);
  if (i === 0) ({ norm, operations } = result);
  if (i < WARM) {
    losses.push(result.loss);
    continue;
  }
  milliseconds.push(performance.now() - start);
  cpuMilliseconds.push(cpuTime() - startCpu);
}
const ceiling = await measureCeiling(device, Number(threads) === 1 ? cpuTime : undefined);
console.log(
  JSON.stringify({
    name: `${device.name}, weights ${weights}`,
    losses,
    norm,
    milliseconds,
    cpuMilliseconds,
    operations,
    ceiling,
    peakMegabytes: await peakMegabytes(),
  }),
);
