// deno task fuzz:serve [RUNS] [SEED] [PATH]: malformed requests against the whole handler; a line of what they came to.

import { tryMalformed } from "./try.ts";

const [runs = "2000", seed = String(Date.now() % 2 ** 31), path] = Deno.args;
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
try {
  const { tries, outcomes, slowest, grown, planned } = await tryMalformed(Number(runs), Number(seed), path);
  const by = Object.entries(outcomes).sort(([, a], [, b]) => b - a).map(([name, count]) =>
    `${count} ${name}`
  );
  const took = `slowest ${slowest.toFixed(0)} ms, memory ${mib(grown)} more of ${mib(planned)}`;
  console.log(`${tries} requests: ${by.join(", ")}; ${took}, seed ${seed}`);
} catch (error) {
  // The request itself is long, and path and seed give it again.
  const { message } = error as Error;
  console.error(`FAILED with seed ${seed}, path ${/path: "([\d:]+)"/.exec(message)?.[1] ?? "none"}`);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    console.error(cause === error ? message.slice(0, 200) : cause.stack);
  }
  Deno.exit(1);
}
