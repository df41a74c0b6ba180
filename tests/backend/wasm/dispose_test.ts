// The end of buffers, programs and devices while they are used, and of runs that a signal ends: an error that says so,
// soon, and memory that comes back. Also with threads, and with 64-bit addresses.

import assert from "node:assert/strict";
import { wasm, type WasmDevice, type WasmOptions } from "../../../lib/backend/wasm/device.ts";
import { hasWideMemory } from "../../../lib/backend/wasm/module.ts";
import { compile, type Compiled } from "../../../lib/compile/compile.ts";
import { DisposedError } from "../../../lib/compile/device.ts";
import type { Tensor } from "../../../lib/ir/node.ts";
import { contract } from "../../../lib/ir/tensor.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { openData } from "../../../lib/data/open_data.ts";
import { loadModel } from "../../../lib/forecast/load.ts";
import { inRepository } from "../../shared.ts";

const N = 192;

/** A second or more of products, each some milliseconds: of two inputs, so that none is computed once. */
function slow(device: WasmDevice): Promise<Compiled> {
  const type = { dtype: "f32", shape: [N, N] } as const;
  return compile(
    trace({ x: type, w: type }, ({ x, w }) => {
      let y: Tensor = x!;
      for (let i = 0; i < 1500; i++) y = contract("mk,nk->mn", y, w!);
      return { y };
    }),
    device,
  );
}

const x = new Float32Array(N * N);

/** Settles with the error and the milliseconds until it came; fails when it does not come within two seconds. */
async function failure(promise: Promise<unknown>): Promise<{ error: Error; milliseconds: number }> {
  const started = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("nothing happened for two seconds")), 2000);
  });
  const outcome = promise.then(() => null, (error: Error) => error);
  const error = await Promise.race([outcome, late]).finally(() => clearTimeout(timer));
  assert.ok(error, "ended as if nothing were");
  return { error, milliseconds: performance.now() - started };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const kinds: readonly (readonly [string, WasmOptions])[] = [
  ["1 thread", { threads: 1 }],
  ["2 threads", { threads: 2 }],
  ...hasWideMemory() ? [["64-bit addresses", { threads: 2, maximumBytes: 2 ** 33 }] as const] : [],
];

for (const [words, options] of kinds) {
  Deno.test(`dispose ends runs that wait and the one that runs: ${words}`, async () => {
    await using device = await wasm(options);
    const compiled = await slow(device);
    using w = device.createBuffer("f32", N * N, { label: "w" });
    const running = compiled.run({ x, w });
    const waiting = [compiled.run({ x, w }), w.read(), w.write(x)];
    await pause(30);
    device[Symbol.dispose]();
    const said = (action: string) =>
      new RegExp(`^Cannot ${action}: the device "wasm \\(.*\\)" is disposed of$`);
    const actions = ["run", 'read buffer "w"', 'write buffer "w"'];
    for (const [i, promise] of waiting.entries()) {
      const { error, milliseconds } = await failure(promise);
      assert.ok(error instanceof DisposedError && milliseconds < 20, `${error} after ${milliseconds} ms`);
      assert.match(error.message, said(actions[i]!));
    }
    const { error } = await failure(running);
    assert.ok(error instanceof DisposedError);
    assert.match(error.message, said("run"));
    for (const later of [compiled.run({ x, w }), w.read(), device.load({ prologue: null, main: compiled })]) {
      await assert.rejects(later, DisposedError);
    }
    assert.throws(() => device.createBuffer("f32", 4, { label: "late" }), {
      name: "DisposedError",
      message: `Cannot make buffer "late": the device "${device.name}" is disposed of`,
    });
    compiled[Symbol.dispose]();
  });

  Deno.test(`a program or buffer that is disposed of ends its runs and gives memory back: ${words}`, async () => {
    await using device = await wasm(options);
    const before = device.usedBytes;
    for (const which of ["program", "buffer"] as const) {
      const compiled = await slow(device);
      const w = device.createBuffer("f32", N * N, { label: "w" });
      using other = device.createBuffer("f32", 1, { label: "other" });
      const used = device.usedBytes;
      const running = compiled.run({ x, w });
      const waiting = compiled.run({ x, w });
      const unconcerned = other.read();
      await pause(30);
      (which === "program" ? compiled : w)[Symbol.dispose]();
      assert.ok(device.usedBytes >= used, "memory went while it was used");
      const words = which === "program" ? "the program" : 'buffer "w"';
      for (const promise of [waiting, running]) {
        const { error } = await failure(promise);
        assert.deepEqual([error.name, error.message], [
          "DisposedError",
          `Cannot run: ${words} is disposed of`,
        ]);
      }
      assert.deepEqual(await unconcerned, Float32Array.of(0));
      await assert.rejects(compiled.run({ x, w }), { message: `Cannot run: ${words} is disposed of` });
      for (const rest of [compiled, w, other]) rest[Symbol.dispose]();
      assert.equal(device.usedBytes, before);
    }
  });

  Deno.test(`a signal ends a run within 100 ms, and the next one is right: ${words}`, async () => {
    await using device = await wasm(options);
    using compiled = await slow(device);
    const unit = Float32Array.from({ length: N * N }, (_, i) => i % (N + 1) === 0 ? 1 : 0);
    const controller = new AbortController();
    const running = compiled.run({ x: unit, w: unit }, { signal: controller.signal });
    const waiting = compiled.run({ x: unit, w: unit }, { signal: controller.signal });
    const after = compiled.run({ x: unit, w: unit });
    await pause(60);
    const reason = new RangeError("enough");
    controller.abort(reason);
    const failures = [await failure(waiting), await failure(running)];
    assert.ok(failures.every(({ error }) => error === reason));
    assert.ok(failures[1]!.milliseconds < 100, `${failures[1]!.milliseconds} ms`);
    assert.deepEqual((await after).y, unit);
    await assert.rejects(compiled.run({ x: unit, w: unit }, { signal: AbortSignal.abort(reason) }), reason);
  });
}

Deno.test("the event loop has its turn while a program runs, and short programs do not wait for it", async () => {
  await using device = await wasm({ threads: 1 });
  using compiled = await slow(device);
  let [ticks, last, longest] = [0, performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    [ticks, last] = [ticks + 1, now];
  }, 1);
  await compiled.run({ x, w: x });
  clearInterval(timer);
  assert.ok(ticks > 5 && longest < 150, `${ticks} turns, ${longest} ms at the longest`);

  const type = { dtype: "f32", shape: [4] } as const;
  using short = await compile(trace({ x: type }, ({ x }) => ({ y: contract("k,k->", x!, x!) })), device);
  let turned = false;
  setImmediate(() => turned = true);
  // The debt of the run before is paid first.
  await short.run({ x: new Float32Array(4) });
  turned = false;
  setImmediate(() => turned = true);
  for (let i = 0; i < 20; i++) await short.run({ x: new Float32Array(4) });
  assert.equal(turned, false);
});

for (const threads of [1, 2]) {
  Deno.test(`a rollout over a disposed device ends with an error: ${threads} threads`, async () => {
    const device = await wasm({ threads });
    using model = await loadModel(inRepository("examples/walrus_small/walrus.safetensors"), { device });
    using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
    const start = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
    const frames = model.rollout(start, { steps: 3, seed: 1 });
    await frames.next();
    device[Symbol.dispose]();
    const { error } = await failure(frames.next());
    assert.ok(error instanceof DisposedError, `${error}`);
  });

  Deno.test(`a signal ends a step of the shipped network within 100 ms: ${threads} threads`, async () => {
    await using device = await wasm({ threads });
    using model = await loadModel(inRepository("examples/walrus_small/walrus.safetensors"), { device });
    using data = await openData(inRepository("examples/data/gray_scott_mini.hdf5"));
    const start = await (await data.split()).trajectory(0).sample([0, 1, 2, 3, 4, 5]);
    const controller = new AbortController();
    const frames = model.rollout(start, { steps: 3, seed: 1, signal: controller.signal });
    await frames.next();
    const next = frames.next();
    await pause(30);
    controller.abort();
    const { error, milliseconds } = await failure(next);
    assert.equal(error.name, "AbortError");
    assert.ok(milliseconds < 100, `${milliseconds} ms`);
  });
}

Deno.test("await using a device waits for what runs on it", async () => {
  let running: Promise<unknown>;
  let hasEnded = false;
  {
    await using device = await wasm({ threads: 2 });
    const compiled = await slow(device);
    running = compiled.run({ x, w: x }).catch(() => hasEnded = true);
    await pause(20);
  }
  // The news of it takes some microtasks.
  await Promise.race([running, pause(0)]);
  assert.equal(hasEnded, true);
});
