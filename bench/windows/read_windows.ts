// One measurement of main.ts: windows a second through the loader of training, as a process of its own.
// usage: read_windows.ts FOLDER WORKERS BATCHES

import { openData } from "walrus";
import { modelEntry } from "walrus/models";
import { Mixture } from "walrus/train";
import { Loader } from "../../app/train/loader.ts";

const [folder, workers, batches] = [Deno.args[0]!, Number(Deno.args[1]), Number(Deno.args[2])];
const model = (await modelEntry("walrus").load()).fromFiles({});
using data = await openData(folder);
const systems = [{ split: await data.split("train"), samples: 2, frames: 6 }];
// As the other side reads: consecutive frames, not turned.
const settings = { seed: 1, epochLength: 2000, strides: [1, 1], augment: false, limit: null } as const;
const mixture = new Mixture(systems, settings, model);
using loader = new Loader({
  systems: [{ folder, split: "train" }],
  masks: {},
  settings,
  model: { family: "walrus", config: model.config },
}, workers);

/** Two plans a worker are under way. */
const ahead = Array.from({ length: 2 * workers }, () => loader.read(mixture.next()));
async function next(): Promise<number> {
  const samples = await ahead.shift()!;
  ahead.push(loader.read(mixture.next()));
  return samples[0]!.values.length;
}

for (let i = 0; i < 1 + 2 * workers; i++) await next();
const start = performance.now();
for (let i = 0; i < batches; i++) await next();
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ windowsPerSecond: 2 * batches / seconds }));
await Promise.all(ahead);
