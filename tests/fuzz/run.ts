// deno task fuzz [--runs N] [--seed S] [--kind K]: a line a kind, exit code 1 at a failure, with the seed and path to replay
// it: --kind K --seed S --path P. With --record FILE --total N: N tries of all kinds together in chunks of --chunk, on top
// of what the record has; stopped and started again, it goes on.

import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { allKinds } from "./all_kinds.ts";
import type { Kind } from "./kinds.ts";
import { fuzzOnRecord } from "./record.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    seed: { type: "string" },
    kind: { type: "string" },
    path: { type: "string" },
    record: { type: "string" },
    total: { type: "string", default: "1000000" },
    chunk: { type: "string", default: "500" },
  },
});
const [runs, total, chunk] = [Number(values.runs), Number(values.total), Number(values.chunk)];
const seed = Number(values.seed ?? (values.record ? 1 : Date.now() % 2 ** 31));
const all = await allKinds();
const chosen = all.filter(({ name }) => !values.kind || name === values.kind);
const isCount = (value: number) => Number.isSafeInteger(value) && value >= 1;
if (![runs, total, chunk].every(isCount) || !Number.isSafeInteger(seed) || chosen.length === 0) {
  console.error(
    `error: wanted --runs, --total, --chunk and --seed as whole numbers, --kind of ${
      all.map((k) => k.name).join(", ")
    }`,
  );
  Deno.exit(2);
}

async function runKind(kind: Kind): Promise<boolean> {
  const start = performance.now();
  try {
    const { tries, refused, read, slowest, resident } = await fuzz(kind, runs, seed, values.path);
    const rate = tries / (performance.now() - start) * 1000;
    console.log(
      `${kind.name.padEnd(12)} ${tries} tries, ${refused} refused, ${read} read, ${
        rate.toFixed(0)
      } a second, slowest ${slowest.toFixed(0)} ms, memory ${
        (resident / 2 ** 20).toFixed(0)
      } MiB, seed ${seed}`,
    );
    return true;
  } catch (error) {
    const { message, cause } = error as Error;
    console.error(`${kind.name.padEnd(12)} FAILED with seed ${seed}\n${message}\n${cause ?? ""}`);
    return false;
  }
}

if (values.record !== undefined) {
  const { failures } = await fuzzOnRecord(values.record, total, chunk, chosen, seed, (record, kind) => {
    const memory = (record.peakBytes / 2 ** 20).toFixed(0);
    console.log(
      `${record.tries}/${total} tries, ${record.triesPerSecond} a second, memory ${memory} MiB, ${record.failures.length} failures (${kind})`,
    );
  });
  for (const { kind, seed, runs, message } of failures) {
    console.error(`FAILED: --kind ${kind} --seed ${seed} --runs ${runs}: ${message}`);
  }
  Deno.exit(failures.length > 0 ? 1 : 0);
}
let right = true;
for (const kind of chosen) right = await runKind(kind) && right;
Deno.exit(right ? 0 : 1);
