// What is computed once: of what it is made, what is worth its memory, and that it changes no bit of a program.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { compile, loadPlan } from "../../lib/compile/compile.ts";
import type { DeviceBuffer } from "../../lib/compile/device.ts";
import { plan } from "../../lib/compile/pipeline.ts";
import { precompute } from "../../lib/compile/prologue.ts";
import { PARAMETER_PREFIX } from "../../lib/weights/storage.ts";
import * as t from "../../lib/ir/tensor.ts";
import { type Graph, trace } from "../../lib/ir/trace.ts";
import { type HostArray, sizeOf } from "../../lib/ir/types.ts";
import { Draw } from "../backend/random_launches.ts";
import { twoBlocksGraph } from "../two_blocks.ts";

const f32 = (...shape: number[]) => ({ dtype: "f32" as const, shape });
const f16 = (...shape: number[]) => ({ dtype: "f16" as const, shape });
const isWeight = (name: string) => name.startsWith("w");
const isParameter = (name: string) => name.startsWith(PARAMETER_PREFIX);

/** Ops and shapes of what is kept. */
function kept(graph: Graph): string[] {
  return [...precompute(graph, isWeight).prologue.outputs.values()].map(({ op, shape }) => `${op} ${shape}`);
}

Deno.test("precompute() keeps what is made of weights and constants, where others read it", () => {
  const types = { x: f32(4), w: f32(4, 8), wide: f32(4) } as const;
  // A chain of weights is kept at its end; what x takes part in is not.
  assert.deepEqual(kept(trace(types, ({ x, w }) => ({ y: t.mul(x, t.exp(t.sum(w, [1]))) }))), ["map 4,1"]);
  // Movement is free: it runs with its users.
  const moved = trace(types, ({ x, w }) => ({ y: t.mul(x, t.reshape(t.permute(t.exp(w), [1, 0]), [8, 4])) }));
  assert.deepEqual(kept(moved), ["map 4,8"]);
  assert.deepEqual(kept(trace(types, ({ x, w }) => ({ y: t.mul(x, t.permute(w, [1, 0])) }))), []);
  // Read by two, kept once; read by weights alone, not kept for itself.
  const shared = trace(types, ({ x, wide }) => {
    const table = t.exp(wide);
    return { y: t.mul(x, table), z: t.add(x, table), own: t.exp(table) };
  });
  assert.deepEqual(kept(shared), ["map 4", "map 4"]);
  // Tables of constants as well.
  const angles = trace(
    types,
    ({ x }) => ({ y: t.mul(x, t.exp(t.constant(Float32Array.of(1, 2, 3, 4), [4]))) }),
  );
  assert.deepEqual(kept(angles), ["map 4"]);
  assert.deepEqual(kept(trace(types, ({ x }) => ({ y: t.mul(x, 2) }))), []);
});

Deno.test("precompute() keeps nothing that takes more memory than what it is made of, save small tables", () => {
  const types = { x: f32(1024, 1024), w: f32(1024, 1), fp16: f16(1024, 1024) } as const;
  const outer = (n: number) =>
    trace(
      types,
      ({ x, w }) => ({
        y: t.mul(t.slice(x, [0, 0], [n, 1024]), t.exp(t.broadcastTo(t.slice(w, [0, 0], [n, 1]), [n, 1024]))),
      }),
    );
  assert.deepEqual(kept(outer(1024)), []);
  assert.deepEqual(kept(outer(256)), ["map 256,1024"]);
  // What is stored narrow is not kept wide.
  const widened = trace(
    { ...types, whalves: f16(1024, 1024) },
    ({ x, whalves }) => ({ y: t.mul(x, t.cast(whalves, "f32")) }),
  );
  assert.deepEqual(kept(widened), []);
});

Deno.test("a program in two parts gives the bits of the whole, and computes nothing of weights alone again", async () => {
  using device = await wasm({ threads: 2 });
  const graph = twoBlocksGraph();
  const draw = new Draw(21);
  using made = new DisposableStack();
  const feeds: Record<string, HostArray> = {};
  const weights = new Map<string, DeviceBuffer>();
  for (const [name, { dtype, shape }] of graph.inputs) {
    const length = sizeOf(shape);
    if (dtype === "i32") feeds[name] = Int32Array.from({ length }, (_, i) => name === "fields" ? i : 0);
    else if (name === "mask") feeds[name] = new Float32Array(length).fill(1);
    else feeds[name] = Float32Array.from({ length }, () => 0.3 * draw.normal());
    if (!name.startsWith("params/")) continue;
    const buffer = made.use(device.createBuffer(dtype, length, { label: name }));
    await buffer.write(feeds[name]!);
    weights.set(name, buffer);
  }
  using whole = await compile(graph, device);
  const planned = plan(graph, device, { stationary: isParameter });
  using parts = await loadPlan(planned, device, weights);
  const { next } = await whole.run(feeds);
  assert.ok(next!.every(Number.isFinite));
  // Weights are read from their buffers, twice alike.
  const bound = Object.fromEntries(Object.entries(feeds).filter(([name]) => !isParameter(name)));
  for (let run = 0; run < 2; run++) assert.deepEqual((await parts.run(bound)).next, next);

  const { prologue, main, bytes } = planned;
  assert.ok(prologue && prologue.program.launches.length > 0 && prologue.graph.outputs.size > 0);
  assert.equal(
    prologue.program.launches.length + main.program.launches.length,
    whole.program.launches.length,
  );
  const again = precompute(main.graph, (name) => isParameter(name) || name.startsWith("prologue/"));
  assert.equal(again.prologue.outputs.size, 0);
  assert.equal(bytes.stationary, [...weights.values()].reduce((sum, { length }) => sum + 4 * length, 0));
  const result = new Float32Array(sizeOf(prologue.graph.outputs.get("prologue/0")!.shape));
  await assert.rejects(() => parts.run({ ...bound, "prologue/0": result }), {
    name: "TypeError",
    message: 'Cannot run: input "prologue/0" is stationary, it was bound when the program was loaded',
  });
  await assert.rejects(
    () => loadPlan(planned, device, new Map()),
    /Cannot load: stationary input "params\/.*" is not bound/,
  );
});

Deno.test("plan() has no prologue where nothing is kept, and refuses stationary inputs that are replaced", () => {
  const graph = trace({ x: f32(2), w: f32(2) }, ({ x, w }) => ({ y: t.mul(x, w) }));
  assert.equal(plan(graph, { kernels: new Set() }, { stationary: isWeight }).prologue, null);
  const updating = trace({ x: f32(2), w: f32(2) }, ({ x, w }) => ({ w: t.mul(x, w) }));
  assert.throws(() => plan(updating, { kernels: new Set() }, { stationary: isWeight }), {
    name: "TypeError",
    message: 'Cannot plan: output "w" replaces an input that is stationary',
  });
});
