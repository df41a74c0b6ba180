// Where does the time of a whole step go? A profile by kernel, or launch by launch with --launches N (the N slowest),
// with the share of the multiply-add ceiling. deno run -A bench/model_profile.ts [forecast|train|released ..]
// [--threads 1] [--runs 3] [--launches 30] [--out FILE]. An older file's other programs stay. One thread is judged by
// CPU time; more threads want an idle machine.

import { parseArgs } from "node:util";
import { wasm } from "walrus";
import { launchWork } from "walrus/devices";
import { processorName } from "./machine.ts";
import { PROGRAMS, released } from "./model_programs.ts";
import { type LaunchTime, profileLaunches } from "./profile.ts";
import { withOlder, writeResults } from "./results.ts";
import { ceiling, ceilingOfThreads } from "./wasm_ceiling.ts";

/** A line of the profile. */
interface Line {
  readonly what: string;
  readonly launches: number;
  readonly milliseconds: number;
  /** Of the whole program. */
  readonly share: number;
  readonly gflops: number;
  readonly gigabytes: number;
}

/** One program as the file has it. */
interface Profile {
  readonly name: string;
  readonly threads: number;
  /** GFLOP/s of multiply-adds alone. */
  readonly ceiling: number;
  readonly whole: Line;
  readonly kernels: readonly Line[];
}

function line(what: string, times: readonly LaunchTime[], total: number): Line {
  const sum = (of: (time: LaunchTime) => number) => times.reduce((n, time) => n + of(time), 0);
  const milliseconds = sum((time) => time.milliseconds);
  return {
    what,
    launches: times.length,
    milliseconds,
    share: milliseconds / total,
    gflops: sum(({ launch }) => launchWork(launch)) / milliseconds / 1e6,
    gigabytes: sum(({ bytes }) => bytes) / milliseconds / 1e6,
  };
}

/** Sizes of a contraction, shapes of other launches. */
function describe({ launch }: LaunchTime): string {
  const scope = launch.scope.replaceAll(/block\d+/g, "block*");
  if (launch.kernel !== "contract") {
    const shapes = [...launch.inputs, ...launch.outputs].slice(-4).map(({ shape }) => shape.join("x"));
    return `${launch.kernel} ${shapes.join(" ")} ${scope}`;
  }
  const { batch, m, n, k, epilogue } = launch.attributes;
  const size = (axes: typeof m) => axes.map((axis) => axis.size).join("*") || "1";
  return `contract ${size(batch)}: ${size(m)} x ${size(n)} x ${size(k)}${epilogue ? " +" : ""} ${scope}`;
}

function grouped(times: readonly LaunchTime[], key: (time: LaunchTime) => string): Line[] {
  const total = times.reduce((n, { milliseconds }) => n + milliseconds, 0);
  const groups = Map.groupBy(times, key);
  const lines = [...groups].map(([what, members]) => line(what, members, total));
  return lines.sort((a, b) => b.milliseconds - a.milliseconds);
}

function print(lines: readonly Line[]): void {
  for (const { what, launches, milliseconds, share, gflops, gigabytes } of lines) {
    const numbers = [
      milliseconds.toFixed(2).padStart(10),
      `${(100 * share).toFixed(1)} %`.padStart(7),
      `${launches}`.padStart(5),
      gflops.toFixed(1).padStart(6),
      gigabytes.toFixed(1).padStart(6),
    ];
    console.log(`${numbers.join(" ")}  ${what}`);
  }
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    threads: { type: "string", default: "1" },
    runs: { type: "string", default: "3" },
    launches: { type: "string", default: "0" },
    out: { type: "string" },
  },
});
const threads = Number(values.threads);
using device = await wasm({ threads, maximumBytes: positionals.includes("released") ? 2 ** 33 : 2 ** 32 });
const top = () => threads === 1 ? ceiling("fused", 500) : ceilingOfThreads("fused", threads, 100);
const results: Profile[] = [];
for (const [name, make] of Object.entries({ ...PROGRAMS, released })) {
  const isChosen = positionals.some((start) => name.startsWith(start));
  // The released network is measured when it is named only.
  if (!isChosen && (positionals.length > 0 || make === released)) continue;
  const times = await profileLaunches(device, make(device), Number(values.runs));
  const peak = await top();
  const lines = grouped(times, ({ launch }) => launch.kernel);
  const whole = line("everything", times, times.reduce((n, { milliseconds }) => n + milliseconds, 0));
  console.log(`\n${name}, ${threads} threads; ceiling ${peak.toFixed(1)} GFLOP/s`);
  console.log("        ms   share  runs GFLOP/s GB/s");
  print([whole, ...lines]);
  const contract = lines.find(({ what }) => what === "contract")!;
  console.log(
    `of the ceiling: ${(100 * whole.gflops / peak).toFixed(1)} %, contract alone ${
      (100 * contract.gflops / peak).toFixed(1)
    } %; the whole is ${(100 * whole.gflops / contract.gflops).toFixed(1)} % of contract alone`,
  );
  if (values.launches !== "0") print(grouped(times, describe).slice(0, Number(values.launches)));
  results.push({ name, threads, ceiling: peak, whole, kernels: lines });
}
if (values.out) {
  await writeResults(values.out, {
    question: "Where does the time of a whole step go?",
    command: "deno run -A bench/model_profile.ts [released] --threads N --out FILE",
    processor: await processorName(),
    runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    programs: await withOlder(values.out, "programs", results, ({ name, threads }) => `${name}/${threads}`),
  });
}
Deno.exit(0);
