// The checks of clients against a service on this thread; tests/dist asks the same of the build, in an edge runtime.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { forecastService } from "../../lib/serve/service.ts";
import { CHECKPOINT, collect } from "../forecast/shipped.ts";
import { apiChecks, startWindow } from "./api_checks.ts";

const start = await startWindow();
const device = await wasm({ threads: 1 });
const model = await loadModel(CHECKPOINT, { device });
const wanted = (await collect(model, start, { steps: 2, seed: 1 })).flat().flatMap((field) => [...field]);
const service = forecastService({
  models: { small: { load: async () => await loadModel(CHECKPOINT, { device }) } },
});
Deno.test.afterAll(async () => {
  await service[Symbol.asyncDispose]();
  model[Symbol.dispose]();
  device[Symbol.dispose]();
});

const isNear = (numbers: readonly number[]) => Promise.resolve(assert.deepEqual(numbers, wanted));
for (const { name, run } of apiChecks(isNear, true)) {
  Deno.test(`on a host: ${name}`, () =>
    run((path, init) => service.fetch(new Request(`http://localhost${path}`, init)), start));
}
