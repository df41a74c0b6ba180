// Did a change make kernels or models slower? The workloads of `bench/track.ts` in two checkouts, in one process and turn
// by turn, so that whatever else the machine does meets both.
//
// usage: deno run -A bench/beside.ts OTHER_CHECKOUT [--rounds 7] [--only TEXT] [--out FILE]

import { parseArgs } from "node:util";
import { processorName } from "./machine.ts";
import { cpuTime } from "./profile.ts";
import { writeResults } from "./results.ts";

/** CPU time is spent at least so long a measurement, in milliseconds. */
const LEAST = 30;

/** A workload of a checkout, on its device. */
interface Prepared extends Disposable {
  run(): Promise<void>;
}

interface Checkout {
  readonly names: readonly string[];
  prepare(name: string): Promise<Prepared>;
}

// Checkouts may be of different ages: their modules are known by what they do, not by type.
// deno-lint-ignore no-explicit-any
type Untyped = any;

async function open(root: string): Promise<Checkout> {
  const load = (path: string): Promise<Untyped> => import(new URL(path, `file://${root}/`).href);
  const { wasm } = await load("lib/backend/wasm/device.ts");
  const { kernelCases } = await load("bench/kernel_cases.ts");
  const { PROGRAMS } = await load("bench/model_programs.ts");
  const { makeResident } = await load("bench/resident.ts");
  const device = await wasm({ threads: 1 });
  const cases = new Map<string, () => Untyped>(
    kernelCases().map((each: Untyped) => [each.label, () => each.matrices ? each : each.program]),
  );
  for (const [name, make] of Object.entries(PROGRAMS)) cases.set(name, () => (make as Untyped)(device));
  return {
    names: [...cases.keys()],
    async prepare(name) {
      const resident = await makeResident(device, cases.get(name)!());
      const { executable, job, bindings } = resident;
      return {
        run: async () => void await executable.run(job ?? bindings),
        [Symbol.dispose]: () => resident[Symbol.dispose](),
      };
    },
  };
}

async function timed(prepared: Prepared, repeats: number): Promise<number> {
  const start = cpuTime();
  for (let i = 0; i < repeats; i++) await prepared.run();
  return (cpuTime() - start) / repeats;
}

/** One workload in both checkouts. */
interface Row {
  readonly name: string;
  /** Best CPU time in milliseconds here and there. */
  readonly here: number;
  readonly there: number;
  /** Time here over time there: of the best, and the median of the rounds. */
  readonly best: number;
  readonly median: number;
}

async function compare(name: string, here: Checkout, there: Checkout, rounds: number): Promise<Row> {
  using own = await here.prepare(name);
  using other = await there.prepare(name);
  const first = cpuTime();
  await own.run();
  await other.run();
  const once = (cpuTime() - first) / 2;
  const repeats = Math.max(1, Math.ceil(LEAST / once));
  const count = once > 2000 ? Math.min(3, rounds) : rounds;
  const [a, b]: [number[], number[]] = [[], []];
  for (let round = 0; round < count; round++) {
    const order = round % 2 === 0 ? [own, other] : [other, own];
    for (const prepared of order) (prepared === own ? a : b).push(await timed(prepared, repeats));
  }
  const ratios = a.map((time, i) => time / b[i]!).sort((x, y) => x - y);
  const digits = (value: number) => Number(value.toPrecision(4));
  const [mine, theirs] = [Math.min(...a), Math.min(...b)];
  return {
    name,
    here: digits(mine),
    there: digits(theirs),
    best: digits(mine / theirs),
    median: digits(ratios[Math.floor(ratios.length / 2)]!),
  };
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

const { values: options, positionals: [other] } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "7" },
    only: { type: "string", default: "" },
    out: { type: "string" },
  },
});
if (!other) throw new RangeError("Name the other checkout: deno run -A bench/beside.ts CHECKOUT");
const here = await open(new URL("..", import.meta.url).pathname.replace(/\/$/, ""));
const there = await open(await Deno.realPath(other));
const names = here.names.filter((name) => there.names.includes(name) && name.includes(options.only));
const rows: Row[] = [];
console.log("    here    there     best   median");
for (const name of names) {
  const row = await compare(name, here, there, Number(options.rounds));
  rows.push(row);
  const numbers = [row.here.toFixed(2), row.there.toFixed(2), row.best.toFixed(3), row.median.toFixed(3)];
  console.log(`${numbers.map((text) => text.padStart(9)).join("")}  ${name}`);
}
const mean = {
  best: geometricMean(rows.map((r) => r.best)),
  median: geometricMean(rows.map((r) => r.median)),
};
console.log(
  `geometric mean of ${rows.length}: best ${mean.best.toFixed(4)}, median ${mean.median.toFixed(4)}`,
);
if (options.out) {
  await writeResults(options.out, {
    question: "Are kernels and models as fast as in another checkout, run by run beside each other?",
    command: "deno run -A bench/beside.ts CHECKOUT",
    machine: await processorName(),
    versions: Deno.version,
    unit: "milliseconds of CPU time on one thread; ratios are time here over time there",
    mean,
    rows,
  });
}
Deno.exit(0);
