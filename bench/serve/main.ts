// Does the endpoint hold under load? Sixty-four clients for a minute with the shipped model, some of whom leave or send
// what is wrong; beside direct rollouts; then thousands of small requests for its memory, and clients that vanish.
// Results go to bench/results/serve.json; fails where an answer is wrong or lost.

import { parseArgs } from "node:util";
import { processorName } from "../machine.ts";
import { writeResults } from "../results.ts";
import { measure } from "./measure.ts";

const { values: options } = parseArgs({
  options: {
    clients: { type: "string", default: "64" },
    seconds: { type: "string", default: "60" },
    requests: { type: "string", default: "5000" },
    out: { type: "string", default: "bench/results/serve.json" },
  },
});

const measured = await measure({
  clients: Number(options.clients),
  seconds: Number(options.seconds),
  requests: Number(options.requests),
  print: (line) => console.error(line),
});
const { load, memory, vanished, health } = measured;
/** What the endpoint has to keep, each as what was wanted and whether it was. */
const kept = {
  "no wrong answer": load.wrong === 0,
  "no accepted request lost": load.lost === 0,
  "malformed requests are refused in words": load.misjudged.length === 0,
  "throughput at least 0.9 of direct rollouts": load.shareOfDirect >= 0.9,
  "memory flat within 10 %": memory.growth <= 1.1,
  "places of vanished clients free within a second": vanished.milliseconds < 1000,
  "health p99 under 50 ms": health.p99 < 50,
};
const report = {
  question: "Does the endpoint hold under load?",
  command: ["deno task bench:serve", ...Deno.args].join(" "),
  versions: { deno: Deno.version.deno },
  processor: await processorName(),
  processors: navigator.hardwareConcurrency,
  ...measured,
  kept,
};
console.log(JSON.stringify(report, null, 2));
await writeResults(options.out, report);
if (Object.values(kept).slice(0, 3).includes(false)) Deno.exit(1);
