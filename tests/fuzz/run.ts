// deno task fuzz [--runs N] [--seed S] [--kind pt|safetensors|npz|yaml|hdf5|"hdf5 types"|"hdf5 filters"]: a line a kind,
// exit code 1 at a failure, with the seed and path to replay it: --kind K --seed S --path P.

import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";
import { kinds } from "./kinds.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    seed: { type: "string" },
    kind: { type: "string" },
    path: { type: "string" },
  },
});
const runs = Number(values.runs);
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const all = await kinds();
const chosen = all.filter(({ name }) => !values.kind || name === values.kind);
if (!Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed) || chosen.length === 0) {
  console.error(
    `error: wanted --runs and --seed as whole numbers, --kind of ${all.map((k) => k.name).join(", ")}`,
  );
  Deno.exit(2);
}
let failed = false;
for (const kind of chosen) {
  try {
    const { tries, refused, read, slowest } = await fuzz(kind, runs, seed, values.path);
    console.log(
      `${kind.name.padEnd(12)} ${tries} tries, ${refused} refused, ${read} read, slowest ${
        slowest.toFixed(0)
      } ms, seed ${seed}`,
    );
  } catch (error) {
    failed = true;
    console.error(
      `${kind.name.padEnd(12)} FAILED with seed ${seed}\n${(error as Error).message}\n${
        (error as Error).cause ?? ""
      }`,
    );
  }
}
Deno.exit(failed ? 1 : 0);
