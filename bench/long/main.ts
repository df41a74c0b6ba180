// What a long forecast really takes, beside its plan. Writes bench/results/long_forecast.json; fails beyond 1.2 times the
// plan.

import { writeResults } from "../results.ts";
import { measureForecast } from "./measure.ts";

/** Largest share of the plan that may be used. */
const MOST = 1.2;

const [steps = 2000, points = 32] = Deno.args.map(Number);
const taken = await measureForecast(steps, points);
const result = {
  question: "Does a long forecast stay within its planned memory, all outputs included?",
  command: "deno task bench:long",
  ...taken,
  share: Number((taken.peakBytes / taken.plannedBytes).toFixed(3)),
};
console.log(JSON.stringify(result, null, 2));
if (taken.peakBytes === 0 || result.share > MOST) Deno.exit(1);
if (steps === 2000) {
  await writeResults(new URL("../results/long_forecast.json", import.meta.url).pathname, result);
}
