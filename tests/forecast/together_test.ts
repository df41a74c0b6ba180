// Rollouts of one model that overlap, end early or lose what they run on: none sees another, none outlives its device,
// none leaves memory behind.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { type Device, DisposedError } from "../../lib/compile/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import type { LoadedModel } from "../../lib/forecast/loaded_model.ts";
import { breakable } from "./breakable.ts";
import { CHECKPOINT, collect, EULER, framesOf, GRAY_SCOTT } from "./shipped.ts";

const SCOTT = await framesOf(GRAY_SCOTT, 0, 3);
const QUADRANTS = await framesOf(EULER, 0, 3);
/** Milliseconds in which what is ended ends. */
const SOON = 100;

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

for (const threads of [1, 2]) {
  Deno.test(`eight rollouts with a KV cache at once are each as alone, on ${threads} thread(s)`, async () => {
    using device = await wasm({ threads });
    using model = await loadModel(CHECKPOINT, { device });
    const tasks = Array.from({ length: 8 }, (_, i) => ({
      start: i % 2 ? SCOTT : QUADRANTS,
      options: { steps: 3, seed: i >> 1, draws: i % 4 < 2, kvCache: true },
    }));
    const together = await Promise.all(tasks.map(({ start, options }) => collect(model, start, options)));
    for (const [i, { start, options }] of tasks.entries()) {
      assert.deepEqual(together[i], await collect(model, start, options), JSON.stringify(options));
    }
    assert.notDeepEqual(together[0], together[4]);
  });
}

Deno.test("two kinds of window prepared at once read each weight once", async () => {
  using device = await wasm({ threads: 1 });
  const read = new Map<string, number>();
  using model = await loadModel(CHECKPOINT, {
    device,
    onTensor: (name) => read.set(name, (read.get(name) ?? 0) + 1),
  });
  const longer = await framesOf(GRAY_SCOTT, 0, 4);
  const kinds = [SCOTT, QUADRANTS, longer, SCOTT];
  await Promise.all(kinds.map((start, i) => collect(model, start, { steps: 1, kvCache: i === 3 })));
  assert.ok(read.size > 50);
  assert.deepEqual([...read].filter(([, times]) => times !== 1), []);
});

interface Opened {
  readonly device: Device;
  readonly model: LoadedModel;
}

const OWNERS: readonly [string, RegExp, (opened: Opened) => void][] = [
  ["device", /the device "wasm .*" is disposed of$/, ({ device }) => device[Symbol.dispose]()],
  ["model", /the model \(walrus\) is disposed of$/, ({ model }) => model[Symbol.dispose]()],
];

for (const threads of [1, 2]) {
  for (const [what, words, dispose] of OWNERS) {
    Deno.test(`a rollout ends at once when its ${what} is disposed of, on ${threads} thread(s)`, async () => {
      // Between steps, then within one of so many that they run still, however late the timer is.
      for (const isWithin of [false, true]) {
        await using device = await wasm({ threads });
        using model = await loadModel(CHECKPOINT, { device });
        const rollout = model.rollout(SCOTT, { steps: 200 });
        await rollout.next();
        const running = isWithin ? Array.fromAsync(rollout) : null;
        if (isWithin) await sleep(10);
        const told = performance.now();
        dispose({ device, model });
        await assert.rejects(running ?? rollout.next(), (error: Error) => {
          assert.ok(error instanceof DisposedError, `${error.stack}`);
          assert.match(error.message, words);
          return true;
        });
        const took = performance.now() - told;
        assert.ok(took < SOON, `${took} ms`);
        assert.deepEqual(await rollout.next(), { done: true, value: undefined });
      }
    });
  }
}

Deno.test("a rollout whose model is disposed of while its weights are read ends at once", async () => {
  await using device = await wasm({ threads: 1 });
  const before = device.usedBytes;
  const model = await loadModel(CHECKPOINT, { device, onTensor: () => model[Symbol.dispose]() });
  await assert.rejects(model.rollout(SCOTT, { steps: 1 }).next(), { name: "DisposedError" });
  await assert.rejects(model.rollout(SCOTT, { steps: 1 }).next(), /Cannot forecast: the model/);
  // What was being read is given back when it arrives.
  for (let i = 0; device.usedBytes > before && i < 100; i++) await sleep(1);
  assert.equal(device.usedBytes, before);
});

Deno.test("a model that is disposed of gives back all, also what a caller left without a word", async () => {
  await using device = await wasm({ threads: 1 });
  const before = device.usedBytes;
  const model = await loadModel(CHECKPOINT, { device });
  const rollouts = [false, true].map((kvCache) => model.rollout(SCOTT, { steps: 3, kvCache }));
  for (const rollout of rollouts) await rollout.next();
  model[Symbol.dispose]();
  await sleep(0);
  assert.equal(device.usedBytes, before);
  for (const rollout of rollouts) await assert.rejects(rollout.next(), { name: "DisposedError" });
});

Deno.test("an abort within a step ends it soon, with the caller's reason", async () => {
  for (const threads of [1, 2]) {
    await using device = await wasm({ threads });
    using model = await loadModel(CHECKPOINT, { device });
    const whole = await collect(model, SCOTT, { steps: 2 });
    for (const delay of [0, 5, 20, 40, 200]) {
      const abort = new AbortController();
      // So long that it runs still, however late the timer is.
      const running = collect(model, SCOTT, { steps: 200, signal: abort.signal });
      await sleep(delay);
      const told = performance.now();
      abort.abort(new Error("enough"));
      await assert.rejects(running, /^Error: enough$/);
      const took = performance.now() - told;
      assert.ok(took < SOON, `${took} ms after ${delay}`);
    }
    assert.deepEqual(await collect(model, SCOTT, { steps: 2 }), whole);
  }
});

Deno.test("a caller that leaves gives back what the rollout had", async () => {
  await using device = await wasm({ threads: 1 });
  using model = await loadModel(CHECKPOINT, { device });
  for (const kvCache of [false, true]) {
    await collect(model, SCOTT, { steps: 2, kvCache });
    const before = device.usedBytes;
    for await (const _ of model.rollout(SCOTT, { steps: 3, kvCache })) {
      assert.ok(device.usedBytes > before);
      break;
    }
    assert.equal(device.usedBytes, before);
    const abort = new AbortController();
    const rollout = model.rollout(SCOTT, { steps: 3, kvCache, signal: abort.signal });
    await rollout.next();
    abort.abort();
    await assert.rejects(rollout.next(), { name: "AbortError" });
    assert.equal(device.usedBytes, before);
  }
});

Deno.test("rollouts on a device that is lost move once, and go on as if nothing were", async () => {
  using inner = await wasm({ threads: 1 });
  using spare = await wasm({ threads: 1 });
  const { device, lose } = breakable(inner);
  using model = await loadModel(CHECKPOINT, { device });
  const tasks = [SCOTT, QUADRANTS, SCOTT, QUADRANTS].map((start, seed) => ({ start, seed }));
  const alone: (readonly Float32Array[])[][] = [];
  for (const { start, seed } of tasks) alone.push(await collect(model, start, { steps: 4, seed }));
  let [moves, seen] = [0, 0];
  const onDeviceLost = async () => {
    moves++;
    await sleep(10);
    // The first successor can not be had.
    if (moves === 1) throw new RangeError("there is no device");
    return spare;
  };
  const run = async ({ start, seed }: typeof tasks[number]) => {
    const frames: (readonly Float32Array[])[] = [];
    for await (const { values } of model.rollout(start, { steps: 4, seed, onDeviceLost })) {
      frames.push(values);
      if (++seen === 6) lose();
    }
    return frames;
  };
  const first = await Promise.allSettled(tasks.map(run));
  // Those that shared the failed move are told why; whoever comes later moves.
  for (const [i, result] of first.entries()) {
    if (result.status === "fulfilled") assert.deepEqual(result.value, alone[i]);
    else assert.match(String(result.reason), /there is no device/);
  }
  assert.deepEqual(await Promise.all(tasks.map(run)), alone);
  assert.equal(moves, 2);
  assert.equal(model.device, spare);
});
