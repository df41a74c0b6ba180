// The ceiling as a peer: multiply-adds on registers, the most a WebAssembly program can reach here, in the peers' format
// (its `gflop` is a fixed amount of work). deno run -A bench/peers/ceiling.ts CASE THREADS

import { ceiling, ceilingOfThreads } from "../wasm_ceiling.ts";

const [name = "", threadsText = "1"] = Deno.args;
const threads = Number(threadsText);
const rate = threads === 1 ? await ceiling("fused", 1000) : await ceilingOfThreads("fused", threads);
const milliseconds = 1e3 / rate;
console.log(JSON.stringify({
  peer: "ceiling",
  version: "fused multiply-adds on registers",
  runtime: `deno ${Deno.version.deno}`,
  case: name,
  threads,
  best_ms: milliseconds,
  best_cpu_ms: milliseconds,
  gflop: 1,
}));
// Workers that wait for another burst would keep the process alive.
Deno.exit(0);
