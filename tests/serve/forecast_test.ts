// The shipped network over HTTP: what requests at the same time get is what each would get alone, and what rollouts give
// without a service in between, bit for bit.

import assert from "node:assert/strict";
import { loadModel, openData, wasm } from "walrus";
import { forecastService, readFrames } from "walrus/serve";
import { memorySource } from "../../lib/io/byte_source.ts";
import { openNpz } from "../../lib/io/npz.ts";
import { until } from "./stub_service.ts";

const CHECKPOINT = "examples/walrus_small/walrus.safetensors";
const DATA = "examples/data/gray_scott_mini.hdf5";

/** Numbers of fields by name, of each frame. */
type Frames = Readonly<Record<string, Float32Array>>[];

/** A service of the shipped network on a port of this machine. */
function served() {
  const service = forecastService({
    models: { small: { load: () => loadModel(CHECKPOINT, { worker: true, backend: "wasm" }) } },
    datasets: { mini: { open: () => openData(DATA, { worker: true }) } },
    limits: { running: 3 },
  });
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => service.fetch(request),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  return {
    service,
    url,
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await server.shutdown();
    },
  };
}

/** Rollouts without a service. */
async function direct(starts: readonly { start: number; seed: number; kvCache: boolean }[], steps: number) {
  using device = await wasm();
  using model = await loadModel(CHECKPOINT, { device });
  using data = await openData(DATA);
  const trajectory = (await data.split()).trajectory(0);
  const all: Frames[] = [];
  for (const { start, seed, kvCache } of starts) {
    const sample = await trajectory.sample([0, 1, 2, 3, 4, 5].map((i) => start + i));
    const frames: Frames = [];
    for await (const { values } of model.rollout(sample, { steps, seed, kvCache })) {
      frames.push({ A: values[0]!, B: values[1]! });
    }
    all.push(frames);
  }
  return all;
}

const POINTS = 64 * 64;

/** A field of all frames as one for each. */
function cut(fields: Readonly<Record<string, Float32Array>>, steps: number): Frames {
  return Array.from({ length: steps }, (_, t) =>
    Object.fromEntries(
      Object.entries(fields).map(([name, values]) => [name, values.slice(t * POINTS, (t + 1) * POINTS)]),
    ));
}

const READERS: Readonly<Record<string, (response: Response, steps: number) => Promise<Frames>>> = {
  "application/json": async (response, steps) => {
    const { window: { fields } } = await response.json();
    const flat = (name: string) => Float32Array.from(fields[name].values.flat(3));
    return cut({ A: flat("A"), B: flat("B") }, steps);
  },
  "application/x-npz": async (response, steps) => {
    const { open } = await openNpz(memorySource(await response.bytes()));
    const numbers = async (name: string) => await (await open(name)).readFloat32(0, steps * POINTS);
    return cut({ A: await numbers("A"), B: await numbers("B") }, steps);
  },
  "application/x-hdf5": async (response, steps) => {
    using data = await openData(await response.bytes());
    const trajectory = (await data.split()).trajectory(0);
    const { values } = await trajectory.sample(Array.from({ length: steps }, (_, i) => i));
    return cut({ A: values[0]!, B: values[1]! }, steps);
  },
  "text/event-stream": async (response) => {
    const events = (await response.text()).trim().split("\n\n").map((event) => event.split("\n"));
    const frames = events.filter(([name]) => name === "event: frame").map(([, data]) =>
      JSON.parse(data!.slice(6))
    );
    assert.equal(events.at(-1)![0], "event: end");
    return frames.map(({ values }) => ({ A: Float32Array.from(values.A), B: Float32Array.from(values.B) }));
  },
  "application/x-walrus-frames": async (response) => {
    const frames: Frames = [];
    for await (const { values } of readFrames(response)) frames.push({ A: values[0]!, B: values[1]! });
    return frames;
  },
};

Deno.test("forecasts that overlap, in every form of answer, are those of rollouts alone, bit for bit", async () => {
  const steps = 2;
  const kinds = [{ start: 3, seed: 1, kvCache: false }, { start: 0, seed: 2, kvCache: true }];
  const wanted = await direct(kinds, steps);
  await using host = await Promise.resolve(served());
  const jobs = Object.entries(READERS).flatMap(([accept, read]) =>
    kinds.map(async ({ start, ...options }, i) => {
      const response = await fetch(`${host.url}/v1/forecast`, {
        method: "POST",
        headers: { "content-type": "application/json", accept },
        body: JSON.stringify({ data: { dataset: "mini", start }, steps, ...options }),
      });
      assert.equal(response.status, 200);
      const type = response.headers.get("content-type");
      assert.equal(type, accept);
      assert.deepEqual(await read(response, steps), wanted[i], `${accept}, window ${i}`);
    })
  );
  assert.equal((await Promise.all(jobs)).length, 10);
});

Deno.test("an answer is a window: sent again it goes on where it ended", async () => {
  await using host = await Promise.resolve(served());
  const ask = async (body: unknown) => {
    const response = await fetch(`${host.url}/v1/forecast`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return await response.json();
  };
  const data = { dataset: "mini", frames: 2 };
  const first = await ask({ data, steps: 2, draws: false, numbers: "base64" });
  const second = await ask({ window: first.window, steps: 2, draws: false, numbers: "base64" });
  const all = await ask({ data, steps: 4, draws: false });
  const bytes = Uint8Array.from(atob(second.window.fields.A.values.base64), (letter) => letter.charCodeAt(0));
  const wanted = Float32Array.from(all.window.fields.A.values.flat(3)).slice(2 * POINTS);
  assert.deepEqual(new Float32Array(bytes.buffer), wanted);
  assert.deepEqual(second.window.time, all.window.time.slice(2));
});

Deno.test("a client that leaves frees its place within a second; health never waits", async () => {
  await using host = await Promise.resolve(served());
  const body = JSON.stringify({ data: { dataset: "mini" }, steps: 500 });
  const headers = { "content-type": "application/json" };
  const waits: number[] = [];
  for (const accept of ["application/x-walrus-frames", "application/json"]) {
    const leaving = new AbortController();
    const asking = Promise.all(Array.from({ length: 6 }, async () => {
      const response = await fetch(`${host.url}/v1/forecast`, {
        method: "POST",
        headers: { ...headers, accept },
        body,
        signal: leaving.signal,
      });
      for await (const _ of response.body!);
    }));
    const ended = asking.then(() => "answered", (error) => error.name);
    await until(
      "three run, three wait",
      () => host.service.state.running === 3 && host.service.state.waiting === 3,
    );
    for (let i = 0; i < 20; i++) {
      const began = performance.now();
      const response = await fetch(`${host.url}/healthz`);
      assert.deepEqual(await response.json(), { status: "ok" });
      waits.push(performance.now() - began);
    }
    leaving.abort();
    const left = performance.now();
    await until("all places are free", () => host.service.state.running + host.service.state.waiting === 0);
    const seconds = (performance.now() - left) / 1000;
    assert.ok(seconds < 1, `${seconds} s`);
    console.log(`${accept}: six clients' places are free ${(1000 * seconds).toFixed(0)} ms after they left`);
    assert.equal(await ended, "AbortError");
  }
  waits.sort((a, b) => a - b);
  console.log(
    `health under load: median ${waits[20]!.toFixed(1)} ms, longest ${waits.at(-1)!.toFixed(1)} ms`,
  );
  // With less than a core left free this is the machine's scheduling, so only waiting for a step would exceed it.
  assert.ok(waits[20]! < 100, `${waits[20]} ms`);
});

Deno.test("weights are not read for what can not fit", async () => {
  const read: string[] = [];
  using device = await wasm({ threads: 1 });
  await using service = forecastService({
    models: {
      small: { load: () => loadModel(CHECKPOINT, { device, onTensor: (name) => read.push(name) }) },
    },
    datasets: { mini: { open: () => openData(DATA) } },
    limits: { memory: 5e6 },
  });
  const response = await service.fetch(
    new Request("http://localhost/v1/forecast", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ data: { dataset: "mini" } }),
    }),
  );
  const { status, reason, detail } = await response.json();
  assert.deepEqual([status, reason], [507, "memory"]);
  assert.match(detail, /would take 1\d MB \(\d.*of weights.*"small" may take 5.0 MB here/);
  assert.deepEqual(read, []);
});
