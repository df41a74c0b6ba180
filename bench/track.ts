// Did a kernel or a model become slower? Every workload on one thread by CPU time, the multiply-add ceiling measured
// before each, compared with the stored baseline; what seems slower is measured again before it is named.
//
// usage: deno task bench:track [--save] [--only TEXT] [--baseline FILE] [--out FILE]; exit code 1 when something is
// slower

import { parseArgs } from "node:util";
import { wasm, type WasmDevice } from "walrus";
import { launchWork } from "walrus/devices";
import { kernelCases } from "./kernel_cases.ts";
import { processorName } from "./machine.ts";
import { PROGRAMS } from "./model_programs.ts";
import { bytesOf, cpuTime } from "./profile.ts";
import { makeResident, type Workload } from "./resident.ts";
import { writeResults } from "./results.ts";
import { ALLOWED, compareCosts } from "./slower.ts";
import { ceiling } from "./wasm_ceiling.ts";

/** CPU time is spent at least so long a measurement, in milliseconds: its clock ticks. */
const LEAST = 20;
/** Measurements of which the best counts. */
const ROUNDS = 7;
/** How often what seems slower is measured again. */
const RETRIES = 2;

/** A measured workload. */
interface Row {
  readonly name: string;
  readonly milliseconds: number;
  /** Slowest measurement over the best. */
  readonly spread: number;
  /** Operations a second of the ceiling of this measurement, in units of 10^9. */
  readonly ceiling: number;
  readonly cost: number;
  readonly gflops: number;
  readonly gigabytes: number;
}

interface Named extends Workload {
  readonly name: string;
}

function workloads(device: WasmDevice): Named[] {
  const models = Object.entries(PROGRAMS).map(([name, make]) => ({ name, ...make(device) }));
  return [...kernelCases().map(({ label, ...workload }) => ({ name: label, ...workload })), ...models];
}

async function measure(device: WasmDevice, { name, ...workload }: Named): Promise<Row> {
  const { program } = workload;
  using resident = await makeResident(device, workload);
  const run = () => resident.executable.run(resident.job);
  const first = cpuTime();
  await run();
  const repeats = Math.max(1, Math.ceil(LEAST / (cpuTime() - first)));
  const times: number[] = [];
  let top = 0;
  // Whole models take seconds: their own length makes up for fewer rounds.
  const rounds = cpuTime() - first > 1000 ? 2 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    top = Math.max(top, await ceiling("fused", 40));
    const start = cpuTime();
    for (let i = 0; i < repeats; i++) await run();
    times.push((cpuTime() - start) / repeats);
  }
  const milliseconds = Math.min(...times);
  const operations = program.launches.reduce((sum, launch) => sum + launchWork(launch), 0);
  const views = program.launches.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  const bytes = views.reduce((sum, view) => sum + bytesOf(view), 0);
  const digits = (value: number) => Number(value.toPrecision(4));
  return {
    name,
    milliseconds: digits(milliseconds),
    spread: digits(Math.max(...times) / milliseconds),
    ceiling: digits(top),
    cost: digits(milliseconds * top / 1e3),
    gflops: digits(operations / milliseconds / 1e6),
    gigabytes: digits(bytes / milliseconds / 1e6),
  };
}

function print({ name, milliseconds, gflops, gigabytes, ceiling, spread }: Row): void {
  const share = gflops >= 1 ? `${(100 * gflops / ceiling).toFixed(0)} %` : "-";
  const numbers = [milliseconds.toFixed(2), share, gigabytes.toFixed(1), spread.toFixed(2)];
  console.log(`${numbers.map((text) => text.padStart(9)).join("")}  ${name}`);
}

const BASELINE = new URL("results/track.json", import.meta.url).pathname;
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    save: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    baseline: { type: "string", default: BASELINE },
    out: { type: "string" },
  },
});
using device = await wasm({ threads: 1 });
const chosen = workloads(device).filter(({ name }) => name.includes(options.only));
if (chosen.length === 0) throw new RangeError(`--only is "${options.only}": no workload has it in its name`);
const baseline: { readonly rows: readonly Row[] } = options.save
  ? { rows: [] }
  : JSON.parse(await Deno.readTextFile(options.baseline));
const known = baseline.rows.filter(({ name }) => name.includes(options.only));
console.log("       ms  ceiling     GB/s   spread");
const rows: Row[] = [];
for (const workload of chosen) {
  let row = await measure(device, workload);
  const seemsSlower = () => compareCosts(known, [row]).slower.length > 0;
  for (let retry = 0; retry < RETRIES && seemsSlower(); retry++) {
    const again = await measure(device, workload);
    if (again.cost < row.cost) row = again;
  }
  rows.push(row);
  print(row);
}
const report = {
  question: "Did a kernel or a model become slower?",
  command: "deno task bench:track [--save]",
  machine: await processorName(),
  device: device.name,
  versions: Deno.version,
  cost:
    "milliseconds of CPU time on one thread times the multiply-add ceiling of the same run: 10^9 operations",
  rows,
};
if (options.out) await writeResults(options.out, report);
if (options.save) {
  await writeResults(options.baseline, report);
  console.log(`stored ${rows.length} rows as the baseline`);
} else {
  const { slower, added, missing } = compareCosts(known, rows);
  if (added.length > 0) console.log(`not in the baseline: ${added.join("; ")}`);
  if (missing.length > 0) console.log(`only in the baseline: ${missing.join("; ")}`);
  for (const { name, ratio } of slower) {
    console.log(`slower: ${name}, ${ratio.toFixed(2)} times its baseline`);
  }
  if (slower.length > 0) Deno.exit(1);
  console.log(`none of ${rows.length} workloads is more than ${100 * ALLOWED} % slower than its baseline`);
}
