// Runs, writes and reads that overlap, on every device: each is as if it were alone, in the order of the calls.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile } from "../../lib/compile/compile.ts";
import type { Device } from "../../lib/compile/device.ts";
import { add, contract, mul } from "../../lib/ir/tensor.ts";
import { trace } from "../../lib/ir/trace.ts";
import type { Type } from "../../lib/ir/types.ts";
import { gpuTest } from "./webgpu/adapter.ts";

const f32 = (...shape: number[]): Type => ({ dtype: "f32", shape });

async function callsAtOnce(device: Device): Promise<void> {
  using compiled = await compile(trace({ x: f32(1) }, ({ x }) => ({ y: mul(x, 2) })), device);
  const x = Float32Array.of(1);
  const calls = [compiled.run({ x })];
  // The caller's array may change at once.
  x[0] = 10;
  calls.push(compiled.run({ x }));
  x[0] = 100;
  calls.push(compiled.run({}), compiled.run({ x: Float32Array.of(4) }));
  const results = await Promise.all(calls);
  assert.deepEqual(results.map(({ y }) => y![0]), [2, 20, 20, 8]);
}

async function programsAtOnce(device: Device): Promise<void> {
  const n = 40;
  const graph = trace(
    { x: f32(n, n), w: f32(n, n) },
    ({ x, w }) => ({ y: contract("mk,nk->mn", contract("mk,nk->mn", x, w), w) }),
  );
  using first = await compile(graph, device);
  using second = await compile(graph, device);
  using w = device.createBuffer("f32", n * n, { label: "w" });
  await w.write(Float32Array.from({ length: n * n }, (_, i) => (i * 31) % 17 / 17));
  const inputs = Array.from({ length: 6 }, (_, i) => new Float32Array(n * n).fill(i + 1));
  const alone: Float32Array[] = [];
  for (const x of inputs) alone.push((await first.run({ x, w })).y as Float32Array);
  const together = await Promise.all(inputs.map((x, i) => (i % 2 ? first : second).run({ x, w })));
  together.forEach(({ y }, i) => assert.deepEqual(y, alone[i]));
}

async function statesInOrder(device: Device): Promise<void> {
  using compiled = await compile(trace({ s: f32(3), x: f32(3) }, ({ s, x }) => ({ s: add(s, x) })), device);
  using s = device.createBuffer("f32", 3, { label: "s" });
  const x = Float32Array.of(1, 10, 100);
  const log = await Promise.all([
    s.read(),
    s.write(Float32Array.of(1, 1, 1)),
    compiled.run({ s, x }),
    s.read(1),
    s.write(Float32Array.of(7), 2),
    compiled.run({ s, x }),
    compiled.run({ s, x }),
    s.read(),
  ]);
  assert.deepEqual(
    log.filter((value) => value instanceof Float32Array),
    [Float32Array.of(0, 0, 0), Float32Array.of(11, 101), Float32Array.of(4, 31, 207)],
  );
}

async function all(device: Device): Promise<void> {
  await callsAtOnce(device);
  await programsAtOnce(device);
  await statesInOrder(device);
}

for (const threads of [1, 2]) {
  Deno.test(`calls that overlap are each as if alone: wasm, ${threads} threads`, async () => {
    await using device = await wasm({ threads });
    await all(device);
  });
}

gpuTest("calls that overlap are each as if alone: webgpu", all);
