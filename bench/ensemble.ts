// Do eight members of an ensemble take no longer than eight forecasts one after the other? The shipped network, both turn
// by turn with the same seeds, so that whatever else the machine does meets both.
//
// usage: deno run -A bench/ensemble.ts [--rounds 5] [--steps 2] [--members 8] [--out bench/results/ensemble.json]

import { parseArgs } from "node:util";
import { loadModel, openData, type Sample, wasm } from "walrus";
import { ensemble, median } from "walrus/metrics";
import { processorName } from "./machine.ts";
import { cpuTime } from "./profile.ts";
import { writeResults } from "./results.ts";

/** Milliseconds of the clock and of the processor that something took. */
async function timed(work: () => Promise<unknown>): Promise<readonly [number, number]> {
  const [clock, processor] = [performance.now(), cpuTime()];
  await work();
  return [performance.now() - clock, cpuTime() - processor];
}

async function windowOf(file: string): Promise<Sample> {
  using data = await openData(file);
  return await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
}

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    rounds: { type: "string", default: "5" },
    steps: { type: "string", default: "2" },
    members: { type: "string", default: "8" },
    out: { type: "string" },
  },
});
const [rounds, steps, members] = [options.rounds, options.steps, options.members].map(Number) as [
  number,
  number,
  number,
];

const digits = (value: number) => Number(value.toPrecision(4));
const rows = [];
for (const threads of [1, 2]) {
  for (const kvCache of [false, true]) {
    await using device = await wasm({ threads });
    using model = await loadModel("examples/walrus_small/walrus.safetensors", { device });
    const start = await windowOf("examples/data/gray_scott_mini.hdf5");
    const settings = { steps, seed: 1, kvCache };
    const alone = async () => {
      for (let i = 0; i < members; i++) {
        await Array.fromAsync(model.rollout(start, { ...settings, seed: settings.seed + i }));
      }
    };
    const together = () => Array.fromAsync(ensemble(model, start, { ...settings, members }));
    // Programs are made and weights read before anything is timed.
    await alone();
    await together();
    const ratios: { clock: number[]; processor: number[] } = { clock: [], processor: [] };
    const [one, all]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      const pair = new Map<() => Promise<unknown>, readonly [number, number]>();
      for (const work of round % 2 === 0 ? [alone, together] : [together, alone]) {
        pair.set(work, await timed(work));
      }
      const [lone, eight] = [pair.get(alone)!, pair.get(together)!];
      ratios.clock.push(lone[0] / eight[0]);
      ratios.processor.push(lone[1] / eight[1]);
      one.push(lone[0]);
      all.push(eight[0]);
    }
    const row = {
      device: device.name,
      kvCache,
      alone: digits(median(one)),
      together: digits(median(all)),
      throughput: digits(median(ratios.clock)),
      least: digits(Math.min(...ratios.clock)),
      most: digits(Math.max(...ratios.clock)),
      throughputOfProcessorTime: digits(median(ratios.processor)),
    };
    rows.push(row);
    console.log(
      `${device.name}${
        kvCache ? ", KV cache" : ""
      }: ${members} alone ${row.alone} ms, together ${row.together} ms; ` +
        `throughput ${row.throughput} (${row.least} to ${row.most}), by processor time ${row.throughputOfProcessorTime}`,
    );
  }
}
if (options.out) {
  await writeResults(options.out, {
    question:
      `Do ${members} members of an ensemble take no longer than ${members} forecasts one after the other?`,
    command: "deno run -A bench/ensemble.ts --out bench/results/ensemble.json",
    machine: await processorName(),
    versions: Deno.version,
    workload: `the shipped network, 64 x 64 points, ${steps} steps, 6 input frames`,
    unit:
      `milliseconds of ${members} forecasts, medians of ${rounds} rounds; throughput: time one after the other over ` +
      "time together, of the clock with its least and most, and of the processor",
    note:
      "Other work had both cores at the same time, so times differ by a factor of two from round to round.",
    wanted: "throughput of 0.95 at least",
    rows,
  });
}
