// `POST /v1/ensemble`: frames of the mean with spread and quantiles as fields, in every form; what it refuses and counts.

import assert from "node:assert/strict";
import { loadModel, openData, wasm } from "walrus";
import { ensemble, type EnsembleFrame } from "walrus/metrics";
import { forecastService, readFrames } from "walrus/serve";
import { forecastAnswer } from "../../lib/serve/openapi/schemas.ts";
import * as v from "valibot";
import { stubService } from "./stub_service.ts";

const CHECKPOINT = "examples/walrus_small/walrus.safetensors";
const DATA = "examples/data/gray_scott_mini.hdf5";
const FIELDS = ["A", "B", "A_spread", "B_spread", "A_quantile_50", "B_quantile_50"];

function ask(
  options: Readonly<Record<string, unknown>> = {},
  accept = "application/json",
  path = "/v1/ensemble",
): Request {
  return new Request(`http://localhost${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", accept },
    body: JSON.stringify({ data: { dataset: "mini" }, ...options }),
  });
}

Deno.test("an ensemble is answered as the library forecasts it, bit for bit, in every form", async () => {
  const options = { steps: 2, members: 3, seed: 4, quantiles: [0.5], data: { dataset: "mini", frames: 3 } };
  const wanted: (readonly Float32Array[])[] = [];
  {
    using device = await wasm();
    using model = await loadModel(CHECKPOINT, { device });
    using data = await openData(DATA);
    const start = await (await data.split()).trajectory(0).sample([0, 1, 2]);
    const frames: AsyncIterable<EnsembleFrame> = ensemble(model, start, options);
    for await (const { values, spread, quantiles } of frames) {
      wanted.push([...values, ...spread, ...quantiles[0]!]);
    }
  }
  await using service = forecastService({
    models: { small: { load: () => loadModel(CHECKPOINT, { worker: true, backend: "wasm" }) } },
    datasets: { mini: { open: () => openData(DATA) } },
  });
  const json = await (await service.fetch(ask(options))).json();
  v.parse(forecastAnswer, json);
  assert.deepEqual([json.members, json.seed, json.steps], [3, 4, 2]);
  assert.deepEqual(Object.keys(json.window.fields), FIELDS);
  const size = 64 * 64;
  for (const [i, name] of FIELDS.entries()) {
    const numbers = Float32Array.from(json.window.fields[name].values.flat(3));
    for (const step of [0, 1]) {
      assert.deepEqual(numbers.slice(step * size, (step + 1) * size), wanted[step]![i], `${name} ${step}`);
    }
  }
  const streamed = await service.fetch(ask(options, "application/x-walrus-frames"));
  let step = 0;
  for await (const { values, info } of readFrames(streamed)) {
    assert.deepEqual(info.fields.map(({ name }) => name), FIELDS);
    assert.deepEqual(values, wanted[step++]);
  }
  assert.equal(step, 2);
  const file = await (await service.fetch(ask({ ...options, outputs: ["A_spread"] }, "application/x-hdf5")))
    .bytes();
  using data = await openData(file);
  const written = await (await data.split()).trajectory(0).sample([1]);
  assert.deepEqual(written.info.fields.map(({ name }) => name), ["A_spread"]);
  assert.deepEqual(written.values[0], wanted[1]![2]);
});

Deno.test("an ensemble has 8 members unless it says otherwise, all at once, and leaves none behind", async () => {
  const { service, model } = stubService({}, { pace: 2 });
  const { members, window } = await (await service.fetch(ask({ steps: 2 }))).json();
  assert.equal(members, 8);
  assert.deepEqual(Object.keys(window.fields), ["A", "B", "A_spread", "B_spread"]);
  assert.deepEqual([model.begun, model.most, model.running], [8, 8, 0]);
  // Each is admitted with the state of all.
  const broken = stubService({}, { failAt: 2 });
  const response = await broken.service.fetch(ask({ steps: 3 }));
  assert.equal(response.status, 500);
  assert.equal((await response.json()).reason, "failed");
  assert.equal(broken.model.running, 0);
  await broken.service[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

Deno.test("memory of an ensemble counts the state of its members", async () => {
  const need = { weights: 1000, working: 1000, rollout: 1000 };
  const limits = { memory: 6000 };
  const { service } = stubService({ limits }, { need });
  assert.equal((await service.fetch(ask({ members: 4 }))).status, 200);
  await service[Symbol.asyncDispose]();
  const { service: small } = stubService({ limits }, { need });
  const refused = await small.fetch(ask({ members: 8 }));
  const { reason, detail } = await refused.json();
  assert.equal(reason, "memory");
  assert.match(detail, /8 kB of intermediate results/);
  await small[Symbol.asyncDispose]();
});

Deno.test("what is no ensemble, too much, or not to be had is refused", async () => {
  const { service, model } = stubService({ limits: { steps: 100 } });
  const cases: [Record<string, unknown>, string, string, RegExp][] = [
    [{ members: 2 }, "/v1/forecast", "malformed", /members are of ensembles, ask POST \/v1\/ensemble/],
    [{ quantiles: [0.5] }, "/v1/forecast", "malformed", /quantiles are of ensembles/],
    [{ members: 0 }, "/v1/ensemble", "malformed", /members is 0, wanted an integer from 1/],
    [{ quantiles: [] }, "/v1/ensemble", "malformed", /quantiles is \[\], wanted 1 to 16 numbers from 0 to 1/],
    [{ quantiles: [2] }, "/v1/ensemble", "malformed", /quantiles.0 is 2, wanted a number from 0 to 1/],
    [{ average: 300 }, "/v1/forecast", "malformed", /average is 300, wanted an integer from 1 to 256/],
    [
      { members: 11, steps: 10 },
      "/v1/ensemble",
      "too_large",
      /steps is 10, each of 11 draws, .* at most 100 /,
    ],
    [{ average: 11, steps: 10 }, "/v1/forecast", "too_large", /steps is 10, each of 11 draws/],
    [
      { outputs: ["A_quantile_50"] },
      "/v1/ensemble",
      "malformed",
      /the fields of the window are A, B, A_spread/,
    ],
    [{ quantiles: [0.5, 0.5] }, "/v1/ensemble", "unfit", /would be called "A_quantile_50"/],
  ];
  for (const [options, path, reason, words] of cases) {
    const response = await service.fetch(ask(options, "application/json", path));
    const problem = await response.json();
    assert.equal(problem.reason, reason, JSON.stringify([options, problem]));
    assert.match(problem.detail, words);
  }
  assert.equal(model.begun, 0);
  const query = new Request("http://localhost/v1/ensemble?members=x&quantiles=0.1,y", {
    method: "POST",
    headers: { "content-type": "application/x-npz" },
    body: "PK",
  });
  assert.match((await (await service.fetch(query)).json()).detail, /members is "x", .*quantiles.1 is "y"/);
  await service[Symbol.asyncDispose]();
});
