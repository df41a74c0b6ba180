// Many random interleavings on the devices in turn, one seed each, the same schedule on the same device: a failure is run
// again alone with `--seed` and `--count 1`.
// Usage: deno task interleave [--count 500] [--seed 1] [--out FILE]

import { parseArgs } from "node:util";
import fc from "fast-check";
import { processorName } from "../../bench/machine.ts";
import { writeResults } from "../../bench/results.ts";
import { inRepository } from "../shared.ts";
import configuration from "../../deno.json" with { type: "json" };
import { Alone, runSchedule, schedules, testedDevices } from "./interleaving.ts";

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "500" },
    seed: { type: "string", default: "1" },
    out: { type: "string", default: inRepository("bench/results/interleaving.json") },
  },
});

/** What happened on a device. */
interface Row {
  readonly device: string;
  schedules: number;
  /** Tasks that gave what they give alone. */
  finished: number;
  /** Tasks that were ended and said so. */
  ended: number;
  seconds: number;
  /** Seeds of schedules that failed. */
  readonly failed: number[];
}

const [count, first] = [Number(options.count), Number(options.seed)];
const devices = await testedDevices();
const alone = devices.map(({ open }) => new Alone(open));
const rows = devices.map(({ name }): Row => ({
  device: name,
  schedules: 0,
  finished: 0,
  ended: 0,
  seconds: 0,
  failed: [],
}));

for (let seed = first; seed < first + count; seed++) {
  const place = seed % devices.length;
  const [device, row] = [devices[place]!, rows[place]!];
  const [schedule] = fc.sample(schedules, { numRuns: 1, seed });
  const began = performance.now();
  let outcome: string;
  try {
    const { finished, ended } = await runSchedule(device, schedule!, alone[place]!);
    row.finished += finished;
    row.ended += ended;
    outcome = `${finished} finished, ${ended} ended`;
  } catch (error) {
    row.failed.push(seed);
    outcome = `FAILED: ${(error as Error).message}\n${JSON.stringify(schedule)}`;
  }
  const seconds = (performance.now() - began) / 1000;
  row.schedules++;
  row.seconds += seconds;
  console.log(`seed ${seed}, ${device.name}: ${outcome}, ${seconds.toFixed(1)} s`);
}
for (const each of alone) await each[Symbol.asyncDispose]();

await writeResults(options.out, {
  question:
    "Does what happens at the same time on a device give what it gives alone, or end with the reason?",
  command: "deno task interleave",
  versions: { library: configuration.version, deno: Deno.version.deno, v8: Deno.version.v8 },
  processor: await processorName(),
  threads: navigator.hardwareConcurrency,
  seeds: [first, first + count - 1],
  devices: rows.map((row) => ({ ...row, seconds: Math.round(row.seconds) })),
});
if (rows.some(({ failed }) => failed.length > 0)) Deno.exit(1);
