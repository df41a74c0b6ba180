// The device around the kernels: ranges of buffers, what runs report, and the end of what is in use.

import assert from "node:assert/strict";
import { compile, type Compiled } from "../../../lib/compile/compile.ts";
import { type Device, DisposedError } from "../../../lib/compile/device.ts";
import type { Tensor } from "../../../lib/ir/node.ts";
import { contract } from "../../../lib/ir/tensor.ts";
import { trace } from "../../../lib/ir/trace.ts";
import { gpuTest } from "./adapter.ts";

gpuTest(
  "DeviceBuffer on WebGPU reads any range, of fp16 too, and writes pieces of whole words",
  async (device) => {
    using buffer = device.createBuffer("f16", 7, { label: "h" });
    await buffer.write(Uint16Array.of(1, 2, 3, 4, 5, 6, 7));
    await buffer.write(Uint16Array.of(8, 9), 2);
    await buffer.write(Uint16Array.of(10), 6);
    const all = Uint16Array.of(1, 2, 8, 9, 5, 6, 10);
    assert.deepEqual(await buffer.read(), all);
    for (const [from, to] of [[1, 2], [1, 6], [3, 7], [2, 4], [6, 7], [5, 5]] as const) {
      assert.deepEqual(await buffer.read(from, to), all.slice(from, to), `${from} to ${to}`);
    }
    await assert.rejects(() => buffer.write(Uint16Array.of(1, 1), 3), {
      name: "RangeError",
      message: 'Cannot write buffer "h": 2 fp16 numbers at 3, wanted pieces of whole words',
    });
    await assert.rejects(() => buffer.read(0, 8), /0 to 8 is no range of its 7/);
  },
);

const N = 64;
const x = new Float32Array(N * N);

/** Many products, of several submits. */
function slow(device: Device): Promise<Compiled> {
  const type = { dtype: "f32", shape: [N, N] } as const;
  return compile(
    trace({ x: type, w: type }, ({ x, w }) => {
      let y: Tensor = x!;
      for (let i = 0; i < 150; i++) y = contract("mk,nk->mn", y, w!);
      return { y };
    }),
    device,
  );
}

gpuTest("RunReport.milliseconds on WebGPU counts the wait for what is read", async (device) => {
  using compiled = await slow(device);
  await compiled.run({ x, w: x });
  const started = performance.now();
  await compiled.run({ x, w: x });
  const waited = performance.now() - started;
  const { milliseconds } = compiled.report;
  assert.ok(milliseconds > 0.9 * waited && milliseconds <= waited, `${milliseconds} of ${waited} ms`);
});

gpuTest("a signal ends a run on WebGPU while it waits or is waited for", async (device) => {
  using compiled = await slow(device);
  const unit = Float32Array.from({ length: N * N }, (_, i) => i % (N + 1) === 0 ? 1 : 0);
  const controller = new AbortController();
  const runs = [1, 2].map(() => compiled.run({ x, w: x }, { signal: controller.signal }));
  const after = compiled.run({ x: unit, w: unit });
  const reason = new RangeError("enough");
  setTimeout(() => controller.abort(reason), 5);
  const started = performance.now();
  await Promise.all(runs.map((run) => assert.rejects(run, reason)));
  const waited = performance.now() - started;
  assert.deepEqual((await after).y, unit);
  assert.ok(waited < performance.now() - started, `${waited} ms`);
});

gpuTest("dispose on WebGPU ends what waits and what comes later", async (device) => {
  const compiled = await slow(device);
  const w = device.createBuffer("f32", N * N, { label: "w" });
  const running = compiled.run({ x, w });
  w[Symbol.dispose]();
  await Promise.allSettled([running]);
  await assert.rejects(compiled.run({ x, w }), {
    name: "DisposedError",
    message: 'Cannot run: buffer "w" is disposed of',
  });
  compiled[Symbol.dispose]();
  await assert.rejects(compiled.run({ x, w: x }), { message: "Cannot run: the program is disposed of" });

  const other = device.createBuffer("f32", 4);
  using again = await slow(device);
  const settled = Promise.allSettled([again.run({ x, w: x }), again.run({ x, w: x }), other.read()]);
  device[Symbol.dispose]();
  for (const outcome of await settled) {
    assert.ok(outcome.status === "rejected" && outcome.reason instanceof DisposedError);
  }
  await assert.rejects(other.write(new Float32Array(4)), DisposedError);
  assert.throws(() => device.createBuffer("f32", 4), DisposedError);
  await device[Symbol.asyncDispose]();
});
