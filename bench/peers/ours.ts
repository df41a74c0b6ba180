// This project as a peer: answers CASE THREADS REPS with one JSON line in the peers' format, CPU time and wall time of
// the best run, after checking the result. PEERS names the peers' folder. With --launches the time of every launch
// follows. PEERS=FOLDER deno run -A bench/peers/ours.ts CASE THREADS REPS [--launches]

import { wasm } from "walrus";
import { launchWork } from "walrus/devices";
import { cpuTime, profileLaunches } from "../profile.ts";
import { makeStationary } from "../stationary.ts";
import { workload } from "./workload.ts";

const started = performance.now();
const [name = "gemm_small", threadsText = "1", repeatsText = "5"] = Deno.args.filter((a) =>
  !a.startsWith("--")
);
const [threads, repeats] = [Number(threadsText), Number(repeatsText)];
const { graph, feeds, expected, gigaflops } = await workload(Deno.env.get("PEERS") ?? ".", name);
using device = await wasm({ threads });
const { x, ...weights } = feeds;
using stationary = await makeStationary(device, graph, weights);
const init = performance.now() - started;

let start = performance.now();
const out = (await stationary.run({ x: x! })).out!;
const first = performance.now() - start;
const error = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - out[i]!)), 0);
const walls: number[] = [], cpus: number[] = [];
for (let i = 0; i < repeats; i++) {
  const before = cpuTime();
  start = performance.now();
  await stationary.run({ x: x! });
  walls.push(performance.now() - start);
  cpus.push(cpuTime() - before);
}
console.log(JSON.stringify({
  peer: "ours",
  version: device.name,
  runtime: `deno ${Deno.version.deno}`,
  case: name,
  threads,
  init_ms: init,
  first_ms: first,
  best_ms: Math.min(...walls),
  best_cpu_ms: Math.min(...cpus),
  max_err: error,
  gflop: gigaflops,
}));

if (Deno.args.includes("--launches")) {
  const launches = await profileLaunches(device, stationary, repeats);
  console.table(launches.map(({ launch, milliseconds, bytes }) => ({
    kernel: launch.kernel,
    shape: launch.outputs[0]!.shape.join("x"),
    ms: +milliseconds.toFixed(2),
    gflops: +(launchWork(launch) / milliseconds / 1e6).toFixed(1),
    gigabytes: +(bytes / milliseconds / 1e6).toFixed(1),
  })));
}
