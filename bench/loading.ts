// How near is loading weights to the speed at which their file is read? Every measurement is a process of its own: the
// file read and dropped (`read`: each range into an array of its own, as the library's readers have it; `reread`: into
// the same memory, which never leaves the processor's cache), read and kept (`keep`: what a load can not do without when
// nothing is narrowed), and loaded as each storage; interleaved round after round, the file in the page cache. Times of
// the clock say nothing on a machine that others use: those of all processors are there as well.
//
// usage: deno run -A bench/loading.ts --checkpoint FILE [--weights f32,f16,int8] [--threads 2] [--rounds 5] [--out FILE]
// with FILE of deno task make-checkpoint --dtype f32

import type { Taken } from "./loading/measure.ts";
import { processorName } from "./machine.ts";
import { writeResults } from "./results.ts";
import { printed, storageOptions } from "./storages.ts";

const { checkpoint, weights, threads, rounds, out } = storageOptions(5);
const kinds = ["read", "reread", "keep", ...weights];

const digits = (value: number) => Number(value.toPrecision(4));
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function measure(kind: string): Promise<Taken> {
  const script = new URL("loading/measure.ts", import.meta.url).pathname;
  return printed(Deno.execPath(), ["run", "-A", script, checkpoint, kind, threads]);
}

const taken = new Map<string, Taken[]>(kinds.map((kind) => [kind, []]));
// The first round fills the page cache.
for (let round = 0; round <= rounds; round++) {
  for (const kind of round === 0 ? ["read"] : kinds) {
    const found = await measure(kind);
    console.error(round, kind, JSON.stringify(found));
    if (round > 0) taken.get(kind)!.push(found);
  }
}

/** Speeds over that of `read`: the best of all rounds, the median within rounds, and of the time of all processors. */
function rowOf(kind: string) {
  const [own, read] = [taken.get(kind)!, taken.get("read")!];
  const best = (rows: readonly Taken[], of: "milliseconds" | "cpuMilliseconds") =>
    Math.min(...rows.map((row) => row[of]));
  const times = own.map(({ milliseconds }) => milliseconds);
  return {
    kind,
    milliseconds: digits(Math.min(...times)),
    spread: digits(Math.max(...times) / Math.min(...times)),
    gigabytesPerSecond: digits(own[0]!.bytes / Math.min(...times) / 1e6),
    speedOverRead: digits(best(read, "milliseconds") / best(own, "milliseconds")),
    medianOfRounds: digits(median(own.map((row, i) => read[i]!.milliseconds / row.milliseconds))),
    cpuMilliseconds: digits(best(own, "cpuMilliseconds")),
    // With nobody else on the machine all threads would be busy: no less than this is what the clock would show.
    cpuOverThreads: digits(best(own, "cpuMilliseconds") / Number(threads)),
    weightBytes: own[0]!.weightBytes,
    // Of memory that was resident before.
    peakBytesAbove: Math.max(...own.map(({ peakBytes, beforeBytes }) => peakBytes - beforeBytes)),
  };
}

const report = {
  question: "How near is loading weights on WASM to the speed at which their file is read and dropped?",
  command: "deno run -A bench/loading.ts --checkpoint FILE --out FILE, FILE of make-checkpoint --dtype f32",
  file: `${taken.get("read")![0]!.bytes} bytes in the page cache`,
  processor: await processorName(),
  runtime: `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
  threads: Number(threads),
  rounds,
  rows: kinds.map(rowOf),
};
console.log(JSON.stringify(report, null, 2));
if (out) await writeResults(out, report);
