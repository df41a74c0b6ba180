// Data and networks in a worker are what they are without: the same numbers, the same errors, ended when told to. And the
// thread that asks stays free.

import assert from "node:assert/strict";
import process from "node:process";
import { DisposedError } from "../../lib/compile/device.ts";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/worker/load_model.ts";
import { openData } from "../../lib/worker/open_data.ts";
import { openWorker } from "../../lib/worker/open_worker.ts";
import { CHECKPOINT, collect, EULER, framesOf, GRAY_SCOTT } from "../forecast/shipped.ts";
import { fixture, inRepository } from "../shared.ts";
import { entry as toy } from "../toy/family.ts";
import { toyStart } from "./toy_start.ts";

Deno.test("a forecast in a worker has the bits of one without, also of a kind that overlaps with it", async () => {
  const [gray, euler] = await Promise.all([GRAY_SCOTT, EULER].map((file) => framesOf(file, 0, 6)));
  using device = await wasm({ threads: 1 });
  using here = await loadModel(CHECKPOINT, { device });
  using there = await loadModel(CHECKPOINT, {
    worker: true,
    backend: "wasm",
    deviceOptions: { wasm: { threads: 1 } },
  });
  assert.deepEqual(there.model.config, here.model.config);
  assert.deepEqual(there.model.learnt, here.model.learnt);
  assert.equal(there.deviceName, device.name);
  const options = [
    { start: gray!, steps: 3, seed: 5 },
    { start: euler!, steps: 2, seed: 1, kvCache: true },
  ] as const;
  const [got, wanted] = await Promise.all(
    [there, here].map((model) =>
      Promise.all(options.map(({ start, ...rest }) => collect(model, start, rest)))
    ),
  );
  assert.deepEqual(got, wanted);
});

Deno.test("a frame from a worker has what one without has", async () => {
  const start = await framesOf(EULER, 0, 6);
  using worker = await openWorker();
  using model = await loadModel(CHECKPOINT, { worker, backend: "wasm" });
  for await (const frame of model.rollout(start, { steps: 1 })) {
    assert.equal(frame.info, start.info);
    assert.equal(frame.step, 1);
    assert.equal(frame.values.length, start.values.length);
    assert.ok(Math.abs(frame.time - start.times[5]! - (start.times[5]! - start.times[4]!)) < 1e-12);
  }
});

Deno.test("data in a worker read as they do without", async () => {
  using here = await openData(EULER);
  using there = await openData(EULER, { worker: true });
  const of = ({ name, format, warnings, splits }: typeof here) => ({ name, format, warnings, splits });
  assert.deepEqual(of(there), of(here));
  assert.deepEqual(await there.statistics(), await here.statistics());
  const [a, b] = await Promise.all([here.split(), there.split()]);
  assert.equal(b.trajectories, a.trajectories);
  assert.equal(b.trajectory(0), b.trajectory(0));
  for (let i = 0; i < a.trajectories; i++) {
    assert.equal(b.kind(i), a.kind(i));
    const [x, y] = [a.trajectory(i), b.trajectory(i)];
    assert.deepEqual([y.name, y.steps, y.info], [x.name, x.steps, x.info]);
    assert.deepEqual(await y.times(), await x.times());
    assert.deepEqual(await y.sample([3, 0]), await x.sample([3, 0]));
  }
  assert.equal(b.shard(0, 1).trajectories, a.trajectories);
  await assert.rejects(b.trajectory(0).sample([9999]), RangeError);
  assert.throws(() => b.trajectory(a.trajectories), RangeError);
  there[Symbol.dispose]();
  await assert.rejects(b.trajectory(0).sample([0]), DisposedError);
});

Deno.test("errors come out of a worker with their class and words", async () => {
  using worker = await openWorker();
  const bad = fixture("samples-bad/16_zero_trajectories.hdf5");
  await assert.rejects(openData(bad, { worker }), (error: Error) => {
    assert.ok(error instanceof SyntaxError || error instanceof RangeError, error.name);
    assert.match(error.message, /n_trajectories is 0, wanted at least 1/);
    return true;
  });
  await assert.rejects(loadModel("missing.safetensors", { worker, backend: "wasm" }), {
    name: "RangeError",
    message: /missing\.safetensors/,
  });
  // It goes on all the same.
  using data = await openData(GRAY_SCOTT, { worker });
  assert.equal(data.format, "well");
  const files = new Map([["a.npy", () => Promise.reject(new Error("never"))]]);
  await assert.rejects(openData(files, { worker }), {
    name: "TypeError",
    message: /for openData: .*wanted plain data/,
  });
});

Deno.test("a worker reads a source that is open outside", async () => {
  const bytes = await Deno.readFile(GRAY_SCOTT);
  const source = {
    name: "own",
    size: bytes.length,
    bytes,
    read(from: number, length: number) {
      return Promise.resolve(this.bytes.slice(from, from + length));
    },
    close() {},
    [Symbol.dispose]() {},
  };
  using data = await openData(source, { worker: true });
  const sample = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
  assert.deepEqual(sample.values, (await framesOf(GRAY_SCOTT, 0, 6)).values);
});

Deno.test("a worker tells of tensors, asks whether memory may be taken, and is refused", async () => {
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  const read: string[] = [];
  using model = await loadModel(CHECKPOINT, {
    worker: true,
    backend: "wasm",
    onTensor: (name) => read.push(name),
  });
  const refused = collect(model, start, {
    steps: 1,
    admit: ({ weights, working }) => {
      assert.ok(weights > 1e6 && working > 1e6);
      throw new RangeError("no room");
    },
  });
  await assert.rejects(refused, { name: "RangeError", message: "no room" });
  assert.equal(read.length, 0);
  await collect(model, start, { steps: 1, admit: () => {} });
  assert.ok(read.includes("blocks.0.space_mixing.ff_out.weight"));
});

Deno.test("an abort ends a rollout in a worker within 100 ms, and the next one starts", async () => {
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  using model = await loadModel(CHECKPOINT, { worker: true, backend: "wasm" });
  const [wanted] = await collect(model, start, { steps: 1 });
  const controller = new AbortController();
  const reason = new Error("enough");
  let ended = NaN;
  const running = collect(model, start, { steps: 50, signal: controller.signal });
  setTimeout(() => {
    ended = performance.now();
    controller.abort(reason);
  }, 150);
  await assert.rejects(running, reason);
  assert.ok(performance.now() - ended < 100, `${performance.now() - ended} ms`);
  assert.deepEqual((await collect(model, start, { steps: 1 }))[0], wanted);
});

Deno.test("a rollout that is left lets its worker go on", async () => {
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  using model = await loadModel(CHECKPOINT, { worker: true, backend: "wasm" });
  for await (const { step } of model.rollout(start, { steps: 50 })) if (step === 1) break;
  assert.equal((await collect(model, start, { steps: 2 })).length, 2);
});

Deno.test("what waits for a worker ends when model or worker is disposed of", async () => {
  const start = await framesOf(GRAY_SCOTT, 0, 6);
  for (const what of ["model", "worker"] as const) {
    using worker = await openWorker();
    using model = await loadModel(CHECKPOINT, { worker, backend: "wasm" });
    const running = collect(model, start, { steps: 50 });
    setTimeout(() => (what === "model" ? model : worker)[Symbol.dispose](), 100);
    await assert.rejects(running, DisposedError);
    await assert.rejects(collect(model, start, { steps: 1 }), DisposedError);
  }
});

Deno.test("a worker whose script is not there, or fails, says so", async () => {
  const missing = new URL("missing.ts", import.meta.url);
  await assert.rejects(openData(GRAY_SCOTT, { worker: missing }), /The worker ended/);
});

Deno.test("a worker loads a family of its user's by the family's module", async () => {
  const { checkpoint, start } = await toyStart();
  using device = await wasm({ threads: 1 });
  using here = await loadModel(checkpoint, { device, registry: [toy] });
  const options = {
    registry: [toy],
    worker: true,
    backend: "wasm",
    deviceOptions: { wasm: { threads: 1 } },
  } as const;
  using there = await loadModel(checkpoint, options);
  const steps = { steps: 2 };
  assert.deepEqual(await collect(there, start, steps), await collect(here, start, steps));
  const { module: _module, ...without } = toy;
  await assert.rejects(loadModel(checkpoint, { ...options, registry: [without] }), /"toy" has no "module"/);
});

Deno.test("the thread that asks is free while a worker reads, compiles and computes", async () => {
  const ticks = [performance.now()];
  const timer = setInterval(() => ticks.push(performance.now()), 1);
  const cpu = process.cpuUsage();
  try {
    using worker = await openWorker();
    using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"), { worker });
    using model = await loadModel(CHECKPOINT, {
      worker,
      backend: "wasm",
      deviceOptions: { wasm: { threads: 1 } },
    });
    const start = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
    await collect(model, start, { steps: 3 });
  } finally {
    clearInterval(timer);
  }
  const { user } = process.cpuUsage(cpu);
  const gaps = ticks.slice(1).map((time, i) => time - ticks[i]!).sort((a, b) => b - a);
  const worked = user / 1e3;
  // The machine may be busy with others: all that the worker did would be a gap of hundreds of milliseconds.
  assert.ok(gaps[0]! < worked / 4, `a gap of ${gaps[0]} ms in ${worked} ms of work`);
});
